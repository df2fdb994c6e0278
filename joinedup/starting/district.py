"""The rows of published files that speak of one district, or of one sub-ICB location."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from typing import TypeVar

from joinedup.engine.files_lines import Connection, literal
from joinedup.engine.files_values import date_sql, likely_date_sql, values_sql
from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity
from joinedup.starting.published import Published, Shelf, texts

DAY_STYLES = ("%Y%m%d", "%Y-%m-%d", "%d/%m/%Y", "%d%b%Y", "%d-%b-%Y", "%d %B %Y")
Value = TypeVar("Value")
GENERAL_PRACTICE = "4"  # prescribing setting of epraccur: GP practice
SHOWN = 12
INDEX_OF_YEAR = {2011: "IMD 2019", 2021: "IMD 2025"}
"""The English Indices of Deprivation of 2019 rank the small areas of 2011, those of 2025 the ones of 2021 (MHCLG)."""
MOVED = 0.5
"""Share of a commissioner's practices that are now with another: from there on it is taken for the one before."""


@dataclass
class Told:
    """What was decided, and what was found, in the order in which it was."""

    decided: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def decide(self, sentence: str) -> None:
        """Nothing; the sentence is kept."""
        self.decided.append(sentence)

    def warn(self, file: str, rule: str, message: str, endangers: str = "") -> None:
        """Nothing; the finding is kept."""
        self.findings.append(Finding(file, rule, message, severity=Severity.WARNING, endangers=endangers))


@dataclass(frozen=True)
class Reading:
    """The reading of published files: where they lie, the day that the place is looked at, and what is told on the way."""

    con: Connection
    shelf: Shelf
    as_at: date
    told: Told = field(default_factory=Told)


@dataclass(frozen=True)
class Area:
    """A small area, as published."""

    code: str
    name: str
    ward: str
    ward_name: str
    index: str = ""
    rank: int | None = None
    decile: int | None = None
    residents: int | None = None


@dataclass(frozen=True)
class Commissioner:
    """An organisation that commissions general practice, by its code."""

    code: str
    name: str
    start: date | None = None
    end: date | None = None
    followed_by: str = ""


@dataclass(frozen=True)
class District:
    """What the place is: a district, the codes that commission there, and its small areas."""

    name: str
    code: str
    sub_icbs: dict[str, str]
    """Code -> name."""
    icb: tuple[str, str] | None
    areas: tuple[Area, ...]
    lookup: str = ""


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


def day_sql(column: str) -> str:
    """A published date as a date; null where it isn't one."""
    read = date_sql(column, DAY_STYLES)
    return f"CASE WHEN {likely_date_sql(read)} THEN {read} END"


def number_sql(column: str) -> str:
    """A published count; null where it is blank or suppressed."""
    return f"TRY_CAST(replace({column}, ',', '') AS DOUBLE)"


def after(last: date | None) -> date | None:
    """Registers give the last day; a place folder the first day after it."""
    return last + timedelta(days=1) if last else None


def find_district(work: Reading, wanted: str | None, sub_icb: str | None) -> District:
    """The district or sub-ICB location that is meant, with its small areas; PlaceError where the files don't say it."""
    lookup = _lookup(work)
    if lookup is None:
        if sub_icb is None:
            raise PlaceError(
                "no published file says which small areas a district has: give the lookup of small areas (LSOA to ward and district, "
                "Office "
                "for National Statistics) with --lookup, or the code of the sub-ICB location with --sub-icb"
            )
        work.told.warn("areas.csv", "no-lookup", "no lookup of small areas was found, so the place names none", "everything by deprivation")
        return District(sub_icb.upper(), "", {sub_icb.upper(): ""}, None, ())
    where = _where(work, lookup, wanted, sub_icb)
    rows = texts(
        work.con,
        f"""
        SELECT {lookup.column("district")}, {lookup.column("district_name")}, {lookup.column("sub_icb")}, {lookup.column("sub_icb_name")},
            {lookup.column("icb")}, {lookup.column("icb_name")}, count(DISTINCT {lookup.column("area")})
        FROM {lookup.file.table} WHERE {where} GROUP BY ALL ORDER BY 7 DESC, 1
    """,
    )
    districts = dict.fromkeys((code, name or code) for code, name, *_ in rows)
    sub_icbs = {code: name or "" for _, _, code, name, *_ in rows if code} or ({sub_icb.upper(): ""} if sub_icb else {})
    icb = next(((code, name or code) for *_, code, name, _ in rows if code), None)
    (code, name), alone = next(iter(districts)), len(districts) == 1
    if not alone:
        names = _listed(sorted(each for _, each in districts))
        work.told.decide(f"The sub-ICB location {_listed(sub_icbs)} covers {len(districts)} districts ({names}); the place is all of them.")
        name = next(iter(sub_icbs.values()), "") or next(iter(sub_icbs))
    else:
        _other_districts(work, lookup, code, sub_icbs)
    if not sub_icbs:
        raise PlaceError(f"{lookup.file.name} doesn't say in which sub-ICB location {name} lies: give its code with --sub-icb")
    areas = _areas(work, lookup, where)
    return District(name, code if alone else "", sub_icbs, icb, areas, lookup.file.name)


