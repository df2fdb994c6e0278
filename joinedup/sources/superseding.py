"""Of several rows with one key, the last one read is loaded; the others are superseded."""

from __future__ import annotations

from collections.abc import Mapping

from joinedup.engine.files_lines import Connection, literal
from joinedup.sources.contract import ContractSpec

SAME_KEY = "same-key"


def supersede(con: Connection, contract: ContractSpec, source_of: Mapping[int, str]) -> None:
    """Nothing; rows of one source with the key of a later row leave staged_<contract> for staged_superseded.

    Later is a file further on, then a row further down. A row that doesn't name its record (without an EPIKEY, without a
    person) supersedes nothing and isn't superseded; other parts of a key may be missing in both rows.
    """
    if not source_of:
        return
    sources = ", ".join(f"({file_id}, {literal(source)})" for file_id, source in source_of.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE keyed_file AS SELECT * FROM (VALUES {sources}) AS files (file_id, source)")
    key = ", ".join(["source", *(f"{_key_sql(contract, name)} AS key_{place}" for place, name in enumerate(contract.key))])
    keyed = f"SELECT file_id, source_row, {key} FROM staged_{contract.contract} JOIN keyed_file USING (file_id)"
    names = ", ".join(["source", *(f"key_{place}" for place in range(len(contract.key)))])
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE key_repeated AS
        SELECT {names} FROM ({keyed}) WHERE key_0 IS NOT NULL GROUP BY {names} HAVING count(*) > 1
    """)
    same = " AND ".join(f"rows.{name} IS NOT DISTINCT FROM repeated.{name}" for name in names.split(", "))
    partition = ", ".join(f"rows.{name}" for name in names.split(", "))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE key_superseded AS
        SELECT file_id, source_row
        FROM (
            SELECT rows.file_id, rows.source_row,
                row_number() OVER (PARTITION BY {partition} ORDER BY file_id DESC, source_row DESC) AS place
            FROM ({keyed}) AS rows JOIN key_repeated AS repeated ON {same}
        )
        WHERE place > 1
    """)
    con.execute(
        "INSERT INTO staged_superseded SELECT file_id, source_row, $rule, $reason FROM key_superseded",
        {"rule": SAME_KEY, "reason": f"a later row of the same source has the same {' and '.join(contract.key)}"},
    )
    con.execute(f"""
        DELETE FROM staged_{contract.contract} AS rows USING key_superseded AS gone
        WHERE rows.file_id = gone.file_id AND rows.source_row = gone.source_row
    """)
    con.execute("DROP TABLE keyed_file; DROP TABLE key_repeated; DROP TABLE key_superseded")


def _key_sql(contract: ContractSpec, name: str) -> str:
    """A part of a key; who a row is about is the NHS number or, without one, the source's own pseudonym."""
    if name == "NHS_NUMBER":
        return "coalesce('number ' || nhs_number, 'pseudonym ' || source_pseudonym)"
    return next(field.landed for field in contract.fields if field.name == name)
