"""Whether rows with one key are of one record: a key that isn't unique must cost no row without a word.

Two rows with one key are told apart where they are of different people and, besides, of another provider or another day: then both
stay. Where less than that differs the later one replaces the other, as a correction would; both are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from joinedup.engine.files_lines import Connection, literal
from joinedup.findings import Finding, Severity
from joinedup.place.model import Place
from joinedup.place.successions import successions
from joinedup.sources.about_whom import may_share_a_key, provider_now
from joinedup.sources.contract import ContractSpec
from joinedup.sources.nhs_numbers import valid_sql

FAR, DOUBTED_SHARE, DOUBTED_ROWS = 31, 0.01, 8
"""Our choice, 2026: days by which a record's day is hardly corrected; the share and number of rows from which on a key isn't unique."""


def keep_successors(con: Connection, place: Place) -> None:
    """Nothing; the macro `provider_now` gives the code that stands for a provider's at the end of the record."""
    now = {each.code: each.successor_code for each in successions(place) if each.ends is None}
    pairs = ", ".join(f"{literal(code)}: {literal(successor)}" for code, successor in now.items())
    con.execute(f"CREATE OR REPLACE TEMP MACRO provider_now(code) AS {f'coalesce(MAP {{{pairs}}}[code], code)' if now else 'code'}")


def whose_sql(contract: ContractSpec) -> str:
    """What tells rows with one key apart, as SQL columns: number, pseudonym, provider, provider_then, day."""
    provider = contract.landed(contract.provided_by) if contract.provided_by else "CAST(NULL AS VARCHAR)"
    day = contract.day_sql if contract.dated_by else "CAST(NULL AS DATE)"
    number = f"CASE WHEN {valid_sql('nhs_number')} THEN nhs_number END"
    given_by = f"{provider_now(provider)} AS provider, {provider} AS provider_then"
    return f"{number} AS number, source_pseudonym AS pseudonym, {given_by}, {day} AS day"


