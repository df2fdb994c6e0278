"""What is wrong between the files of a landing, and between them and the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyarrow as pa

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding, Severity
from joinedup.place.model import Place
from joinedup.place.tables import tables
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import ContractSpec
from joinedup.sources.cross_rules import PRACTICE, CrossRule, current_sql, people_rules, place_rules
from joinedup.sources.nhs_numbers import valid_numbers

ROWS_NAMED, CODES_NAMED = 5, 10
LINKABLE_SHARE = 0.95
"""Our choice, 2026: a file of which more than a twentieth can't be linked misleads about people."""
REGISTER = "register"


def people_findings(
    con: Connection, place: Place, contracts: Mapping[str, ContractSpec], files: Sequence[FileAccount]
) -> Iterator[Finding]:
    """What files say of people that can't be, whatever the place."""
    _keep_people(con, place, contracts, files)
    for rule in people_rules():
        yield from _rule_findings(con, rule, files)
    yield from _thin_links(con, files)
    con.execute("DROP TABLE staged_person; DROP TABLE staged_death")


def place_findings(con: Connection, place: Place, contracts: Mapping[str, ContractSpec], files: Sequence[FileAccount]) -> Iterator[Finding]:
    """What files say that doesn't fit the place, and what of the place no file speaks of."""
    with _place_tables(con, place):
        for rule in place_rules(place.as_at):
            yield from _rule_findings(con, rule, files)
        yield from _nobody_registered(con, place, files)
    for contract in contracts.values():
        if not any(source.contract == contract.contract for source in place.sources):  # else a finding tells what its files lack
            message = f"no source gives {contract.title.lower()} (contract {contract.contract}), so what needs it is left out of the pages"
            yield Finding("sources.yml", "no-extract", message, severity=Severity.WARNING, endangers=f"everything from {contract.contract}")


@contextmanager
def _place_tables(con: Connection, place: Place) -> Iterator[None]:
    made = tables(place)
    for name, table in made.items():
        con.register(name, table)
    try:
        yield
    finally:
        for name in made:
            con.unregister(name)


def _keep_people(con: Connection, place: Place, contracts: Mapping[str, ContractSpec], files: Sequence[FileAccount]) -> None:
    """Nothing; `staged_person` then says for each staged row whom it is about, and `staged_death` who died when."""
    given = " UNION ".join(f"SELECT nhs_number FROM staged_{contract} WHERE nhs_number IS NOT NULL" for contract in contracts)
    numbers = con.sql(given).to_arrow_table()["nhs_number"]
    con.register("number_tried", pa.table({"nhs_number": numbers, "valid": pa.array(valid_numbers(numbers.to_pylist()), pa.bool_())}))
    namespaces = {source.name: source.pseudonym or source.name for source in place.sources}
    con.register("file_namespace", pa.table({"file_id": [f.file_id for f in files], "namespace": [namespaces[f.source] for f in files]}))
    rows = " UNION ALL ".join(f"SELECT file_id, source_row, nhs_number, source_pseudonym FROM staged_{contract}" for contract in contracts)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE staged_person AS
        SELECT file_id, source_row,
            nhs_number IS NOT NULL AS numbered, source_pseudonym IS NOT NULL AS named, coalesce(valid, false) AS valid,
            CASE WHEN valid THEN nhs_number ELSE namespace || ' ' || source_pseudonym END AS person
        FROM ({rows}) LEFT JOIN number_tried USING (nhs_number) LEFT JOIN file_namespace USING (file_id)
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE staged_death AS
        SELECT person, max(reg_date_of_death) AS died
        FROM staged_deaths JOIN staged_person USING (file_id, source_row) WHERE person IS NOT NULL GROUP BY person
    """)
    con.unregister("number_tried")
    con.unregister("file_namespace")


def _rule_findings(con: Connection, rule: CrossRule, files: Sequence[FileAccount]) -> Iterator[Finding]:
    """A warning for each file with rows at fault."""
    names = {file.file_id: file.file for file in files}
    found = con.execute(f"""
        SELECT file_id, count(*), list_sort(min(source_row, {ROWS_NAMED})), count(DISTINCT code), list_sort(list(DISTINCT code))
        FROM ({rule.rows}) GROUP BY file_id ORDER BY file_id
    """).fetchall()
    for file_id, count, rows, codes, named in found:
        shown = ", ".join(code for code in (named or ())[:CODES_NAMED] if code) + (", …" if codes > CODES_NAMED else "")
        message = f"{count:,} {'row' if count == 1 else 'rows'}: {rule.message}{f' ({shown})' if shown else ''}"
        yield Finding(
            names[file_id], rule.name, message, severity=Severity.WARNING, count=count, rows=tuple(rows), endangers=rule.endangers
        )


def _nobody_registered(con: Connection, place: Place, files: Sequence[FileAccount]) -> Iterator[Finding]:
    """Neighbourhoods of the as-at date in which nobody is registered, where there is a registration list at all."""
    if not any(file.contract == REGISTER and not file.refused for file in files):
        return
    as_at = f"DATE '{place.as_at}'"
    in_force = f"coalesce(starts <= {as_at}, true) AND coalesce(ends > {as_at}, true)"
    empty = con.execute(f"""
        SELECT name FROM place_neighbourhood AS place WHERE {in_force} AND NOT EXISTS (
            SELECT 1 FROM staged_register JOIN (FROM place_membership WHERE {in_force}) AS member ON practice_code = {PRACTICE}
            WHERE member.neighbourhood_id = place.neighbourhood_id AND {current_sql(as_at)}
        ) ORDER BY name
    """).fetchall()
    for (name,) in empty:
        message = f"nobody is registered in {name} on {place.as_at}: check its practices, and whether their list is in the extract"
        yield Finding("practices.csv", "nobody-registered", message, severity=Severity.WARNING, endangers=f"the page of {name}")


def _thin_links(con: Connection, files: Sequence[FileAccount]) -> Iterator[Finding]:
    """Files of which fewer rows than LINKABLE_SHARE can be linked to anybody."""
    counts = con.execute("SELECT file_id, count(*), count(person) FROM staged_person GROUP BY file_id ORDER BY file_id").fetchall()
    names = {file.file_id: file.file for file in files}
    for file_id, rows, linkable in counts:
        if linkable < LINKABLE_SHARE * rows:
            message = f"only {linkable:,} of {rows:,} rows ({100 * linkable / rows:.0f}%) have a usable NHS number or a pseudonym"
            yield Finding(names[file_id], "few-rows-can-be-linked", message, severity=Severity.WARNING, endangers="every measure of people")
