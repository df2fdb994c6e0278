"""The keys of rejected rows: what a row was to correct doesn't stand unsaid, and not at all where the law keeps the correction out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding
from joinedup.sources.about_whom import key_columns, names_person
from joinedup.sources.contract import ContractSpec
from joinedup.sources.leaving import warning


def key_names(contract: ContractSpec) -> str:
    """The columns of a key as the working tables name them: its source and its parts."""
    return ", ".join(["source", *(f"key_{place}" for place in range(len(contract.key)))])


def rejected_key_sql(contract: ContractSpec) -> str:
    """The statement that makes the table of a contract's rejected keys, empty: key, person, provider and day, and no other code."""
    return (
        f"CREATE OR REPLACE TEMP TABLE rejected_key_{contract.contract} AS "
        f"SELECT file_id, source_row, {_kept(contract)}, false AS restricted FROM staged_{contract.contract} LIMIT 0"
    )


def _kept(contract: ContractSpec) -> str:
    names = (*contract.key, contract.provided_by, contract.dated_by, contract.else_dated_by)
    return ", ".join(dict.fromkeys(["nhs_number", "source_pseudonym", *(contract.landed(name) for name in names if name)]))


def keep_keys(con: Connection, contract: ContractSpec, which: str, *, restricted: bool) -> None:
    """Nothing; the keys of the rows that `which` (FROM …) gives are kept until those that they correct are found."""
    if names_person(contract):
        return
    con.execute(
        f"INSERT INTO rejected_key_{contract.contract} BY NAME "
        f"SELECT file_id, source_row, {_kept(contract)}, {restricted} AS restricted {which}"
    )


def has_restricted(con: Connection, contract: ContractSpec) -> bool:
    """Whether rows of a contract were rejected for a legally restricted code, so that what they correct goes too."""
    return bool(files_with_restricted(con, contract))


def files_with_restricted(con: Connection, contract: ContractSpec) -> frozenset[int]:
    """The files with such rows."""
    rows = con.execute(f"SELECT DISTINCT file_id FROM rejected_key_{contract.contract} WHERE restricted").fetchall()
    return frozenset(file_id for (file_id,) in rows)


def rejected_corrections(con: Connection, contract: ContractSpec, named: Mapping[int, str]) -> Iterator[Finding]:
    """Files with rejected rows whose key an earlier row has that is still loaded; before `keyed_file` is dropped."""
    if names_person(contract):
        return
    keys = ", ".join(f"{part} AS key_{place}" for place, part in enumerate(key_columns(contract)))
    same = " AND ".join(f"earlier.{name} IS NOT DISTINCT FROM later.{name}" for name in key_names(contract).split(", "))
    rows = con.execute(f"""
        SELECT later.file_id, count(DISTINCT later.source_row)
        FROM (SELECT file_id, source_row, source, {keys} FROM rejected_key_{contract.contract} JOIN keyed_file USING (file_id)
            WHERE NOT restricted) AS later
        JOIN (SELECT file_id, source_row, source, {keys} FROM staged_{contract.contract} JOIN keyed_file USING (file_id)) AS earlier
            ON {same} AND (earlier.file_id < later.file_id OR (earlier.file_id = later.file_id AND earlier.source_row < later.source_row))
        WHERE later.key_0 IS NOT NULL GROUP BY 1 ORDER BY 1
    """).fetchall()
    for file_id, count in rows:
        what = "1 rejected row has" if count == 1 else f"{count:,} rejected rows have"
        message = f"{what} the key of an earlier row, which stays as it was: what the later one was to correct isn't; ask for it again"
        yield warning(named[file_id], "correction-rejected", message, contract, count)
