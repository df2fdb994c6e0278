"""Whom a row is about, as far as its own source tells: a person may come under other identifiers in a later file.

An NHS number is added, corrected or taken out; a supplier gives its pseudonyms anew. The record of the row is the same all the same, and
of its rows the last is loaded. Nothing here links people to one another beyond that: linking comes later, and by stricter rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding
from joinedup.sources.contract import ContractSpec
from joinedup.sources.leaving import warning
from joinedup.sources.nhs_numbers import valid_sql
from joinedup.sources.one_person import NUMBER, join_people
from joinedup.sources.order import ReadFile

KNOWN_AS = "known_as"
"""The work column of a staged table that says whom a row is about, where that isn't the first of its identifiers."""
KNOWN_FROM = "known_from"
"""The same for the day that a row gives, where it was corrected."""
NAME = ("PERSON_BIRTH_DATE", "PERSON_FAMILY_NAME", "PERSON_GIVEN_NAME")
ABSENT = "CAST(NULL AS VARCHAR)"


def key_columns(contract: ContractSpec) -> tuple[str, ...]:
    """The parts of a key as SQL; who a row is about is known after `know_people`."""
    return tuple(_part_sql(contract, name) for name in contract.key)


def _part_sql(contract: ContractSpec, name: str) -> str:
    if not names_person(contract):
        followed = name == contract.provided_by and may_share_a_key(contract)
        return provider_now(contract.landed(name)) if followed else contract.landed(name)
    if name == NUMBER:
        return _whom_sql(contract)
    moves = name == contract.dated_by and (contract.same_person.record or contract.same_person.once)
    return f"coalesce({KNOWN_FROM}, {contract.landed(name)})" if moves else contract.landed(name)


def names_person(contract: ContractSpec) -> bool:
    """Whether the key of a contract begins with a person; elsewhere in a key the number stands for itself."""
    return contract.key[0] == NUMBER


def may_share_a_key(contract: ContractSpec) -> bool:
    """Whether rows with one key may be of several records: not where the key names a person, nor in lists, whose days tell them apart."""
    return bool(contract.dated_by and contract.provided_by) and not (names_person(contract) or contract.lists or contract.listed_by)


def provider_now(code: str) -> str:
    """The code that stands for a provider's at the end of the record, as SQL: of one that was merged its successor's."""
    return f"provider_now({code})"


def _whom_sql(contract: ContractSpec) -> str:
    first = ", ".join(_said_sql(contract, level) for level in contract.same_person.known_by)
    return f"coalesce({KNOWN_AS}, {first}{f', {_name_sql(contract)}' if contract.same_person.by_name else ''})"


def _said_sql(contract: ContractSpec, level: str) -> str:
    """An identifier as SQL, which is like no other kind of identifier."""
    return f"'{level} ' || {contract.landed(level)}"


def _name_sql(contract: ContractSpec) -> str:
    """Date of birth and full name as SQL; null unless all are there."""
    parts = (f"upper(trim(CAST({contract.landed(part)} AS VARCHAR)))" for part in NAME)
    return "'NAME ' || " + " || ' ' || ".join(parts)


