"""The general practices that a place's commissioners have, and had, as published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from joinedup.engine.files_values import values_sql
from joinedup.starting.district import District
from joinedup.starting.published import Published, texts
from joinedup.starting.published_rows import Reading, after, day_sql, listed

GENERAL_PRACTICE = "4"  # prescribing setting of epraccur: GP practice
MOVED = 0.5
"""Share of a commissioner's practices that are now with another: from there on it is taken for the one before."""


@dataclass(frozen=True)
class Commissioner:
    """An organisation that commissions general practice, by its code."""

    code: str
    name: str
    start: date | None = None
    end: date | None = None
    followed_by: str = ""


@dataclass(frozen=True)
class GeneralPractice:
    """A general practice, as published; `closed` is the first day after its last."""

    code: str
    name: str
    postcode: str
    opened: date | None
    closed: date | None
    dormant: bool
    commissioner: str
    joined: date | None = None


def find_practices(work: Reading, district: District, former: Sequence[str]) -> tuple[list[GeneralPractice], list[Commissioner]]:
    """The general practices of the district's commissioners, of now and before, and those commissioners."""
    lists = work.shelf.of("practices")
    if not lists:
        work.told.warn(
            "practices.csv",
            "no-practice-list",
            "no list of practices (epraccur) was found: practices are those of the networks, without dates of opening",
        )
        return [], [Commissioner(code, name) for code, name in district.sub_icbs.items()]
    file = lists[-1]
    work.told.decide(f"Practices are those of {file.file.name}.")
    before = _former(work, file, district, former)
    practices = _practices(work, file, [*district.sub_icbs, *before])
    return practices, _commissioners(practices, district, before)


def _former(work: Reading, file: Published, district: District, said: Sequence[str]) -> dict[str, str]:
    """The codes that commissioned these practices before -> the one that followed, as earlier files of practices show."""
    found = {code.upper(): next(iter(district.sub_icbs)) for code in said}
    now_with = file.column("commissioner")
    for earlier in (each for each in work.shelf.of("former") if each.file.table != file.file.table):
        then_with, practice = earlier.column("commissioner"), earlier.column("practice")
        rows = texts(
            work.con,
            f"""
            SELECT {then_with}, min({now_with}), count(DISTINCT {practice}) FILTER ({now_with} <> {then_with}), count(DISTINCT {practice})
            FROM {earlier.file.table} LEFT JOIN {file.file.table}
                ON {practice} = {file.column("code")} AND {now_with} IN {values_sql(district.sub_icbs)}
            GROUP BY 1 ORDER BY 1
        """,
        )
        for code, now, moved, every in rows:
            if moved > MOVED * every and code not in found:
                found[code] = now
                which = f"{moved} of its {every} practices of {earlier.file.name} are now with {now}"
                work.told.decide(f"{code} is a code that {now} had before: {which}.")
    return found


def _practices(work: Reading, file: Published, codes: Sequence[str]) -> list[GeneralPractice]:
    """The general practices under some codes; the other rows, branches and practices that never opened are told and left out."""
    ours = f"{file.column('commissioner')} IN {values_sql(codes)}"
    opened, closed, joined = (day_sql(file.column(role)) for role in ("opened", "closed", "joined"))
    rows = texts(
        work.con,
        f"""
        SELECT {file.column("code")}, {file.column("name")}, {file.column("postcode")}, {opened}, {closed},
            upper({file.column("status")}), {file.column("commissioner")}, {joined}, {file.column("setting")}
        FROM {file.file.table} WHERE {ours} AND {file.column("code")} IS NOT NULL ORDER BY 1
    """,
    )
    general = [row for row in rows if row[8] == GENERAL_PRACTICE]
    if len(rows) > len(general):
        work.told.decide(
            f"{len(rows) - len(general)} of the {len(rows)} rows of {file.file.name} under {listed(codes)} are no general practices "
            f"(prescribing setting other than {GENERAL_PRACTICE}) and are left out."
        )
    known = {row[0] for row in general}
    kept = []
    for code, name, postcode, opened, closed, status, commissioner, joined, _ in general:
        if len(code) > 6 and code[:6] in known:
            work.told.warn(
                file.file.name, "branch", f"{code} is a branch of practice {code[:6]}, whose list holds its patients: it is left out"
            )
        elif status == "P":
            work.told.warn(file.file.name, "proposed-practice", f"practice {code} is proposed and not open: it is left out")
        elif opened and closed and closed < opened:
            work.told.warn(file.file.name, "closed-before-opened", f"practice {code} closed before it opened: it is left out")
        else:
            kept.append(GeneralPractice(code, name or code, postcode or "", opened, after(closed), status == "D", commissioner, joined))
    return kept


def _commissioners(practices: Sequence[GeneralPractice], district: District, before: dict[str, str]) -> list[Commissioner]:
    """The commissioners, of now first; each from when most of its practices joined it, those before up to when their successor began."""
    starts: dict[str, date | None] = {}
    for code in (*district.sub_icbs, *before):
        joined = Counter(practice.joined for practice in practices if practice.commissioner == code and practice.joined)
        starts[code] = joined.most_common(1)[0][0] if joined else None
    found = [Commissioner(code, name, starts[code]) for code, name in district.sub_icbs.items()]
    for code, now in before.items():
        start, end = starts[code], starts[now]
        found.append(Commissioner(code, "", start if start and end and start < end else None, end, now))
    return found