def tell_apart(con: Connection, contract: ContractSpec, names: str) -> None:
    """Nothing; `record` in the temp table `key_row` says which of several records a row with its key is of.

    Rows are of one record that are of one person, or of one provider and day; `spread` marks a deletion that doesn't say of which.
    """
    if not may_share_a_key(contract):
        return
    same = " AND ".join(f"stood.{name} IS NOT DISTINCT FROM in_doubt.{name}" for name in names.split(", "))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE key_told AS
        WITH said AS (
            SELECT rows.*, CASE WHEN count(number) OVER whole >= count(pseudonym) OVER whole THEN number ELSE pseudonym END AS person,
                coalesce(provider_then, any_value(provider_then) OVER (PARTITION BY {names}, day)) AS given_by,
                row_number() OVER (PARTITION BY {names} ORDER BY file_id, source_row) AS own
            FROM key_row AS rows WINDOW whole AS (PARTITION BY {names})
        ),
        stood AS (SELECT *, CASE WHEN day IS NOT NULL THEN row(given_by, day) END AS stood FROM said),
        in_doubt AS (
            SELECT {names} FROM stood GROUP BY {names} HAVING count(DISTINCT person) > 1 AND count(DISTINCT stood) > 1
        ),
        doubted AS (
            SELECT stood.*, coalesce(person, '#' || own) AS who, coalesce(CAST(stood AS VARCHAR), '#' || own) AS place_and_day
            FROM stood SEMI JOIN in_doubt ON {same}
        ),
        first AS (SELECT *, min(own) OVER (PARTITION BY {names}, who) AS label FROM doubted),
        second AS (SELECT * EXCLUDE (label), min(label) OVER (PARTITION BY {names}, place_and_day) AS label FROM first),
        third AS (SELECT * EXCLUDE (label), min(label) OVER (PARTITION BY {names}, who) AS label FROM second),
        fourth AS (SELECT * EXCLUDE (label), min(label) OVER (PARTITION BY {names}, place_and_day) AS label FROM third)
        SELECT file_id, source_row, label, deletes AND (person IS NULL OR stood IS NULL OR provider_then IS NULL) AS spread FROM fourth
    """)
    con.execute("""
        UPDATE key_row SET record = told.label, spread = told.spread FROM key_told AS told
        WHERE told.file_id = key_row.file_id AND told.source_row = key_row.source_row
    """)
    con.execute("DROP TABLE key_told")
    same = " AND ".join(f"rows.{name} IS NOT DISTINCT FROM last.{name}" for name in names.split(", "))
    con.execute(f"""
        INSERT INTO key_row
        WITH last AS (FROM key_row WHERE spread QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY file_id DESC, source_row DESC) = 1)
        SELECT DISTINCT last.* REPLACE (rows.record AS record) FROM key_row AS rows JOIN last ON {same} WHERE rows.record <> last.record
    """)


PERSON_DIFFERS = "coalesce(number <> other.number, pseudonym <> other.pseudonym)"
FAR_APART, ELSEWHERE = f"coalesce(abs(day - other.day) > {FAR}, false)", "coalesce(provider_then <> other.provider_then, false)"
DIFFERS = f"""CASE
    WHEN number <> other.number THEN true
    WHEN {PERSON_DIFFERS} THEN {ELSEWHERE} OR coalesce(day <> other.day, false)
    WHEN {PERSON_DIFFERS} IS NULL THEN {FAR_APART} OR ({ELSEWHERE} AND coalesce(day <> other.day, false))
    ELSE {FAR_APART} AND coalesce(provider <> other.provider, false) END"""
"""Whether a row and the one that replaces it, `other`, are hardly of one record."""


def shared_keys(con: Connection, contract: ContractSpec, names: str, named: Mapping[int, str]) -> Iterator[Finding]:
    """A finding for each source whose keys name several records: how many rows stay apart, and how many replaced one that differs."""
    if not may_share_a_key(contract):
        return
    other = ", ".join(f"'{name}': last_value({name}) OVER record" for name in ("number", "pseudonym", "provider", "provider_then", "day"))
    then = ", provider_then" if contract.provided_by in contract.key else ""
    told = con.execute(f"""
        WITH pairs AS (
            SELECT *, {{{other}}} AS other, place < max(place) OVER record AS replaced, last_value(deletes OR gone) OVER record AS taken_out
            FROM key_placed WINDOW record AS (
                PARTITION BY {names}, record ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            )
        ),
        replaced AS (
            SELECT source, file_id, 1 AS lost, 0 AS apart FROM pairs WHERE replaced AND NOT deletes AND NOT taken_out AND ({DIFFERS})
        ),
        apart AS (
            SELECT source, min(file_id) AS file_id, 0 AS lost, count(DISTINCT record) - 1 AS apart
            FROM key_placed WHERE NOT deletes GROUP BY {names}{then} HAVING count(DISTINCT record) > 1
        )
        SELECT source, sum(lost)::BIGINT, sum(apart)::BIGINT, mode(file_id)
        FROM (FROM replaced UNION ALL FROM apart) GROUP BY source ORDER BY source
    """).fetchall()
    rows = dict(
        con.execute(f"SELECT source, count(*) FROM staged_{contract.contract} JOIN keyed_file USING (file_id) GROUP BY 1").fetchall()
    )
    for source, lost, apart, file_id in told:
        yield _shared(contract, named[file_id], lost, apart, rows.get(source, 0))


def _shared(contract: ContractSpec, file: str, lost: int, apart: int, rows: int) -> Finding:
    key, count = " and ".join(contract.key), lost + apart
    isnt = count >= DOUBTED_ROWS and count > DOUBTED_SHARE * rows
    what = (
        f"{count:,} {'row has' if count == 1 else 'rows have'} the {key} of another row of the source, and yet another person, or another "
        f"provider or day besides: {apart:,} stay, {lost:,} were replaced as if corrected"
    )
    todo = (
        f"{key} isn't unique in this source: ask for one that is, or put what is missing in front of it, such as the provider's code or "
        "the date, and land again"
        if isnt
        else f"corrections may look like this; if they are records of their own, {key} isn't unique"
    )
    severity = Severity.ERROR if isnt else Severity.WARNING
    return Finding(file, "key-not-unique", f"{what}; {todo}", severity=severity, count=count, endangers=contract.endangers)