def know_people(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> None:
    """Nothing; rows that are about one person have the same `key_columns`, whichever identifiers they give.

    Who a row is about is its first identifier, in the order that the contract states; a row that lacks it is about the one person of
    its source with whom its next one stands. Then people are joined whose identifiers changed from file to file (`one_person`).
    """
    if not names_person(contract) or not _kinds_in_use(con, contract):
        return
    con.execute("CREATE OR REPLACE TEMP TABLE source_of_file (file_id INTEGER, source VARCHAR)")
    con.executemany("INSERT INTO source_of_file VALUES (?, ?)", [(file.file_id, file.drop.source.name) for file in files])
    con.execute(_whom_table(contract))
    join_people(con, contract)
    con.execute(f"""
        UPDATE staged_{contract.contract} AS rows
        SET {KNOWN_AS} = CASE WHEN whom.person IS DISTINCT FROM whom.said THEN whom.person END, {KNOWN_FROM} = whom.known_from FROM whom
        WHERE whom.file_id = rows.file_id AND whom.source_row = rows.source_row
            AND (whom.person IS DISTINCT FROM whom.said OR whom.known_from IS NOT NULL)
    """)


def _kinds_in_use(con: Connection, contract: ContractSpec) -> bool:
    """Whether rows give several kinds of identifiers, or numbers of records, so that some may stand for others."""
    kinds = [contract.landed(level) for level in contract.same_person.known_by]
    if contract.same_person.by_name:
        kinds.append(contract.landed(NAME[0]))
    if contract.same_person.record:
        kinds.append(contract.landed(contract.same_person.record))
    counts = con.execute(f"SELECT {', '.join(f'count({kind})' for kind in kinds)} FROM staged_{contract.contract}").fetchall()[0]
    return sum(map(bool, counts)) > 1


def _whom_table(contract: ContractSpec) -> str:
    """The statement that makes `whom`: each row with its identifiers, the rest of its key, and whom it is about so far.

    A number that can't be an NHS number is a slip or a placeholder: it says who somebody is only together with name and birth.
    """
    landed = {field.name: field.landed for field in contract.fields}
    levels = [*(_level_sql(contract, level) for level in contract.same_person.known_by), _full_name(contract)]
    places = ", ".join(f"level_{at}" for at in range(len(levels)))
    own = ", ".join(landed[level] for level in contract.same_person.known_by if level != NUMBER)
    columns = {
        **{f"level_{at}": sql for at, sql in enumerate(levels)},
        "slip": f"'NO {NUMBER} ' || nhs_number || concat_ws(' ', '', {', '.join(landed[part] for part in NAME if part in landed)})",
        "said": _whom_sql(contract),
        "rest": f"row({', '.join(landed[name] for name in contract.key if name != NUMBER)})",
        "kind": f"row({', '.join([*(landed[name] for name in contract.key if name not in (NUMBER, contract.dated_by)), 'NULL'])})",
        "day": contract.day_sql,
        "ends": landed.get(contract.same_person.ends or "", "CAST(NULL AS DATE)"),
        "known_from": "CAST(NULL AS DATE)",
        "record": landed.get(contract.same_person.record or "", ABSENT),
        "born": landed.get(NAME[0], "CAST(NULL AS DATE)"),
        "given": f"upper(trim({landed.get(NAME[2], ABSENT)}))",
        "local": landed.get("LOCAL_PATIENT_IDENTIFIER", ABSENT),
        "number": "CASE WHEN sound THEN nhs_number END",
        "own": f"coalesce({own})",
    }
    return f"""
        CREATE OR REPLACE TEMP TABLE whom AS
        SELECT *, coalesce({places}, slip) AS person FROM (
            SELECT file_id, source_row, source, {", ".join(f"{sql} AS {name}" for name, sql in columns.items())}
            FROM staged_{contract.contract} JOIN source_of_file USING (file_id) LEFT JOIN (
                SELECT nhs_number, {valid_sql("nhs_number")} AS sound
                FROM (SELECT DISTINCT nhs_number FROM staged_{contract.contract} WHERE nhs_number IS NOT NULL)
            ) USING (nhs_number)
        )
    """


def _level_sql(contract: ContractSpec, level: str) -> str:
    """An identifier as SQL; null where it is to be an NHS number and can't be one."""
    return f"CASE WHEN sound THEN {_said_sql(contract, level)} END" if level == NUMBER else _said_sql(contract, level)


def _full_name(contract: ContractSpec) -> str:
    return _name_sql(contract) if contract.same_person.by_name else ABSENT


def left_apart(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    """Files with rows that have NHS number and all else in common with rows that stay too, but that the source tells apart."""
    if not names_person(contract) or not _known(con):
        return
    named = {file.file_id: file.drop.name for file in files}
    apart = con.execute(f"""
        SELECT rows.file_id, count(*) FROM staged_{contract.contract} AS rows JOIN whom USING (file_id, source_row)
        JOIN (
            SELECT source, rest, number, min(file_id) AS first_file FROM staged_{contract.contract} JOIN whom USING (file_id, source_row)
            WHERE number IS NOT NULL GROUP BY ALL HAVING count(DISTINCT person) > 1
        ) AS twice ON twice.source = whom.source AND twice.number = whom.number AND twice.rest = whom.rest
        WHERE rows.file_id > first_file OR NOT EXISTS (
            SELECT 1 FROM whom AS other WHERE other.source = twice.source AND other.number = twice.number AND other.rest = twice.rest
                AND other.file_id > first_file
        )
        GROUP BY rows.file_id ORDER BY rows.file_id
    """).fetchall()
    if contract.same_person.ends and not contract.same_person.record:
        yield from _overlapping(con, contract, named)
    con.execute("DROP TABLE whom; DROP TABLE source_of_file")
    for file_id, count in apart:
        rows = "row has" if count == 1 else "rows have"
        message = (
            f"{count:,} {rows} the NHS number and the rest of the key of another that stays too, as the source's own numbers differ: "
            "either two people have one NHS number, or one person is there twice; ask which"
        )
        yield warning(named[file_id], "same-number-apart", message, contract, count)


def _overlapping(con: Connection, contract: ContractSpec, named: Mapping[int, str]) -> Iterator[Finding]:
    """Files with records that overlap one of the same person and kind in an earlier file, which stays too."""
    there = f"(SELECT whom.* FROM whom JOIN staged_{contract.contract} USING (file_id, source_row))"
    rows = con.execute(f"""
        SELECT later.file_id, count(DISTINCT later.source_row) FROM {there} AS later JOIN {there} AS earlier
            ON earlier.source = later.source AND earlier.person = later.person AND earlier.kind = later.kind
            AND earlier.file_id < later.file_id AND earlier.day <> later.day
            AND earlier.day < coalesce(later.ends, DATE '9999-12-31') AND later.day < coalesce(earlier.ends, DATE '9999-12-31')
        GROUP BY later.file_id ORDER BY later.file_id
    """).fetchall()
    for file_id, count in rows:
        overlap = "record overlaps" if count == 1 else "records overlap"
        message = (
            f"{count:,} {overlap} one of the same person and kind that an earlier file has, with another first day, and both stay: if "
            "the day was corrected the record is there twice; say sends: everything or months if each file holds all there is"
        )
        yield warning(named[file_id], "overlaps-earlier", message, contract, count)


def _known(con: Connection) -> bool:
    return bool(con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'whom'").fetchall()[0][0])
