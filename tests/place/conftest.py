"""Whole places, made once for the tests that look at them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.access.handing import AskedTable
from joinedup.access.records import open_records
from joinedup.build import build
from joinedup.engine.store import Store
from joinedup.hand_off.folder import HandOff
from joinedup.kept.keys import Keys, read_key, write_new_key
from joinedup.land import Landing, land
from joinedup.papers.pages import write_pages
from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic import synthesise
from joinedup.sources.synthetic.truth import FOLDER as TRUTH
from joinedup.tabular import write_table
from tests.sharing import made_once, own_copy


@dataclass(frozen=True)
class Example:
    """A place folder with extracts, landed and built."""

    place: Place
    folder: Path
    extracts: Path
    store: Store
    keys: Keys
    landing: Landing


def opened(folder: Path) -> Place:
    return read_place(folder, contract_names=tuple(contracts()))


def landed(folder: Path, extracts: Path, work: Path) -> Example:
    """A place whose extracts have been landed into a store of its own, under a key of its own."""
    place, store = opened(folder), Store(work / "store").create()
    key_file = work / "key"
    write_new_key(key_file)
    keys = read_key(key_file, outside=(folder, store.root))
    truth = extracts / TRUTH
    return Example(place, folder, extracts, store, keys, land(place, extracts, store, keys, truth=truth if truth.is_dir() else None))


def invented(folder: Path, people: int, work: Path, seed: int = 1) -> Example:
    """A place folder with invented people laid on it, landed."""
    extracts = work / "extracts"
    synthesise(opened(folder), people, seed, extracts)
    return landed(folder, extracts, work)


@pytest.fixture(scope="session")
def example(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The example place with 5,000 people, landed and built on DuckDB once in a run; each process has a store of its own with it."""

    def make(work: Path) -> Example:
        folder = work / "calderdale"
        shutil.copytree(root / "places" / "calderdale", folder)
        made = invented(folder, 5_000, work)
        build(made.place, made.store)
        return made

    made = made_once(tmp_path_factory, "example", make)
    return replace(made, store=own_copy(made.store, tmp_path_factory.mktemp("example") / "store"))


def copy_of(example: Example, work: Path) -> Example:
    """The same landing in a store of its own, nothing built."""
    store = Store(work / "copy").create()
    shutil.copytree(example.store.landed, store.landed, dirs_exist_ok=True)
    shutil.copytree(example.store.kept, store.kept, dirs_exist_ok=True)
    return Example(example.place, example.folder, example.extracts, store, example.keys, example.landing)


@pytest.fixture(scope="session")
def shelf(example: Example, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The example under registers of its own, so that what is handed off is in no other test's log."""
    store = Store(tmp_path_factory.mktemp("shelf") / "store").create()
    for folder_of in ("objects", "inputs", "landed", "builds"):
        (store.root / folder_of).rmdir()
        (store.root / folder_of).symlink_to(example.store.root / folder_of)
    store.manifest.symlink_to(example.store.manifest)
    return replace(example, store=store)


@pytest.fixture(scope="session")
def asked(shelf: Example) -> Callable[..., HandOff]:
    """What is asked for a folder: tables by name, for planning."""

    def make(*tables: str | AskedTable, **changes: Any) -> HandOff:
        wanted = tuple(AskedTable(each) if isinstance(each, str) else each for each in tables)
        return HandOff(shelf.place, shelf.store, caller_for(shelf.place, "planning", reason="winter plan"), wanted, **changes)

    return make


@pytest.fixture(scope="session")
def small(root: Path) -> Iterator[Example]:
    """The example place with 600 people, landed and built in a folder that anyone may look into."""
    umask = os.umask(0o022)
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        shutil.copytree(root / "places" / "calderdale", folder / "calderdale")
        made = invented(folder / "calderdale", 600, folder)
        build(made.place, made.store)
        os.umask(umask)
        yield made
    finally:
        os.umask(umask)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def laid_out(small: Example) -> Iterator[Path]:
    """A folder that anyone may look into, with all that joinedup makes of a place in it: store, log, pages, an export."""
    umask = os.umask(0o022)
    made, folder = small, small.folder.parent
    try:
        caller = caller_for(made.place, "planning")
        for audience in ("internal", "public"):
            write_pages(
                open_aggregates(made.store, made.place, caller, audience), made.place, folder / audience, cache=made.store.root / "charts"
            )
        write_table(open_records(made.store, made.place, caller).rows(caller, "person"), folder / "person.csv")
        write_table(pa.table({"one": [1]}), folder / "one.xlsx")
        yield folder
    finally:
        os.umask(umask)
