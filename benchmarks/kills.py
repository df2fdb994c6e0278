"""Random kills during landing, build, publication, collection and looks through a door: what was published stays whole, and work goes on.

    python -m benchmarks.kills [--kills 100] [--seed S] [--people 250] [--few]

A small invented place, whose extracts and last day change to and fro so that there is always something to do. A verb is run in a process
of its own, made ready and forked, which is killed at an instant of its usual time, or ends itself before a call on files chosen by
chance; half of these are near to that by which it publishes. After each kill it is asked of the store: is what is published that of
before or after, with every file that it names, and do the doors say the same numbers as of the one or the other; are the registers whole,
and is nothing held. Then the verb is run again: what it makes has the same rows as where it was made in an empty store that nobody
killed, and after a collection no file is left that nobody names. It prints a table, and the score.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing import forkserver
from pathlib import Path
from typing import TypeAlias

import pyarrow.parquet as pq
import yaml
from pyarrow import csv

from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.engine.manifest import Manifest, read_build, read_manifest
from joinedup.engine.parts import InFiles
from joinedup.engine.rows import row_hash
from joinedup.engine.store import Store
from joinedup.kept.access_log import log_place, open_access_log
from joinedup.kept.identity_register import open_register, register_place
from joinedup.kept.keys import write_new_key
from joinedup.kept.log_verifying import verify
from joinedup.place.folder import read_place
from joinedup.sources.contract import contracts
from joinedup.sources.landed import LandingRecord, read_landing
from joinedup.sources.synthetic import synthesise

EXAMPLE = Path(__file__).parents[1] / "places" / "calderdale"
SOURCES = {"register", "apc", "deaths", "cld"}
EXTRACTS = ("whole", "fewer")
AS_AT = ("2026-03-31", "2026-02-28")
SHARES = {"land": 3, "build": 4, "collect": 2, "show": 1}
"""Of the kills, each verb's."""
NEAR = 8
"""How many calls before and after that by which a verb publishes are near to it."""
OTHERS = {"seconds", "made_at", "landed_at", "run_at"}
MOST_TRIES = 30
Rows: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """How a verb was run in a process."""

    killed: bool
    status: int
    seconds: float
    calls: int = 0
    """On files; 0 where it didn't live to say."""
    published: int = 0
    """The number of that by which it published; 0 where it didn't."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill, and what was wrong after it."""

    verb: str
    how: str
    when: str
    left: str
    """Which build or landing was current then."""
    faults: tuple[str, ...]


