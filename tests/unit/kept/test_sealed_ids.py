"""What each landing taught the register of ids: sealed, in order, and learnt again by a register from before."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from joinedup.errors import StoreProblem
from joinedup.kept.identity_register import KNOWN_SCHEMA, IdentityRegister, open_register
from joinedup.kept.merges import EVENT_SCHEMA, MERGE, add_events, merged_now
from joinedup.kept.sealed_ids import FOLDER, forget_ids, keep_ids, learn_again, taught_since
from tests.unit.identity.people import KEYS


def land(register: IdentityRegister, kept: Path, landing_id: str, *person_ids: int) -> None:
    with register.landing(landing_id, KEYS) as entry:
        entry.add_people(pa.array(person_ids, pa.int64()))
        hashes = [bytes([person]) * 32 for person in person_ids]
        entry.add_lookups(pa.table([["nhs_number"] * len(person_ids), hashes, person_ids], schema=KNOWN_SCHEMA))
        events = [(MERGE, person, person + 100, cause) for person in person_ids for cause in ("planted", "review of pair 1: agreed")]
        add_events(entry, pa.Table.from_pylist([dict(zip(EVENT_SCHEMA.names, row, strict=True)) for row in events], schema=EVENT_SCHEMA))
        keep_ids(kept, entry)


def known(register: IdentityRegister) -> set[int]:
    with register.landing("look", KEYS) as entry:
        found = {person for batch in entry.known() for person in batch["person_id"].to_pylist()}
    return found


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    register = open_register(tmp_path / "now.sqlite")
    before = open_register(tmp_path / "before.sqlite")
    for place in (register, before):
        land(place, tmp_path if place is register else tmp_path / "elsewhere", "first", 1, 2)
    land(register, tmp_path, "second", 3)
    land(register, tmp_path, "third", 4, 5)
    register.close()
    before.close()
    return tmp_path


def test_a_register_from_before_learns_what_came_since(kept: Path) -> None:
    register = open_register(kept / "before.sqlite")
    with register.landing("fourth", KEYS) as entry:
        taught = taught_since(kept, "third", entry)
        assert taught is not None
        assert [each.landing_id for each in taught] == ["second", "third"]
        assert learn_again(entry, taught) == (3, 3)
        assert learn_again(entry, taught)[0] == 0, "what is known is not learnt twice"
    with register.connected(KEYS) as connection:
        assert merged_now(connection) >= {(3, 103), (4, 104), (5, 105)}
    assert known(register) == {1, 2, 3, 4, 5}
    register.close()


def test_a_gap_shows(kept: Path) -> None:
    (kept / FOLDER / "second.sealed").unlink()
    register = open_register(kept / "before.sqlite")
    with register.landing("fourth", KEYS) as entry:
        assert taught_since(kept, "third", entry) is None
        assert taught_since(kept, "first", entry) == []
    register.close()


def test_what_was_altered_or_moved_is_refused(kept: Path) -> None:
    register = open_register(kept / "before.sqlite")
    third = kept / FOLDER / "third.sealed"
    before = third.read_bytes()
    for content in (before[:-1] + b"x", (kept / FOLDER / "second.sealed").read_bytes(), b""):
        third.write_bytes(content)
        with register.landing("fourth", KEYS) as entry, pytest.raises(StoreProblem, match="doesn't open"):
            taught_since(kept, "third", entry)
        register.close()
        register = open_register(kept / f"{len(content)}.sqlite")
    register.close()


def test_whoever_was_erased_is_gone_from_it(kept: Path) -> None:
    assert forget_ids(kept, KEYS, lambda ids: {4} & set(ids.to_pylist())) == 1
    register = open_register(kept / "before.sqlite")
    with register.landing("fourth", KEYS) as entry:
        taught = taught_since(kept, "third", entry)
        assert taught is not None
        learn_again(entry, taught)
    assert known(register) == {1, 2, 3, 5}
    register.close()