def _lookup(work: Reading) -> Published | None:
    """The lookup of small areas that says most, of the census that deprivation is published for too, the later first."""
    found = [each for each in work.shelf.of("areas") if "district" in each.at]
    ranked = {each.year for each in work.shelf.of("deprivation")}
    best = max(found, key=lambda each: (len(each.at) > 4, each.year in ranked, each.year or 0, len(each.at)), default=None)
    if best is None:
        return None
    work.told.decide(f"Small areas are those of {best.year or 'the lookup'}, from {best.file.name}.")
    others = sorted({each.year for each in found if each.year and each.year != best.year and len(each.at) > 4})
    if others:
        work.told.warn(
            best.file.name,
            "two-census-years",
            f"there are lookups of the small areas of {_listed(map(str, others))} as well as of {best.year}: those of {best.year} are "
            "used; "
            "some codes are the same in both, so an extract that writes the other year's finds only some of its areas",
            "everything by deprivation",
        )
    return best


def _where(work: Reading, lookup: Published, wanted: str | None, sub_icb: str | None) -> str:
    """The rows of the lookup that are meant."""
    table, code, name = lookup.file.table, lookup.column("district"), lookup.column("district_name")
    if wanted:
        said = literal(wanted.strip().lower())
        found = texts(work.con, f"SELECT DISTINCT {code} FROM {table} WHERE lower({code}) = {said} OR lower({name}) = {said}")
        if len(found) == 1:
            return f"{code} = {literal(found[0][0])}"
        _refuse(
            "district", wanted, texts(work.con, f"SELECT DISTINCT {code}, {name} FROM {table} WHERE {code} IS NOT NULL ORDER BY 2"), lookup
        )
    if sub_icb:
        said = literal(sub_icb.strip().lower())
        forms = [lookup.column(role) for role in ("sub_icb", "sub_icb_ons") if role in lookup.at]
        where = " OR ".join(f"lower({form}) = {said}" for form in forms) or "false"
        if texts(work.con, f"SELECT 1 FROM {table} WHERE {where} LIMIT 1"):
            return f"({where})"
        known = texts(work.con, f"SELECT DISTINCT {lookup.column('sub_icb')}, {lookup.column('sub_icb_name')} FROM {table} ORDER BY 1")
        _refuse("sub-ICB location", sub_icb, known, lookup)
    every = texts(work.con, f"SELECT DISTINCT {code}, {name} FROM {table} WHERE {code} IS NOT NULL ORDER BY 2")
    if len(every) == 1:
        return f"{code} = {literal(every[0][0])}"
    names = _listed(f"{code} {name or ''}".strip() for code, name in every)
    raise PlaceError(f"{lookup.file.name} speaks of {len(every)} districts ({names}): say which with --district or --sub-icb")


def _refuse(what: str, wanted: str, known: Sequence[tuple[str, str | None]], lookup: Published) -> None:
    forms = [form for pair in known for form in pair if form]
    close = get_close_matches(wanted, forms, n=1) or get_close_matches(wanted.title(), forms, n=1)
    hint = f" (did you mean {close[0]}?)" if close else f": it has {_listed(f'{code} {name or str()}'.strip() for code, name in known)}"
    raise PlaceError(f"{lookup.file.name} has no {what} {wanted}{hint}")


def _other_districts(work: Reading, lookup: Published, code: str, sub_icbs: dict[str, str]) -> None:
    """Nothing; it is told where the sub-ICB location reaches beyond the district."""
    if not sub_icbs or "sub_icb" not in lookup.at:
        return
    name = lookup.column("district_name") if "district_name" in lookup.at else lookup.column("district")
    others = texts(
        work.con,
        f"""
        SELECT DISTINCT {name} FROM {lookup.file.table}
        WHERE {lookup.column("sub_icb")} IN {values_sql(sub_icbs)} AND {lookup.column("district")} <> {literal(code)} ORDER BY 1
    """,
    )
    if others:
        work.told.warn(
            "practices.csv",
            "wider-commissioner",
            f"{_listed(sub_icbs)} also covers {_listed(other for (other,) in others)}, and no published file says in which district a "
            "practice "
            "lies: all its practices and networks are in the place; take out those that aren't",
            "every count of the place",
        )