@dataclass
class Trial:
    """A place with a store that is killed again and again, and others that aren't, by which it is judged."""

    folder: Path
    chance: random.Random
    people: int = 250
    few: bool = False
    usual: dict[str, Run] = field(default_factory=dict)
    """Verb -> how it ran when nobody killed it."""
    which: str = EXTRACTS[0]
    """The extracts that are to be landed."""
    day: str = AS_AT[0]
    """The last day of the place that is to be built."""
    landed: str = EXTRACTS[0]
    """Of which extracts the current landing is."""
    rows: dict[tuple[str, ...], Rows] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["benchmarks.killed"])

    def place_folder(self, day: str) -> Path:
        """The folder of the place as at a day."""
        return self.folder / f"as-at-{day}"

    @cached_property
    def store(self) -> Store:
        """The store in which verbs are killed."""
        return Store(self.folder / "store")

    def begin(self) -> None:
        """Nothing; the place is landed and built in empty stores, one of other extracts, and nobody was killed yet."""
        for day in AS_AT:
            few_sources(self.place_folder(day), day)
        place = read_place(self.place_folder(AS_AT[0]), contract_names=tuple(contracts()))
        synthesise(place, self.people, 1, self.folder / EXTRACTS[0])
        leave_out(self.folder / EXTRACTS[0], self.folder / EXTRACTS[1])
        write_new_key(self.folder / "key")
        for which, store in ((EXTRACTS[1], Store(self.folder / "undisturbed")), (EXTRACTS[0], self.store)):
            self.which = which
            self.usual["land"] = self.undisturbed("land", store)
            self.rows["landed", self.which] = landed_rows(read_landing(store), store)
            for self.day in reversed(AS_AT):
                self.usual["build"] = self.undisturbed("build", store)
                self.rows["built", self.which, self.day] = built_rows(read_manifest(store), store)
                self.rows["said", self.which, self.day] = self.said(store)
        for verb in ("show", "collect"):
            self.usual[verb] = self.undisturbed(verb, self.store)

    def arguments(self, verb: str, store: Store) -> list[str]:
        """The command line of a verb."""
        place, where = str(self.place_folder(AS_AT[0] if verb == "land" else self.day)), ["--store", str(store.root)]
        return {
            "land": ["land", place, *where, "--extracts", str(self.folder / self.which), "--key-file", str(self.folder / "key"), "--quiet"],
            "build": ["build", place, *where, "--no-land", "--quiet"],
            "collect": ["collect", place, *where, "--days", "0", "--quiet"],
            "show": ["show", place, "population", *where, "--format", "csv"],
        }[verb]

    def run(self, verb: str, store: Store, last: int = 0, after: float | None = None) -> Run:
        """How the verb ran: until it ended, until its call numbered `last`, or for so many seconds."""
        counted = self.folder / "counted"
        counted.unlink(missing_ok=True)
        from benchmarks.killed import run as run_verb  # noqa: PLC0415 - the fork server imports it

        process = self.context.Process(target=run_verb, args=(self.arguments(verb, store), last, str(counted), self.few))
        began = time.perf_counter()
        process.start()
        process.join(after)
        if process.is_alive():
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        status = process.exitcode or 0
        made = json.loads(counted.read_text(encoding="ascii") or "{}") if counted.exists() else {}
        return Run(status == -signal.SIGKILL, status, time.perf_counter() - began, **made)

    def undisturbed(self, verb: str, store: Store) -> Run:
        """How the verb ran, nobody killing it."""
        ran = self.run(verb, store)
        if ran.killed or ran.status:
            raise SystemExit(f"{verb} ended with {ran.status}, and nobody had killed it")
        return ran

    def said(self, store: Store) -> Rows:
        """What the doors say of the published build."""
        day = read_manifest(store).about["place"]["as_at"]
        place = read_place(self.place_folder(day), contract_names=tuple(contracts()))
        doors = open_aggregates(store, place, caller_for(place, "planning"))
        said = {"population": doors.population(), "deprivation": doors.deprivation()}
        return {name: row_hash(table) for name, table in (said if self.few else {**said, "measures": doors.measures()}).items()}

    def one(self, verb: str) -> Kill:
        """One kill of a verb, what was found after it, and that work went on."""
        for _ in range(MOST_TRIES):
            before = self.something_to_do(verb)
            ran, how, when = self.killed(verb)
            if ran.killed:
                found = list(self.faults(before))
                left = "before" if self.current() == before.current else "after"
                found += self.goes_on(verb)
                return Kill(verb, how, when, left, tuple(found))
            if not ran.status:
                self.usual[verb] = ran  # it had ended before it could be killed
            faults = self.goes_on(verb)
            if ran.status or faults:
                return Kill(verb, "not killed", "", "after", (f"it ended with {ran.status}", *faults))
        raise SystemExit(f"{verb} could not be killed in {MOST_TRIES} tries")

    def something_to_do(self, verb: str) -> Before:
        """What is published before a verb that then has something to do."""
        if verb == "land":
            self.which = EXTRACTS[EXTRACTS.index(self.landed) - 1]
        elif verb in {"build", "collect"}:
            self.day = AS_AT[AS_AT.index(self.day) - 1]
        if verb == "collect":
            self.undisturbed("build", self.store)
        return Before(self.current(), self.said(self.store))

    def killed(self, verb: str) -> tuple[Run, str, str]:
        """How a verb ran that was to be killed, and how and when that was."""
        usual = self.usual[verb]
        if self.chance.random() < 0.4:
            wait = self.chance.uniform(0, usual.seconds)
            return self.run(verb, self.store, after=wait), "by the clock", f"{wait / usual.seconds:4.0%} of its time"
        near = usual.published and self.chance.random() < 0.5
        around = (max(1, usual.published - NEAR), min(usual.calls, usual.published + NEAR)) if near else (1, usual.calls)
        call = self.chance.randint(*around)
        return self.run(verb, self.store, last=call), "before a call", f"{call} of {usual.calls} calls"

    def current(self) -> tuple[str, str]:
        """The published build and the current landing, by id."""
        return read_manifest(self.store).build_id, read_landing(self.store).landing_id

    def faults(self, before: Before) -> Iterator[str]:
        """What is wrong with the store after a kill."""
        manifest, record = read_manifest(self.store), read_landing(self.store)
        if manifest.build_id != before.current[0] and manifest.before != before.current[0]:
            yield f"build {manifest.build_id} is neither the one before nor the next"
        for kept in (manifest, *map(read_build, self.store.builds.glob("*.json"))):
            yield from (f"build {kept.build_id}: {fault}" for fault in damaged(named_by(kept), self.store))
        yield from (f"landing: {fault}" for fault in damaged(digests(record.tables.values()), self.store))
        now = self.said(self.store)
        expected = before.said if manifest.build_id == before.current[0] else self.rows["said", self.landed, self.day]
        if now != expected:
            yield "the doors say other numbers"
        yield from self.registers()
        if self.store.held_by():
            yield f"the store is held by {self.store.held_by()}"

    def registers(self) -> Iterator[str]:
        """What is wrong with the registers."""
        register = open_register(register_place(self.store.kept))
        register.database.verify()
        register.close()
        log = open_access_log(log_place(self.store.kept))
        found = verify(log)
        log.engine.dispose()
        if found.faults:
            yield f"the access log has {len(found.faults)} faults"

    def goes_on(self, verb: str) -> list[str]:
        """What is wrong with what the verb makes when nobody kills it, and with what is left after a collection."""
        ran = self.run(verb, self.store)
        if ran.killed or ran.status:
            return [f"{verb} ended with {ran.status} after the kill"]
        faults = []
        if verb == "land":
            self.landed = self.which
            if (now := landed_rows(read_landing(self.store), self.store)) != (then := self.rows["landed", self.landed]):
                faults.append(f"landed other rows than in an empty store, in {differing(now, then)}")
        if verb == "build":
            now, then = built_rows(read_manifest(self.store), self.store), self.rows["built", self.landed, self.day]
            if now != then:
                faults.append(f"built other rows than in an empty store, in {differing(now, then)}")
        ran = self.run("collect", self.store)
        return [*faults, *([f"collect ended with {ran.status}"] if ran.status else []), *self.orphans()]

    def orphans(self) -> Iterator[str]:
        """Files of the store that nobody names after a collection, and those that are half written."""
        kept = [read_build(path) for path in self.store.builds.glob("*.json")]
        record = read_landing(self.store)
        named = {*(file for build in kept for file in build.files), *digests(record.tables.values())}
        named |= {f"definitions/{table.definition}.json" for build in kept for table in build.tables.values()}
        landings = {record.landing_id, *(build.about["landing"]["landing_id"] for build in kept)}
        for path in sorted(path for path in self.store.root.rglob("*") if path.is_file()):
            file = path.relative_to(self.store.root)
            if path.name.startswith("."):
                yield f"{file} is half written"
            elif file.parts[0] == "landed" and len(file.parts) > 2 and file.parts[1] not in landings:
                yield f"{file} is of no landing that is kept"
            elif file.parts[0] in {"objects", "inputs", "definitions"} and str(file) not in named:
                yield f"{file} is of no build that is kept"
            elif file.parts[0] == "tmp":
                yield f"{file} is left"


