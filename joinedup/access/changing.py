"""Finding out what changed between two builds, and why: from the earlier to the later by changing one cause at a time.

Each step is a build that isn't published: what doesn't depend on its cause is used again. By how much a number differs from step to step is
what that cause did, so what all of them did adds up to the whole difference. docs/decisions says why in this order.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from joinedup.access.changed_cells import Point, cells_of, wanted
from joinedup.access.changed_words import told
from joinedup.access.changes import Cause, Changes, Turn, keep_changes, kept_changes, of_build
from joinedup.access.differing import Between, Differing, measures_of
from joinedup.access.stamp import stamp_of
from joinedup.engine.comparing import files_of, tables_changed
from joinedup.engine.duck import connect
from joinedup.engine.manifest import Manifest, TableRecord, builds_by_number
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import PRIVATE_FOLDER, Store, store_errors
from joinedup.engine.trying import tried
from joinedup.errors import NothingPublished, SqlError, StoreProblem
from joinedup.place.model import Place
from joinedup.progress import Progress, Step, silent


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


def earlier_build(store: Store, after: Manifest, since: str = "") -> Manifest:
    """The build to compare with: by its id or number, else the one that was published before; NothingPublished where there is none."""
    earlier = [build for build in builds_by_number(store) if (build.number, build.built_at) < (after.number, after.built_at)]
    if not since and earlier:
        return next((build for build in earlier if build.build_id == after.before), earlier[-1])
    found = next((build for build in earlier if since in (build.build_id, str(build.number))), None)
    if found is None:
        there = ", ".join(f"{build.number} ({build.build_id})" for build in earlier)
        what = f"no build {since} before the published one" if since else "no build before the published one"
        raise NothingPublished(f"{what} is kept: {f'there are {there}' if there else 'build again once something has changed'}")
    return found


@dataclass
class Walk:
    """The way from one build to another."""

    differing: Differing
    place: Place
    progress: Progress

    def changes(self) -> Changes:
        """What changed, cause by cause."""
        of = self.differing
        causes = of.causes()
        points, turns = [self.point(of.before)], []
        waiting: list[Cause] = []
        changed: set[Cause] = set()
        for number, together in enumerate(causes, 1):
            waiting += together
            changed |= {*together}
            began = perf_counter()
            last = number == len(causes)
            made = None if last else self.made(of.at(changed))
            if made is None and not last:
                of.not_told.append(f"{' and '.join(waiting)} can't be told from what follows: the one doesn't fit the other without it")
                continue
            point, records = (self.point(of.after), {}) if made is None else made
            points.append(point)
            turns.append(self.turn(waiting, records))
            rows = {"made": turns[-1].made, "used again": turns[-1].reused}
            self.progress(Step("compare", turns[-1].name, number, len(causes), perf_counter() - began, rows))
            waiting = []
        cells, compared = cells_of(of.con, points)
        tables = tables_changed(of.con, of.store, of.before, of.after, {**of.specs, **(of.definitions or {})})
        return Changes(
            before=of_build(of.before),
            after=of_build(of.after),
            turns=tuple(turns),
            tables=tuple(tables),
            cells=tuple(cells),
            compared=compared,
            not_told=tuple(of.not_told),
        )

    def point(self, manifest: Manifest) -> Point:
        """What a build that was published says."""
        stamp = stamp_of(manifest, self.place, measures_of(manifest))
        return Point(self.files(manifest.tables), measures_of(manifest), stamp)

    def made(self, between: Between) -> tuple[Point, dict[str, TableRecord]] | None:
        """What a build between would say, and its tables; None where it can't be made."""
        try:
            records = tried(between.specs, between.inputs, wanted(), self.differing.store, like=between.like)
        except (SqlError, StoreProblem):
            return None
        return Point(self.files(records), between.measures, stamp_of(between.landed, self.place, between.measures)), records

    def files(self, records: Mapping[str, TableRecord]) -> dict[str, list[Path]]:
        """The files of tables whose numbers are published."""
        return {name: files_of(self.differing.store, record) for name, record in records.items() if name in wanted()}

    def turn(self, causes: list[Cause], records: Mapping[str, TableRecord]) -> Turn:
        """What was changed in a step."""
        reused = sum(record.reused for record in records.values())
        details = tuple(line for cause in causes for line in told(cause, self.differing))
        return Turn(causes=tuple(causes), details=details, made=len(records) - reused, reused=reused)
