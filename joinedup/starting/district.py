"""Which district, or sub-ICB location, a place is, as published files have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from joinedup.engine.files_lines import literal
from joinedup.engine.files_values import values_sql
from joinedup.errors import PlaceError
from joinedup.starting.published import Published, texts
from joinedup.starting.published_rows import Reading, listed
from joinedup.starting.small_areas import Area, areas_of


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
        names = listed(sorted(each for _, each in districts))
        work.told.decide(f"The sub-ICB location {listed(sub_icbs)} covers {len(districts)} districts ({names}); the place is all of them.")
        name = next(iter(sub_icbs.values()), "") or next(iter(sub_icbs))
    else:
        _other_districts(work, lookup, code, sub_icbs)
    if not sub_icbs:
        raise PlaceError(f"{lookup.file.name} doesn't say in which sub-ICB location {name} lies: give its code with --sub-icb")
    areas = areas_of(work, lookup, where)
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
            f"there are lookups of the small areas of {listed(map(str, others))} as well as of {best.year}: those of {best.year} are "
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
    names = listed(f"{code} {name or ''}".strip() for code, name in every)
    raise PlaceError(f"{lookup.file.name} speaks of {len(every)} districts ({names}): say which with --district or --sub-icb")


def _refuse(what: str, wanted: str, known: Sequence[tuple[str, str | None]], lookup: Published) -> None:
    forms = [form for pair in known for form in pair if form]
    close = get_close_matches(wanted, forms, n=1) or get_close_matches(wanted.title(), forms, n=1)
    hint = f" (did you mean {close[0]}?)" if close else f": it has {listed(f'{code} {name or str()}'.strip() for code, name in known)}"
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
            f"{listed(sub_icbs)} also covers {listed(other for (other,) in others)}, and no published file says in which district a "
            "practice "
            "lies: all its practices and networks are in the place; take out those that aren't",
            "every count of the place",
        )
