"""What is wrong between the files of a landing, and between them and the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding, Severity
from joinedup.place.model import Place
from joinedup.place.tables import tables
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import ContractSpec
from joinedup.sources.cross_rules import CrossRule, current_sql, people_rules, people_sql, place_rules, register_now_sql

ROWS_NAMED, CODES_NAMED = 5, 10
LINKABLE_SHARE = 0.95
"""Our choice, 2026: a file of which more than a twentieth can't be linked misleads about people."""
MANY_PROTECTED, FEWEST_PROTECTED = 0.05, 20
"""Our choice, 2026: the share and number of rows of a list from which on a flag that protects people isn't believed without a look."""
REGISTER = "register"


def people_findings(con: Connection, contracts: Mapping[str, ContractSpec], files: Sequence[FileAccount]) -> Iterator[Finding]:
    """What files say of people that can't be, whatever the place."""
    there = {file.contract for file in files if not file.refused}
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE staged_death AS
        SELECT person, max(reg_date_of_death) AS died FROM ({people_sql("deaths")}) WHERE person IS NOT NULL GROUP BY person
    """)
    for rule in people_rules([contract for contract in contracts.values() if contract.contract in there]):
        yield from _rule_findings(con, rule, files)
    yield from _thin_links(files)
    con.execute("DROP TABLE staged_death")


def place_findings(con: Connection, place: Place, contracts: Mapping[str, ContractSpec], files: Sequence[FileAccount]) -> Iterator[Finding]:
    """What files say that doesn't fit the place, and what of the place no file speaks of."""
    with _place_tables(con, place):
        there = {file.contract for file in files if not file.refused}
        for rule in place_rules(place.as_at, [contract for contract in contracts.values() if contract.contract in there]):
            yield from _rule_findings(con, rule, files)
        yield from _nobody_registered(con, place, files)
    yield from _many_protected(con, files)
    yield from _no_extract(place, contracts)


def _no_extract(place: Place, contracts: Mapping[str, ContractSpec]) -> Iterator[Finding]:
    """One finding that names every contract which no source follows, and what each is needed for."""
    followed = {source.contract for source in place.sources}  # of files that lack, other findings tell
    missing = [contract for name, contract in contracts.items() if name not in followed and not contract.stays]
    if missing:
        named = "; ".join(f"{contract.contract}: {contract.endangers}" for contract in missing)
        titles = ", ".join(f"{contract.title.lower()} ({contract.contract})" for contract in missing)
        message = (
            f"no source gives {titles}; what needs {'it' if len(missing) == 1 else 'them'} is left out of the pages, never shown as nought"
        )
        yield Finding("sources.yml", "no-extract", message, severity=Severity.WARNING, endangers=named)


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
            SELECT 1 FROM {register_now_sql()} JOIN (FROM place_membership WHERE {in_force}) AS member ON practice_code = practice_now
            WHERE member.neighbourhood_id = place.neighbourhood_id AND {current_sql(as_at)}
        ) ORDER BY name
    """).fetchall()
    for (name,) in empty:
        message = f"nobody is registered in {name} on {place.as_at}: check its practices, and whether their list is in the extract"
        yield Finding("practices.csv", "nobody-registered", message, severity=Severity.WARNING, endangers=f"the page of {name}")


def _many_protected(con: Connection, files: Sequence[FileAccount]) -> Iterator[Finding]:
    """Lists that flag so many people as protected that the column hardly says what it is read as; they are protected all the same."""
    names = {file.file_id: file.file for file in files if file.contract == REGISTER and not file.refused}
    if not names:
        return
    found = con.execute(f"""
        SELECT file_id, count(*) FILTER (sensitive_flag NOT IN ('U', 'N')) AS flagged, count(*) AS listed FROM staged_{REGISTER}
        GROUP BY file_id HAVING flagged >= {FEWEST_PROTECTED} AND flagged > {MANY_PROTECTED} * listed ORDER BY file_id
    """).fetchall()
    for file_id, flagged, listed in found:
        message = (
            f"SENSITIVE_FLAG protects {flagged:,} of {listed:,} rows, far more than are protected anywhere: where they live is withheld, "
            "and staff of an area see none of them; look what the column holds, map its values in sources.yml, and land again"
        )
        yield Finding(names[file_id], "many-protected", message, count=flagged, endangers="the care of people whom nobody may see")


def _thin_links(files: Sequence[FileAccount]) -> Iterator[Finding]:
    """Files of which fewer rows than LINKABLE_SHARE can be linked to anybody."""
    for file in files:
        if file.linkable < LINKABLE_SHARE * file.loaded:
            share = f"{file.linkable:,} of {file.loaded:,} rows ({100 * file.linkable / file.loaded:.0f}%)"
            message = f"only {share} have a usable NHS number or a pseudonym"
            yield Finding(file.file, "few-rows-can-be-linked", message, severity=Severity.WARNING, endangers="every measure of people")