@dataclass(frozen=True, slots=True)
class Before:
    """What was published before a kill."""

    current: tuple[str, str]
    said: Rows


def few_sources(folder: Path, day: str) -> None:
    """Nothing; the folder is the example place with a few of its sources, as at a day."""
    shutil.copytree(EXAMPLE, folder)
    path = folder / "sources.yml"
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    kept = [source for source in said["sources"] if source["name"] in SOURCES]
    path.write_text(yaml.safe_dump({**said, "sources": kept}), encoding="utf-8")
    place = folder / "place.yml"
    place.write_text(place.read_text(encoding="utf-8").replace(f"as_at: {AS_AT[0]}", f"as_at: {day}"), encoding="utf-8")


def leave_out(whole: Path, fewer: Path) -> None:
    """Nothing; the second folder has the same extracts without the last tenth of their rows."""
    fewer.mkdir()
    for path in whole.glob("*.csv"):
        table = csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=dict.fromkeys(header(path), "string")))
        csv.write_csv(table.slice(0, table.num_rows - table.num_rows // 10), fewer / path.name)


def header(path: Path) -> list[str]:
    """The names of a file's columns."""
    with path.open(encoding="utf-8") as file:
        return next(file).strip().replace('"', "").split(",")


def named_by(manifest: Manifest) -> dict[str, str]:
    """File -> digest of all that a build names."""
    return digests((*manifest.tables.values(), *manifest.inputs.values()))


def digests(records: Iterable[InFiles]) -> dict[str, str]:
    """File -> digest of all files of some tables."""
    found = dict[str, str]()
    for record in records:
        found |= {part.file: part.digest for part in record.parts} or {record.file: record.digest}
    return found


def damaged(files: Mapping[str, str], store: Store) -> Iterator[str]:
    """Which of the files are gone, or hold something else than they should."""
    for file, digest in files.items():
        path = store.root / file
        if not path.exists():
            yield f"{file} is gone"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            yield f"{file} isn't what was written"


def landed_rows(record: LandingRecord, store: Store) -> Rows:
    """Table -> the hash of its rows, whatever the order, of all that doesn't tell when it was."""
    return {name: hash_of(table, store) for name, table in sorted(record.tables.items())}


def built_rows(manifest: Manifest, store: Store) -> Rows:
    """Likewise of a build."""
    return {name: hash_of(table, store) for name, table in sorted(manifest.tables.items())}


def hash_of(record: InFiles, store: Store) -> str:
    """The hash of a table's rows."""
    table = pq.read_table([store.root / file for file in record.files], partitioning=None)
    return row_hash(table.select([name for name in table.column_names if name not in OTHERS]))


def differing(now: Rows, then: Rows) -> str:
    """The tables that differ."""
    return ", ".join(sorted(name for name in {*now, *then} if now.get(name) != then.get(name)))


def kills_of(tried: Trial, shares: Mapping[str, int], kills: int) -> Iterator[Kill]:
    """So many kills, one after another, each verb having its share of them."""
    whole = [verb for verb, share in shares.items() for _ in range(share)]
    verbs = (whole * (kills // len(whole) + 1))[:kills]
    tried.chance.shuffle(verbs)
    tried.begin()
    yield from map(tried.one, verbs)


def processor_seconds() -> float:
    """What this process and those that it had made and that ended have taken of the processor."""
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined] # there is no other way to ask for it
    of_verbs = Path(f"/proc/{server}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[13:15]
    return time.process_time() + sum(map(int, of_verbs)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Kills, and prints what became of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--people", type=int, default=250)
    parser.add_argument("--few", action="store_true", help="Build a few tables only.")
    given = parser.parse_args()
    began, done = time.perf_counter(), []
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        tried = Trial(Path(folder), random.Random(given.seed), given.people, given.few)
        for number, kill in enumerate(kills_of(tried, SHARES, given.kills), 1):
            done.append(kill)
            told = "; ".join(kill.faults) or "whole, went on"
            print(f"{number:4} {kill.verb:8} {kill.how:14} {kill.when:22} {kill.left:7} {told}", flush=True)
    counts = Counter((kill.verb, kill.how, kill.left) for kill in done)
    print(f"\n{'verb':8} {'killed':14} {'left':7} {'kills':>5}")
    for (verb, how, left), count in sorted(counts.items()):
        print(f"{verb:8} {how:14} {left:7} {count:5}")
    sound = sum(not kill.faults for kill in done)
    print(f"\n{sound} of {len(done)}, {time.perf_counter() - began:,.0f} s, {processor_seconds():,.0f} s of processor")
    sys.exit(sound != len(done))


if __name__ == "__main__":
    main()
