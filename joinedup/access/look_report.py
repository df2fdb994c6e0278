"""Who looked at whom: the access log of a time, counted by account, role, purpose, door and day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.unusual import Unusual, one_by_one, unusual_looking
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished
from joinedup.kept.access_log import LOOKS
from joinedup.place.model import Place

LOCAL_TIME = "Europe/London"
"""Hours and days of looks are told by the place's clocks (our choice, 2026: its contracts are those of England)."""
BY = ("door", "role", "purpose")


@dataclass(frozen=True, slots=True)
class Looked:
    """How much one group of looks was: accounts, looks, different people, rows, first and last."""

    name: tuple[str, ...]
    accounts: int
    looks: int
    people: int
    """Different people looked at by id; looks at counts and at records in bulk name none."""
    rows: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class LookReport:
    """The looks of a time, counted, and those that are unusual."""

    looks: int
    """How many there are; the log has each."""
    last: int
    """The number of the last; 0 where there is none."""
    by: Mapping[str, Sequence[Looked]]
    who: Sequence[Looked]
    """By account, role, purpose and door."""
    days: Sequence[tuple[date, str, int]]
    """Looks by day and door."""
    unusual: Sequence[Unusual]
    names: Mapping[str, str]
    """The accounts of staff.csv, and who they are."""
    scopes_checked: bool
    """Whether it was known where people belong."""


def look_report(log: Iterable[pa.Table], place: Place, *, account: str | None = None, belongs: pa.Table | None = None) -> LookReport:
    """The report on the looks of a time, in sets as `AccessLog.sets` gives them, of all accounts or one.

    `belongs` (person_id, practice_code, neighbourhood_id) says where people have belonged; without it nobody is known to be outside
    a scope. What is usual for an account and its role is learnt from all looks of the time, also where one account is asked for.
    """
    looks = what_counts(log)
    unusual = unusual_looking(looks, place, belongs)
    if account is not None:
        looks = looks.filter(pc.equal(looks["account"], account))
        unusual = [each for each in unusual if each.account == account]
    return LookReport(
        looks=looks.num_rows,
        last=pc.max(looks["number"]).as_py() or 0,
        by={name: counted(looks, [name]) for name in BY},
        who=counted(looks, ["account", "role", "purpose", "door"]),
        days=_days(looks),
        unusual=unusual,
        names={member.account: member.name for member in place.staff},
        scopes_checked=belongs is not None,
    )


def belongs_of(store: Store) -> pa.Table | None:
    """Where people have belonged by the published build: person_id, practice_code, neighbourhood_id; None where there is no build."""
    try:
        return Reader(store).table("neighbourhood_spell", ["person_id", "practice_code", "neighbourhood_id"])
    except NothingPublished:
        return None


SAID_OFTEN = ("account", "role", "purpose", "scope", "door", "what")
"""Of each look what many others say, too: held once, with a number for each look."""
COUNTED = ("number", "at", *SAID_OFTEN, "people", "row_count")


def what_counts(log: Iterable[pa.Table]) -> pa.Table:
    """What of looks is counted, with `day`, `hour` and `weekday` (0 is Monday) of local time: a tenth of what the log says of them."""
    parts = [_shortened(in_local_time(part.select(COUNTED))) for part in log]
    return pa.concat_tables(parts or [_shortened(in_local_time(LOOKS.empty_table().select(COUNTED)))]).unify_dictionaries()


def _shortened(looks: pa.Table) -> pa.Table:
    for name in SAID_OFTEN:
        looks = looks.set_column(looks.schema.get_field_index(name), name, looks[name].dictionary_encode())
    return looks


def in_local_time(looks: pa.Table) -> pa.Table:
    """The looks with day, hour and weekday of local time."""
    local = pc.local_timestamp(looks["at"].cast(pa.timestamp("us", LOCAL_TIME)))
    parts = {
        "day": local.cast(pa.date32(), safe=False),
        "hour": pc.hour(local).cast(pa.int8()),
        "weekday": pc.day_of_week(local).cast(pa.int8()),
    }
    for name, column in parts.items():
        looks = looks.append_column(name, column)
    return looks


def counted(looks: pa.Table, by: Sequence[str]) -> list[Looked]:
    """The looks counted by some columns, most first."""
    groups = looks.group_by(list(by)).aggregate(
        [("account", "count_distinct"), ("number", "count"), ("row_count", "sum"), ("at", "min"), ("at", "max")]
    )
    people = one_by_one(looks, *by).group_by(list(by)).aggregate([("person_id", "count_distinct")])
    seen = {tuple(row[name] for name in by): row["person_id_count_distinct"] for row in people.to_pylist()}
    found = [
        Looked(
            name := tuple(row[column] for column in by),
            row["account_count_distinct"],
            row["number_count"],
            seen.get(name, 0),
            row["row_count_sum"],
            row["at_min"],
            row["at_max"],
        )
        for row in groups.to_pylist()
    ]
    return sorted(found, key=lambda each: (-each.looks, each.name))


def _days(looks: pa.Table) -> list[tuple[date, str, int]]:
    rows = looks.group_by(["day", "door"]).aggregate([("number", "count")]).to_pylist()
    return sorted((row["day"], row["door"], row["number_count"]) for row in rows)