def _areas(work: Reading, lookup: Published, where: str) -> tuple[Area, ...]:
    work.con.execute(f"""
        CREATE OR REPLACE TEMP TABLE small_area AS
        SELECT {lookup.column("area")} AS code, min({lookup.column("name")}) AS name, min({lookup.column("ward")}) AS ward,
            min({lookup.column("ward_name")}) AS ward_name
        FROM {lookup.file.table} WHERE {where} AND {lookup.column("area")} IS NOT NULL GROUP BY 1
    """)
    index, deprivation = _deprivation(work, lookup)
    residents = _residents(work, lookup)
    rows = texts(work.con, "SELECT code, name, ward, ward_name FROM small_area ORDER BY code")
    return tuple(
        Area(
            code,
            name or "",
            ward or "",
            ward_name or "",
            index if code in deprivation else "",
            *deprivation.get(code, (None, None)),
            residents.get(code),
        )
        for code, name, ward, ward_name in rows
    )


def _same_census(work: Reading, lookup: Published, kinds: Iterable[str], what: str) -> list[Published]:
    """The files of some kinds that speak of the lookup's small areas; those of another census are told and left out."""
    found = work.shelf.of(*kinds)
    of_year = [each for each in found if each.year == lookup.year]
    others = [each for each in found if each.year != lookup.year]
    if others and not of_year:
        work.told.warn(
            others[0].file.name,
            "codes-of-another-census",
            f"it gives {what} for the small areas of {others[0].year}, and the place has those of {lookup.year}: some codes are the same "
            "in both, "
            "so that it would fit only in part; it is left out",
            "everything by deprivation" if what == "deprivation" else "",
        )
    return of_year


def _deprivation(work: Reading, lookup: Published) -> tuple[str, dict[str, tuple[int | None, int | None]]]:
    """The name of the index, and each area's rank and decile on it."""
    found = _same_census(work, lookup, ["deprivation"], "deprivation")
    if not found:
        return "", {}
    best = found[-1]
    index = INDEX_OF_YEAR.get(best.year or 0, "IMD")
    rows = texts(
        work.con,
        f"""
        SELECT code, min(CAST({number_sql(best.column("rank"))} AS INTEGER)), min(CAST({number_sql(best.column("decile"))} AS INTEGER))
        FROM small_area JOIN {best.file.table} ON {best.column("area")} = code GROUP BY 1
    """,
    )
    work.told.decide(f"Deprivation is {index}, from {best.file.name}.")
    return index, _for_all(work, best, {code: (rank, decile) for code, rank, decile in rows}, "deprivation")


def _residents(work: Reading, lookup: Published) -> dict[str, int]:
    found = _same_census(work, lookup, ["residents", "population", "answered"], "residents")
    if not found:
        return {}
    best = found[0]
    count = f"sum({number_sql(best.column('part'))})" if "part" in best.at else f"max({number_sql(best.column('people'))})"
    rows = texts(
        work.con, f"SELECT code, CAST({count} AS BIGINT) FROM small_area JOIN {best.file.table} ON {best.column('area')} = code GROUP BY 1"
    )
    work.told.decide(f"Residents of small areas are from {best.file.name}.")
    return _for_all(work, best, {code: people for code, people in rows if people is not None}, "residents")


def _for_all(work: Reading, file: Published, found: dict[str, Value], what: str) -> dict[str, Value]:
    """What was found, area by area; the areas without are told."""
    missing = [code for (code,) in texts(work.con, "SELECT code FROM small_area ORDER BY 1") if code not in found]
    if missing:
        work.told.warn(
            file.file.name,
            "areas-not-found",
            f"it says nothing of {len(missing)} of the place's small areas ({_listed(missing)}): their {what} stays unknown",
            "everything by deprivation" if what == "deprivation" else "",
        )
    return found


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
            f"{len(rows) - len(general)} of the {len(rows)} rows of {file.file.name} under {_listed(codes)} are no general practices "
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


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(every[:SHOWN]) + (f" and {len(every) - SHOWN} more" if len(every) > SHOWN else "")
