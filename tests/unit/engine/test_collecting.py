"""Files that nobody's build names are removed, the others stay; builds go by days, the published one never, whatever the clock says."""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from joinedup.engine import builder, collecting
from joinedup.engine.builder import build
from joinedup.engine.collecting import READERS_TIME, collect, drop, older_than
from joinedup.engine.definitions import definitions_of
from joinedup.engine.manifest import Manifest, builds_by_number, read_manifest
from joinedup.engine.objects import definition
from joinedup.engine.profiling import profile
from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.errors import StoreProblem

from .made_up import SPECS, visits

FEW = ((1, 7, None, 250), (2, 8, None, None))
FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def builds(store: Store, monkeypatch: pytest.MonkeyPatch, *days: int) -> list[Manifest]:
    """A build on each of these days, counted from the first, each of other rows."""

    class Clock(datetime):
        day = 0

        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return FIRST + timedelta(days=cls.day)

    monkeypatch.setattr(builder, "datetime", Clock)
    made = []
    for turn, Clock.day in enumerate(days):
        made.append(build(SPECS, visits(store, *((n, 7, None, turn) for n in range(turn + 1))), store))
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store").create()


def aged(store: Store) -> None:
    """Nothing; every file of the store was written two hours ago."""
    for path in (*store.objects.iterdir(), *store.inputs.iterdir()):
        os.utime(path, (path.stat().st_mtime - 7200,) * 2)


def test_what_tables_were_declared_as_stays_as_long_as_a_build_of_them(store: Store) -> None:
    old = build(SPECS, visits(store, *FEW), store)
    shorter = {**SPECS, "total": SPECS["total"].model_copy(update={"version": 2})}
    new = build(shorter, visits(store, *FEW), store)
    before = definitions_of(store, old)
    assert before is not None
    assert {name: spec.sql for name, spec in before.items()} == {name: SPECS[name].sql for name in before}
    assert [definition(before[name]) for name in ("busy", "total")] == [old.tables[name].definition for name in ("busy", "total")]
    collect(store, keep=1)
    assert definitions_of(store, old) is None
    kept = definitions_of(store, new)
    assert kept is not None
    assert kept["total"].version == 2


def test_what_was_found_between_builds_goes_with_either(store: Store) -> None:
    old, new = build(SPECS, visits(store, *FEW), store), build(SPECS, visits(store, *FEW[:1]), store)
    store.changes.mkdir()
    kept, gone = store.changes / f"{new.build_id}.json", store.changes / f"{old.build_id}_{new.build_id}.json"
    for path in (kept, gone):
        path.write_text("{}")
    collect(store, keep=1)
    assert (kept.exists(), gone.exists()) == (True, False)


def test_a_definition_that_was_altered_is_none(store: Store) -> None:
    made = build(SPECS, visits(store, *FEW), store)
    path = store.definitions / f"{made.tables['busy'].definition}.json"
    path.write_text(path.read_text().replace("count(*)", "count(1)"))
    assert definitions_of(store, made) is None


def test_what_no_kept_build_names_is_removed(store: Store) -> None:
    for rows in (FEW, FEW[:1], ()):
        build(SPECS, visits(store, *rows), store, about={"rows": len(rows)})
    (store.objects / "total-0123.parquet").write_text("of a killed build")
    assert collect(store, keep=3) == [store.objects / "total-0123.parquet"]
    kept = {path.name for path in (*store.objects.iterdir(), *store.inputs.iterdir())}
    removed = {path.name for path in collect(store)}
    assert {name.split("-")[0] for name in removed if name.endswith(".parquet")} == {"busy", "total", "visit"}
    assert len(list(store.builds.iterdir())) == 1
    assert {path.name for path in (*store.objects.iterdir(), *store.inputs.iterdir())} == kept - removed
    assert Reader(store).table("busy").num_rows == 0
    assert collect(store) == []


