"""Looks of the invented staff of an invented place, so that its report on looks has something to show. Each says that it was made up."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.caller import Scope
from joinedup.access.look_report import LOCAL_TIME
from joinedup.errors import Refused
from joinedup.kept.access_log import Look
from joinedup.place.model import Place, StaffMember

REASON = "made up for the example"
WEEKS = 4
A_DAY = {
    "care_team": ("direct care", "people", "person", 7),
    "coordinator": ("direct care", "people", "person", 5),
    "analyst": ("planning", "records", "activity", 3),
    "finance": ("payment", "records", "activity", 1),
    "commissioner": ("planning", "aggregates", "measure emergency_bed_days standard by neighbourhood, all and year, internal", 2),
    "board": ("planning", "aggregates", "area_population, internal", 1),
    "safety_officer": ("planning", "aggregates", "data_quality, internal", 1),
}
"""For each role what it does, and how often on a usual day."""


def invented_looks(place: Place, belongs: pa.Table, build_id: str, until: datetime, seed: int = 1) -> list[Look]:
    """Four weeks of looks on weekdays up to `until`, in order, with two things planted for the report to find.

    Planted: a care team looks at sixty people on a Saturday evening, and a co-ordinator at one person again and again.
    """
    if not place.invented:
        raise Refused(f"{place.name} may hold real people: looks are made up for invented ones alone")
    rng = np.random.default_rng(seed)
    last = until.astimezone(ZoneInfo(LOCAL_TIME)).date()
    days = [last - timedelta(days=back) for back in range(7 * WEEKS - 1, 0, -1)]
    looks: list[Look] = []
    for member in place.staff:
        if member.role not in A_DAY:
            continue
        people = _within(member, belongs)
        for day in (day for day in days if day.weekday() < 5):
            times = sorted(rng.integers(8 * 60, 18 * 60, rng.poisson(A_DAY[member.role][-1])))
            looks += [_look(member, datetime.combine(day, time(int(at) // 60, int(at) % 60)), build_id, people, rng) for at in times]
    return sorted(looks + _planted(place, belongs, days, build_id, rng), key=lambda look: look.at)


def _planted(place: Place, belongs: pa.Table, days: list, build_id: str, rng: np.random.Generator) -> list[Look]:  # type: ignore[type-arg]
    saturday = next(day for day in reversed(days) if day.weekday() == 5)
    found: list[Look] = []
    team = next((member for member in place.staff if member.role == "care_team"), None)
    if team is not None:
        evening = [datetime.combine(saturday, time(21, minute)) for minute in range(0, 60)]
        found += [_look(team, at, build_id, _within(team, belongs), rng) for at in evening]
    coordinator = next((member for member in place.staff if member.role == "coordinator"), None)
    if coordinator is not None:
        one = _within(coordinator, belongs)[:1]
        work = [day for day in days if day.weekday() < 5][-7:]
        found += [_look(coordinator, datetime.combine(day, time(hour, 12)), build_id, one, rng) for day in work for hour in (9, 16)]
    return found


def _within(member: StaffMember, belongs: pa.Table) -> np.ndarray:
    """The ids of the people of a scope, each once."""
    column = {"neighbourhood": "neighbourhood_id", "practice": "practice_code"}.get(member.scope_kind)
    rows = belongs if column is None else belongs.filter(pc.is_in(belongs[column], pa.array(list(member.scope_ids), pa.string())))
    return np.asarray(np.unique(rows["person_id"].to_numpy()))


def _look(member: StaffMember, at: datetime, build_id: str, people: np.ndarray, rng: np.random.Generator) -> Look:
    purpose, door, what, _ = A_DAY[member.role]
    by_id = door == "people" and len(people) > 0
    return Look(
        at=at.replace(tzinfo=ZoneInfo(LOCAL_TIME)),
        account=member.account,
        role=member.role,
        purpose=purpose,
        scope=str(Scope(member.scope_kind, tuple(member.scope_ids))),
        door=door,
        what=what,
        build_id=build_id,
        people=(int(rng.choice(people)),) if by_id else (),
        rows=1 if by_id else int(rng.integers(5, 5_000)),
        reason=REASON,
    )
