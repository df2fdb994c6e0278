"""Kills of a real landing between its first word to the register and its publication: nobody is lost, doubled or changed.

Five on each database; JOINEDUP_KILLS=20 for more.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from joinedup.kept.identity_register import LOOKUP, PERSON, open_register
from joinedup.sources.landed import read_landing
from tests.forking import Forks
from tests.unit.identity.people import nhs_number
from tests.unit.test_land import Work, admitted, listed, write

KILLS = int(os.environ.get("JOINEDUP_KILLS", "5"))
MOST_TRIES = 3 * KILLS
PEOPLE = 2_000
MARKED = """
import sys
from pathlib import Path
import joinedup.land as story
from tests.unit.test_land import Work
def marked(name, file):
    whole = getattr(story, name)
    def telling(*given, **named):
        Path(sys.argv[1], file).touch()
        return whole(*given, **named)
    setattr(story, name, telling)
marked("_link", "linking")
marked("_hand_over", "appended")
Work(Path(sys.argv[2])).land()
"""
"""A landing that touches a file when it turns to the register, and another when the register has all of it."""

Known = dict[tuple[str, bytes], int]


@dataclass(frozen=True)
class Register:
    """What a register knows: whom it looks up, and how often each person was minted."""

    known: Known
    people: Counter[int]


def read_register(where: Path | str) -> Register:
    with open_register(where).engine.connect() as connection:
        rows = connection.execute(LOOKUP.select()).all()
        people = connection.execute(PERSON.select()).all()
    known = {(row.scheme, bytes(row.hash)): row.person_id for row in rows}
    assert len(known) == len(rows), "nobody is looked up twice"
    return Register(known, Counter(row.person_id for row in people))


def published_people(work: Work) -> set[int]:
    record = read_landing(work.store)
    tables = (pq.read_table(work.store.root / record.tables[name].file, partitioning=None) for name in ("landed_register", "landed_apc"))
    return {person for table in tables for person in table["person_id"].drop_null().to_pylist()}


EVERYONE = [{"NHS_NUMBER": nhs_number(number), "PERSON_BIRTH_DATE": f"{1930 + number % 90}-05-04"} for number in range(PEOPLE)]


def extracts_of(work: Work, people: list[dict[str, str]]) -> None:
    """Nothing; the registration list then has these people, and the hospital the first half of them, others each time."""
    write(work.extracts / "list.csv", [listed(person) for person in people])
    write(work.extracts / "apc.csv", [admitted(person, key) for key, person in enumerate(people[: len(people) // 2])])


def killed_while(work: Work, folder: Path, after: str, wait: float, forking: Forks) -> bool:
    """Whether a landing was killed a little while after it reached a mark and before it ended."""
    marks = folder / "marks"
    shutil.rmtree(marks, ignore_errors=True)
    marks.mkdir()
    process = forking.start(MARKED, marks, folder)
    while process.wait(0.001) is None and not (marks / after).exists():
        pass
    process.wait(wait)
    process.kill()
    return process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_kills_between_landing_and_publication(
    forking: Forks, tmp_path: Path, kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "postgresql":
        monkeypatch.setenv("JOINEDUP_REGISTER", request.getfixturevalue("postgresql"))
    seed = random.SystemRandom().randrange(2**32)
    chance, said = random.Random(seed), f"seed {seed}"
    work = Work(tmp_path / "work")
    where = os.environ.get("JOINEDUP_REGISTER") or work.store.kept / "identity.sqlite"
    extracts_of(work, chance.sample(EVERYONE, 300))
    before = work.land()
    known, published = read_register(where), published_people(work)
    killed = appended = 0
    for attempt in range(MOST_TRIES):
        if killed >= KILLS and appended:
            break
        extracts_of(work, chance.sample(EVERYONE, chance.randint(300, 1800)))
        after = ("linking", "appended")[attempt % 2]
        unpublished = killed_while(work, tmp_path / "work", after, chance.uniform(0, 0.4), forking)
        if unpublished and read_landing(work.store) == before.record:
            killed += 1
        else:  # it ended, or had published, before it was killed
            before = work.land()
            published = published_people(work)
        now = read_register(where)
        appended += len(now.known) > len(known.known)
        assert max(now.people.values()) == 1, said
        assert known.known.items() <= now.known.items(), f"nobody is lost or changed, {said}"
        assert set(now.known.values()) == set(now.people), f"everyone who was minted is looked up, {said}"
        assert published_people(work) == published <= set(now.people), said
        known = now
    assert killed >= KILLS, said
    assert appended, f"none was killed between the register and publication, {said}"
    extracts_of(work, EVERYONE)
    work.land()
    done = read_register(where)
    assert known.known.items() <= done.known.items(), said
    assert published_people(work) <= set(done.people), said
    assert done == without_kills(tmp_path, monkeypatch), f"who landed without a kill has the same id, {said}"


def without_kills(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Register:
    """What a register knows that all the same people landed in at once."""
    monkeypatch.delenv("JOINEDUP_REGISTER", raising=False)
    undisturbed = Work(folder / "undisturbed")
    extracts_of(undisturbed, EVERYONE)
    undisturbed.land()
    return read_register(undisturbed.store.kept / "identity.sqlite")
