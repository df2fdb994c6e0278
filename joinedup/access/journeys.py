"""Single invented people's years across all sectors, for a picture of what joined-up records show. Of real people there is none.

One person's path can be recognised by who knows them, without a name and in any rounding; so this opens for invented places alone, to who
may have records for planning, and each look is logged with the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.caller import Caller
from joinedup.access.disclosure import may_enter
from joinedup.access.looking import Log, look
from joinedup.engine.reader import Reader
from joinedup.errors import Refused
from joinedup.place.model import Place

STAGES: Mapping[str, tuple[int, int]] = {"child": (0, 17), "adult": (18, 64), "older person": (65, 120)}
"""The journeys that are shown, and of which ages they are chosen."""
FEWEST, MOST = 15, 90
"""Activities of a year that a picture can show without being bare or black (our choice, 2026)."""
RULE = (
    f"Of all invented people of that age with {FEWEST} to {MOST} activities in the year: the one whom most sectors saw; of several the one "
    "with most activities; of several still, the first in the record"
)
NEEDS = ("person_year", "person_year_sector", "place_activity", "activity", "package_year_days")
TOLD = ("starts", "ends", "sector", "point_of_delivery", "provider_code", "cost_pence")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done for the person: on a day, or from a day up to another."""

    starts: date
    ends: date | None
    """The day after the last; None where it is over on the day that it began, or nobody says."""
    sector: str
    point_of_delivery: str
    provider_code: str | None
    cost_pence: int | None


@dataclass(frozen=True, slots=True)
class Journey:
    """One invented person's year."""

    stage: str
    age: int
    events: Sequence[Event]
    """In the order in which they began."""

    @property
    def sectors(self) -> list[str]:
        """The sectors in the order in which they first saw the person."""
        return list(dict.fromkeys(event.sector for event in self.events))


def journeys(reader: Reader, place: Place, caller: Caller, log: Log) -> tuple[Journey, ...]:
    """A journey for each stage of life that somebody fits; logged before it is given. Refused where people may be real."""
    built = reader.manifest.about.get("place", {})
    if not (place.invented and built.get("invented")):
        raise Refused("journeys are shown of invented people alone: a real person's path can be recognised without a name")
    may_enter(place, built, caller, "records")
    if not all(name in reader.manifest.tables for name in NEEDS):
        return ()
    year, people = _people(reader)
    chosen = {stage: _chosen(people, ages) for stage, ages in STAGES.items()}
    found = {stage: row for stage, row in chosen.items() if row is not None}
    ids = tuple(int(row["person_id"]) for row in found.values())
    log.append([look(caller, "records", "journeys of invented people", reader.manifest.build_id, people=ids, rows=len(ids))])
    return tuple(Journey(stage, int(row["age"]), _events(reader, place, year, int(row["person_id"]))) for stage, row in found.items())


def _people(reader: Reader) -> tuple[date, pa.Table]:
    """The latest year, and who was counted in it: age, activities, and how many sectors saw them."""
    year = pc.max(reader.rows("person_year_sector", ["year_starts"])["year_starts"]).as_py() or date.min
    of_year = pc.field("year_starts") == pa.scalar(year, pa.date32())
    seen = reader.rows("person_year_sector", ["person_id", "activities"], of_year)
    counted = seen.group_by("person_id", use_threads=False).aggregate([("activities", "sum"), ("activities", "count")])
    return year, counted.join(reader.rows("person_year", ["person_id", "age"], of_year), "person_id", use_threads=False)


def _chosen(people: pa.Table, ages: tuple[int, int]) -> Mapping[str, int] | None:
    """Who is chosen by the rule; None where nobody of these ages fits."""
    fits = (pc.field("age") >= ages[0]) & (pc.field("age") <= ages[1])
    fits &= (pc.field("activities_sum") >= FEWEST) & (pc.field("activities_sum") <= MOST)
    ranked = people.filter(fits).sort_by([("activities_count", "descending"), ("activities_sum", "descending"), ("person_id", "ascending")])
    rows: list[Mapping[str, int]] = ranked.slice(0, 1).to_pylist()
    return rows[0] if rows else None


def _events(reader: Reader, place: Place, year: date, person: int) -> tuple[Event, ...]:
    """What was done in the period; of packages the days within it and what these cost."""
    own = pc.field("person_id") == person
    inside = (pc.field("starts") >= pa.scalar(place.period.start)) & (pc.field("starts") < pa.scalar(place.period.end))
    of_days = own & inside & ~pc.field("accrues") & pc.field("took_place")
    done = reader.rows("place_activity", ["activity_id", *(name for name in TOLD if name != "ends")], of_days)
    ends = reader.rows("activity", ["activity_id", "ends"], own)
    taken = done.join(ends, "activity_id", use_threads=False).select(TOLD).to_pylist()
    packages = reader.rows(
        "package_year_days", [*(n for n in TOLD if n != "provider_code")], own & (pc.field("year_starts") == pa.scalar(year))
    )
    rows = [*taken, *(row | {"provider_code": None} for row in packages.to_pylist())]
    found = [Event(**{name: row[name] for name in TOLD}) for row in rows]
    return tuple(sorted(found, key=lambda each: (each.starts, each.sector, each.point_of_delivery, each.cost_pence or 0)))
