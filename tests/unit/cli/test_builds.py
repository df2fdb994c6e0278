"""The verbs about builds: which are kept, which go, who holds the store, and the query profiles of one."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from joinedup.cli import main
from joinedup.engine.builder import build
from joinedup.engine.manifest import builds_by_number, publish, read_manifest
from joinedup.engine.store import Store
from joinedup.kept.keys import write_new_key
from tests.unit.engine.made_up import SPECS, visits

FEW = ((1, 7, None, 250), (2, 8, None, None))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def place(root: Path) -> Path:
    return root / "places" / "calderdale"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with two builds of made-up tables, the first of which was published 500 days before the second, which is old, too."""
    store = Store((tmp_path / "store").resolve()).create()
    for rows in (FEW, FEW[:1]):
        build(SPECS, visits(store, *rows), store)
    first, second = builds_by_number(store)
    for manifest, days in ((first, 1000), (second, 500)):
        shifted = {"built_at": manifest.built_at - timedelta(days=days), "before": read_manifest(store).build_id}
        publish(store, manifest.model_copy(update=shifted))
    return store


def test_builds_lists_the_latest_first_and_says_which_is_published(store: Store, place: Path) -> None:
    answer = run("builds", place, "--store", store.root, "--format", "json")
    assert answer.exit_code == 0
    first, second = builds_by_number(store)
    rows = json.loads(answer.stdout)
    assert [(row["build"], row["number"], row["now"], row["tables"], row["rows"]) for row in rows] == [
        (second.build_id, 2, "published", 2, 2),
        (first.build_id, 1, "", 2, 3),
    ]
    assert rows[0]["seconds"] == second.measured.seconds
    assert second.build_id in run("builds", place, "--store", store.root).stdout


def test_builds_of_nothing_ends_with_6(place: Path, tmp_path: Path) -> None:
    assert run("builds", place, "--store", tmp_path / "none").exit_code == 6


def test_collect_goes_by_the_places_days_or_those_given(store: Store, place: Path) -> None:
    for path in (*store.objects.iterdir(), *store.inputs.iterdir()):
        os.utime(path, (0, 0))
    first, second = builds_by_number(store)
    assert run("collect", place, "--store", store.root, "--days", 501).stdout == ""
    dry = run("collect", place, "--store", store.root, "--dry-run", "--days", 400)
    assert (dry.stdout, dry.stderr) == (f"{first.build_id}\n", "1 builds would go\n")
    assert len(builds_by_number(store)) == 2
    since = second.built_at + timedelta(days=500)
    for number, days in enumerate(range(440, 0, -60), 3):
        more = {"build_id": f"later-{number}", "number": number, "built_at": since - timedelta(days=days)}
        publish(store, second.model_copy(update={**more, "before": read_manifest(store).build_id}))
    later = builds_by_number(store)[2:]
    answer = run("collect", place, "--store", store.root)
    said = "2 builds went, 3 files of tables, 0 landings\n"
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, f"{first.build_id}\n{second.build_id}\n", said)
    assert builds_by_number(store) == later
    assert run("collect", place, "--store", store.root, "--days", 0).stdout.split() == [build.build_id for build in later[:-1]]


def test_collect_doesnt_believe_a_clock_that_has_leapt_unless_told_days(store: Store, place: Path) -> None:
    answer = run("collect", place, "--store", store.root)
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert answer.stderr.startswith("note: the clock has leapt 500 days ahead of the build before")
    assert len(builds_by_number(store)) == 2
    assert run("collect", place, "--store", store.root, "--days", 400).stdout


def test_who_waits_is_told_for_whom_and_ends_with_8(store: Store, place: Path) -> None:
    with store.lock("build"):
        answer = run("collect", place, "--store", store.root, "--wait", 0.2)
    assert answer.exit_code == 8
    assert answer.stderr.startswith(f"waiting up to 0.2 seconds for a build (process {os.getpid()} on ")
    assert "is held by a build" in answer.stderr


def test_a_landing_waits_as_it_was_told(store: Store, place: Path, tmp_path: Path) -> None:
    write_new_key(tmp_path / "key")
    where = ("--extracts", place, "--store", store.root, "--key-file", tmp_path / "key")
    with store.lock("build"):
        answer = run("land", place, *where, "--wait", 0.2)
    assert answer.exit_code == 8
    assert answer.stderr.startswith(f"waiting up to 0.2 seconds for a build (process {os.getpid()} on ")
