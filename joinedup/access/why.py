"""The evidence behind one published number: what it is, the counts that it is made of, and all that stands behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any, Protocol

import pyarrow as pa

from joinedup.access.behind import Behind
from joinedup.access.published import ANY, PUBLISHED, TOLD, evidence_key, slug
from joinedup.access.rounding import added
from joinedup.errors import Refused
from joinedup.findings import Finding
from joinedup.sources.accounts import FileAccount

__all__ = ["Evidence", "evidence_key", "why"]

Row = Mapping[str, Any]
OF_A_MEASURE = ("measure_id", "area_type", "area_id")


class Door(Protocol):
    """What evidence asks of the aggregates door."""

    @property
    def audience(self) -> str:
        """Internal or public."""
        ...

    def table_of(self, name: str) -> pa.Table:
        """A published table by its name, or all measures."""
        ...

    def files(self) -> tuple[FileAccount, ...]:
        """The files of the build; none for the public."""
        ...

    def findings(self) -> tuple[Finding, ...]:
        """What was found wrong with them; nothing for the public."""
        ...

    def behind(self, name: str) -> Behind:
        """What stands behind a measure or table."""
        ...

    def measure_specs(self) -> Mapping[str, Any]:
        """The measures by id."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """What `joinedup why` answers."""

    key: str
    told_apart: Mapping[str, Any]
    """The values that the key names; those that it leaves off are taken together."""
    rows: tuple[Row, ...]
    """The rows of the door's table that the key names, as the audience may have them."""
    counts: Mapping[str, int | None]
    """Their sums, where there are several rows and they can be summed."""
    links: Mapping[str, Any]
    """Of a measure's number: what of it stands on links by probability."""
    behind: Behind

    def json(self) -> dict[str, Any]:
        """The same as JSON has it."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def why(door: Door, key: str) -> Evidence:
    """The evidence of a key; Refused where there is no such number, with the nearest that there is."""
    name, *values = [part for part in key.strip().split("/") if part]
    _named(name, [*door.measure_specs(), *PUBLISHED, *TOLD])
    behind = door.behind(name)
    grain, rows, counts = _table(door, name)
    if len(values) > len(grain):
        raise Refused(f"{key} names {len(values)} values, and {name} is told apart by {len(grain)}: {', '.join(grain)}")
    asked = dict(zip(grain, values, strict=False))
    # A value may itself be "any"; otherwise it stands for all of them.
    asked = {column: value for column, value in asked.items() if value != ANY or any(slug(row[column]) == ANY for row in rows)}
    for column, value in asked.items():
        _known(rows, column, value, name)
    found = [row for row in rows if all(slug(row[column]) == value for column, value in asked.items())]
    told = {column: _first(rows, column, value) for column, value in asked.items()}
    sums = {column: added(row[column] for row in found) for column in counts} if len(found) != 1 else {}
    return Evidence(key, told, tuple(found), sums, _links(door, name, found), behind)


def _table(door: Door, name: str) -> tuple[Sequence[str], list[Row], Sequence[str]]:
    """By what a table is told apart, its rows, and which of its columns can be summed."""
    if name in door.measure_specs():
        return OF_A_MEASURE[1:], [row for row in door.table_of("measures").to_pylist() if row["measure_id"] == name], ()
    if name in PUBLISHED:
        of = PUBLISHED[name]
        return of.grain, door.table_of(name).to_pylist(), [each for each in of.counts if each not in ("ratio", "m", "u", "weight", "value")]
    return TOLD[name].grain, list(_told(door, name)), ()


def _told(door: Door, name: str) -> Iterable[Row]:
    """What a landing says, as rows; of what stands elsewhere no row."""
    files = door.files() if name in ("files", "deliveries", "accounting") else ()
    if name == "files":
        yield from ({"source": each.source, "file": each.file, **_account([each])} for each in files)
    if name == "accounting":
        for source in dict.fromkeys(each.source for each in files):
            yield {"source": source, **_account([each for each in files if each.source == source])}
    if name == "deliveries":
        for each in files:
            yield from ({"source": each.source, "month": month, "file": each.file, "rows": rows} for month, rows in each.months.items())
    if name == "findings":
        for found in door.findings():
            yield {"rule": found.rule, "file": found.file, "message": found.message, "count": found.count}


def _account(files: Sequence[FileAccount]) -> dict[str, int]:
    names = ("rows_read", "loaded", "superseded", "rejected", "linkable")
    return {name: sum(getattr(each, name) for each in files) for name in names} | {"linked": sum(each.linked or 0 for each in files)}


def _links(door: Door, name: str, rows: Sequence[Row]) -> dict[str, Any]:
    """How far one number of a measure stands on links by probability; nothing for the public."""
    if name not in door.measure_specs() or len(rows) != 1 or door.audience != "internal":
        return {}
    of = (name, rows[0]["area_type"], rows[0]["area_id"])
    found = next((row for row in door.table_of("measure_linkage").to_pylist() if tuple(row[each] for each in OF_A_MEASURE) == of), None)
    return {} if found is None else {each: found[each] for each in PUBLISHED["measure_linkage"].counts}


def _named(name: str, known: Sequence[str]) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.0)
        raise Refused(f"nothing that is published is called {name}; the nearest is {near[0]}, and there are {', '.join(known)}")


def _known(rows: Sequence[Row], column: str, value: str, name: str) -> None:
    """Nothing where some row has the value; where a table has rows at all."""
    values = sorted({slug(row[column]) for row in rows})
    if values and value not in values:
        near = get_close_matches(value, values, n=3, cutoff=0.0)
        raise Refused(f"{name} has no {column} {value}; the nearest are {', '.join(near)}")


def _first(rows: Sequence[Row], column: str, value: str) -> object:
    """A value as it is, from how a key has it."""
    return next((row[column] for row in rows if slug(row[column]) == value), value)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever evidence holds
    """Days as text, so that JSON can have them."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value
