"""The same tables as a star: facts with keys and what is counted, dimensions with what they are counted by.

Facts keep their grain and all their rows. Whatever tells who, where, when, what or by whom becomes the key of a dimension, and 0, the
unknown member, where it is empty; the rest stays as it is. docs/how-to/hand-off.md has the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from joinedup.access.handing import Told
from joinedup.engine.specs import ColumnType
from joinedup.hand_off.described import PSEUDONYM, Field, Foreign, Table
from joinedup.hand_off.members import DATE_FIELDS, UNKNOWN, Calendar, Keys, Members
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.place.model import Place

PERSON, DATES = "dim_person", "dim_date"
NEIGHBOURHOOD = "neighbourhood_id"


@dataclass(frozen=True, slots=True)
class Role:
    """Columns of facts that become the key of a dimension."""

    key: str
    dimension: str
    columns: tuple[str, ...]


ROLES = (
    Role("area_key", "dim_area", ("area_type", "area_id")),
    Role("care_key", "dim_care", ("sector", "point_of_delivery")),
    Role("provider_key", "dim_provider", ("provider_code",)),
    Role("provider_now_key", "dim_provider", ("provider_now",)),
    Role("practice_key", "dim_practice", ("practice_code",)),
    Role("delay_key", "dim_delay", ("reason", "process", "responsible_body")),
    Role("diagnosis_key", "dim_diagnosis", ("system", "code")),
    Role("measure_key", "dim_measure", ("measure_id",)),
)
SAID_BY = {"dim_measure": ("title", "unit"), "dim_area": ("area_name",)}
"""What facts say over again that a dimension says."""


@dataclass
class Star:
    """The dimensions of one folder, which grow as its facts are written."""

    place: Place
    members: Mapping[str, Members]
    calendar: Calendar = field(default_factory=Calendar)
    people: pa.Table | None = None
    """dim_person: the unknown one, then everybody in the order of their pseudonyms."""
    _person: Table | None = None
    _areas: Mapping[str, Keys] = field(default_factory=dict)

    def with_people(self, table: Table, sets: Iterable[pa.Table]) -> None:
        """Nothing; dim_person holds these people, and facts have the area and practice that each of them has."""
        people = pa.concat_tables(list(sets))
        schema = pa.schema([pa.field("person_key", pa.int32()), *people.schema])
        texts = {each.name: "unknown" for each in people.schema if pa.types.is_string(each.type)}
        unknown = pa.Table.from_pylist([{"person_key": UNKNOWN, **texts}], schema=schema)
        numbered = people.add_column(0, "person_key", pa.array(np.arange(1, people.num_rows + 1, dtype=np.int32)))
        self.people, self._person = pa.concat_tables([unknown, numbered.cast(schema)]), table
        self._areas = {}
        if NEIGHBOURHOOD in people.column_names:
            kind = pa.array(np.where(people[NEIGHBOURHOOD].is_valid().to_numpy(), "neighbourhood", ""), pa.string())
            kind = pa.array([each or None for each in kind.to_pylist()], pa.string())
            self._areas["area_key"] = self._with_unknown(self.members["dim_area"].keys([kind, people[NEIGHBOURHOOD]]))
        if "practice_code" in people.column_names:
            self._areas["practice_key"] = self._with_unknown(self.members["dim_practice"].keys([people["practice_code"]]))

    @staticmethod
    def _with_unknown(keys: Keys) -> Keys:
        return np.concatenate([np.zeros(1, np.int32), keys])

    def fact(self, table: Table, sets: Callable[[], Iterable[pa.Table]]) -> tuple[Table, Callable[[], Iterator[pa.Table]]]:
        """A table as a fact: what it is, and its rows with keys."""
        roles = self._roles(table)
        gone = {name for role in roles for name in role.columns}
        gone |= {name for role in roles for name in SAID_BY.get(role.dimension, ())}
        fields, foreign = self._keyed(table, roles)
        stays = [each for each in table.fields if each.name not in gone and each.type is not ColumnType.DATE and each.name != "person_id"]
        made = replace(table, name=f"fact_{table.name}", fields=(*fields, *stays), foreign=foreign)
        made = replace(made, key=table.key if set(table.key) <= {each.name for each in stays} else ())

        def rows() -> Iterator[pa.Table]:
            for each in sets():
                yield self._with_keys(each, table, roles).select([one.name for one in made.fields]).cast(made.schema)

        return made, rows

    def _roles(self, table: Table) -> list[Role]:
        names = {each.name for each in table.fields}
        return [role for role in ROLES if set(role.columns) <= names]

    def _keyed(self, table: Table, roles: Sequence[Role]) -> tuple[list[Field], tuple[Foreign, ...]]:
        """The key columns of a fact, and what each leads to."""
        found: list[tuple[str, str, str]] = []
        if self._of_people(table):
            found.append(("person_key", PERSON, "the person"))
            own = {role.key for role in roles}
            places = [key for key in self._areas if key not in own]
            found += [(key, f"dim_{key.removesuffix('_key')}", "where the person was registered on the as-at date") for key in places]
        found += [(role.key, role.dimension, " and ".join(role.columns)) for role in roles]
        found += [(date_key(each.name), DATES, each.meaning) for each in table.fields if each.type is ColumnType.DATE]
        fields = [Field(key, ColumnType.INTEGER, f"Key of {to}: {said}; 0 is unknown", required=True) for key, to, said in found]
        return fields, tuple(Foreign((key,), to, (_key_of(to),)) for key, to, _ in found)

    def _of_people(self, table: Table) -> bool:
        return self.people is not None and any(each.name == "person_id" for each in table.fields)

    def _with_keys(self, rows: pa.Table, table: Table, roles: Sequence[Role]) -> pa.Table:
        for each in table.fields:
            if each.type is ColumnType.DATE:
                rows = rows.append_column(date_key(each.name), pa.array(self.calendar.keys(rows[each.name])))
        for role in roles:
            keys = self.members[role.dimension].keys([rows[name] for name in role.columns])
            rows = rows.append_column(role.key, pa.array(keys))
        if self._of_people(table):
            person = self._person_keys(rows["person_id"])
            rows = rows.append_column("person_key", pa.array(person))
            for key, of_person in self._areas.items():
                if key not in rows.column_names:
                    rows = rows.append_column(key, pa.array(of_person[person]))
        return rows

    def _person_keys(self, ids: pa.ChunkedArray) -> Keys:
        assert self.people is not None
        known = np.asarray(self.people["person_id"].slice(1).to_numpy(), dtype=np.int64)  # a null among them would make floats of them
        wanted = np.asarray(ids.to_numpy(), dtype=np.int64)
        at = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
        there = known[at] == wanted if len(known) else np.zeros(len(wanted), dtype=bool)
        return np.where(there, at + 1, UNKNOWN).astype(np.int32)

    def dimensions(self, facts: Sequence[Table]) -> Iterator[tuple[Table, pa.Table]]:
        """The dimensions that the facts lead to, with their members; asked for once all facts are written."""
        used = {foreign.table for fact in facts for foreign in fact.foreign}
        if self.people is not None and self._person is not None:
            key = Field("person_key", ColumnType.INTEGER, "Key of dim_person, this folder's own; 0 is unknown", required=True)
            own = tuple(replace(each, required=False) if each.treated == PSEUDONYM else each for each in self._person.fields)
            yield _dimension(
                PERSON, self._person.title, "one row per person, and one for nobody known", (key, *own), self.people, self._person
            )
        if DATES in used:
            yield _dimension(DATES, "Days", "one row per day, and one for none known", DATE_FIELDS, self.calendar.rows())
        for name, each in self.members.items():
            if name in used:
                yield _dimension(name, each.title, each.grain, each.fields, each.rows())


def _dimension(  # noqa: PLR0913, PLR0917 - what a table is
    name: str, title: str, grain: str, fields: tuple[Field, ...], rows: pa.Table, of: Table | None = None
) -> tuple[Table, pa.Table]:
    told = Told()
    told.see(rows)
    door = of.door if of else "none: names and days"
    people = of.people if of else None
    made = Table(name, title, grain, door, rows.num_rows, fields, (fields[0].name,), people=people, where=of.where if of else "")
    return made.told(told), rows


def date_key(name: str) -> str:
    """What the key of a day is called: starts_date_key of starts, referred_date_key of referred_on."""
    return f"{name.removesuffix('_on')}_date_key"


def _key_of(dimension: str) -> str:
    return f"{dimension.removeprefix('dim_')}_key"


def star_of(place: Place, specs: Mapping[str, MeasureDefinition]) -> Star:
    """A star that has no members yet; names of areas, practices, providers and measures are the place's."""
    text = ColumnType.STRING
    names = {each.code: each.name for each in place.practices} | {each.code: each.name for each in place.partners if each.code}
    areas = {("neighbourhood", each.id): each.name for each in place.neighbourhoods}
    areas |= {("place", "place"): place.name, ("none", "none"): "No neighbourhood"}
    told = [
        Members(
            "dim_area", "Areas", "one row per area", "area_key",
            (Field("area_type", text, "place, neighbourhood or none: counts of the place are those of the others together"),
             Field("area_id", text, "The area, as the place folder has it")),
            (Field("area_name", text, "Its name"),),
            lambda of: {"area_name": areas.get((of[0] or "", of[1] or ""), of[1])},
        ),
        Members(
            "dim_care", "Kinds of care", "one row per sector and point of delivery", "care_key",
            (Field("sector", text, "Sector of care"), Field("point_of_delivery", text, "Kind of activity")),
        ),
        Members(
            "dim_provider", "Providers", "one row per provider", "provider_key",
            (Field("provider_code", text, "Its code"),),
            (Field("provider_name", text, "Its name, where it is a partner or practice of the place; else its code"),),
            lambda of: {"provider_name": names.get(of[0] or "", of[0])},
        ),
        Members(
            "dim_practice", "General practices", "one row per practice", "practice_key",
            (Field("practice_code", text, "Its code"),),
            (Field("practice_name", text, "Its name; its code where the place doesn't have it"),),
            lambda of: {"practice_name": names.get(of[0] or "", of[0])},
        ),
        Members(
            "dim_delay", "Why people wait to leave hospital", "one row per reason, process and responsible body", "delay_key",
            (Field("reason", text, "What is waited for"), Field("process", text, "Where it waits"),
             Field("responsible_body", text, "Who has to act")),
        ),
        Members(
            "dim_diagnosis", "Codes", "one row per code of a system", "diagnosis_key",
            (Field("system", text, "ICD-10, SNOMED CT, Read v2 or CTV3"), Field("code", text, "The code")),
        ),
        Members(
            "dim_measure", "Measures", "one row per measure", "measure_key",
            (Field("measure_id", text, "The measure"),),
            (Field("title", text, "Its name"), Field("unit", text, "The unit of its values"),
             Field("definition", text, "What is counted"), Field("polarity", text, "Which way is better"),
             Field("measure_version", ColumnType.INTEGER, "Version of the definition")),
            lambda of: _measure(specs.get(of[0] or "")),
        ),
    ]  # fmt: skip
    return Star(place, {each.name: each for each in told})


def _measure(spec: MeasureDefinition | None) -> Mapping[str, object]:
    if spec is None:
        return {}
    return {
        "title": spec.title,
        "unit": spec.unit,
        "definition": " ".join(spec.definition.split()),
        "polarity": spec.polarity,
        "measure_version": spec.version,
    }
