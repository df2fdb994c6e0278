"""Looking that is unusual, with the reason: something to ask about, never a verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.place.model import Place, StaffMember
from joinedup.place.staff import acting

MANY_LEAST, MANY_UNKNOWN, TIMES_USUAL = 20, 50, 3
"""People in a day that are never many; that are many where nothing usual is known; times the usual that are (our choice, 2026)."""
DAYS_TO_KNOW = 5
"""Days with looks at people from which something usual is known of an account or a role (our choice, 2026)."""
OPENS, CLOSES, WEEKEND = 7, 20, (5, 6)
"""Hours from which and up to which a day's work is usual, and the days on which it isn't (our choice, 2026)."""
USUALLY_OUTSIDE = 0.25
"""Share of its other days on which an account looks outside hours from which that is its work (our choice, 2026)."""
REPEATED_LEAST, REPEATED_DAYS = 10, 5
"""Looks at one person, and days with them, from which they are repeated, if also three times the account's usual (our choice, 2026)."""

REFUSED_LEAST = 3
"""Looks in a day that were refused from which they stand out (our choice, 2026): a wrong id or two is anybody's."""
REFUSED, LIST = ", refused", "list"
"""How the people door logs what it refused, and a list of people, in which nobody is looked at singly."""
STAFF_RECORD, OWN_RECORD = ", staff record", ", own record"
"""How it logs looks at people who work for the partners, and somebody's asking for their own record."""
ASKED_OF = ["number", "account", "role", "scope", "what", "people", "day", "hour", "weekday"]
"""What the rules for looks at people go by."""
UNSCOPED = frozenset({"audit", "review"})
"""Doors that are for the whole place whatever the scope of who opens them."""

NOT_KNOWN = (
    "Whether somebody looked at a relative, a neighbour or themselves: the log holds nobody's surname or address.",
    "Whether there was a care relationship: no extract says it of each person and member of staff. Ask the account's manager.",
    "Who sat at the keyboard: an account is the operating system's, and can be shared.",
    "Looks at what was copied out of joinedup, at files opened by the account that owns the store, and at the partners' own systems.",
)
"""What no report on this log can tell, as pages and verbs say it."""


@dataclass(frozen=True, slots=True)
class Unusual:
    """One thing to ask about: the rule by which it stands out, the account, and the reason in words without names."""

    rule: str
    account: str
    role: str
    reason: str
    day: date | None = None
    person_id: int | None = None


def unusual_looking(looks: pa.Table, place: Place, belongs: pa.Table | None = None) -> list[Unusual]:
    """Everything unusual about looks with local time, latest first."""
    by_name = looks.select(ASKED_OF).filter(pc.equal(looks["door"], "people"))
    was_refused = pc.ends_with(by_name["what"].cast(pa.string()), REFUSED)
    given = by_name.filter(pc.invert(was_refused))
    singly = given.filter(pc.not_equal(given["what"], LIST))
    found = [
        *many_people(singly),
        *outside_hours(given),
        *repeated(singly),
        *of_staff(by_name),
        *refused(by_name.filter(was_refused)),
        *other_role(looks, place),
        *(outside_scope(given, belongs) if belongs is not None else ()),
    ]
    return sorted(found, key=lambda each: (each.day or date.min, each.account, each.rule), reverse=True)


def one_by_one(looks: pa.Table, *columns: str) -> pa.Table:
    """A row for each look and person looked at: `person_id` and the named columns."""
    people = looks["people"].combine_chunks()
    at = pc.list_parent_indices(people)
    return pa.table({"person_id": pc.list_flatten(people), **{name: looks[name].take(at) for name in columns}})


