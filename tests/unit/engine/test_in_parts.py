"""Tables in parts: only the parts that something changed in are made again, and together they are the table made whole."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from joinedup.engine.builder import InputFile, PartFile, build, write_input
from joinedup.engine.by_file import by_file_findings
from joinedup.engine.manifest import Manifest
from joinedup.engine.parts import digest_of
from joinedup.engine.reader import Reader
from joinedup.engine.rows import same_rows
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store
from joinedup.errors import SqlError

from .made_up import rows, table

OF_ROW = {"file_id": "INTEGER", "id": "BIGINT", "person": "BIGINT", "n": "BIGINT"}
VISIT = table("visit", OF_ROW, key=["file_id", "id"], by_file=True)
CALL = table("call", OF_ROW, key=["file_id", "id"], by_file=True)
RATE = table("rate", {"rate": "BIGINT"}, key=["rate"])
EACH = table(
    "each",
    {"act": "BIGINT", "file_id": "INTEGER", "person": "BIGINT", "cost": "BIGINT"},
    key=["act"],
    required=["act", "file_id"],
    sort=["person"],
    by_file=True,
    sql="""SELECT CAST(v.file_id AS BIGINT) * 1000 + v.id AS act, v.file_id, v.person, v.n * r.rate AS cost
FROM visit AS v
CROSS JOIN rate AS r
UNION ALL
SELECT CAST(file_id AS BIGINT) * 1000 + id, file_id, person, n
FROM call""",
)
SEEN = table(
    "seen",
    {"file_id": "INTEGER", "person": "BIGINT", "acts": "BIGINT"},
    key=["file_id", "person"],
    required=["file_id", "person"],
    by_file=True,
    sql="SELECT file_id, coalesce(person, -1) AS person, count(*) AS acts\nFROM each\nGROUP BY file_id, coalesce(person, -1)",
)
PEOPLE = table(
    "people",
    {"person": "BIGINT", "acts": "BIGINT"},
    key=["person"],
    sql="SELECT person, CAST(sum(acts) AS BIGINT) AS acts\nFROM seen\nGROUP BY person",
)
LAST = table(
    "last",
    {"act": "BIGINT", "file_id": "INTEGER", "place": "BIGINT"},
    key=["act"],
    required=["act", "file_id"],
    kept_by_file=True,
    sql="""SELECT CAST(file_id AS BIGINT) * 1000 + id AS act, file_id,
    row_number() OVER (PARTITION BY person ORDER BY file_id NULLS LAST, id NULLS LAST) AS place
FROM visit""",
)
FIRST = table(
    "first",
    {"act": "BIGINT", "file_id": "INTEGER"},
    key=["act"],
    required=["act", "file_id"],
    by_file=True,
    sql="SELECT act, file_id\nFROM last\nWHERE place = 1",
)
SPECS = {spec.table: spec for spec in (VISIT, CALL, RATE, EACH, SEEN, PEOPLE)}
Files = Mapping[str, Mapping[int, Sequence[tuple[int, int | None, int]]]]
"""Part -> file -> rows of id, person and n."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store").create()


def given(store: Store, spec: TableSpec, files: Files) -> InputFile:
    """A landed table in parts; in one file where there is but one part, and no part is called otherwise than "all"."""
    held = {value: [(file, *row) for file, own in sorted(of.items()) for row in own] for value, of in sorted(files.items())}
    written = {value: write_input(rows(spec, *own), spec, store) for value, own in held.items()}
    if set(written) == {"all"}:
        return written["all"]
    parts = tuple(PartFile(value, file.path, file.digest, file.rows, tuple(files[value])) for value, file in written.items())
    return InputFile(store.inputs, digest_of(parts), sum(part.rows for part in parts), parts)


def built(store: Store, visits: Files, calls: Files, rate: int = 2, **more: Any) -> Manifest:
    inputs = {
        "visit": given(store, VISIT, visits),
        "call": given(store, CALL, calls),
        "rate": write_input(rows(RATE, (rate,)), RATE, store),
    }
    return build(SPECS, inputs, store, **more)


def made(manifest: Manifest) -> dict[str, list[str]]:
    """Table -> the parts of it that were made in this build; those of a table in one file are called whole."""
    found = {
        name: [part.value for part in record.parts if not part.reused] if record.parts else ["whole"]
        for name, record in manifest.tables.items()
        if not record.reused
    }
    return {name: parts for name, parts in sorted(found.items()) if parts}


JANUARY: Files = {"2026-01": {1: [(1, 7, 10), (2, None, 20)]}}
MONTHS: Files = {**JANUARY, "2026-02": {2: [(1, 8, 30)]}}
CALLS: Files = {"2026-01": {3: [(1, 7, 1)]}}


