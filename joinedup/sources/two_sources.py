"""The same activity from two sources, under keys that differ: it counts twice, and is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding
from joinedup.sources.about_whom import may_share_a_key, provider_now
from joinedup.sources.contract import ContractSpec
from joinedup.sources.leaving import warning
from joinedup.sources.order import ReadFile

ALIKE_SHARE, ALIKE_ROWS = 0.2, 8
"""Our choice, 2026: of a month's rows of the smaller source, and in number, how many have to be in the other too."""


def sources_alike(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    """A finding for each two sources that tell of the same people at the same provider on the same day, and time where both give it."""
    source_of = {file.file_id: file.drop.source.name for file in files}
    if len(set(source_of.values())) < 2 or not may_share_a_key(contract):
        return
    con.execute("CREATE OR REPLACE TEMP TABLE source_of_file (file_id INTEGER, source VARCHAR)")
    con.executemany("INSERT INTO source_of_file VALUES (?, ?)", list(source_of.items()))
    found = con.execute(_alike_sql(contract)).fetchall()
    con.execute("DROP TABLE source_of_file")
    names = {name: file.drop.name for file in reversed(files) for name in (file.drop.source.name,)}
    for one, other, count, months in found:
        message = (
            f"{count:,} rows of source {one} and of source {other} are of the same people, provider and day, in {months:,} "
            f"{'month' if months == 1 else 'months'} a fifth or more of the smaller: what both send counts twice; take one of them out of "
            "sources.yml, or ask for extracts that don't overlap"
        )
        yield warning(names[other], "two-sources-alike", message, contract, count)


def _alike_sql(contract: ContractSpec) -> str:
    """The query of two sources, how many rows they share in months that are alike, and how many months these are."""
    clock = (contract.dated_by or "").replace("DATE", "TIME")
    timed = clock != contract.dated_by and any(field.name == clock for field in contract.fields)
    time = contract.landed(clock) if timed else "CAST(NULL AS VARCHAR)"
    provider = provider_now(contract.landed(contract.provided_by or ""))
    return f"""
        WITH told AS (
            SELECT source, nhs_number, {provider} AS provider, {contract.day_sql} AS day, any_value({time}) AS clock, count(*) AS told
            FROM staged_{contract.contract} JOIN source_of_file USING (file_id)
            WHERE nhs_number IS NOT NULL AND {contract.day_sql} IS NOT NULL GROUP BY ALL
        ),
        months AS (SELECT source, date_trunc('month', day) AS month, sum(told) AS row_count FROM told GROUP BY ALL),
        alike AS (
            SELECT one.source AS one, other.source AS other, date_trunc('month', one.day) AS month,
                sum(least(one.told, other.told)) AS shared
            FROM told AS one JOIN told AS other ON other.nhs_number = one.nhs_number AND other.day = one.day
                AND other.provider IS NOT DISTINCT FROM one.provider AND one.source < other.source
                AND (one.told > 1 OR other.told > 1 OR coalesce(one.clock = other.clock, true))
            GROUP BY ALL
        )
        SELECT one, other, sum(shared)::BIGINT, count(*) FROM alike
        JOIN months AS first ON first.source = one AND first.month = alike.month
        JOIN months AS second ON second.source = other AND second.month = alike.month
        WHERE shared >= {ALIKE_ROWS} AND shared >= {ALIKE_SHARE} * least(first.row_count, second.row_count)
        GROUP BY one, other ORDER BY one, other
    """
