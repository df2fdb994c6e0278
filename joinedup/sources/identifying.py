"""Whether what a build was given identifies anyone: by the columns that it has, and by what their values look like.

A build never sees an identifier. Landing leaves them out; this looks again, on the other side, so that a fault there, a table made by
hand or a number typed into a code column stops at the door. It tells columns and counts, never a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from joinedup.engine.likeness import Like, Likeness, column_names, likenesses
from joinedup.engine.store import Store, atomic_write
from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity
from joinedup.sources.contract import contracts
from joinedup.sources.landed import LandedTable, LandingRecord, landing_specs
from joinedup.sources.nhs_numbers import digits_sql, valid_sql

RULES = "1"
"""Of this module: another number makes every table be looked into again."""
COLUMN, VALUES, UNDECLARED = "identifier-column", "identifier-values", "undeclared-column"

POSTCODE = "[A-Z]{1,2}[0-9][A-Z0-9]?"
NUMBER_IN_TEXT = "[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}"
_inside = f"regexp_extract(value, '(^|[^0-9])({NUMBER_IN_TEXT})([^0-9]|$)', 2)"

KINDS = (
    # One in eleven ten-digit numbers has a right check digit by chance; of NHS numbers all have.
    Likeness("NHS numbers", valid_sql("compact"), "regexp_full_match(compact, '[0-9]{10}')", least=3, share=0.5),
    Likeness("an NHS number within text", f"length(value) > 12 AND {valid_sql(f'({digits_sql(_inside)})')}"),
    Likeness("postcodes", f"regexp_full_match(upper(value), '{POSTCODE} ?[0-9][A-Z]{{2}}')", least=5, share=0.2),
    Likeness(
        "postcodes within text",
        f"length(value) > 8 AND regexp_matches(upper(value), '(^|.*[^A-Z0-9]){POSTCODE} [0-9][A-Z]{{2}}([^A-Z0-9].*|$)')",
        least=3,
    ),
    Likeness("e-mail addresses", "regexp_matches(value, '[^ @]+@[^ @]+[.][a-zA-Z]{2,}')"),
    Likeness("mobile telephone numbers", "regexp_full_match(replace(value, ' ', ''), '(0|[+]44)7[0-9]{9}')", least=3, share=0.2),
    Likeness("dates", "regexp_full_match(value, '[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}')", least=3, share=0.5),
    Likeness("people's names", "regexp_matches(value, '^(?i)(mr|mrs|miss|ms|master)[.]? [a-z]')", least=3),
)
"""What the text columns of a landed table never look like. (Thresholds of ours; 2026.)"""


def refuse_identifiers(landing: LandingRecord, store: Store) -> None:
    """Nothing where the landed tables identify nobody; PlaceError with what was found where one does.

    A table that was looked into before isn't again, unless it or these rules have changed.
    """
    known = _looked_into(store)
    fresh = {name: table for name, table in landing.tables.items() if table.digest not in known}
    found = identifiers_in(fresh, store.root, store.tmp)
    if found:
        raise PlaceError("what was landed may identify people, and a build never sees an identifier; nothing was built", found)
    if fresh:
        digests = sorted(table.digest for table in landing.tables.values())
        atomic_write(_path(store), json.dumps({"rules": RULES, "tables": digests}).encode())


def identifiers_in(tables: Mapping[str, LandedTable], root: Path, spill: Path) -> list[Finding]:
    """An error for each column of the tables, whose files lie below `root`, that may identify people."""
    paths = {name: [root / file for file in table.files] for name, table in sorted(tables.items())}
    by_columns = {name: [finding for path in files for finding in _in_names(name, path)] for name, files in paths.items()}
    by_values = likenesses(list(paths.values()), KINDS, spill) if paths else []
    return [finding for name, likes in zip(paths, by_values, strict=True) for finding in (*by_columns[name], *_in_values(name, likes))]


def _in_names(name: str, path: Path) -> Iterator[Finding]:
    """What the columns that a table has tell."""
    declared = _declared().get(name, frozenset())
    for column in column_names(path):
        if _plain(column) in _identifying() and column not in declared:
            yield _finding(name, COLUMN, f"column {column} is one that identifies people; land again and hand over what landing writes")
        elif column not in declared:
            yield _finding(name, UNDECLARED, f"column {column} is not one of {name}; hand over what landing writes, unaltered")


def _in_values(name: str, likes: Sequence[Like]) -> Iterator[Finding]:
    """What the values of its columns look like."""
    for like in likes:
        yield _finding(
            name,
            VALUES,
            f"column {like.column}: {like.found:,} of {like.among:,} different values look like {like.likeness}; find out at the source "
            "how they came there, map or empty that column in sources.yml, and land again",
        )


def _finding(table: str, rule: str, message: str) -> Finding:
    return Finding(table, rule, message, severity=Severity.ERROR, endangers="everyone in that table")


@cache
def _declared() -> dict[str, frozenset[str]]:
    """Landed table -> its columns, of contracts and of the landing's own accounts."""
    specs = [*(contract.landed_spec() for contract in contracts().values()), *landing_specs().values()]
    return {spec.table: frozenset(column.name for column in spec.columns) for spec in specs}


@cache
def _identifying() -> frozenset[str]:
    """Every name under which an identifier comes, without underscores and capitals."""
    fields = [field for contract in contracts().values() for field in contract.identifiers]
    return frozenset(_plain(name) for field in fields for name in (field.name, *field.also))


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _path(store: Store) -> Path:
    """Where the hashes of tables that identify nobody are kept."""
    return store.landed / "looked-into.json"


def _looked_into(store: Store) -> frozenset[str]:
    try:
        said = json.loads(_path(store).read_bytes())
        return frozenset(said["tables"]) if said["rules"] == RULES else frozenset()
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()
