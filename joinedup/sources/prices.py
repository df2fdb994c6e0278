"""Whether the prices of admitted care are of what their source says: of spells, or of episodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding, Severity
from joinedup.sources.contract import ContractSpec
from joinedup.sources.order import ReadFile

ADMITTED = "apc"
OTHER_SHARE, OTHER_SPELLS = 0.05, 8
"""Our choice, 2026: from which share, and number, of the spells with prices on several rows on these look like prices of the other."""


def prices_in_doubt(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    """A finding for each source of admitted care whose spells have prices that don't look like what it says they are of."""
    if contract.contract != ADMITTED:
        return
    sources = {file.drop.source.name: file.drop.source for file in files}
    for name, source in sources.items():
        mine = [file for file in files if file.drop.source.name == name]
        spells, differ = _spells(con, [file.file_id for file in mine])
        other = differ if source.price_of == "spell" else spells - differ
        if other < OTHER_SPELLS or other < OTHER_SHARE * spells:
            continue
        yield Finding(
            mine[-1].drop.name,
            "price-of-the-other",
            _message(name, source.price_of, spells, other),
            severity=Severity.WARNING,
            count=other,
            endangers="cost",
        )


def _message(name: str, price_of: str, spells: int, other: int) -> str:
    of = f"{other:,} of {spells:,} spells of source {name} with a price on several rows"
    if price_of == "spell":
        return (
            f"{of} have different ones, and only the last is counted, as FINAL_PRICE is taken for the price of the spell: if it is the "
            "price of the episode, say price_of: episode in sources.yml, and they are added"
        )
    return (
        f"{of} have the same on each, and they are added, as the source says price_of: episode: if it is the price of the spell on each of "
        "its rows, say price_of: spell in sources.yml, and it counts once"
    )


def _spells(con: Connection, files: Sequence[int]) -> tuple[int, int]:
    """How many spells have a price on several rows, and how many of these have different ones."""
    listed = ", ".join(map(str, files))
    ((spells, differ),) = con.execute(f"""
        SELECT count(*), count(*) FILTER (WHERE least_price < greatest_price) FROM (
            SELECT min(final_price_pence) AS least_price, max(final_price_pence) AS greatest_price
            FROM staged_{ADMITTED}
            WHERE file_id IN ({listed}) AND susspellid IS NOT NULL AND final_price_pence <> 0
            GROUP BY susspellid, procode3, procodet, admidate HAVING count(*) > 1
        )
    """).fetchall()
    return spells, differ