def many_people(looks: pa.Table) -> Iterator[Unusual]:
    """Days on which an account looked at many more people than is usual for it and for its role."""
    rows = one_by_one(looks, "account", "role", "day").group_by(["account", "role", "day"]).aggregate([("person_id", "count_distinct")])
    days = [(row["account"], row["role"], row["day"], row["person_id_count_distinct"]) for row in rows.to_pylist()]
    of_account, of_role = defaultdict(list), defaultdict(list)
    for account, role, day, people in days:
        of_account[account].append((day, people))
        of_role[role].append((account, people))
    of_others: dict[tuple[str, str], float | None] = {}
    for account, role, day, people in days:
        if people < MANY_LEAST:
            continue
        own = _usual([count for other, count in of_account[account] if other != day])
        if (role, account) not in of_others:
            of_others[role, account] = _usual([count for other, count in of_role[role] if other != account])
        others = of_others[role, account]
        usual = max((each for each in (own, others) if each is not None), default=None)
        if people >= MANY_UNKNOWN if usual is None else people >= TIMES_USUAL * usual:
            known = [f"its own usual is {own:g}" if own is not None else "", f"its role's {others:g}" if others is not None else ""]
            said = " and ".join(filter(None, known)) or "there is nothing usual to compare with yet"
            yield Unusual("many people", account, role, f"looked at {people:,} different people in a day; {said}", day)


def _usual(counts: Sequence[int]) -> float | None:
    """The middle one of several days; None of fewer than are needed to know."""
    return median(counts) if len(counts) >= DAYS_TO_KNOW else None


def outside_hours(looks: pa.Table) -> Iterator[Unusual]:
    """Days on which an account looked at people before or after hours or at a weekend, though that is not its work."""
    some = looks.filter(pc.greater(pc.list_value_length(looks["people"]), 0))
    late = pc.or_(pc.less(some["hour"], OPENS), pc.greater_equal(some["hour"], CLOSES))
    outside = pc.or_(late, pc.is_in(some["weekday"], pa.array(WEEKEND, some["weekday"].type)))
    by = ["account", "role", "day", "weekday"]
    rows = some.append_column("outside", outside).group_by(by).aggregate([("outside", "sum")]).to_pylist()
    days_of: dict[str, dict[date, bool]] = defaultdict(dict)
    for row in rows:
        before = days_of[row["account"]].get(row["day"], False)
        days_of[row["account"]][row["day"]] = before or bool(row["outside_sum"])
    outside_of = {account: sum(days.values()) for account, days in days_of.items()}
    for row in (row for row in rows if row["outside_sum"]):
        others, usually = len(days_of[row["account"]]) - 1, outside_of[row["account"]] - 1
        if others >= DAYS_TO_KNOW and usually >= USUALLY_OUTSIDE * others:
            continue
        when = "at a weekend" if row["weekday"] in WEEKEND else f"outside {OPENS:02}:00 to {CLOSES}:00"
        looked = f"{row['outside_sum']} look{'s' if row['outside_sum'] > 1 else ''} at people {when}"
        known = f"so it did on {usually or 'none'} of its {others} other days" if others else "it looked at nobody on any other day"
        reason = f"{looked}; {known}"
        yield Unusual("outside hours", row["account"], row["role"], reason, row["day"])


def repeated(looks: pa.Table) -> Iterator[Unusual]:
    """People whom an account looked at again and again, far more often than at others."""
    rows = (
        one_by_one(looks, "account", "role", "day")
        .group_by(["account", "role", "person_id"])
        .aggregate([("day", "count"), ("day", "count_distinct"), ("day", "max")])
    )
    usual = {row["account"]: row["usual"] for row in _medians(rows).to_pylist()}
    often = rows.filter(
        pc.and_(pc.greater_equal(rows["day_count"], REPEATED_LEAST), pc.greater_equal(rows["day_count_distinct"], REPEATED_DAYS))
    )
    for row in often.to_pylist():
        if row["day_count"] >= TIMES_USUAL * usual[row["account"]]:
            reason = (
                f"looked at one person {row['day_count']:,} times on {row['day_count_distinct']} days; "
                f"its usual for one person is {usual[row['account']]:g}"
            )
            yield Unusual("one person again and again", row["account"], row["role"], reason, row["day_max"], row["person_id"])


def _medians(rows: pa.Table) -> pa.Table:
    """The middle number of looks at a person, by account."""
    found = rows.group_by("account").aggregate([("day_count", "approximate_median")])
    return found.rename_columns(["account", "usual"])


