"""Objections, and protections, that end because a later file has them no more: nobody has said that they end, so each is counted and told.

National opt-outs come as a whole list, and a list replaces the one before; Type 1 opt-outs come from the practice's system, where
somebody who leaves the practice leaves its list. So a few end with every list. Many at once are a list that was cut short, until somebody
says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding
from joinedup.sources.about_whom import key_columns
from joinedup.sources.contract import ContractSpec
from joinedup.sources.leaving import until_confirmed, warning
from joinedup.sources.order import ReadFile
from joinedup.sources.over_files import KeepsBack

ENDED_SHARE, BY_CHANCE, ALWAYS = 0.02, 3.0, 2
"""Our choice, 2026: from one list to the next no more than 2 in 100 objections of a kind end (about 8 in 100 people change practice in a
year), three times the root of it more by chance, and two of however few."""


def ended_rule(called: str) -> str:
    """The rule by which endings are told, such as objections-ended."""
    return f"{called}-ended"


def many_ended_rule(called: str) -> str:
    """The rule by which many endings at once are told: nothing is built of real people until somebody has confirmed them."""
    return f"many-{called}-ended"


def keep_objections(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> None:
    """Nothing; the temp table `objection_given` holds who objects to what by which file, before any row leaves.

    A file's `number` counts the files of its series, of which each is to hold every objection; there is none where it isn't to.
    """
    whole: dict[tuple[str, str, object], ReadFile] = {}
    for file in files:
        if file.drop.source.sends in ("snapshot", "everything"):
            whole[*file.series, file.drop.told.day if file.drop.source.sends == "snapshot" else file.file_id] = file
    numbers: dict[tuple[str, str], int] = {}
    rows: list[tuple[int, str, str, int | None]] = []
    for file in files:
        is_whole = file in whole.values()
        if is_whole:
            numbers[file.series] = numbers.get(file.series, 0) + 1
        rows.append((file.file_id, *file.series, numbers[file.series] if is_whole else None))
    con.execute("CREATE OR REPLACE TEMP TABLE objection_file (file_id INTEGER, source VARCHAR, part VARCHAR, number INTEGER)")
    con.executemany("INSERT INTO objection_file VALUES (?, ?, ?, ?)", rows)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE objection_given AS
        SELECT file_id, source, part, number, {key_columns(contract)[0]} AS person, {_kind_sql(contract)} AS kind,
            bool_and({contract.landed(_said(contract).ends)} IS NOT NULL) AS withdrawn
        FROM staged_{contract.contract} JOIN objection_file USING (file_id) GROUP BY ALL
    """)


def _said(contract: ContractSpec) -> KeepsBack:
    assert contract.keeps_back, f"{contract.contract} keeps nobody's data back"
    return contract.keeps_back


def _kind_sql(contract: ContractSpec) -> str:
    kind = _said(contract).kind
    return contract.landed(kind) if kind else "''"


IN_WHOLE_FILES = """
    WITH last AS (
        SELECT source, part, person, kind, max(number) AS number, arg_max(withdrawn, number) AS withdrawn
        FROM objection_given WHERE number IS NOT NULL AND person IS NOT NULL GROUP BY ALL
    ),
    newest AS (SELECT source, part, max(number) AS number FROM objection_file GROUP BY ALL),
    ended AS (
        SELECT source, part, number + 1 AS number, kind, count(*) AS ended FROM last
        WHERE NOT withdrawn AND NOT EXISTS (
            SELECT 1 FROM last AS other JOIN newest USING (source, part, number)
            WHERE other.source = last.source AND other.person = last.person AND other.kind = last.kind
        ) GROUP BY ALL
    ),
    given AS (
        SELECT source, part, number + 1 AS number, kind, count(*) AS before FROM objection_given WHERE number IS NOT NULL GROUP BY ALL
    )
    SELECT file_id, kind, ended, before
    FROM ended JOIN given USING (source, part, number, kind) JOIN objection_file USING (source, part, number)
    ORDER BY file_id, kind
"""


def ended_objections(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> list[Finding]:
    """What was found; rows have left by then. Of a source a finding for all that end, and one for each file with which many do."""
    by_id = {file.file_id: file for file in files}
    ended = [(by_id[file_id], *rest) for file_id, *rest in con.execute(IN_WHOLE_FILES).fetchall()]
    found = [*_many(ended, contract), *_any(ended, contract), *_with_months(con, contract, files)]
    con.execute("DROP TABLE objection_given; DROP TABLE objection_file")
    return found


def are_many(ended: int, before: int) -> bool:
    """Whether so many of the objections of a kind end at once that the list was probably cut short."""
    usual = ENDED_SHARE * before
    return ended > max(ALWAYS, usual, BY_CHANCE * sqrt(usual))


def _many(ended: Sequence[tuple[ReadFile, str, int, int]], contract: ContractSpec) -> Iterator[Finding]:
    called = _said(contract).called
    by_id = {file.file_id: file for file, *_ in ended}
    for file_id in dict.fromkeys(file.file_id for file, _, count, before in ended if are_many(count, before)):
        file, of_file = by_id[file_id], [(kind, count, before) for each, kind, count, before in ended if each.file_id == file_id]
        total = sum(count for _, count, _ in of_file)
        kinds = ", ".join(f"{count:,} of {before:,}{f' of kind {kind}' if kind else ''}" for kind, count, before in of_file)
        message = (
            f"{total:,} {called} that the list before has end with it, without a day of withdrawal: {kinds}. That is more than people "
            f"who move or die; {until_confirmed(file.drop.name, total)}"
        )
        yield warning(file.drop.name, many_ended_rule(called), message, contract, total)


def _any(ended: Sequence[tuple[ReadFile, str, int, int]], contract: ContractSpec) -> Iterator[Finding]:
    called = _said(contract).called
    for source in dict.fromkeys(file.drop.source.name for file, *_ in ended):
        own = [(file, count) for file, _, count, _ in ended if file.drop.source.name == source]
        total, last = sum(count for _, count in own), own[-1][0].drop.name
        lists = len({file.file_id for file, _ in own})
        what = f"1 of the {called} ends" if total == 1 else f"{total:,} {called} end"
        which = "this file" if lists == 1 else f"{lists} files of source {source}, of which this is the last,"
        message = (
            f"{what} because {which} has it no more"
            if total == 1
            else f"{what} because {which} {'has' if lists == 1 else 'have'} them no more"
        )
        yield warning(
            last,
            ended_rule(called),
            f"{message}, without a day of withdrawal, and no longer hold back these people's data from then on",
            contract,
            total,
        )


def _with_months(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> Iterator[Finding]:
    """Objections of which no row is left, since their months were sent again without them."""
    called = _said(contract).called
    rows = con.execute(f"""
        SELECT source, count(*) FROM (
            SELECT DISTINCT source, person, kind FROM objection_given WHERE number IS NULL AND person IS NOT NULL AND NOT withdrawn
            EXCEPT
            SELECT source, {key_columns(contract)[0]}, {_kind_sql(contract)}
            FROM staged_{contract.contract} JOIN objection_file USING (file_id)
        ) GROUP BY source ORDER BY source
    """).fetchall()
    for source, count in rows:
        own = [file for file in files if file.drop.source.name == source]
        if own[-1].drop.source.sends == "months":
            message = (
                f"{count:,} {called} are in no file any more, since their months were sent again without them; "
                f"{until_confirmed(own[-1].drop.name, count)}, or the source says sends: changes"
            )
            yield warning(own[-1].drop.name, many_ended_rule(called), message, contract, count)