def test_a_build_counts_from_when_the_one_after_it_was_published(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = builds(store, monkeypatch, 0, 10, 30)
    now = FIRST + timedelta(days=35)
    assert older_than(store, 30, now) == []
    assert older_than(store, 20, now) == made[:1]
    assert older_than(store, 0, now) == made[:2]
    profile(SPECS, made[2], store)
    (store.profiles / made[0].build_id).mkdir()
    aged(store)
    gone = drop(store, older_than(store, 20, now), spare=READERS_TIME)
    assert store.builds / f"{made[0].build_id}.json" in gone
    assert {path.name for path in store.profiles.iterdir()} == {made[2].build_id}
    for build_kept in made[1:]:
        assert all((store.root / record.file).exists() for record in (*build_kept.tables.values(), *build_kept.inputs.values()))
    assert not any((store.root / record.file).exists() for record in made[0].tables.values())


def test_a_clock_that_goes_back_makes_no_build_earlier(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = builds(store, monkeypatch, 10, 0, 5)
    assert [build.number for build in builds_by_number(store)] == [1, 2, 3]
    assert [build.build_id for build in builds_by_number(store)] == [build.build_id for build in made]
    assert read_manifest(store).build_id == made[2].build_id
    assert older_than(store, 1, FIRST + timedelta(days=3)) == made[:1]
    aged(store)
    collect(store)
    assert [build.build_id for build in builds_by_number(store)] == [made[2].build_id]
    assert Reader(store).table("busy").num_rows == 1


def test_a_clock_far_ahead_leaves_all_builds_and_the_published_one_when_somebody_is_sure(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = builds(store, monkeypatch, 0, 1)
    assert older_than(store, 400, FIRST + timedelta(days=40_000)) == []
    assert older_than(store, 400, FIRST + timedelta(days=40_000), sure=True) == made[:1]


def test_a_clock_that_leaps_a_year_for_one_build_takes_none_and_keeps_none_longer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build a day, the fourth by a clock that is a year ahead; each is collected by the clock of its day, builds being kept two days."""
    days = (0, 1, 2, 3 + 365, 4, 5, 6)
    made = builds(store, monkeypatch, *days)
    expected = {2: 0, 3: 0, 4: 2, 5: 2, 6: 4}  # after the build so numbered, how many go: the fourth was replaced on day 4, as the third
    for number, count in expected.items():
        monkeypatch.setattr(collecting, "builds_by_number", lambda _, number=number: made[: number + 1])
        assert older_than(store, 2, FIRST + timedelta(days=days[number], hours=2)) == made[:count], number


def test_a_leap_that_lasts_a_day_is_believed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = builds(store, monkeypatch, 0, 1, 400)
    assert older_than(store, 90, FIRST + timedelta(days=400, hours=23)) == []
    assert older_than(store, 90, FIRST + timedelta(days=401)) == made[:1]


def test_one_build_by_a_clock_a_year_back_makes_none_older(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = builds(store, monkeypatch, 400, 35, 401, 402)
    for days, count in ((403, 0), (430.5, 1), (431.5, 2), (432.5, 3)):
        assert older_than(store, 30, FIRST + timedelta(days=days)) == made[:count], days


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_a_machine_that_moves_to_another_time_zone_counts_as_before(store: Store, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    first = build(SPECS, visits(store, *FEW), store)
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        second = build(SPECS, visits(store), store)
        assert abs(second.built_at - first.built_at) < timedelta(minutes=5)
        assert second.build_id[:11] == f"{second.built_at:%Y%m%dT%H}"
        assert older_than(store, 0, second.built_at + timedelta(minutes=59)) == []
        assert older_than(store, 0, second.built_at + timedelta(minutes=61)) == [first]
        (store.objects / "left-0123.parquet").write_text("of a killed build")
        assert drop(store, [], spare=READERS_TIME) == []
    finally:
        monkeypatch.undo()
        time.tzset()


def test_two_builds_of_one_second_are_two(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = builds(store, monkeypatch, 0)[0]
    other = build(SPECS, visits(store), store)
    again = builds(store, monkeypatch, 0)[0]
    assert len({first.build_id, other.build_id, again.build_id}) == 3
    assert len(list(store.builds.iterdir())) == 3


def test_who_opened_a_build_while_it_was_published_has_an_hour_to_read_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    builds(store, monkeypatch, 0)
    reader = Reader(store)
    assert reader.manifest.number == 1
    made = [reader.manifest, build({**SPECS, "busy": SPECS["busy"].model_copy(update={"version": 2})}, visits(store), store)]
    aged(store)
    replaced = made[1].built_at
    drop(store, older_than(store, 0, replaced + timedelta(minutes=59)), spare=READERS_TIME)
    assert reader.table("busy")["visits"].to_pylist() == [1]
    drop(store, older_than(store, 0, replaced + timedelta(minutes=61)), spare=READERS_TIME)
    with pytest.raises(StoreProblem, match="missing or damaged"):
        reader.table("busy")
    assert Reader(store).table("busy").num_rows == 0


def test_nothing_goes_while_a_manifest_cant_be_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    builds(store, monkeypatch, 0, 1)
    (store.builds / "20200101T000000Z-aaaaaaaa.json").write_text("{", encoding="ascii")
    before = sorted(store.root.rglob("*"))
    with pytest.raises(StoreProblem, match="is not a manifest that this version can read") as found:
        collect(store)
    assert "remove it" in str(found.value)
    assert "build again" not in str(found.value)
    assert sorted(store.root.rglob("*")) == before
    (store.builds / "20200101T000000Z-aaaaaaaa.json").unlink()
    collect(store)


def test_killed_after_the_manifests_the_rest_goes_the_next_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = builds(store, monkeypatch, 0, 1)
    unlink, done = Path.unlink, list[Path]()

    def dies(path: Path, missing_ok: bool = False) -> None:
        if done:
            raise OSError(errno.EROFS, "Read-only file system")
        done.append(path)
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", dies)
    with pytest.raises(StoreProblem, match="read-only disk"):
        collect(store)
    assert done == [store.builds / f"{made[0].build_id}.json"]
    monkeypatch.setattr(Path, "unlink", unlink)
    collect(store)
    assert not any((store.root / record.file).exists() for record in made[0].tables.values())
    assert Reader(store).table("busy").num_rows == 1


def test_stopped_at_any_file_the_next_one_completes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink, turn, left = Path.unlink, 0, 1

    def dies(path: Path, missing_ok: bool = False) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    while True:
        made = builds(store, monkeypatch, 0, 1, 2)
        left = turn
        monkeypatch.setattr(Path, "unlink", dies)
        with suppress(KeyboardInterrupt):
            collect(store)
        monkeypatch.setattr(Path, "unlink", unlink)
        assert Reader(store).manifest == made[-1]
        assert Reader(store).table("total").num_rows == 1
        for kept in builds_by_number(store):
            assert all((store.root / record.file).exists() for record in (*kept.tables.values(), *kept.inputs.values())), turn
        collect(store)
        assert {path.name for path in store.objects.iterdir()} == {Path(record.file).name for record in made[-1].tables.values()}
        assert len(builds_by_number(store)) == 1
        if left >= 0:
            break
        turn += 1
    assert turn >= 8
