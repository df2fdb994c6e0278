"""Finding out what changed between two builds, and why: from the earlier to the later by changing one cause at a time.

Each step is a build that isn't published: what doesn't depend on its cause is used again. By how much a number differs from step to step is
what that cause did, so what all of them did adds up to the whole difference. docs/decisions says why in this order.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from time import perf_counter

from joinedup.access.changed_cells import cells_of, wanted
from joinedup.access.changed_measures import MONTHS, Point
from joinedup.access.changed_words import told
from joinedup.access.changes import FORM, Cause, Changes, Turn, keep_changes, kept_changes, of_build
from joinedup.access.differing import OF_ROWS, Between, Differing, inputs_of_build, measures_of
from joinedup.access.measure_names import area_names
from joinedup.access.stamp import stamp_of
from joinedup.engine.comparing import TableChange, files_of, tables_changed
from joinedup.engine.duck import connect
from joinedup.engine.manifest import InputRecord, Manifest, TableRecord, builds_by_number, read_manifest
from joinedup.engine.objects import InputFile
from joinedup.engine.parts import Lying
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import PRIVATE_FOLDER, Store, store_errors
from joinedup.engine.trying import tried
from joinedup.errors import NothingPublished, SqlError
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.place.model import Place
from joinedup.progress import Progress, Step, silent

Held = Mapping[str, tuple[int, str]]
"""Table -> its rows, and the hash of what it holds."""


def find_changes(  # noqa: PLR0913 - what a comparison depends on, each by its name
    store: Store, place: Place, before: Manifest, after: Manifest, specs: Mapping[str, TableSpec], *, progress: Progress = silent
) -> Changes:
    """What changed between two builds of a store, found out where it isn't kept, and kept. The caller holds the store's lock."""
    known = kept_changes(store, before.build_id, after.build_id)
    if known is not None:
        return known
    with spilling(store) as spill, closing(connect(spill=spill)) as con:
        found = Walk(Differing(store, before, after, con, specs), place, progress).changes()
    keep_changes(store, found)
    return found


@contextmanager
def spilling(store: Store) -> Iterator[Path]:
    """A folder in which rows are compared that don't fit into memory; not the store's own for that, which each step wipes."""
    folder = store.changes / "spill"
    with store_errors(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=PRIVATE_FOLDER)
        store.changes.chmod(PRIVATE_FOLDER)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def worked_out_now(before: Manifest, after: Manifest) -> list[str]:
    """That measures of a build by another version of joinedup may have been worked out otherwise, where one is."""
    now, then = version("joinedup"), sorted({str(each.about.get("version", "")) for each in (before, after)} - {""})
    if then in ([now], []):
        return []
    return [
        f"what joinedup {now} works out otherwise than {' and '.join(v for v in then if v != now)}: all values are worked out by it here"
    ]


def later_build(store: Store, until: str = "") -> Manifest:
    """The build to compare: by its id or number, else the published one; NothingPublished where it isn't kept."""
    return _named(builds_by_number(store), until, "that is kept") if until else read_manifest(store)


def earlier_build(store: Store, after: Manifest, since: str = "") -> Manifest:
    """The build to compare with: by its id or number, else the one that was published before; NothingPublished where there is none."""
    earlier = [build for build in builds_by_number(store) if (build.number, build.built_at) < (after.number, after.built_at)]
    which = f"before {after.number or after.build_id}"
    if not earlier and not since:
        raise NothingPublished(f"no build {which} is kept: build again once something has changed")
    if not since:
        return next((build for build in earlier if build.build_id == after.before), earlier[-1])
    return _named(earlier, since, which)


def _named(builds: Sequence[Manifest], name: str, which: str) -> Manifest:
    """A build by its id or number; NothingPublished, with those that there are, where it is none of them."""
    found = next((build for build in builds if name in (build.build_id, str(build.number))), None)
    if found is None:
        there = ", ".join(f"{build.number} ({build.build_id})" for build in builds)
        raise NothingPublished(f"no build {name} {which} is kept: {f'there are {there}' if there else 'there is none'}")
    return found


def _held(inputs: Mapping[str, InputFile | InputRecord], tables: Mapping[str, TableRecord]) -> Held:
    """What tables hold at a point of the way."""
    return {name: (each.rows, each.digest) for name, each in (*inputs.items(), *tables.items())}


