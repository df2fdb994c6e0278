"""Parts that stay though some people's rows in them have changed: whoever reads them finds the rows of a build from nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from joinedup.engine import amending
from joinedup.engine.builder import InputFile, PartFile, build, write_input
from joinedup.engine.by_file import by_person_findings
from joinedup.engine.collecting import collect
from joinedup.engine.comparing import tables_changed
from joinedup.engine.lying import rows_sql
from joinedup.engine.manifest import Manifest, parts_made
from joinedup.engine.parts import digest_of
from joinedup.engine.reader import Reader
from joinedup.engine.rows import same_rows
from joinedup.engine.store import Store, move_into_place
from joinedup.errors import SqlError

from .made_up import rows, table

VISIT = table("visit", {"file_id": "INTEGER", "id": "BIGINT", "person_id": "BIGINT", "n": "BIGINT"}, key=["file_id", "id"], by_file=True)
LISTED = table("listed", {"person_id": "BIGINT", "since": "BIGINT", "seen": "BIGINT"}, key=["person_id"])
RATE = table("rate", {"rate": "BIGINT"}, key=["rate"])
EACH = table(
    "each",
    {"act": "BIGINT", "file_id": "INTEGER", "person_id": "BIGINT", "n": "BIGINT"},
    key=["act"],
    required=["act", "file_id"],
    sort=["person_id"],
    by_file=True,
    by_person=True,
    sql="SELECT CAST(file_id AS BIGINT) * 1000 + id AS act, file_id, person_id, n\nFROM visit",
)
OURS = table(
    "ours",
    {"act": "BIGINT", "file_id": "INTEGER", "person_id": "BIGINT", "cost": "BIGINT"},
    key=["act"],
    required=["act", "file_id", "person_id"],
    sort=["person_id"],
    by_file=True,
    by_person=True,
    sql="""SELECT e.act, e.file_id, e.person_id, e.n * r.rate AS cost
FROM each AS e
INNER JOIN listed AS l ON l.person_id = e.person_id AND l.since <= e.n
CROSS JOIN rate AS r""",
)
SUMS = table(
    "sums",
    {"person_id": "BIGINT", "cost": "BIGINT"},
    key=["person_id"],
    sql="SELECT person_id, CAST(sum(cost) AS BIGINT) AS cost\nFROM ours\nGROUP BY person_id",
)
SPECS = {spec.table: spec for spec in (VISIT, LISTED, RATE, EACH, OURS, SUMS)}
Row = tuple[int, int | None, int]
"""Its id, its person and n."""
Months = Mapping[int, Sequence[Row]]
"""File, one a month -> its rows."""
PEOPLE = range(1, 81)


@pytest.fixture(autouse=True)
def however_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amending, "ROWS_WORTH_AMENDING", 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store").create()


def months(*, seed: int = 1, of: Sequence[int] = (1, 2, 3)) -> dict[int, list[Row]]:
    """Months of visits, of everybody some; each eighth is nobody's who is known."""
    chance = random.Random(seed)
    return {file: [(at, None if at % 8 == 0 else chance.choice(PEOPLE), chance.randrange(100)) for at in range(240)] for file in of}


def listed(since: int = 10, **other: int) -> list[tuple[int, int, int]]:
    """Everybody since some day, but for those whose day is another."""
    return [(person, other.get(f"p{person}", since), 0) for person in PEOPLE]


def inputs(store: Store, visits: Months, people: Sequence[tuple[int, int, int]], rate: int) -> dict[str, InputFile]:
    written = {file: write_input(rows(VISIT, *((file, *row) for row in own)), VISIT, store) for file, own in sorted(visits.items())}
    parts = tuple(PartFile(f"2026-{file:02}", each.path, each.digest, each.rows, (file,)) for file, each in written.items())
    return {
        "visit": InputFile(store.inputs, digest_of(parts), sum(part.rows for part in parts), parts),
        "listed": write_input(rows(LISTED, *people), LISTED, store),
        "rate": write_input(rows(RATE, (rate,)), RATE, store),
    }


def built(store: Store, visits: Months, people: Sequence[tuple[int, int, int]] = (), rate: int = 2, **more: Any) -> Manifest:
    return build(more.pop("specs", SPECS), inputs(store, visits, people or listed(), rate), store, **more)


def amended(manifest: Manifest, name: str) -> list[str]:
    """The parts of a table of which some people are void."""
    return [part.value for part in manifest.tables[name].parts if part.amends is not None and part.amends.instead]


def whole(manifest: Manifest, name: str) -> list[str]:
    """The parts that were made as a whole."""
    return [part.value for part in manifest.tables[name].parts if not part.reused and part.amends is None]


