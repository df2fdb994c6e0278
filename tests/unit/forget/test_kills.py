"""An erasure that is killed: before it has begun nothing has changed, afterwards the next landing, or the verb itself, finishes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.engine.store import Store
from joinedup.forget.erasing import catch_up
from joinedup.forget.searching import search
from joinedup.kept.copies import note_copy
from joinedup.kept.erasing import erasures
from joinedup.sources.handing import hand_over
from tests.forking import Forks
from tests.unit.forget.test_erasing import WHO, Place, place

__all__ = ["place"]

KILLED_AT = """
import os, sys
from pathlib import Path
import {module} as story
from tests.unit.forget.test_erasing import Place
from tests.unit.test_land import Work
whole = story.{name}
calls = 0
def ends(*given, **named):
    global calls
    calls += 1
    if calls == {call} and "{when}" == "before":
        os._exit(9)
    done = whole(*given, **named)
    if calls == {call}:
        os._exit(9)
    return done
story.{name} = ends
Place(Work(Path(sys.argv[1]))).forget()
"""
"""An erasure that ends, as if it were killed, before or after one of its steps."""

STEPS = [
    ("joinedup.kept.erasing", "_remove_pairs", 1, "after"),
    ("joinedup.forget.erasing", "erase", 1, "after"),
    ("joinedup.forget.erasing", "tidy", 1, "before"),
    ("joinedup.forget.erasing", "drop_builds", 1, "before"),
    ("joinedup.sources.erasing", "_placed", 2, "after"),
    ("joinedup.forget.erasing", "publish_landing", 1, "before"),
    ("joinedup.forget.erasing", "publish_landing", 1, "after"),
    ("joinedup.forget.erasing", "remove_unnamed", 2, "after"),
    ("joinedup.sources.handing", "_copy_out", 1, "before"),
    ("joinedup.forget.erasing", "mark_done", 1, "before"),
]


def begun(where: Place) -> bool:
    with where.desk().register.database.reading() as connection:
        return bool(erasures(connection))


def built(store: Store) -> None:
    """Nothing; a build with a file stands in the store, as far as erasing sees."""
    (store.builds / "before.json").write_text("{}")
    store.manifest.write_text("{}")


@pytest.mark.parametrize(("module", "name", "call", "when"), STEPS, ids=[f"{when}-{name}" for _, name, _, when in STEPS])
def test_killed_at_any_step_it_is_as_it_was_or_goes_on(
    place: Place, tmp_path: Path, forking: Forks, module: str, name: str, call: int, when: str
) -> None:
    store = place.work.store
    note_copy(store.kept, "hand-over", hand_over(store, tmp_path / "out"))
    before, subject = place.tables(), place.subject()
    built(store)
    program = KILLED_AT.format(module=module, name=name, call=call, when=when)
    done = forking.run(program, tmp_path)
    assert done.returncode == 9, done.stderr[-2000:]
    if not begun(place):
        assert place.tables() == before
        assert place.subject() == subject
        assert store.manifest.exists()
        place.forget()
    elif place.tables() != before:
        assert not store.manifest.exists()
    place.work.land()
    with place.desk().register.database.reading() as connection:
        (erasure,) = erasures(connection)
    assert erasure.done_at is not None
    assert [each.found for each in search(place.desk(), 1)] == [0] * len(search(place.desk(), 1))
    assert not store.manifest.exists()
    assert not list((tmp_path / "out").glob(".*"))
    (gone,) = subject.person_ids
    assert place.tables()["landed_apc"] == [row for row in before["landed_apc"] if row["person_id"] != gone]
    assert catch_up(place.desk()) == 0
    assert place.subject(WHO["NHS_NUMBER"]).person_ids == ()