@dataclass
class Walk:
    """The way from one build to another."""

    differing: Differing
    place: Place
    progress: Progress

    def changes(self) -> Changes:
        """What changed, cause by cause."""
        of, began = self.differing, perf_counter()
        causes = of.causes()
        self.progress(Step("compare", "rows of both landings", 0, len(causes), perf_counter() - began))
        points, turns, held = [self.point(of.before)], [], [_held(of.before.inputs, of.before.tables)]
        waiting: list[Cause] = []
        changed: set[Cause] = set()
        for number, together in enumerate(causes, 1):
            waiting += together
            changed |= {*together}
            began = perf_counter()
            last = number == len(causes)
            between = None if last else of.at(changed)
            made = (self.point(of.after), {}) if between is None else self.made(between)
            if isinstance(made, str):
                of.not_told.append(f"{' and '.join(waiting)} can't be told from what follows: {made}")
                continue
            point, records = made
            points.append(point)
            held.append(_held(of.after.inputs, of.after.tables) if between is None else _held(between.inputs, records))
            turns.append(self.turn(waiting, records))
            rows = {"made": turns[-1].made, "used again": turns[-1].reused}
            self.progress(Step("compare", turns[-1].name, number, len(causes), perf_counter() - began, rows))
            waiting = []
        cells, compared = cells_of(of.con, points)
        differ = tables_changed(of.con, of.store, of.before, of.after, {**of.specs, **(of.definitions or {})})
        tables = [each.model_copy(update=self.by_turn(each, held, turns)) for each in differ]
        return Changes(
            before=of_build(of.before),
            after=of_build(of.after),
            turns=tuple(turns),
            tables=tuple(tables),
            cells=tuple(cells),
            compared=compared,
            not_told=(*of.not_told, *worked_out_now(of.before, of.after)),
            form=FORM,
        )

    @cached_property
    def wanted(self) -> tuple[str, ...]:
        """The tables that are made at each turn: those whose numbers are published, and all that differ."""
        then, now = self.differing.before.tables, self.differing.after.tables
        differ = [name for name in {**then, **now} if name not in then or name not in now or then[name].digest != now[name].digest]
        return tuple(dict.fromkeys((*wanted(), *differ)))

    def by_turn(self, table: TableChange, held: Sequence[Held], turns: Sequence[Turn]) -> dict[str, object]:
        """What each turn did to a table."""
        states = [each.get(table.table, (0, "")) for each in held]
        steps = list(pairwise(states))
        moved = [now[1] != then[1] for then, now in steps]
        if table.kind == "landed":  # between landings rows are written anew, so that files differ that say the same
            mixing = self.differing.mixing
            causes = set() if mixing is None else set(mixing.counts.get(table.table.removeprefix("landed_"), ()))
            of = {OF_ROWS.get(each, self.differing.reader) for each in causes}
            otherwise = moved
            moved = [now[0] != then[0] or bool(of & {*turn.causes}) for (then, now), turn in zip(steps, turns, strict=True)]
            moved = moved if any(moved) else otherwise
        return {"shares": tuple(now[0] - then[0] for then, now in steps), "moved": tuple(moved)}

    def point(self, manifest: Manifest) -> Point:
        """What a build that was published says."""
        months = inputs_of_build(self.differing.store, manifest).get(MONTHS)
        return self._point(manifest.tables, measures_of(manifest), manifest, months)

    def _point(
        self, records: Mapping[str, TableRecord], measures: Sequence[MeasureDefinition], landed: Manifest, months: InputFile | None
    ) -> Point:
        stamp = stamp_of(landed, self.place, {})
        return Point(self.files(records), measures, stamp, () if months is None else tuple(months.files), area_names(self.place))

    def made(self, between: Between) -> tuple[Point, dict[str, TableRecord]] | str:
        """What a build between would say, and its tables; why not, where it can't be made."""
        gone = [name for name, file in between.inputs.items() if not all(path.exists() for path in file.files)]
        if gone:
            return f"{', '.join(sorted(gone))} of one of the builds isn't kept any more"
        try:
            records = tried(between.specs, between.inputs, self.wanted, self.differing.store, like=between.like)
        except SqlError:
            return "the one doesn't fit the other without it"
        return self._point(records, between.measures, between.landed, between.inputs.get(MONTHS)), records

    def files(self, records: Mapping[str, TableRecord]) -> dict[str, list[Lying]]:
        """The files of tables whose numbers are published."""
        return {name: files_of(self.differing.store, record) for name, record in records.items() if name in wanted()}

    def turn(self, causes: list[Cause], records: Mapping[str, TableRecord]) -> Turn:
        """What was changed in a step."""
        reused = sum(record.reused for record in records.values())
        details = tuple(line for cause in causes for line in told(cause, self.differing))
        return Turn(causes=tuple(causes), details=details, made=len(records) - reused, reused=reused)
