"""The definitions of conditions as tables, for the builder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from joinedup.engine.results import schema
from joinedup.errors import PlaceError
from joinedup.findings import errors
from joinedup.place.model import Place
from joinedup.population.conditions import FOLDER, REGISTER, Condition, Line, read_conditions, specs_of


def rules(conditions: Iterable[Condition]) -> Iterator[dict[str, str | int | bool | None]]:
    """One row per condition, what it counts for, group and setting."""
    for condition in conditions:
        for counts_for, lines in (("evidence", condition.evidence), ("end", condition.ends)):
            for number, line in enumerate(lines, 1):
                for list_id, group_id, setting in _named(line, condition.condition):
                    yield {
                        "condition_id": condition.condition,
                        "counts_for": counts_for,
                        "list_id": list_id,
                        "group_id": group_id,
                        "setting": setting,
                        "line": number,
                        "entries_needed": line.needed,
                        "look_back_days": line.look_back,
                        "lasts": line.list_id is None and counts_for == "evidence",
                    }


def _named(line: Line, condition: str) -> Iterator[tuple[str, str, str]]:
    """List, group and setting of each row that a line stands for."""
    if line.register_says is not None:
        yield "register", line.register_says, REGISTER
    for setting in line.settings:
        if line.activity is not None:
            yield "activity", line.activity, setting
        else:
            yield from ((str(line.list_id), group, setting) for group in line.groups or (condition,))


def about(conditions: Iterable[Condition]) -> Iterator[dict[str, str | int | bool | None]]:
    """One row per condition, in the order of the definitions."""
    for order, each in enumerate(conditions, 1):
        yield {
            "condition_id": each.condition,
            "title": each.title,
            "kind": each.kind,
            "condition_order": order,
            "counts_as_long_term": each.long_term,
            "known_by": each.known_by,
            "why": each.why,
        }


def tables(place: Place) -> dict[str, pa.Table]:
    """The definitions as the builder takes them; PlaceError with all findings where one can't be used."""
    conditions, findings = read_conditions(place.folder)
    if faults := errors(findings):
        first = f"{faults[0].where}: {faults[0].message}"
        raise PlaceError(f"the definitions of conditions have {len(faults)} {'error' if len(faults) == 1 else 'errors'}; {first}", findings)
    key = ("condition_id", "counts_for", "list_id", "group_id", "setting")
    ordered = sorted(rules(conditions), key=lambda row: tuple(str(row[name]) for name in key))
    rows = {"condition_about": sorted(about(conditions), key=lambda row: str(row["condition_id"])), "condition_rule": ordered}
    return {name: pa.Table.from_pylist(found, schema(specs_of(FOLDER)[name])) for name, found in rows.items()}
