"""Who looked: the access log as a page tells it, by door, role, purpose and day, without an account or a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import altair

from joinedup.access.look_report import Looked
from joinedup.access.overview import WEEKS, Access
from joinedup.access.published import evidence_key
from joinedup.access.unusual import NOT_KNOWN
from joinedup.papers.figure import BOTH, Column, Figure, Table, chart_of, titled
from joinedup.papers.numbers import day, moment, whole
from joinedup.papers.summary import KeyFigure
from joinedup.papers.theme import AREA_FILL, Size
from joinedup.papers.words import capital, many
from joinedup.place.model import Place

DOORS = {
    "aggregates": "Counts and rates",
    "records": "Records without names",
    "people": "People by name",
    "review": "Review of links",
    "audit": "This log itself",
}
ROLES = {
    "ig_lead": "Information governance lead",
    "care_team": "Care team",
    "safety_officer": "Clinical safety officer",
    "coordinator": "Co-ordinator",
    "finance": "Finance lead",
    "public": "Without a role",
}
STEP = 12
"""Pixels of a day's bar and the gap beside it."""


def in_template(access: Access, place: Place) -> dict[str, object]:
    """What the template shows of it, but for the picture."""
    verified = access.verified
    return {
        "access": access,
        "verified": verified,
        "keys": key_figures(access),
        "by": [tables(access)[name] for name in ("by-door", "by-role", "by-purpose")],
        "unusual": tables(access)["unusual"],
        "faults": [fault.message for fault in verified.faults],
        "seal_problem": access.seal_problem,
        "sealed_at": moment(verified.sealed_at.replace(microsecond=0)) if verified.sealed_at else "",
        "verified_at": moment(verified.at),
        "span": f"{day(access.since.date())} to {day(access.until.date())}",
        "not_known": NOT_KNOWN,
        "made_up": place.invented,
    }


def key_figures(access: Access) -> list[KeyFigure]:
    """What to know first."""
    report = access.report
    people = sum(group.people for group in report.by["door"])
    accounts = len({group.name[0] for group in report.who})
    return [
        KeyFigure("Looks", whole(report.looks), f"in {WEEKS} weeks", "", why="looks"),
        KeyFigure("Accounts that looked", whole(accounts), "of the operating system", "", why="looks"),
        KeyFigure("People looked at by name or id", whole(people), "different people, by door", "", why="looks"),
        KeyFigure("To ask about", whole(len(report.unusual)), "looks that stand out, by the rules below", "", why="looks/unusual"),
    ]


def figure(access: Access, place: Place) -> Figure:
    """Looks by day, a strip of bars for each door."""
    about, key = f"Looks a day through each door, {WEEKS} weeks", "A bar is a day; each door has a scale of its own, whose most is named."
    days = access.report.days
    if not days:
        return Figure("looks", "Looks by day", about, key, reason="Nobody has looked in these weeks.")
    doors = [group.name[0] for group in access.report.by["door"]]
    counts = {(when, door): count for when, door, count in days}
    first = min([access.since.date(), *(when for when, _, _ in days)])
    dates = [first + timedelta(days=i) for i in range((access.until.date() - first).days + 1)]
    charts = {size: titled(_strips(counts, doors, dates, size), size, about, key, invented=place.invented) for size in BOTH}
    return Figure("looks", finding(access), about, key, _by_day(counts, doors, dates), charts, why="looks")


def finding(access: Access) -> str:
    """The sentence above the picture."""
    groups = access.report.by["door"]
    most = groups[0]
    unusual = len(access.report.unusual)
    ask = "nothing stands out" if not unusual else f"{many(unusual, 'thing stands', 'things stand')} out"
    return f"{many(access.report.looks, 'look', 'looks')} in {WEEKS} weeks, most of them at {_door(most.name[0]).lower()}; {ask}"


def _strips(counts: Mapping[tuple[date, str], int], doors: Sequence[str], dates: Sequence[date], size: Size) -> altair.FacetChart:
    most = {door: max(counts.get((when, door), 0) for when in dates) for door in doors}
    rows = [
        {
            "door": f"{_door(door)}: {most[door]:,} at most",
            "day": when.isoformat(),
            "part": counts.get((when, door), 0) / max(most[door], 1),
        }
        for door in doors
        for when in dates
    ]
    ticks = [{"year": each.year, "month": each.month, "date": each.day, "utc": True} for each in dates[:: 14 if size.narrow else 7]]
    axis = altair.Axis(labelExpr="utcFormat(datum.value, '%-d %b')", values=ticks)
    x = altair.X("day:T", title=None, scale=altair.Scale(type="utc"), axis=axis)
    y = altair.Y("part:Q", title=None, axis=None, scale=altair.Scale(domain=[0, 1]))
    width = size.width - 24
    bars = chart_of(rows).mark_bar(color=AREA_FILL, size=max(min(width / len(dates) - 2, STEP), 2)).encode(x, y)
    facet = altair.Facet(
        "door:N", title=None, sort=list(dict.fromkeys(row["door"] for row in rows)), header=altair.Header(labelOrient="top")
    )
    return bars.properties(width=width, height=36).facet(facet, columns=1, spacing=10)


def _by_day(counts: Mapping[tuple[date, str], int], doors: Sequence[str], dates: Sequence[date]) -> Table:
    latest_first = list(dates)[::-1]
    columns = [Column("Day", [day(each) for each in latest_first], "day", latest_first)]
    for door in doors:
        values = [counts.get((each, door), 0) for each in latest_first]
        columns.append(Column(_door(door), [whole(value) for value in values], door, values))
    return Table("Looks by day and door", columns, why=[evidence_key("looks", "day", each) for each in latest_first])


def tables(access: Access) -> dict[str, Table]:
    """The tables that can be downloaded beside the page."""
    by = access.report.by
    return {
        "by-door": _groups("Looks by door", "Door", "door", by["door"], _door),
        "by-role": _groups("Looks by role", "Role", "role", by["role"], _role),
        "by-purpose": _groups("Looks by purpose", "Purpose", "purpose", by["purpose"], capital),
        "unusual": _unusual(access),
    }


def _groups(caption: str, head: str, name: str, groups: Sequence[Looked], words: object) -> Table:
    names = [group.name[0] for group in groups]
    said = [words(each) for each in names] if callable(words) else names
    counts = {"Looks": "looks", "Different people": "people", "Accounts": "accounts"}
    columns = [Column(head, said, name, names)]
    for title, field in counts.items():
        values = [getattr(group, field) for group in groups]
        columns.append(Column(title, [whole(value) for value in values], field, values))
    lasts = [group.last for group in groups]
    keys = [evidence_key("looks", name, each) for each in names]
    return Table(caption, [*columns, Column("Last", [moment(last) for last in lasts], "last", lasts, text=True)], why=keys)


def _unusual(access: Access) -> Table:
    found = access.report.unusual
    return Table(
        "Looking that stands out",
        [
            Column("Day", [day(each.day) for each in found], "day", [each.day for each in found], text=True),
            Column("Role", [_role(each.role) for each in found], "role", [each.role for each in found], text=True),
            Column("What", [capital(each.rule) for each in found], "rule", [each.rule for each in found], text=True),
            Column("Why it stands out", [capital(each.reason) for each in found], "reason", [each.reason for each in found], text=True),
        ],
        why=[evidence_key("looks", "unusual", each.rule) for each in found],
    )


def _door(name: str) -> str:
    return DOORS.get(name, capital(name))


def _role(name: str) -> str:
    return ROLES.get(name, capital(name.replace("_", " ")))
