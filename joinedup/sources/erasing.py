"""A landing without some people: the files that hold rows of theirs are written anew, and every row stays accounted for."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from joinedup.engine.engines import ROWS_IN_GROUP
from joinedup.engine.erasing import has_people, rows_of_people, write_without
from joinedup.engine.objects import sha256_of
from joinedup.engine.parts import Part, digest_of
from joinedup.engine.results import schema
from joinedup.engine.store import Store, move_into_place, sync_folder
from joinedup.sources.accounts import FileAccount
from joinedup.sources.landed import LandedTable, LandingRecord, landing_specs

ERASED = "erased"
"""The rule by which rows of people who were erased are rejected."""
REASON = "of a person who was erased on request"
WHERE = ("file_id", "source_row", "linked_by")


@dataclass(frozen=True, slots=True)
class Held:
    """What a landing holds of some people: their rows (file_id, source_row, linked_by) by table, and how many rows other tables have."""

    rows: Mapping[str, pa.Table]
    people: Mapping[str, int]

    @property
    def tables(self) -> dict[str, int]:
        """Table -> rows of theirs, where there are any."""
        counts = {name: rows.num_rows for name, rows in self.rows.items()} | dict(self.people)
        return {name: count for name, count in sorted(counts.items()) if count}

    def by_file(self) -> dict[int, int]:
        """File -> loaded rows of theirs."""
        found: dict[int, int] = {}
        for rows in self.rows.values():
            for each in rows.group_by("file_id").aggregate([("source_row", "count")]).to_pylist():
                found[each["file_id"]] = each["source_row_count"]
        return found


def held_of(record: LandingRecord, root: Path, ids: pa.Array) -> Held:
    """What a landing holds of some people. Only the columns by which they are found are read."""
    rows: dict[str, pa.Table] = {}
    people: dict[str, int] = {}
    for name, table in record.tables.items():
        paths = [root / file for file in table.files]
        if not has_people(paths[0]):
            continue
        if {*WHERE} <= {*pq.read_schema(paths[0]).names}:
            rows[name] = pa.concat_tables([rows_of_people(path, ids, WHERE) for path in paths])
        else:
            people[name] = sum(rows_of_people(path, ids, ("person_id",)).num_rows for path in paths)
    return Held(rows, people)


def without_people(record: LandingRecord, store: Store, ids: pa.Array, erased: int) -> LandingRecord:
    """The record of the same landing without some people, its new files in place beside the old ones; it isn't published yet."""
    held = held_of(record, store.root, ids)
    if not held.tables:
        return record.model_copy(update={"erased": erased})
    mark, tables = secrets.token_hex(4), dict(record.tables)
    for name in held.tables:
        tables[name] = _without(tables[name], ids, store, _beside(record, store, name, mark))
    accounts = _accounts(record, held)
    tables["rejected"] = _write(store, _beside(record, store, "rejected", mark), _rejected(record, store, held))
    listed = pa.Table.from_pylist([asdict(each) for each in accounts], schema=schema(landing_specs()["landed_file"]))
    tables["landed_file"] = _write(store, _beside(record, store, "landed_file", mark), listed)
    return record.model_copy(update={"tables": tables, "files": accounts, "links": _links(record, held), "erased": erased})


def _without(table: LandedTable, ids: pa.Array, store: Store, path: Path) -> LandedTable:
    """A table without some people, in one new file at `path` or in new parts beside it; parts that hold none of them stay as they are."""
    if not table.parts:
        return _written_without(table.file, ids, store, path)
    parts = tuple(_part_without(part, ids, store, path.with_name(f"{path.stem}.{part.value}.parquet")) for part in table.parts)
    return LandedTable(parts=parts, digest=digest_of(parts), rows=sum(part.rows for part in parts))


def _part_without(part: Part, ids: pa.Array, store: Store, path: Path) -> Part:
    if not rows_of_people(store.root / part.file, ids, ("person_id",)).num_rows:
        return part
    new = _written_without(part.file, ids, store, path)
    return part.model_copy(update={"file": new.file, "digest": new.digest, "size": path.stat().st_size, "rows": new.rows})


def _written_without(file: str, ids: pa.Array, store: Store, path: Path) -> LandedTable:
    rows = write_without(store.root / file, ids, store.tmp / path.name, spill=store.tmp)
    return _placed(store, path, rows)


def _beside(record: LandingRecord, store: Store, name: str, mark: str) -> Path:
    """Where a table's new file goes: under another name than the old one, which stays until the record names the new."""
    return store.landed / record.landing_id / f"{name}.{mark}.parquet"


def _placed(store: Store, path: Path, rows: int) -> LandedTable:
    move_into_place(store.tmp / path.name, path)
    return LandedTable(file=str(path.relative_to(store.root)), digest=sha256_of(path), rows=rows)


def _write(store: Store, path: Path, table: pa.Table) -> LandedTable:
    pq.write_table(table, store.tmp / path.name, compression="zstd", row_group_size=ROWS_IN_GROUP)
    return _placed(store, path, table.num_rows)


def _rejected(record: LandingRecord, store: Store, held: Held) -> pa.Table:
    """The rejected rows, those that were erased among them: by number, as every other."""
    before = pq.read_table([store.root / file for file in record.tables["rejected"].files], partitioning=None)
    gone = [rows.select(["file_id", "source_row"]) for rows in held.rows.values() if rows.num_rows]
    more = [
        rows.append_column("rule", pa.array([ERASED] * rows.num_rows, pa.string())).append_column(
            "reason", pa.array([REASON] * rows.num_rows, pa.string())
        )
        for rows in gone
    ]
    every = pa.concat_tables([before, *(rows.select(before.column_names).cast(before.schema) for rows in more)])
    return every.sort_by([("file_id", "ascending"), ("source_row", "ascending")])


def _accounts(record: LandingRecord, held: Held) -> tuple[FileAccount, ...]:
    """The accounts of files, with the erased rows among those rejected."""
    gone = held.by_file()
    return tuple(_account(file, gone[file.file_id]) if file.file_id in gone else file for file in record.files)


def _account(file: FileAccount, gone: int) -> FileAccount:
    loaded = file.loaded - gone
    return replace(
        file,
        loaded=loaded,
        rejected=file.rejected + gone,
        linkable=min(file.linkable, loaded),
        linked=None if file.linked is None else max(0, file.linked - gone),
        blank={name: min(rows, loaded) for name, rows in file.blank.items() if min(rows, loaded)},
        rejected_by={**file.rejected_by, ERASED: file.rejected_by.get(ERASED, 0) + gone},
    )


def _links(record: LandingRecord, held: Held) -> dict[str, dict[str, int]]:
    """Contract -> how its rows were linked -> rows, without those that are gone."""
    links = {contract: dict(ways) for contract, ways in record.links.items()}
    for name, rows in held.rows.items():
        ways = links.get(name.removeprefix("landed_"), {})
        for each in pc.value_counts(rows["linked_by"]).to_pylist():
            left = ways.get(each["values"], 0) - each["counts"]
            ways.pop(each["values"], None)
            ways |= {each["values"]: left} if left > 0 else {}
    return links


def remove_unnamed(record: LandingRecord, store: Store) -> list[Path]:
    """The files of a landing that were removed, on disk too: all that its record, which is published, doesn't name."""
    named = {store.root / file for table in record.tables.values() for file in table.files}
    gone = [path for path in sorted((store.landed / record.landing_id).glob("*.parquet")) if path not in named]
    for path in gone:
        path.unlink()
    if gone:
        sync_folder(store.landed / record.landing_id)
    return gone
