"""How many patients the practices of a place have, as published files say."""

from __future__ import annotations

from collections.abc import Sequence

from joinedup.engine.files_values import values_sql
from joinedup.place.spans import Span
from joinedup.starting.practices import GeneralPractice
from joinedup.starting.published import Published, kinds, texts
from joinedup.starting.published_rows import Reading, number_sql

LISTED = 0.5
"""Share of the open practices that a file of list sizes must cover to be used."""


def list_sizes(work: Reading, practices: Sequence[GeneralPractice]) -> tuple[dict[str, int], str]:
    """Registered patients by practice, from the first file of the best kind that covers enough of the open practices."""
    open_now = {each.code for each in practices if work.as_at in Span.of(each.opened, each.closed) and not each.dormant}
    ordered = [
        file
        for kind in ("registered", "qof", "totals", "payments")
        for file in sorted(work.shelf.of(kind), key=lambda each: each.file.name, reverse=True)
    ]
    for at, file in enumerate(ordered):
        found = _lists_of(work, file, [each.code for each in practices])
        if len(open_now & set(found)) >= LISTED * len(open_now) and found:
            work.told.decide(f"List sizes are those of {file.file.name} ({kinds()[file.kind].title}).")
            others = dict.fromkeys(each.file.name for each in ordered[at + 1 :] if each.file.name != file.file.name)
            if others:
                work.told.decide(f"List sizes of other years, or averaged, are in {', '.join(others)} too; they are not used.")
            return found, file.file.name
    work.told.warn("practices.csv", "no-list-sizes", "no published file gives the practices' registered patients: list sizes stay blank")
    return {}, ""


def _lists_of(work: Reading, file: Published, codes: Sequence[str]) -> dict[str, int]:
    """Practice -> registered patients, of one file; those of none are left out."""
    every = "true"
    if file.kind == "qof":
        every = f"upper({file.column('of')}) = 'TOTAL'"
    if file.kind == "registered":
        both = f"upper({file.column('sex')}) = 'ALL' AND upper({file.column('age')}) = 'ALL'"
        some = texts(work.con, f"SELECT count(*) FROM {file.file.table} WHERE {both}")[0][0]
        every = both if some else f"upper({file.column('sex')}) <> 'ALL' AND upper({file.column('age')}) <> 'ALL'"
    together = "sum" if file.kind == "registered" and "<>" in every else "max"
    rows = texts(
        work.con,
        f"""
        SELECT {file.column("practice")}, CAST(round({together}({number_sql(file.column("people"))})) AS BIGINT) FROM {file.file.table}
        WHERE {file.column("practice")} IN {values_sql(codes or [""])} AND {every} GROUP BY 1 ORDER BY 1
    """,
    )
    return {code: people for code, people in rows if people}
