"""The trial: a store that is killed again and again, held against one in which nobody was."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from benchmarks.kills.judging import Rows, damages, differing, faults_of_registers, miscounted, orphans, rows_of
from benchmarks.kills.phases import phase_in
from benchmarks.kills.places import AS_AT, EXTRACTS, FEBRUARY, MARCH, RENAMED, VARIANTS, folder_of, make_places
from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.engine.manifest import read_manifest
from joinedup.engine.rows import row_hash
from joinedup.engine.store import Store
from joinedup.kept.identity_register import REGISTER_VARIABLE
from joinedup.kept.keys import write_new_key
from joinedup.place.folder import read_place
from joinedup.sources.contract import contracts
from joinedup.sources.landed import read_landing

BY_CLOCK = 0.3
"""The share of kills at an instant of the usual time; the others come before a call on files in a chosen phase."""
MOST_TRIES = 30
REBUILT = {MARCH: FEBRUARY, FEBRUARY: MARCH, RENAMED: FEBRUARY}
TOUCHED = {MARCH: RENAMED, RENAMED: MARCH, FEBRUARY: MARCH}


@dataclass(frozen=True, slots=True)
class Run:
    """How a verb was run in a process."""

    killed: bool
    status: int
    seconds: float
    phase: str = ""
    """In which it ended."""
    calls: int = 0
    """On files; 0 where it didn't live to say."""
    phases: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Phase -> the first and last of the calls in it."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill, and what was wrong after it."""

    verb: str
    how: str
    phase: str
    left: str
    """Which build or landing was current then: that before, or that after."""
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """What was published before a kill."""

    current: tuple[str, str]
    said: Rows


