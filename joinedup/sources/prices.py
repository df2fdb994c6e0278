"""Whether the prices of extracts are prices: not nothing, as under block contracts; of admitted care, of spells or episodes as it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from joinedup.engine.files_lines import Connection, literal
from joinedup.findings import Finding, Severity
from joinedup.sources.about_whom import key_columns
from joinedup.sources.contract import ContractSpec
from joinedup.sources.order import ReadFile
from joinedup.sources.over_files import PricedTogether

OTHER_SHARE, OTHER_SPELLS = 0.05, 8
"""Our choice, 2026: from which share, and number, of the spells with prices on several rows on these look like prices of the other."""


PRICES = ("final_price_pence", "care_contact_cost_pence")
"""Fields with a price of what was done once: under a block contract they hold nothing."""
NOUGHT_SHARE, NOUGHT_ROWS = 0.2, 8
"""Our choice, 2026: from which share, and number, of the prices of a source that are nothing it is said: what people don't attend has
none either, and is less."""


def prices_in_doubt(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    """A finding for each source with prices of nothing, or whose prices of spells don't look like what it says they are of."""
    yield from _nought(con, contract, files)
    yield from _of_the_other(con, contract, files)


def repriced(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    """A finding for each file in which records that go on have another price, for the same unit, than in the file before.

    Called while earlier rows are still there; the later row will count, and with it its price for all days.
    """
    goes_on = contract.goes_on
    if goes_on is None or goes_on.price is None:
        return
    named = {file.file_id: file.drop for file in files}
    sources = ", ".join(f"({file_id}, {literal(drop.source.name)})" for file_id, drop in named.items())
    price = contract.landed(goes_on.price)
    unit = contract.landed(goes_on.price_unit) if goes_on.price_unit else "NULL"
    keys = key_columns(contract)
    changed = con.execute(f"""
        SELECT file_id, count(*), sum(price)::DOUBLE / sum(price_before) FROM (
            SELECT file_id, {price} AS price, lag(file_id) OVER of_record AS file_before, lag({price}) OVER of_record AS price_before
            FROM staged_{contract.contract} JOIN (VALUES {sources}) AS files (file_id, source) USING (file_id)
            WHERE {goes_on.when} AND {price} > 0 AND {keys[0]} IS NOT NULL
            WINDOW of_record AS (PARTITION BY source, {", ".join(keys)}, {unit} ORDER BY file_id, source_row)
        ) WHERE file_before < file_id AND price <> price_before GROUP BY file_id ORDER BY file_id
    """).fetchall()
    for file_id, count, times in changed:
        have = "record that goes on has" if count == 1 else "records that go on have"
        message = (
            f"{count:,} {have} another {goes_on.price} than in an earlier file, together {(times - 1) * 100:+.1f} per cent: the last "
            "counts for all their days, those before the change too"
        )
        yield Finding(named[file_id].name, "repriced", message, severity=Severity.WARNING, count=count, endangers="cost")


def _nought(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    """Sources of which many prices are nothing: of a spell, the highest of its rows."""
    price = next((field.landed for field in contract.fields if field.landed in PRICES), None)
    if price is None:
        return
    of_one = _of_one_sql(contract)
    for name in sorted({file.drop.source.name for file in files}):
        mine = [file for file in files if file.drop.source.name == name]
        ((nought, every),) = con.execute(f"""
            SELECT count(*) FILTER (WHERE price <= 0), count(*) FROM (
                SELECT max({price}) AS price FROM staged_{contract.contract}
                WHERE file_id IN ({", ".join(str(file.file_id) for file in mine)}) AND {price} IS NOT NULL
                GROUP BY {of_one}
            )
        """).fetchall()
        if nought < NOUGHT_ROWS or nought < NOUGHT_SHARE * every:
            continue
        message = (
            f"{nought:,} of {every:,} prices of source {name} are nothing, as under a block contract: they are taken for none, and what "
            "was done is costed by the published average; ask for what it cost, if the provider knows"
        )
        yield Finding(mine[-1].drop.name, "price-nought", message, severity=Severity.WARNING, count=nought, endangers="cost")


def _of_the_other(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    """Sources whose stays have prices that don't look like what the source says they are of."""
    together = contract.priced_together
    if together is None:
        return
    sources = {file.drop.source.name: file.drop.source for file in files}
    for name, source in sources.items():
        mine = [file for file in files if file.drop.source.name == name]
        spells, differ = _spells(con, contract, together, [file.file_id for file in mine])
        other = differ if source.price_of == "spell" else spells - differ
        if other < OTHER_SPELLS or other < OTHER_SHARE * spells:
            continue
        yield Finding(
            mine[-1].drop.name,
            "price-of-the-other",
            _message(name, source.price_of, together.price, spells, other),
            severity=Severity.WARNING,
            count=other,
            endangers="cost",
        )


def _message(name: str, price_of: str, price: str, spells: int, other: int) -> str:
    of = f"{other:,} of {spells:,} spells of source {name} with a price on several rows"
    if price_of == "spell":
        return (
            f"{of} have different ones, and only the last is counted, as {price} is taken for the price of the spell: if it is the "
            "price of the episode, say price_of: episode in sources.yml, and they are added"
        )
    return (
        f"{of} have the same on each, and they are added, as the source says price_of: episode: if it is the price of the spell on each of "
        "its rows, say price_of: spell in sources.yml, and it counts once"
    )


def _of_one_sql(contract: ContractSpec) -> str:
    """By what rows are grouped that have one price, as SQL columns: each row by itself, unless they are of one stay."""
    together = contract.priced_together
    if together is None:
        return "file_id, source_row"
    number = f"coalesce({contract.landed(together.number)}, {', '.join(contract.landed(name) for name in contract.key)})"
    return ", ".join((number, *(contract.landed(name) for name in together.within)))


def _spells(con: Connection, contract: ContractSpec, together: PricedTogether, files: Sequence[int]) -> tuple[int, int]:
    """How many spells have a price on several rows, and how many of these have different ones."""
    number, price = contract.landed(together.number), contract.landed(together.price)
    ((spells, differ),) = con.execute(f"""
        SELECT count(*), count(*) FILTER (WHERE least_price < greatest_price) FROM (
            SELECT min({price}) AS least_price, max({price}) AS greatest_price
            FROM staged_{contract.contract}
            WHERE file_id IN ({", ".join(map(str, files))}) AND {number} IS NOT NULL AND {price} > 0
            GROUP BY {", ".join((number, *(contract.landed(name) for name in together.within)))} HAVING count(*) > 1
        )
    """).fetchall()
    return spells, differ