def test_a_new_month_makes_its_own_part(store: Store) -> None:
    first = built(store, JANUARY, CALLS)
    assert made(first) == {"each": ["2026-01"], "people": ["whole"], "seen": ["2026-01"]}
    again = built(store, MONTHS, CALLS)
    assert made(again) == {"each": ["2026-02"], "people": ["whole"], "seen": ["2026-02"]}
    assert again.tables["each"].rows == 4
    assert (again.tables["each"].file, len(again.tables["each"].files)) == ("", 2)
    assert Reader(store).rows("people").num_rows == 3
    assert sorted(Reader(store).table("people").to_pylist(), key=lambda row: row["person"]) == [
        {"person": -1, "acts": 1},
        {"person": 7, "acts": 2},
        {"person": 8, "acts": 1},
    ]


def test_what_reads_a_whole_table_that_changed_is_made_anew(store: Store) -> None:
    built(store, MONTHS, CALLS)
    again = built(store, MONTHS, CALLS, rate=3)
    every = ["2026-01", "2026-02"]
    assert made(again) == {"each": every, "seen": every}, "what people did is the same, whatever it cost"


def test_a_correction_changes_its_own_part(store: Store) -> None:
    built(store, MONTHS, CALLS)
    again = built(store, {**MONTHS, "2026-01": {1: [(1, 7, 10)]}}, CALLS)
    assert made(again) == {"each": ["2026-01"], "people": ["whole"], "seen": ["2026-01"]}


def test_a_table_in_one_file_beside_others_in_parts_is_a_part_of_its_own(store: Store) -> None:
    first = built(store, MONTHS, {"all": {3: [(1, 7, 1)]}})
    assert made(first)["each"] == ["2026-01", "2026-02", "whole"]
    again = built(store, MONTHS, {"all": {3: [(1, 7, 2)]}})
    assert made(again) == {"each": ["whole"], "seen": ["whole"]}


def test_a_killed_part_is_made_again_alone(store: Store) -> None:
    first = built(store, MONTHS, CALLS)
    (store.root / first.tables["each"].parts[1].file).unlink()
    again = built(store, MONTHS, CALLS, about={"turn": 2})
    assert made(again) == {"each": ["2026-02"]}
    assert {name: table.digest for name, table in again.tables.items()} == {name: table.digest for name, table in first.tables.items()}