def same_as_from_nothing(store: Store, tmp_path: Path, *given: Any, **more: Any) -> None:
    """Nothing where every table of the published build has the rows of one from nothing, by each way of reading them."""
    fresh = Store(tmp_path / f"fresh-{random.getrandbits(40)}").create()
    built(fresh, *given, **more)
    found, full = Reader(store), Reader(fresh)
    for name in ("each", "ours", "sums"):
        assert not same_rows(found.table(name), full.table(name)), name
        assert found.manifest.tables[name].rows == full.table(name).num_rows
        with duckdb.connect() as con:
            shown = con.sql(rows_sql(found.manifest.tables[name].lying(store.root)))
            assert shown is not None
            assert not same_rows(shown.to_arrow_table(), full.table(name)), name
        sets = [*found.sets(name, ["person_id"], pc.field("person_id") > 7)]
        assert sum(each.num_rows for each in sets) == full.rows(name, ["person_id"], pc.field("person_id") > 7).num_rows
        for person in (1, 2, 3):
            assert not same_rows(found.rows_of(name, person), full.rows_of(name, person)), (name, person)


def relinked(visits: Months, was: int | None, now: int | None) -> dict[int, list[Row]]:
    """The same visits, a person's being another's."""
    return {file: [(at, now if who == was else who, n) for at, who, n in own] for file, own in visits.items()}


def test_who_is_linked_otherwise_leaves_every_part_where_it_is(store: Store, tmp_path: Path) -> None:
    built(store, months())
    now = relinked(months(), 1, 2)
    again = built(store, now)
    assert amended(again, "each") == amended(again, "ours") == ["2026-01", "2026-02", "2026-03"]
    void = pq.read_table(store.root / again.tables["each"].parts[0].amends.void)  # type: ignore[union-attr]
    assert void["person_id"].to_pylist() == [1, 2]
    same_as_from_nothing(store, tmp_path, now)
    third = built(store, relinked(now, 2, 3))
    assert whole(third, "each") == []
    same_as_from_nothing(store, tmp_path, relinked(now, 2, 3))


def test_who_may_no_longer_be_counted_is_void_below_that_alone(store: Store, tmp_path: Path) -> None:
    first = built(store, months())
    again = built(store, months(), listed(p5=90))
    assert again.tables["each"].digest == first.tables["each"].digest
    assert amended(again, "ours") == ["2026-01", "2026-02", "2026-03"]
    same_as_from_nothing(store, tmp_path, months(), listed(p5=90))


def test_columns_that_are_not_read_make_nobody_void(store: Store, tmp_path: Path) -> None:
    first = built(store, months())
    people = [(person, since, 5) for person, since, _ in listed()]
    again = built(store, months(), people)
    assert amended(again, "ours") == []
    assert again.tables["ours"].digest == first.tables["ours"].digest
    assert again.tables["sums"].reused
    same_as_from_nothing(store, tmp_path, months(), people)


def test_a_new_month_is_made_and_others_amended(store: Store, tmp_path: Path) -> None:
    built(store, months(of=(1, 2)))
    now = relinked(months(), 1, 2)
    again = built(store, now)
    assert amended(again, "each") == ["2026-01", "2026-02"]
    assert whole(again, "each") == ["2026-03"]
    assert parts_made(again.tables["each"]) == "3 of 3 parts, of 2 some people's rows"
    same_as_from_nothing(store, tmp_path, now)


def test_where_many_have_changed_or_a_price_the_part_is_made(store: Store, tmp_path: Path) -> None:
    built(store, months())
    many = listed(since=50)
    assert amended(built(store, months(), many), "ours") == []
    again = built(store, months(), many, 3)
    assert whole(again, "ours") == ["2026-01", "2026-02", "2026-03"]
    same_as_from_nothing(store, tmp_path, months(), many, 3)


def test_a_definition_makes_its_descendants_and_no_others(store: Store) -> None:
    first = built(store, months())
    sql = str(OURS.sql).replace("e.n * r.rate", "e.n * r.rate + 1")
    again = built(store, months(), specs={**SPECS, "ours": OURS.model_copy(update={"sql": sql})})
    assert again.tables["each"].reused
    assert whole(again, "ours") == ["2026-01", "2026-02", "2026-03"]
    same = {name: record.digest for name, record in again.tables.items() if record.digest == first.tables[name].digest}
    assert same.keys() == {"each"}


@pytest.mark.parametrize("seed", range(2))
def test_whatever_comes_after_whatever(store: Store, tmp_path: Path, seed: int) -> None:
    """Links, objections, prices, months that go and come, collections, and builds of before again, one after another."""
    chance = random.Random(seed)
    visits, people, rate, many = months(of=(1, 2)), listed(), 2, 0
    for turn in range(6):
        match chance.randrange(6):
            case 0 | 1:
                visits = relinked(visits, chance.choice([*PEOPLE, None]), chance.choice([*PEOPLE, None]))
            case 2:
                people = [(who, chance.randrange(100) if who == chance.choice(PEOPLE) else since, seen + 1) for who, since, seen in people]
            case 3:
                visits = visits | months(seed=turn, of=(turn + 3,))
            case 4:
                visits = {file: [row for row in own if chance.random() > 0.02] for file, own in visits.items()}
            case _:
                collect(store, keep=chance.randrange(3))
        made = built(store, visits, people, rate, about={"turn": turn})
        many += len(amended(made, "ours"))
        for record in made.tables.values():
            assert all((store.root / file).exists() for file in record.files)
        same_as_from_nothing(store, tmp_path, visits, people, rate)
    assert many


