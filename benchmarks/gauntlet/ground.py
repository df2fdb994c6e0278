"""The one place, landed and built, that all cases are tried against; copies of it to break."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from click.testing import CliRunner

from benchmarks.gauntlet.case import Case, Unexpected, expect
from benchmarks.gauntlet.planting import SEED
from joinedup.cli import main
from joinedup.cli.shared import open_place
from joinedup.engine.manifest import Manifest, read_manifest
from joinedup.engine.store import Store
from joinedup.place.model import Place

PLACES = Path(__file__).parents[2] / "places"
SOURCES = ("register", "apc", "ecds", "deaths", "opt_out", "protected_person", "cld", "community_activity")
"""Of the one place: a few of each kind."""
PEOPLE = 800
Made = TypeVar("Made")
UNCHANGING = ("landed", "objects", "inputs", "definitions", "profiles")
"""Folders of a store whose files are never written to again, so that copies may share them."""


@dataclass(frozen=True, slots=True)
class Said:
    """How a verb ended."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything that it printed."""
        return self.out + self.err

    def last(self) -> str:
        """The sentence that it ended with."""
        lines = [line for line in self.err.splitlines() if line.strip()] or [""]
        return lines[-1]

    def ended(self, code: int, *words: str) -> str:
        """Its last sentence, where it ended with this code and said these words; Unexpected otherwise."""
        lacking = [word for word in words if word not in self.all]
        expect(self.code == code and not lacking, f"exit {self.code}, without {lacking}: {self.all[-600:]}")
        return f"exit {code}: {self.last()}"[:240]


@dataclass(frozen=True)
class Ground:
    """A place folder, its extracts and the store in which it is landed and built."""

    work: Path
    place_folder: Path
    extracts: Path
    store: Store
    key: Path
    cases: Sequence[Case] = ()
    shared: dict[str, Any] = field(default_factory=dict)
    """What several cases look into, made once."""
    said: list[str] = field(default_factory=list)
    """Everything that verbs printed since the case began."""
    copies: list[Ground] = field(default_factory=list)
    """Copies that were broken since the case began, whose published build must be whole."""

    @property
    def place(self) -> Place:
        """The place as its folder says it now."""
        return open_place(self.place_folder)

    @cached_property
    def manifest(self) -> Manifest:
        """The published build when the ground was made, or copied."""
        return read_manifest(self.store)

    def cli(self, verb: str, *words: object, typed: str | None = None, **environment: str | None) -> Said:
        """How a verb ended, run in this process with this place and store; `typed` is what somebody typed."""
        unset: dict[str, str | None] = {"JOINEDUP_KEY": None, "JOINEDUP_KEY_FILE": None, "JOINEDUP_TRACEBACK": None}
        done = CliRunner().invoke(main, [verb, *map(str, words)], input=typed, env=unset | environment)
        self.said.append(done.output)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise Unexpected(f"{verb} ended with a traceback: {done.exception!r}"[:400])
        return Said(done.exit_code, done.stdout, done.stderr)

    def verb(self, verb: str, *words: object, typed: str | None = None) -> Said:
        """The same, of this place and its store."""
        return self.cli(verb, self.place_folder, *words, "--store", self.store.root, typed=typed)

    def land(self, *words: object, typed: str | None = None) -> Said:
        """How a landing of these extracts ended."""
        return self.verb("land", "--extracts", self.extracts, "--key-file", self.key, *words, typed=typed)

    def build(self, *words: object, typed: str | None = None) -> Said:
        """How a build of what has landed ended."""
        return self.verb("build", "--no-land", *words, typed=typed)

    def folder(self, name: str) -> Path:
        """A new folder of one case's own."""
        path = self.work / "cases" / name.replace("/", "-")
        path.mkdir(parents=True)
        return path

    def copy(self, name: str) -> Ground:
        """A copy of place and store that a case may break; files that nothing writes to again are shared with it."""
        folder = self.folder(name)
        shutil.copytree(self.place_folder, folder / "place")
        return self.beside(folder)

    def beside(self, folder: Path) -> Ground:
        """The copy whose place folder lies in that folder already."""
        copy_store(self.store.root, folder / "store")
        made = replace(self, place_folder=folder / "place", store=Store(folder / "store"))
        self.copies.append(made)
        return made

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What several cases look into; a fault in making it is each one's fault."""
        if name not in self.shared:
            try:
                self.shared[name] = make()
            except Exception as error:
                self.shared[name] = error
        if isinstance(self.shared[name], Exception):
            raise Unexpected(f"what it stands on could not be made: {self.shared[name]!r}") from self.shared[name]
        return cast(Made, self.shared[name])


def copy_store(store: Path, to: Path) -> None:
    """Nothing; `to` holds the same, sharing what never changes."""
    shutil.copytree(store, to, copy_function=_linked_or_copied(store))


def _linked_or_copied(store: Path) -> Callable[[str, str], object]:
    def copied(source: str, target: str) -> object:
        if Path(source).relative_to(store).parts[0] in UNCHANGING and source.endswith(".parquet"):
            return os.link(source, target)
        return shutil.copy2(source, target)

    return copied


def rewritten(path: Path, content: bytes) -> None:
    """Nothing; the file holds this, and no other name of it does."""
    path.unlink()
    path.write_bytes(content)


def ground_in(work: Path, cases: Sequence[Case]) -> Ground:
    """The one place, invented, landed and built in a folder, unless it is there already; Unexpected where that fails."""
    made = Ground(work, work / "place", work / "extracts", Store(work / "store"), work / "key", cases)
    shutil.rmtree(work / "cases", ignore_errors=True)
    if made.store.manifest.exists():
        return made
    shutil.copytree(PLACES / "calderdale", made.place_folder)
    keep_sources(made.place_folder, SOURCES)
    made.cli("new-key", made.key).ended(0)
    made.cli("synth", made.place_folder, "--people", PEOPLE, "--seed", SEED, "--out", made.extracts, "--quiet").ended(0)
    made.land().ended(0)
    made.build().ended(0)
    expect(bool(made.manifest.tables), "nothing was built")
    made.said.clear()
    return made


def keep_sources(folder: Path, names: Sequence[str]) -> None:
    """Nothing; the place then has only these sources, and agreements over them alone."""
    sources = yaml.safe_load((folder / "sources.yml").read_text(encoding="utf-8"))
    write_sources(folder, [source for source in sources["sources"] if source["name"] in names])


def write_sources(folder: Path, sources: Sequence[dict[str, Any]]) -> None:
    """Nothing; the place has these sources, and its first agreement covers them all."""
    (folder / "sources.yml").write_text(yaml.safe_dump({"sources": list(sources)}, sort_keys=False), encoding="utf-8")
    sharing = yaml.safe_load((folder / "sharing.yml").read_text(encoding="utf-8"))
    for place, agreement in enumerate(sharing["agreements"]):
        old = set(agreement["sources"])
        agreement["sources"] = [source["name"] for source in sources if place == 0 or source["name"] in old]
    (folder / "sharing.yml").write_text(yaml.safe_dump(sharing, sort_keys=False), encoding="utf-8")
