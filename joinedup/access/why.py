"""The evidence behind one published number: what it is, the counts that it is made of, and all that stands behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any, Protocol

import pyarrow as pa

from joinedup.access.behind import Behind
from joinedup.access.cell_files import CellFile, CellFiles
from joinedup.access.changes import Changes
from joinedup.access.measure_evidence import GRAIN, WHOLE, evident_rows
from joinedup.access.published import ANY, NOT_KNOWN, PUBLISHED, TOLD, evidence_key, slug
from joinedup.access.rounding import added
from joinedup.errors import Refused
from joinedup.findings import Finding
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.sources.accounts import FileAccount

__all__ = ["Evidence", "evidence_key", "why"]

Row = Mapping[str, Any]
NOT_SUMMED = ("ratio", "m", "u", "weight", "value")


class Door(Protocol):
    """What evidence asks of the aggregates door."""

    @property
    def audience(self) -> str:
        """Internal or public."""
        ...

    def table_of(self, name: str) -> pa.Table:
        """A published table by its name."""
        ...

    def files(self) -> tuple[FileAccount, ...]:
        """The files of the build; none for the public."""
        ...

    def findings(self) -> tuple[Finding, ...]:
        """What was found wrong with them; nothing for the public."""
        ...

    def changes(self) -> Changes | None:
        """What changed since the build before; None where it isn't told, or nobody has found out."""
        ...

    def cell_files(self) -> CellFiles:
        """The files behind single numbers; none for the public."""
        ...

    def behind(self, name: str) -> Behind:
        """What stands behind a measure or table."""
        ...

    def measure_list(self) -> Sequence[MeasureDefinition]:
        """The measures."""
        ...

    def measure(self, name: str, *, area_type: str = "neighbourhood", breakdown: str = "all") -> pa.Table:
        """One cut of a measure."""
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
    changed: tuple[Mapping[str, Any], ...] = ()
    """What of it the build before had otherwise: which count, before, after, and what each cause did. None where nobody has found out."""
    files: tuple[CellFile, ...] = ()
    """The files whose records stand in this very number; none where only those of its tables are known, and for the public."""

    def json(self) -> dict[str, Any]:
        """The same as JSON has it."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def why(door: Door, key: str) -> Evidence:
    """The evidence of a key; Refused where there is no such number, with the nearest that there is."""
    return Answers(door).of(key)


@dataclass
class Answers:
    """Evidence of many keys from one door, which is asked for each table once."""

    door: Door

    def __post_init__(self) -> None:
        self._told: dict[str, tuple[Behind, Listed]] = {}
        self.changes = self.door.changes()
        self._files: CellFiles | None = None
        self._lined = {each.id: each for each in self.door.measure_list()}

    def grain(self, name: str) -> Sequence[str]:
        """The columns by whose values the numbers of a name are told apart."""
        return self._asked(name)[1].grain

    def of(self, key: str) -> Evidence:
        """The evidence of a key; Refused as `why`."""
        name, *values = [part for part in key.strip().split("/") if part] or [""]
        behind, listed = self._asked(name)
        if name in self._lined and len(values) == 2:
            values += WHOLE
        if len(values) > len(listed.grain):
            apart = ", ".join(listed.grain) or "nothing"
            raise Refused(f"{key} names {len(values)} values, and {name} is told apart by {apart}: leave the rest out")
        found = listed.found(values, name)
        told = {column: _first(found, column, value) for column, value in zip(listed.grain, values, strict=False) if value != ANY}
        sums = {column: added(row[column] for row in found) for column in listed.counts} if len(found) != 1 else {}
        files = self.files.of(name, listed.grain, values) if name in self.files.known else ()
        return Evidence(key, told, tuple(found), sums, self._links(name, found), behind, self._changed(key), files)

    def _asked(self, name: str) -> tuple[Behind, Listed]:
        """What stands behind a name, and its rows; Refused where nothing is called so."""
        if name not in self._told:
            _named(name, [*self._lined, *PUBLISHED, *TOLD])
            lined = self._lined.get(name)
            rows = None if lined is None else Listed(GRAIN, list(evident_rows(lined, self.door.measure)), ())
            self._told[name] = self.door.behind(name), rows or _listed(self.door, name)
        return self._told[name]

    @property
    def files(self) -> CellFiles:
        """The files behind numbers, asked for once."""
        if self._files is None:
            self._files = self.door.cell_files()
        return self._files

    def _changed(self, key: str) -> tuple[dict[str, Any], ...]:
        """What each cause did to a number since the build before."""
        if self.changes is None:
            return ()
        turns = [turn.name for turn in self.changes.turns]
        cells = self.changes.by_key.get(key.strip().strip("/"), [])
        return tuple(
            {"count": each.count, "before": each.before, "after": each.after, "shares": dict(zip(turns, each.shares, strict=True))}
            for each in cells
        )

    def _links(self, name: str, rows: Sequence[Row]) -> dict[str, Any]:
        """How far one number of a measure stands on links by probability; nothing for the public."""
        if name not in self._lined or len(rows) != 1 or rows[0]["breakdown"] != WHOLE[0] or self.door.audience != "internal":
            return {}
        found: tuple[Row, ...] = ()
        with suppress(Refused):  # nothing of the kind was counted for people in no neighbourhood
            found = self.of(evidence_key("measure_linkage", name, rows[0]["area_type"], rows[0]["area_id"])).rows
        return {each: found[0][each] for each in PUBLISHED["measure_linkage"].counts} if found else {}


class Listed:
    """The rows of one table by the keys that name them."""

    def __init__(self, grain: Sequence[str], rows: Sequence[Row], counts: Sequence[str]) -> None:
        self.grain, self.counts = grain, counts
        self.rows: dict[tuple[str, ...], list[Row]] = {}
        self.values: list[set[str]] = [set() for _ in grain]
        for row in rows:
            named = tuple(slug(row[column]) for column in grain)
            for length in range(len(named) + 1):
                self.rows.setdefault(named[:length], []).append(row)
            for each, value in zip(self.values, named, strict=True):
                each.add(value)

    def found(self, values: Sequence[str], name: str) -> list[Row]:
        """The rows that a key's values name; none where nothing of the kind was counted. Refused where a value is none of the table's."""
        for column, value, known in zip(self.grain, values, self.values, strict=False):
            if known and value not in known and value not in (ANY, NOT_KNOWN):
                near = get_close_matches(value, sorted(known), n=3, cutoff=0.0)
                raise Refused(f"{name} has no {column} {value}; the nearest are {', '.join(near)}")
        if not any(value == ANY and ANY not in known for value, known in zip(values, self.values, strict=False)):
            return self.rows.get(tuple(values), [])
        asked = [(at, value) for at, value in enumerate(values) if value != ANY or ANY in self.values[at]]
        return [row for row in self.rows.get((), []) if all(slug(row[self.grain[at]]) == value for at, value in asked)]


def _listed(door: Door, name: str) -> Listed:
    """The rows of what has a name, and which of its columns can be summed."""
    if name in PUBLISHED:
        of = PUBLISHED[name]
        return Listed(of.grain, door.table_of(name).to_pylist(), [each for each in of.counts if each not in NOT_SUMMED])
    return Listed(TOLD[name].grain, list(_told(door, name)), ())


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


def _named(name: str, known: Sequence[str]) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.0)
        raise Refused(f"nothing that is published is called {name}; the nearest is {near[0]}, and there are {', '.join(known)}")


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
