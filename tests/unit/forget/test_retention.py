"""What is kept beyond its time is found and told with its size; what is the store's goes when asked, and nothing else."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from joinedup.engine.manifest import Manifest, publish, read_build
from joinedup.forget.retention import RULE, findings, over_age, over_age_in_register, remove_over_age
from joinedup.kept.copies import note_copy
from joinedup.kept.identity_register import identifiers_of
from joinedup.place.facts import read_place_file
from joinedup.place.model import Retention
from joinedup.sources.handing import hand_over
from tests.agreements import shared
from tests.unit.forget.test_erasing import EVERYBODY, Place, place
from tests.unit.identity.people import KEYS
from tests.unit.test_land import admitted, listed, write

__all__ = ["place"]

TODAY = date.today()


def built(where: Place, build_id: str, days_ago: int) -> None:
    at = f"{TODAY - timedelta(days=days_ago)}T08:00:00Z"
    manifest = {
        "build_id": build_id,
        "built_at": at,
        "engine": "duckdb",
        "software": "duckdb",
        "before": read_build(store.manifest).build_id if (store := where.work.store).manifest.exists() else "",
        "about": {"landing": {"landing_id": build_id}},
    }
    publish(where.work.store, Manifest.model_validate(manifest))
    (where.work.store.landed / build_id).mkdir()


def test_nothing_is_beyond_its_time_at_first(place: Place) -> None:
    assert over_age(place.work.place, place.work.store, TODAY) == []
    assert over_age_in_register(place.desk(), TODAY) == []


def test_old_builds_go_with_their_landings_and_the_published_one_stays(place: Place) -> None:
    for build_id, days in (("first", 500), ("second", 450), ("third", 401)):
        built(place, build_id, days)
    store, desk = place.work.store, place.desk()
    over = over_age(place.work.place, store, TODAY)
    assert [(each.kind, each.what, each.goes) for each in over] == [
        ("build", "first", True),
        ("build", "second", True),
        ("build", "third", False),
    ]
    remove_over_age(desk, over, TODAY)
    assert [path.stem for path in store.builds.glob("*.json")] == ["third"]
    assert {path.name for path in store.landed.iterdir() if path.is_dir()} == {"third", place.work.land().landing_id}
    assert json.loads(store.manifest.read_bytes())["build_id"] == "third"


def test_what_was_handed_over_goes_and_backups_are_told(place: Place, tmp_path: Path) -> None:
    store = place.work.store
    folder = hand_over(store, tmp_path / "out")
    (tmp_path / "old.backup").write_bytes(b"12345")
    note_copy(store.kept, "hand-over", folder)
    note_copy(store.kept, "backup", tmp_path / "old.backup")
    later = date.today() + timedelta(days=402)  # noted a moment ago, maybe on another day than these tests began
    over = over_age(place.work.place, store, later)
    assert [(each.kind, each.size, each.goes) for each in over if each.kind == "backup"] == [("backup", 5, False)]
    remove_over_age(place.desk(), over, later)
    assert not folder.exists()
    assert (tmp_path / "old.backup").exists()


def test_files_beyond_the_term_of_their_agreement_are_a_finding_of_the_landing(place: Place) -> None:
    work = place.work
    agreed = work.place.model_copy(update=shared(work.place))
    assert over_age(agreed, work.store, TODAY) == []
    later = over_age(agreed, work.store, date(TODAY.year + 9, 1, 1))
    assert {each.what for each in later if each.kind == "file"} == {"apc.csv", "list.csv"}
    (told,) = findings([each for each in later if each.kind == "file"])
    assert (told.rule, told.count) == (RULE, 2)
    built(place, "first", 500)
    built(place, "second", 1)
    write(work.extracts / "list.csv", [listed(person) for person in EVERYBODY[:2]])
    assert {finding.file for finding in work.land().findings if finding.rule == RULE} == {"retention of builds"}


def test_identifiers_of_people_in_no_file_go_and_their_ids_stay(place: Place) -> None:
    work, desk = place.work, place.desk()
    (left,) = place.subject().person_ids
    write(work.extracts / "list.csv", [listed(EVERYBODY[0])])
    write(work.extracts / "apc.csv", [admitted(EVERYBODY[0], 1)])
    work.land()
    later = date(TODAY.year + 9, 1, 1)
    over = over_age_in_register(desk, later)
    assert [(each.kind, each.goes) for each in over] == [("identifiers", True)]
    remove_over_age(desk, over, later)
    kept = identifiers_of(desk.register, KEYS, pa.array([left, *place.ids()["landed_person"]]))
    assert set(kept["person_id"].to_pylist()) == place.ids()["landed_person"]
    assert place.subject().person_ids == (left,)
    assert over_age_in_register(desk, later) == []


@pytest.mark.parametrize(("said", "rule"), [("builds_days: 0", "wrong-value"), ("bilds_days: 3", "unknown-key"), ("builds_days: 30", None)])
def test_a_place_says_how_long(root: Path, tmp_path: Path, said: str, rule: str | None) -> None:
    folder = shutil.copytree(root / "places" / "calderdale", tmp_path / "place")
    text = (folder / "place.yml").read_text()
    (folder / "place.yml").write_text(f"{text}\nretention: {{{said}}}\n")
    facts, found = read_place_file(folder)
    assert {finding.rule for finding in found} == ({rule} if rule else set())
    if rule is None:
        assert facts["heads"][0].value.retention == Retention(builds_days=30)
