"""Of hosts that publish in the same instant one does: whatever they do in between, and whoever is held up where."""

from __future__ import annotations

import errno
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable
from multiprocessing.synchronize import Barrier as ProcessBarrier
from pathlib import Path

import pytest

from joinedup.engine import manifest as manifest_module
from joinedup.engine import turns as turns_module
from joinedup.engine.builder import build
from joinedup.engine.manifest import Manifest, read_build, read_manifest, refuse_overtaken
from joinedup.engine.store import Store
from joinedup.engine.turns import Turns, turns_of_builds
from joinedup.errors import StoreProblem

from .made_up import SPECS, visits

ROUNDS, HOSTS = 60, 3
FEW = ((1, 7, None, 250), (2, 8, None, None))


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    return Turns(tmp_path / "turns")


def race(folder: Path, ready: ProcessBarrier, mine: Path, links: bool) -> None:
    """Takes every turn in the instant in which others do, and notes those that it published in."""
    if not links:
        turns_module.os.link = no_links  # type: ignore[assignment]
    turns, won = Turns(folder), []
    for number in range(1, ROUNDS + 1):
        ready.wait(60)
        turns.publish(number, f"{os.getpid()}-{number}", won.append)
    mine.write_text("\n".join(won))


def no_links(*_: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_of_processes_that_take_a_turn_at_once_one_does(tmp_path: Path, links: bool) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(HOSTS)
    noted = [tmp_path / f"of-{host}" for host in range(HOSTS)]
    hosts = [context.Process(target=race, args=(tmp_path / "turns", ready, mine, links)) for mine in noted]
    for host in hosts:
        host.start()
    for host in hosts:
        host.join()
    won = Counter(int(line.partition("-")[2]) for mine in noted for line in mine.read_text().split())
    assert won == dict.fromkeys(range(1, ROUNDS + 1), 1)
    assert [path.name for path in (tmp_path / "turns").iterdir()] == [f"{ROUNDS:010d}"]


def test_of_two_builds_that_saw_no_other_when_they_looked_one_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "store").create()
    first = build(SPECS, visits(store), store)
    mine, others = visits(store, *FEW), visits(store, *FEW[:1])
    elsewhere = list[Manifest]()

    def looked(store: Store, manifest: Manifest) -> None:
        refuse_overtaken(store, manifest)
        monkeypatch.setattr(manifest_module, "refuse_overtaken", refuse_overtaken)
        elsewhere.append(build(SPECS, others, store))

    monkeypatch.setattr(manifest_module, "refuse_overtaken", looked)
    with pytest.raises(StoreProblem, match="another host, that this lock doesn't reach, builds there too; nothing was published"):
        build(SPECS, mine, store)
    assert read_manifest(store) == elsewhere[0]
    assert {read_build(path).build_id for path in store.builds.glob("*.json")} == {first.build_id, elsewhere[0].build_id}
    assert build(SPECS, mine, store).before == elsewhere[0].build_id


def held_up(turns: Turns, when: str, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """Runs something `when` a process next links a turn ("before" or "after" that)."""
    link = os.link

    def links(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        if when == "before":
            meanwhile()
        link(source, target)
        if when == "after":
            meanwhile()

    monkeypatch.setattr(os, "link", links)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("others", [1, 2])
def test_who_was_held_up_while_others_took_turns_publishes_nothing(
    turns: Turns, monkeypatch: pytest.MonkeyPatch, when: str, others: int
) -> None:
    published = list[str]()

    def meanwhile() -> None:
        for other in range(others):
            assert turns.publish(turns.next(), f"other {other}", published.append)

    held_up(turns, when, monkeypatch, meanwhile)
    number = turns.next()
    assert turns.publish(number, "mine", published.append) is False
    assert published == [f"other {other}" for other in range(others)]


def test_who_was_held_up_before_naming_puts_the_newer_one_back(turns: Turns) -> None:
    published = list[str]()

    def slowly(what: str) -> None:
        if not published:
            assert turns.publish(turns.next(), "newer", published.append)
        published.append(what)

    assert turns.publish(turns.next(), "older", slowly) is False
    assert published == ["newer", "older", "newer"]


def test_a_turn_whose_answer_was_lost_is_still_ones_own(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    link, published = os.link, list[str]()

    def links(source: Path, target: Path) -> None:
        link(source, target)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    monkeypatch.setattr(os, "link", links)
    assert turns.publish(1, "mine", published.append)
    assert published == ["mine"]


def test_who_died_between_taking_a_turn_and_publishing_stops_nobody(tmp_path: Path) -> None:
    store = Store(tmp_path / "store").create()
    first = build(SPECS, visits(store), store)

    def dies(_: str) -> None:
        raise KeyboardInterrupt

    turns = turns_of_builds(store)
    with pytest.raises(KeyboardInterrupt):
        turns.publish(turns.next(), "somebody", dies)
    assert build(SPECS, visits(store, *FEW), store).before == first.build_id
