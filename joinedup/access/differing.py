"""In what two builds differ: what each was made from, cause by cause, and what a build between them would be made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from joinedup.access.changes import Cause
from joinedup.engine.definitions import definitions_of
from joinedup.engine.files_lines import Connection
from joinedup.engine.manifest import Manifest
from joinedup.engine.objects import InputFile, major
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.engine.trying import given
from joinedup.errors import StoreProblem
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.outcomes.measure_folder import definitions
from joinedup.sources.landed import LANDING_FILE, parse_landing
from joinedup.sources.mixing import Mixing
from joinedup.sources.same_rows import CORRECTION, LINKAGE, NEW, POPULATION, READING

PERIOD = ("place_parameter", "place_month")
"""The tables of a place that say of which period the record is: with new data it moves on."""
OF_ROWS = {LINKAGE: Cause.LINKAGE, CORRECTION: Cause.CORRECTION, POPULATION: Cause.POPULATION, NEW: Cause.NEW}


@dataclass(frozen=True)
class Between:
    """What a build between two others would be made from."""

    like: Manifest
    """The build by whose engine."""
    specs: Mapping[str, TableSpec]
    inputs: Mapping[str, InputFile]
    measures: Sequence[MeasureDefinition]
    landed: Manifest
    """The build of whose landing it is, as pages would say."""


@dataclass
class Differing:
    """Two builds of one store, the earlier first."""

    store: Store
    before: Manifest
    after: Manifest
    con: Connection
    specs: Mapping[str, TableSpec]
    """Every table as it is declared now."""
    not_told: list[str] = field(default_factory=list)

    @cached_property
    def place(self) -> list[str]:
        """The tables of the place folder that differ."""
        return self._inputs("place")

    @cached_property
    def code_lists(self) -> list[str]:
        """The reference data that differ."""
        return self._inputs("reference")

    @cached_property
    def landed(self) -> list[str]:
        """The landed tables that differ."""
        return self._inputs("landed")

    @cached_property
    def redefined(self) -> list[str]:
        """The derived tables that are declared otherwise, came or went."""
        then, now = self.before.tables, self.after.tables
        both = {**then, **now}
        return [name for name in both if name not in then or name not in now or then[name].definition != now[name].definition]

    @cached_property
    def measured_otherwise(self) -> list[str]:
        """The measures that are defined otherwise, as far as both builds say how."""
        then, now = (one.about.get("measures") or {} for one in (self.before, self.after))
        return [name for name in {**then, **now} if then and now and then.get(name) != now.get(name)]

    @cached_property
    def definitions(self) -> dict[str, TableSpec] | None:
        """What the tables of the earlier build were declared as; None where that isn't kept."""
        return definitions_of(self.store, self.before, self.specs)

    @cached_property
    def definitions_after(self) -> dict[str, TableSpec] | None:
        """What the tables of the later build were declared as; None where that isn't kept."""
        return definitions_of(self.store, self.after, self.specs)

    @cached_property
    def mixing(self) -> Mixing | None:
        """The two landings with their rows matched; None where they are one, or one of them isn't kept."""
        if not self.landed:
            return None
        tables = [landing_tables(self.store, one) for one in (self.before, self.after)]
        if tables[0] is None or tables[1] is None:
            return None
        return Mixing.of(self.con, self.store, tables[0], tables[1])

    @cached_property
    def of_rows(self) -> list[str]:
        """Why landed rows are others."""
        return [] if self.mixing is None else self.mixing.causes()

    @cached_property
    def reader(self) -> Cause:
        """Why the same row of the same file is read otherwise, where it is."""
        then, now = (one.about.get("landing", {}).get("software", "") for one in (self.before, self.after))
        return Cause.PLACE if then == now else Cause.SOFTWARE

    @cached_property
    def moves_on(self) -> bool:
        """Whether the period moves on with new data."""
        return NEW in self.of_rows and any(name in PERIOD for name in self.place)

    def causes(self) -> list[tuple[Cause, ...]]:
        """The causes that there are, in order; several together where they can't be told apart."""
        place = [name for name in self.place if not (self.moves_on and name in PERIOD)]
        there = {
            Cause.SOFTWARE: major(self.before.software) != major(self.after.software),
            Cause.PLACE: bool(place),
            Cause.CODES: bool(self.code_lists),
            Cause.DEFINITION: bool(self.redefined or self.measured_otherwise),
            **{cause: rows in self.of_rows for rows, cause in OF_ROWS.items()},
        }
        if READING in self.of_rows:
            there[self.reader] = True
        found: list[tuple[Cause, ...]] = [(cause,) for cause in Cause if there[cause]]
        if self.landed and self.mixing is None:
            self.not_told.append("what of the data did it can't be told: the landing of one of the builds isn't kept any more")
            found.append(tuple(OF_ROWS.values()))
        elif self.landed and not self.of_rows:
            found.append((Cause.NEW,))
        if READING in self.of_rows and self.reader is Cause.SOFTWARE:
            self.not_told.append(
                "whether rows are read otherwise for what the place folder says of its files: two versions of joinedup landed them, "
                "and all of it is told as software"
            )
        return self._told_apart(found)

    def _told_apart(self, found: list[tuple[Cause, ...]]) -> list[tuple[Cause, ...]]:
        """The causes, those together before or after definitions that aren't kept: nothing can be made by these."""
        lost = [self.definitions is None, self.definitions_after is None]
        at = next((at for at, causes in enumerate(found) if Cause.DEFINITION in causes), None)
        if at is None and not all(lost):
            return found
        first, last = (0 if lost[0] or at is None else at), (len(found) if lost[1] or at is None else at + 1)
        if last - first > 1:
            which = " and ".join(said for said, gone in zip(("the earlier", "the later"), lost, strict=True) if gone)
            apart = ", ".join(each for causes in found[first:last] for each in causes)
            self.not_told.append(f"{apart} can't be told apart: what tables of {which} build were declared as isn't kept")
        return [*found[:first], tuple(each for causes in found[first:last] for each in causes), *found[last:]]

    @cached_property
    def of_data(self) -> frozenset[Cause]:
        """The causes with all of which the later landing is reached."""
        if not self.landed:
            return frozenset()
        found = {OF_ROWS[rows] for rows in self.of_rows if rows != READING} | ({self.reader} if READING in self.of_rows else set())
        return frozenset(found or {Cause.NEW})

    def at(self, changed: Collection[Cause]) -> Between:
        """What a build would be made from in which these causes are changed and no other."""
        later = self.after if Cause.DEFINITION in changed else self.before
        declared = self.definitions_after if Cause.DEFINITION in changed else self.definitions
        declared = declared or self.definitions or self.definitions_after  # those of one build are those of the other where none changed
        assert declared is not None
        given_from_outside = {name: spec for name, spec in self.specs.items() if not spec.derived}
        return Between(
            self.after if Cause.SOFTWARE in changed else self.before,
            given_from_outside | declared,
            self._supplied(changed),
            measures_of(later),
            self._landed_record(changed),
        )

    def _landed_record(self, changed: Collection[Cause]) -> Manifest:
        """The build of whose landing it is: the files of a contract as the later has them once all is changed that changed of it."""
        if self.of_data <= {*changed}:
            return self.after
        whole = set() if self.mixing is None else self.mixing.whole(self._rows(changed))
        then, now = (one.about["landing"]["files"] for one in (self.before, self.after))
        files = [each for each in then if each["contract"] not in whole] + [each for each in now if each["contract"] in whole]
        about = {**self.before.about, "landing": {**self.before.about["landing"], "files": files}}
        return self.before.model_copy(update={"about": about})

    def _rows(self, changed: Collection[Cause]) -> set[str]:
        """Why landed rows are others, as far as it is changed."""
        rows = {rows for rows, cause in OF_ROWS.items() if cause in changed and rows in self.of_rows}
        return rows | ({READING} if READING in self.of_rows and self.reader in changed else set())

    def _supplied(self, changed: Collection[Cause]) -> dict[str, InputFile]:
        """The tables that come from outside."""
        then, now = (inputs_of_build(self.store, one) for one in (self.before, self.after))
        taken = [name for name in self.code_lists if Cause.CODES in changed]
        for name in self.place:
            with_new = self.moves_on and name in PERIOD
            taken += [name] if (Cause.NEW if with_new else Cause.PLACE) in changed else []
        return now | then | {name: now[name] for name in taken if name in now} | self._landed(changed)

    def _landed(self, changed: Collection[Cause]) -> dict[str, InputFile]:
        """The landed tables."""
        if self.of_data and self.of_data <= {*changed}:
            return {
                name: file for name, file in inputs_of_build(self.store, self.after).items() if self.after.inputs[name].kind == "landed"
            }
        rows = self._rows(changed)
        return self.mixing.up_to(rows) if rows and self.mixing is not None else {}

    def _inputs(self, kind: str) -> list[str]:
        """The tables of a kind that the builds were given with other content."""
        then, now = self.before.inputs, self.after.inputs
        names = [name for name in sorted({**then, **now}) if (now.get(name) or then[name]).kind in (kind, "" if kind == "landed" else kind)]
        return [name for name in names if name not in then or name not in now or then[name].digest != now[name].digest]


def inputs_of_build(store: Store, manifest: Manifest) -> dict[str, InputFile]:
    """The tables that a build was given."""
    return {name: given(store, each) for name, each in manifest.inputs.items()}


def measures_of(manifest: Manifest) -> tuple[MeasureDefinition, ...]:
    """The measures as they were defined for a build; as joinedup defines them now where it doesn't say."""
    said = (manifest.about.get("measures") or {}).values()
    return tuple(MeasureDefinition.model_validate(each) for each in said if "form" in each) or definitions()


def landing_tables(store: Store, manifest: Manifest) -> dict[str, InputFile] | None:
    """Every table of the landing that a build stands on; None where it isn't kept."""
    path = store.landed / str(manifest.about.get("landing", {}).get("landing_id", "")) / LANDING_FILE
    try:
        record = parse_landing(path)
    except StoreProblem:
        return None
    found = {name: given(store, each) for name, each in record.tables.items()}
    return found if all(path.exists() for file in found.values() for path in file.files) else None
