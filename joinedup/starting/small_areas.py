"""The small areas of one district as published: their wards, deprivation and residents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from joinedup.starting.published import Published, texts
from joinedup.starting.published_rows import Reading, listed, number_sql

Value = TypeVar("Value")
INDEX_OF_YEAR = {2011: "IMD 2019", 2021: "IMD 2025"}
"""The English Indices of Deprivation of 2019 rank the small areas of 2011, those of 2025 the ones of 2021 (MHCLG)."""


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


def areas_of(work: Reading, lookup: Published, where: str) -> tuple[Area, ...]:
    """The small areas of the lookup that lie there, with their deprivation and residents where they are published."""
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
            f"it says nothing of {len(missing)} of the place's small areas ({listed(missing)}): their {what} stays unknown",
            "everything by deprivation" if what == "deprivation" else "",
        )
    return found
