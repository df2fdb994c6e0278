"""Code lists as tables, for the builder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from joinedup.errors import PlaceError
from joinedup.findings import Finding, errors
from joinedup.place.model import Place
from joinedup.population.code_list_rules import doubts
from joinedup.population.code_lists import CodeList, Head, ListedCode, read_code_lists

SAID = tuple(name for name in Head.model_fields if name != "matches")
OF_CODE = ("group_id", "system", "code", "written", "matches", "weight", "term")
TYPES = {"valid_from": pa.date32(), "review_by": pa.date32(), "weight": pa.float64(), "in_use": pa.bool_()}


def tables(place: Place) -> dict[str, pa.Table]:
    """The code lists as the builder takes them; PlaceError with all findings where one of the place can't be used."""
    lists, findings = read_code_lists(place.folder)
    if faults := errors(findings):
        first = f"{faults[0].where}: {faults[0].message}"
        raise PlaceError(f"the code lists have {len(faults)} {'error' if len(faults) == 1 else 'errors'}; {first}", findings)
    return {"code_list": list_table(lists), "code_list_code": code_table(lists), "code_list_version": version_table(lists)}


def versions(place: Place) -> dict[str, dict[str, Any]]:
    """What a manifest says of each list in use: title, version, source, whose it is, and its codes by number and hash."""
    return {each.list_id: version_of(each) for each in read_code_lists(place.folder)[0]}


def version_of(found: CodeList) -> dict[str, Any]:
    """The same of one list."""
    codes = [of_code(code) for code in in_order(found.codes)]
    digest = hashlib.sha256(json.dumps(codes).encode()).hexdigest()
    said = {name: getattr(found.head, name) for name in ("title", "version", "source")}
    return said | {"origin": found.origin, "codes": len(codes), "digest": digest}


def check_code_lists(folder: Path, today: date | None = None) -> list[Finding]:
    """Everything that is wrong with, or to be known of, the code lists of a place folder."""
    lists, findings = read_code_lists(folder)
    own = [each for each in lists if each.origin == "place"]
    return [*findings, *(finding for each in own for finding in doubts(each, today or date.today()))]


def list_table(lists: Iterable[CodeList]) -> pa.Table:
    """One row per list."""
    rows = [{"list_id": each.list_id, "origin": each.origin} | {name: getattr(each.head, name) for name in SAID} for each in lists]
    return as_table(rows, ("list_id", "origin", *SAID))


def code_table(lists: Iterable[CodeList]) -> pa.Table:
    """One row per list, group, system and code, in the order of the key."""
    rows = [{"list_id": each.list_id} | of_code(code) for each in lists for code in in_order(each.codes)]
    return as_table(rows, ("list_id", *OF_CODE))


def version_table(lists: Iterable[CodeList]) -> pa.Table:
    """The same for every version of each list, those before the one in use first."""
    rows = [
        {"list_id": each.list_id, "version": version, "in_use": codes is each.codes} | of_code(code)
        for each in lists
        for version, codes in (*sorted(each.earlier.items()), (each.head.version, each.codes))
        for code in in_order(codes)
    ]
    return as_table(rows, ("list_id", "version", "in_use", *OF_CODE))


def in_order(codes: Iterable[ListedCode]) -> list[ListedCode]:
    """Codes in the order of the key."""
    return sorted(codes, key=lambda code: (code.group_id, code.system, code.code))


def of_code(code: ListedCode) -> dict[str, Any]:
    """What the tables say of one code."""
    return {name: getattr(code, name) for name in OF_CODE}


def as_table(rows: list[dict[str, Any]], names: Iterable[str]) -> pa.Table:
    """Rows as a table of these columns."""
    return pa.Table.from_pylist(rows, pa.schema([(name, TYPES.get(name, pa.string())) for name in names]))