def test_a_damaged_part_is_found(store: Store) -> None:
    first = built(store, MONTHS, CALLS)
    path = store.root / first.tables["each"].parts[0].file
    content = bytearray(path.read_bytes())
    content[20] ^= 255
    path.write_bytes(content)
    assert made(built(store, MONTHS, CALLS, verify=True, about={"turn": 2})) == {"each": ["2026-01"]}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_lands_the_rows_are_those_of_a_full_build(store: Store, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)

    def some(files: Sequence[int]) -> dict[int, list[tuple[int, int | None, int]]]:
        return {
            file: [(n, chance.choice([None, *range(5)]), chance.randrange(99)) for n in range(chance.randrange(1, 6))] for file in files
        }

    visits: dict[str, Any] = {}
    calls: dict[str, Any] = {}
    for turn in range(4):
        visits[f"2026-0{turn}"] = some([turn * 10 + 1, turn * 10 + 2])
        if chance.random() < 0.6:
            calls[f"2026-0{turn}"] = some([turn * 10 + 3])
        if turn and chance.random() < 0.5:  # a correction, a file sent again
            visits[chance.choice(sorted(visits))] |= some([100 + turn])
        by_month = built(store, visits, calls or {"all": {}}, rate=1 + turn // 3)
        other = Store(tmp_path / f"whole{turn}").create()
        whole = built(other, {"all": {f: own for of in visits.values() for f, own in of.items()}},
                      {"all": {f: own for of in calls.values() for f, own in of.items()}}, rate=1 + turn // 3)  # fmt: skip
        assert not any(record.parts for record in whole.tables.values())
        for name in by_month.tables:
            assert same_rows(Reader(store).table(name), Reader(other).table(name)) == [], (turn, name)


def test_a_table_made_whole_is_kept_apart_for_what_reads_it_by_file(store: Store, tmp_path: Path) -> None:
    specs = {spec.table: spec for spec in (VISIT, LAST, FIRST)}
    build(specs, {"visit": given(store, VISIT, JANUARY)}, store)
    again = build(specs, {"visit": given(store, VISIT, MONTHS)}, store)
    assert made(again) == {"first": ["2026-02"], "last": ["2026-01", "2026-02", "whole"]}
    other = Store(tmp_path / "other").create()
    build(specs, {"visit": given(other, VISIT, {"all": {1: MONTHS["2026-01"][1], 2: MONTHS["2026-02"][2]}})}, other)
    for name in ("last", "first"):
        assert same_rows(Reader(store).table(name), Reader(other).table(name)) == []


WHO = table(
    "who",
    {"act": "BIGINT", "file_id": "INTEGER", "person": "BIGINT"},
    key=["act"],
    required=["act", "file_id"],
    kept_by_file=True,
    sql="SELECT CAST(file_id AS BIGINT) * 1000 + id AS act, file_id, person\nFROM visit",
)


def test_the_first_missing_value_of_a_new_month_leaves_other_parts_as_they_are(store: Store) -> None:
    specs = {spec.table: spec for spec in (VISIT, WHO)}
    january: Files = {"2026-01": {1: [(1, 7, 10), (2, 8, 20)]}}
    first = build(specs, {"visit": given(store, VISIT, january)}, store)
    again = build(specs, {"visit": given(store, VISIT, {**january, "2026-02": {2: [(1, None, 30)]}})}, store)
    before, after = ({part.value: part.digest for part in each.tables["who"].parts} for each in (first, again))
    assert after["2026-01"] == before["2026-01"]
    assert after.keys() - before.keys() == {"2026-02"}


def test_a_row_without_its_file_is_told_and_not_lost(store: Store) -> None:
    lost = WHO.model_copy(update={"sql": str(WHO.sql).replace(", file_id,", ", CASE WHEN id = 1 THEN file_id END AS file_id,")})
    with pytest.raises(SqlError, match=r"who\.file_id is required and holds 1 nulls"):
        build({"visit": VISIT, "who": lost}, {"visit": given(store, VISIT, JANUARY)}, store)


def test_a_key_that_two_files_may_share_is_refused_also_where_a_table_is_made_whole() -> None:
    shared = WHO.model_copy(update={"sql": "SELECT id AS act, file_id, person\nFROM visit"})
    [found] = by_file_findings(shared, {"visit": VISIT, "who": shared})
    assert "who is said to be kept_by_file, but has a key (act) of which no column is made of file_id" in found.message


def test_files_that_lie_in_another_part_from_now_on_are_in_it(store: Store) -> None:
    """A year is over, and its months lie together: also of what is made from a table that came out the same."""
    middle = table("middle", {"act": "BIGINT", "file_id": "INTEGER", "person": "BIGINT"}, key=["act"], sql=str(WHO.sql))
    kept = WHO.model_copy(update={"table": "kept", "sql": "SELECT act, file_id, person\nFROM middle"})
    specs = {"visit": VISIT, "middle": middle, "kept": kept}
    months: Files = {"2025": {1: [(1, 7, 10)]}, "2025-06": {2: [(1, 8, 30)]}, "2026-01": {3: [(1, 7, 1)]}}
    first = build(specs, {"visit": given(store, VISIT, months)}, store)
    year: Files = {"2025": {1: [(1, 7, 10)], 2: [(1, 8, 30)]}, "2026-01": {3: [(1, 7, 1)]}}
    again = build(specs, {"visit": given(store, VISIT, year)}, store)
    assert again.tables["middle"].digest == first.tables["middle"].digest
    assert {part.value: part.rows for part in again.tables["kept"].parts} == {"2025": 2, "2026-01": 1, "whole": 0}


ACT = table(
    "act",
    {"act": "BIGINT", "file_id": "INTEGER"},
    key=["act"],
    required=["act", "file_id"],
    by_file=True,
    sql="SELECT id + CAST(n * file_id AS BIGINT) AS act, file_id\nFROM visit",
)
"""Its key is made of the file, as far as can be seen, and yet two files may share one."""
TWICE: Files = {**JANUARY, "2026-02": {2: [(1, 8, 5)]}}


def acts(store: Store, visits: Files, **more: Any) -> Manifest:
    return build({"visit": VISIT, "act": ACT}, {"visit": given(store, VISIT, visits)}, store, **more)


def test_a_key_that_two_parts_share_is_found_whichever_is_made_first(store: Store, tmp_path: Path) -> None:
    assert [*by_file_findings(ACT, {"visit": VISIT, "act": ACT})] == []
    with pytest.raises(SqlError, match=r"act holds 1 keys \(act\) with more than one row"):
        acts(store, TWICE)
    acts(store, JANUARY, about={"turn": 2})
    for turn in (3, 4):  # the second time both parts are there, from the build that failed
        with pytest.raises(SqlError, match=r"act holds 1 keys \(act\) with more than one row"):
            acts(store, TWICE, about={"turn": turn})
    other = Store(tmp_path / "other").create()
    acts(other, JANUARY)
    with pytest.raises(SqlError, match=r"act holds 1 keys \(act\) with more than one row"):
        acts(other, TWICE)
    assert made(acts(other, {**TWICE, "2026-02": {2: [(1, 8, 6)]}})) == {"act": ["2026-02"]}


def test_a_key_of_a_table_kept_by_file_is_looked_at_as_a_whole(store: Store) -> None:
    kept = ACT.model_copy(update={"by_file": False, "kept_by_file": True})
    with pytest.raises(SqlError, match="act holds 1 keys"):
        build({"visit": VISIT, "act": kept}, {"visit": given(store, VISIT, TWICE)}, store)


@pytest.mark.parametrize(
    ("file", "said"),
    [("file_id + 1", "3 rows with another file_id"), ("CASE WHEN n < 30 THEN file_id END", "required and holds 1 nulls")],
)
@pytest.mark.parametrize("way", [{"by_file": True}, {"kept_by_file": True}])
def test_a_row_of_another_file_or_of_none_is_refused(store: Store, way: dict[str, bool], file: str, said: str) -> None:
    sql = f"SELECT id * 1000 + file_id AS act, CAST({file} AS INTEGER) AS file_id\nFROM visit"
    spec = ACT.model_copy(update={"by_file": False, "sql": sql, **way})
    visits: Files = {**JANUARY, "2026-02": {3: [(1, 8, 30)]}}
    if "kept_by_file" in way and "+" in file:  # a table made as a whole may say of a row what it likes
        assert build({"visit": VISIT, "act": spec}, {"visit": given(store, VISIT, visits)}, store).tables["act"].rows == 3
        return
    with pytest.raises(SqlError, match=said.replace("3 rows", "[12] rows")):
        build({"visit": VISIT, "act": spec}, {"visit": given(store, VISIT, visits)}, store)


REFUSED = {
    "sums over files": ("SELECT file_id, 1 AS person, count(*) AS acts FROM visit GROUP BY person, file_id + 0", "without file_id among"),
    "no group at all": ("SELECT CAST(max(file_id) AS INTEGER) AS file_id, 1 AS person, count(*) AS acts FROM visit", "without file_id"),
    "a window over all": (
        "SELECT file_id, person, row_number() OVER (PARTITION BY person ORDER BY file_id NULLS LAST, id NULLS LAST) AS acts FROM visit",
        "a window that isn't of one file",
    ),
    "a join over files": ("SELECT v.file_id, v.person, c.n AS acts FROM visit AS v INNER JOIN call AS c ON c.id = v.id", "joins two"),
    "in a part of the query": (
        "WITH last AS (SELECT person, max(n) AS n FROM call GROUP BY person)\n"
        "SELECT v.file_id, v.person, l.n AS acts FROM visit AS v LEFT JOIN last AS l ON l.person = v.person",
        "without file_id among",
    ),
    "looked up": ("SELECT file_id, person, n AS acts FROM visit AS v WHERE EXISTS (SELECT 1 FROM call WHERE person = v.person)", "looks"),
    "a union": ("SELECT file_id, person, n AS acts FROM visit UNION SELECT file_id, person, n FROM call", "UNION"),
    "different ones": ("SELECT DISTINCT person AS file_id, n AS person, 1 AS acts FROM visit", "key"),
    "nothing by file": ("SELECT 1 AS file_id, rate AS person, 1 AS acts FROM rate", "reads no table that is by file"),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "said"), REFUSED.values(), ids=list(REFUSED))
def test_what_crosses_files_is_refused(sql: str, said: str) -> None:
    key = ("person",) if "key" in said else ("file_id", "person")
    spec = SEEN.model_copy(update={"sql": sql, "key": key})
    found = [finding.message for finding in by_file_findings(spec, {**SPECS, "seen": spec})]
    assert any(said in message for message in found), found


def test_what_stays_within_a_file_is_not() -> None:
    within = """WITH one AS (SELECT file_id, id, max(n) AS n FROM visit GROUP BY file_id, id)
SELECT v.file_id, v.id AS person, row_number() OVER (PARTITION BY v.file_id ORDER BY v.id NULLS LAST) AS acts
FROM visit AS v
INNER JOIN one AS o ON o.file_id = v.file_id AND o.id = v.id
CROSS JOIN rate AS r"""
    for sql in (SEEN.sql, within):
        spec = SEEN.model_copy(update={"sql": sql})
        assert list(by_file_findings(spec, {**SPECS, "seen": spec})) == []