@dataclass
class Trial:
    """A place with a store that is killed again and again, and another that isn't, by which it is judged."""

    folder: Path
    chance: random.Random
    people: int = 250
    few: bool = False
    registers: tuple[str, ...] = ()
    """URLs of two empty databases: the identity registers of the store that is killed, and of the other; SQLite where there are none."""
    usual: dict[str, Run] = field(default_factory=dict)
    """Verb -> how it ran when nobody killed it."""
    which: str = EXTRACTS[0]
    """The extracts that are to be landed."""
    variant: str = MARCH
    """Of the place that is to be built."""
    landed: str = EXTRACTS[0]
    """Of which extracts the current landing is."""
    rows: dict[tuple[str, ...], Rows] = field(default_factory=dict)
    aimed: dict[str, int] = field(default_factory=dict)
    """Verb -> how many kills of it were aimed at one of its phases."""

    def __post_init__(self) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["benchmarks.kills.killed"])

    @cached_property
    def store(self) -> Store:
        """The store in which verbs are killed."""
        return Store(self.folder / "store")

    def environment(self, store: Store) -> dict[str, str]:
        """Where the identity register of a store lies, if in a database."""
        return {REGISTER_VARIABLE: self.registers[store != self.store]} if self.registers else {}

    def begin(self) -> None:
        """Nothing; the place is landed and built in empty stores, one of other extracts, and nobody was killed yet."""
        make_places(self.folder, self.people)
        write_new_key(self.folder / "key")
        for which, store in ((EXTRACTS[1], Store(self.folder / "undisturbed")), (EXTRACTS[0], self.store)):
            self.which = which
            self.usual["land"] = self.undisturbed("land", store)
            self.rows["landed", which] = rows_of(read_landing(store), store)
            for self.variant in VARIANTS:
                build = self.undisturbed("build", store)
                self.usual["touch" if self.variant == RENAMED else "build"] = build
                self.rows["built", which, self.variant] = rows_of(read_manifest(store), store)
                self.rows["said", which, self.variant] = self.said(store)
        for verb in ("show", "collect"):
            self.usual[verb] = self.undisturbed(verb, self.store)

    def arguments(self, verb: str, store: Store) -> list[str]:
        """The command line of a verb; `touch` is a build of which little is made anew."""
        place = str(folder_of(self.folder, MARCH if verb == "land" else self.variant))
        where = ["--store", str(store.root)]
        build = ["build", place, *where, "--no-land", "--quiet"]
        return {
            "land": ["land", place, *where, "--extracts", str(self.folder / self.which), "--key-file", str(self.folder / "key"), "--quiet"],
            "build": build,
            "touch": build,
            "collect": ["collect", place, *where, "--days", "0", "--quiet"],
            "show": ["show", place, "population", *where, "--format", "csv"],
        }[verb]

    def run(self, verb: str, store: Store, last: int = 0, after: float | None = None) -> Run:
        """How the verb ran: until it ended, until its call numbered `last`, or for so many seconds."""
        counted = self.folder / "counted"
        noted = Path(f"{counted}.phase")
        for path in (counted, noted):
            path.unlink(missing_ok=True)
        from benchmarks.kills.killed import run as run_verb  # noqa: PLC0415 - the fork server imports it

        given = (self.arguments(verb, store), last, str(counted), self.few, self.environment(store))
        process = self.context.Process(target=run_verb, args=given)
        began = time.perf_counter()
        process.start()
        process.join(after)
        if process.is_alive():
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        status = process.exitcode or 0
        made = json.loads(counted.read_text(encoding="ascii") or "{}") if counted.exists() else {}
        return Run(status == -signal.SIGKILL, status, time.perf_counter() - began, phase_in(noted), **made)

    def undisturbed(self, verb: str, store: Store) -> Run:
        """How the verb ran, nobody killing it."""
        ran = self.run(verb, store)
        if ran.killed or ran.status:
            said = (self.folder / "counted.said").read_text(encoding="utf-8")
            raise SystemExit(f"{verb} ended with {ran.status}, and nobody had killed it: {said[-500:]}")
        return ran

    def said(self, store: Store) -> Rows:
        """What the doors say of the published build."""
        variant = AS_AT[read_manifest(store).about["place"]["as_at"]]
        place = read_place(folder_of(self.folder, variant), contract_names=tuple(contracts()))
        doors = open_aggregates(store, place, caller_for(place, "planning"))
        said = {"population": doors.population(), "deprivation": doors.deprivation()}
        return {name: row_hash(table) for name, table in said.items()}

    def one(self, verb: str) -> Kill:
        """One kill of a verb, what was found after it, and that work went on."""
        for _ in range(MOST_TRIES):
            before = self.something_to_do(verb)
            ran, how = self.killed(verb)
            if ran.killed:
                found = list(self.faults(before))
                left = "before" if self.current() == before.current else "after"
                found += self.goes_on(verb)
                return Kill(verb, how, ran.phase, left, tuple(found))
            if not ran.status:
                self.usual[verb] = replace(self.usual[verb], seconds=ran.seconds)  # it had ended before it could be killed
            faults = self.goes_on(verb)
            if ran.status or faults:
                return Kill(verb, "not killed", "", "after", (f"it ended with {ran.status}", *faults))
        raise SystemExit(f"{verb} could not be killed in {MOST_TRIES} tries")

    def something_to_do(self, verb: str) -> Before:
        """What is published before a verb that then has something to do."""
        before = Before(self.current(), self.said(self.store))
        if verb == "land":
            self.which = EXTRACTS[EXTRACTS.index(self.landed) - 1]
        elif verb != "show":
            self.variant = (REBUILT if verb == "build" else TOUCHED)[self.variant]
        if verb == "collect":
            self.undisturbed("build", self.store)
            before = Before(self.current(), self.said(self.store))
        return before

    def killed(self, verb: str) -> tuple[Run, str]:
        """How a verb ran that was to be killed, and how that was."""
        usual = self.usual[verb]
        if self.chance.random() < BY_CLOCK:
            return self.run(verb, self.store, after=self.chance.uniform(0, usual.seconds)), "by the clock"
        phases = sorted(usual.phases)
        turn = self.aimed[verb] = self.aimed.get(verb, -1) + 1
        call = self.chance.randint(*usual.phases[phases[turn % len(phases)]])
        return self.run(verb, self.store, last=call), "before a call"

    def current(self) -> tuple[str, str]:
        """The published build and the current landing, by id."""
        return read_manifest(self.store).build_id, read_landing(self.store).landing_id

    def faults(self, before: Before) -> Iterator[str]:
        """What is wrong with the store after a kill."""
        manifest = read_manifest(self.store)
        if manifest.build_id != before.current[0] and manifest.before != before.current[0]:
            yield f"build {manifest.build_id} is neither the one before nor the next"
        yield from damages(self.store)
        expected = before.said if manifest.build_id == before.current[0] else self.rows["said", self.landed, self.variant]
        if self.said(self.store) != expected:
            yield "the doors say other numbers"
        yield from faults_of_registers(self.store, self.environment(self.store))
        if self.store.held_by():
            yield f"the store is held by {self.store.held_by()}"

    def goes_on(self, verb: str) -> list[str]:
        """What is wrong with what the verb makes when nobody kills it, and with what is left after a collection."""
        ran = self.run(verb, self.store)
        if ran.killed or ran.status:
            return [f"{verb} ended with {ran.status} after the kill"]
        faults = []
        if verb == "land":
            self.landed, record = self.which, read_landing(self.store)
            faults += miscounted(record)
            faults += self._others("landed", rows_of(record, self.store), self.rows["landed", self.landed])
        if verb in {"build", "touch"}:
            built = rows_of(read_manifest(self.store), self.store)
            faults += self._others("built", built, self.rows["built", self.landed, self.variant])
        ran = self.run("collect", self.store)
        faults += [f"collect ended with {ran.status}"] if ran.status else []
        return [*faults, *faults_of_registers(self.store, self.environment(self.store)), *orphans(self.store)]

    def _others(self, what: str, now: Rows, then: Rows) -> list[str]:
        return [] if now == then else [f"{what} other rows than in an empty store, in {differing(now, then)}"]


def kills_of(tried: Trial, shares: Mapping[str, int], kills: int) -> Iterator[Kill]:
    """So many kills, one after another, each verb having its share of them."""
    whole = [verb for verb, share in shares.items() for _ in range(share)]
    verbs = (whole * (kills // len(whole) + 1))[:kills]
    tried.chance.shuffle(verbs)
    tried.begin()
    yield from map(tried.one, verbs)