def test_what_was_killed_is_gone_on_with(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(store, months())
    now, write, calls = relinked(months(), 1, 2), move_into_place, iter(range(100))

    def killed(path: Path, to: Path) -> None:
        if next(calls) == 3:
            raise KeyboardInterrupt
        write(path, to)

    monkeypatch.setattr(amending, "move_into_place", killed)
    with pytest.raises(KeyboardInterrupt):
        built(store, now, jobs=1)
    same_as_from_nothing(store, tmp_path, months())
    again = built(store, now)
    assert len(amended(again, "each")) == 3
    assert [part.reused for part in again.tables["each"].parts].count(True) in {0, 3}
    same_as_from_nothing(store, tmp_path, now)


@pytest.mark.parametrize("which", ["file", "void", "instead"])
def test_what_is_damaged_or_gone_is_made_anew(store: Store, tmp_path: Path, which: str) -> None:
    built(store, months())
    now = relinked(months(), 1, 2)
    part = built(store, now).tables["each"].parts[1]
    path = store.root / {"file": part.file, "void": part.amends.void, "instead": part.amends.instead}[which]  # type: ignore[union-attr]
    if which == "file":
        path.unlink()
        built(store, now)
        same_as_from_nothing(store, tmp_path, now)
        return
    content = bytearray(path.read_bytes())
    content[40] ^= 255
    path.write_bytes(bytes(content))
    built(store, now, verify=True)
    same_as_from_nothing(store, tmp_path, now)


def test_a_build_of_before_again_is_that_build(store: Store) -> None:
    built(store, months())
    second = built(store, relinked(months(), 1, 2), about={"turn": 2})
    built(store, relinked(months(), 1, 3), about={"turn": 3})
    again = built(store, relinked(months(), 1, 2), about={"turn": 4})
    assert {name: record.digest for name, record in again.tables.items()} == {name: record.digest for name, record in second.tables.items()}
    assert all(record.reused for record in again.tables.values())


def test_two_builds_are_compared_by_the_rows_that_count(store: Store) -> None:
    first = built(store, months())
    again = built(store, months(), listed(p5=200))
    gone = sum(who == 5 and n >= 10 for own in months().values() for _, who, n in own)
    with duckdb.connect() as con:
        [ours] = [change for change in tables_changed(con, store, first, again, SPECS) if change.table == "ours"]
    assert (ours.added, ours.gone, ours.changed) == (0, gone, 0)


REFUSED = {
    "no file": ({"by_file": False}, None, "isn't by_file"),
    "no person": ({}, "SELECT act, file_id, CAST(1 AS BIGINT) AS person_id, n AS cost FROM each", "isn't one of those"),
    "a sum": (
        {},
        "SELECT e.act, e.file_id, e.person_id, m.n AS cost FROM each AS e CROSS JOIN (SELECT max(n) AS n FROM each) AS m",
        "without person_id",
    ),
    "another's": (
        {},
        "SELECT e.act, e.file_id, e.person_id, l.since AS cost FROM each AS e INNER JOIN listed AS l ON l.seen = e.n",
        "joins two",
    ),
    "a rank": (
        {},
        "SELECT act, file_id, person_id, row_number() OVER (PARTITION BY file_id ORDER BY act NULLS LAST) AS cost FROM each",
        "isn't of one person",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("other", "sql", "said"), REFUSED.values(), ids=list(REFUSED))
def test_what_crosses_people_is_refused(other: dict[str, bool], sql: str | None, said: str) -> None:
    spec = OURS.model_copy(update={"sql": sql or OURS.sql, **other})
    found = [finding.message for finding in by_person_findings(spec, {**SPECS, "ours": spec})]
    assert any(said in message for message in found), found
    assert not [*by_person_findings(OURS, SPECS)]


def test_rows_of_somebody_else_are_refused(store: Store) -> None:
    sql = str(EACH.sql).replace("person_id, n", "CAST(person_id + 0 * n + CASE WHEN n > 50 THEN 1 ELSE 0 END AS BIGINT) AS person_id, n")
    specs = {**SPECS, "each": EACH.model_copy(update={"sql": sql})}
    built(store, months(), specs=specs)
    with pytest.raises(SqlError, match="rows with another person_id"):
        built(store, relinked(months(), 1, 2), specs=specs)