def of_staff(looks: pa.Table) -> Iterator[Unusual]:
    """Looks at people who work for the partners, by day and person; and at one's own record, which is always refused."""
    for sign, rule, said in (
        (STAFF_RECORD, "a colleague's record", "looked at, or asked for, somebody who works for a partner"),
        (OWN_RECORD, "own record", "asked for its own record, and was refused"),
    ):
        some = one_by_one(looks.filter(pc.match_substring(looks["what"].cast(pa.string()), sign)), "account", "role", "day")
        for row in some.group_by(["account", "role", "day", "person_id"]).aggregate([("day", "count")]).to_pylist():
            times = f" {row['day_count']:,} times" if row["day_count"] > 1 else ""
            yield Unusual(rule, row["account"], row["role"], f"{said}{times}", row["day"], row["person_id"])


def refused(looks: pa.Table) -> Iterator[Unusual]:
    """Days on which an account asked again and again for people whom it may not look at."""
    rows = looks.group_by(["account", "role", "day"]).aggregate([("number", "count")])
    for row in rows.filter(pc.greater_equal(rows["number_count"], REFUSED_LEAST)).to_pylist():
        reason = f"asked {row['number_count']:,} times in a day for people outside its scope, or not to be shown, and was refused"
        yield Unusual("refused again and again", row["account"], row["role"], reason, row["day"])


def other_role(looks: pa.Table, place: Place) -> Iterator[Unusual]:
    """Looks in a role or scope that staff.csv, as it is now, didn't give the account on that day."""
    rows = looks.group_by(["account", "role", "scope", "door"]).aggregate([("day", "distinct")]).to_pylist()
    listed = {member.account for member in place.staff}
    for row in rows:
        if row["role"] == "public" or (place.invented and row["account"] not in listed):
            continue  # who has no role sees what the public sees; about invented people anybody may play one
        wrong = [day for day in row["day_distinct"] if not _given(acting(place, row["account"], day), row)]
        if wrong:
            days = f"{len(wrong)} day{'s' if len(wrong) > 1 else ''}"
            reason = f"acted as {row['role']} ({row['scope']}) on {days} on which staff.csv, as it is now, says otherwise"
            yield Unusual("role or scope not in staff.csv", row["account"], row["role"], reason, max(wrong))


def _given(member: StaffMember | None, row: Mapping[str, Any]) -> bool:
    if member is None or member.role != row["role"]:
        return False
    kind, ids = scope_of(row["scope"])
    return row["door"] in UNSCOPED or (kind, ids) == (member.scope_kind, set(member.scope_ids))


def scope_of(text: str) -> tuple[str, set[str]]:
    """The kind and ids of a scope as the log has it: "practice INV01, INV02"."""
    kind, _, ids = text.partition(" ")
    return kind, {each.strip() for each in ids.split(",") if each.strip()}


def outside_scope(looks: pa.Table, belongs: pa.Table) -> Iterator[Unusual]:
    """People looked at within a neighbourhood or practice to which they have never belonged, as far as the build knows."""
    rows = one_by_one(looks, "account", "role", "scope", "day")
    for scope in pc.unique(rows["scope"]).to_pylist():
        kind, ids = scope_of(scope)
        column = {"neighbourhood": "neighbourhood_id", "practice": "practice_code"}.get(kind)
        if column is None:
            continue
        inside = belongs["person_id"].filter(pc.is_in(belongs[column], pa.array(sorted(ids), pa.string())))
        of_scope = rows.filter(pc.equal(rows["scope"], scope))
        strange = of_scope.filter(pc.invert(pc.is_in(of_scope["person_id"], inside.combine_chunks())))
        found = strange.group_by(["account", "role", "day"]).aggregate([("person_id", "count_distinct")])
        for row in found.to_pylist():
            people = row["person_id_count_distinct"]
            reason = f"looked at {people:,} {'person' if people == 1 else 'people'} who never belonged to its scope, {scope}"
            yield Unusual("outside its scope", row["account"], row["role"], reason, row["day"])
