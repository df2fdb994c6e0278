"""Pairs in doubt, what people agree on, merges and splits: sealed, bound to their pair, and only growing."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from joinedup.errors import StoreProblem
from joinedup.kept.decisions import ANSWER, CANT_SAY, DECIDED_SCHEMA, DECISION, DIFFERENT, SAME, TAKEN_BACK, decided, decided_since
from joinedup.kept.identity_register import IdentityRegister, open_register
from joinedup.kept.merges import EVENT, EVENT_SCHEMA, MERGE, SPLIT, add_events, merged_now, now
from joinedup.kept.pairs import PAIR, close_again, empty_pairs, offer_pairs, opened_pair
from tests.unit.kept.test_identity_register import KEYS, OTHER, PEOPLE

RECORD, SECOND_RECORD = b"\7" * 32, b"\10" * 32
PAIRS = pa.table(
    {
        "record_hash": pa.array([RECORD, RECORD, SECOND_RECORD], pa.binary(32)),
        "contract": ["community_contact"] * 3,
        "person_id": PEOPLE.take([0, 1, 2]),
        "probability": [0.93, 0.61, 0.88],
        "r_person_family_name": ["Plantagenet", "Plantagenet", None],
        "p_person_family_name": ["Plantagenett", "Lancaster", "York"],
    }
)


@pytest.fixture
def register(database: Path | str) -> IdentityRegister:
    return open_register(database)


def begin(register: IdentityRegister, pairs: pa.Table = PAIRS) -> None:
    with register.landing("first", KEYS) as entry:
        entry.add_people(PEOPLE)
        assert offer_pairs(entry, pairs) == pairs.num_rows


def say(register: IdentityRegister, pair: int, account: str, said: str, attempt: int = 1, takes_back: int | None = None) -> None:
    row = {"pair": pair, "account": account, "role": "coordinator", "answered_at": now(), "said": said, "why": "number"}
    with register.engine.begin() as connection:
        connection.execute(sa.insert(ANSWER).values(attempt=attempt, takes_back=takes_back, **row))


def told(register: IdentityRegister, landing_id: str) -> list[tuple[bytes, int, bool]]:
    with register.landing(landing_id, KEYS) as entry:
        found = decided(entry)
    with register.connected(KEYS) as connection:
        assert not decided_since(connection, landing_id)
    assert found.schema == DECIDED_SCHEMA
    return [tuple(row.values()) for row in found.to_pylist()]


def events(register: IdentityRegister) -> list[tuple[str, int, int | None]]:
    with register.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(EVENT.c.kind, EVENT.c.person_id, EVENT.c.other_person_id))]


def test_pairs_are_new_once_and_open_only_with_the_key(register: IdentityRegister) -> None:
    begin(register)
    more = pa.concat_tables([PAIRS.slice(1, 1), *[PAIRS.slice(0, 1).set_column(2, "person_id", PEOPLE.take([2]))] * 2])
    with register.landing("second", KEYS) as entry:
        assert offer_pairs(entry, more) == 1
        assert offer_pairs(entry, PAIRS.slice(0, 0)) == 0
    with register.engine.connect() as connection:
        seen = connection.execute(sa.select(PAIR.c.person_id, PAIR.c.landing, PAIR.c.seen).order_by(PAIR.c.pair)).all()
        assert [tuple(row) for row in seen] == [(11, 1, 1), (12, 1, 2), (13, 1, 1), (13, 2, 2)]
        assert opened_pair(connection, KEYS, 1) == {"r_person_family_name": "Plantagenet", "p_person_family_name": "Plantagenett"}
        assert opened_pair(connection, KEYS, 3) == {"p_person_family_name": "York"}
        with pytest.raises(StoreProblem, match="pair 1 don't open"):
            opened_pair(connection, OTHER, 1)
        lengths = {len(text) for text in connection.scalars(sa.select(PAIR.c.ciphertext))}
    assert len(lengths) == 1, "the length of a name shows"


def test_a_pair_moved_to_another_person_does_not_open(register: IdentityRegister) -> None:
    begin(register)
    moved = sa.select(PAIR.c.ciphertext).where(PAIR.c.pair == 2).scalar_subquery()
    with register.engine.begin() as connection:
        connection.execute(sa.update(PAIR).where(PAIR.c.pair == 1).values(ciphertext=moved))
    with register.engine.connect() as connection, pytest.raises(StoreProblem, match="damaged"):
        opened_pair(connection, KEYS, 1)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([], None),
        ([SAME], None),
        ([SAME, SAME], True),
        ([DIFFERENT, DIFFERENT], False),
        ([SAME, DIFFERENT], None),
        ([SAME, DIFFERENT, SAME], True),
        ([SAME, DIFFERENT, DIFFERENT], False),
        ([SAME, CANT_SAY], None),
        ([SAME, CANT_SAY, SAME], True),
        ([CANT_SAY, CANT_SAY], None),
        ([SAME, SAME, DIFFERENT, DIFFERENT], None),
    ],
)
def test_two_people_who_agree_decide(register: IdentityRegister, answers: list[str], expected: bool | None) -> None:
    begin(register)
    for number, said in enumerate(answers):
        say(register, 1, f"account-{number}", said)
    assert told(register, "second") == ([] if expected is None else [(RECORD, 11, expected)])
    assert events(register) == ([(MERGE, 11, None)] if expected else [])


def test_an_answer_taken_back_does_not_count_and_parts_what_it_joined(register: IdentityRegister) -> None:
    begin(register)
    with register.landing("minted", KEYS) as entry:
        entry.add_people(pa.array([99], pa.int64()))
        entry.add_lookups(pa.table({"scheme": ["record"], "hash": [RECORD], "person_id": pa.array([99], pa.int64())}))
    say(register, 1, "ada", SAME)
    say(register, 1, "ben", SAME)
    assert told(register, "second") == [(RECORD, 11, True)]
    assert told(register, "third") == [(RECORD, 11, True)]
    assert events(register) == [(MERGE, 11, 99)], "once, not at every landing"
    say(register, 1, "ben", TAKEN_BACK, attempt=2, takes_back=2)
    with register.connected(KEYS) as connection:
        assert decided_since(connection, "third")
        assert decided_since(connection, "first"), "which is current when the later ones were never published"
    assert told(register, "fourth") == []
    assert events(register) == [(MERGE, 11, 99), (SPLIT, 11, 99)]
    say(register, 1, "ben", SAME, attempt=3)
    assert told(register, "fifth") == [(RECORD, 11, True)]
    assert events(register)[2:] == [(MERGE, 11, 99)]
    with register.engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(sa.select(DECISION.c.pair, DECISION.c.same))] == [(1, 1), (1, None), (1, 1)]
        assert connection.scalar(sa.select(EVENT.c.cause)) == "review of pair 1: agreed to be the same"


def test_a_record_decided_to_be_two_people_is_neithers(register: IdentityRegister) -> None:
    begin(register)
    for account in ("ada", "ben"):
        say(register, 1, account, SAME)
    assert told(register, "second") == [(RECORD, 11, True)]
    for account in ("ada", "cas"):
        say(register, 2, account, SAME)
    assert told(register, "third") == []
    assert events(register) == [(MERGE, 11, None), (SPLIT, 11, None)]


def test_nobody_answers_twice_nor_takes_back_twice(register: IdentityRegister) -> None:
    begin(register)
    say(register, 1, "ada", SAME)
    with pytest.raises(sa.exc.IntegrityError):
        say(register, 1, "ada", SAME)
    say(register, 1, "ada", TAKEN_BACK, attempt=2, takes_back=1)
    with pytest.raises(sa.exc.IntegrityError):
        say(register, 1, "ada", TAKEN_BACK, attempt=3, takes_back=1)
    for row in ({"said": "perhaps"}, {"said": TAKEN_BACK}, {"said": SAME, "account": ""}, {"said": SAME, "pair": 77}):
        with pytest.raises(sa.exc.IntegrityError):
            say(register, **({"pair": 1, "account": "ben"} | row))


def test_other_merges_and_splits_are_kept_too(register: IdentityRegister) -> None:
    rows = [
        {"kind": MERGE, "person_id": 11, "other_person_id": 12, "cause": "an NHS number came"},
        {"kind": SPLIT, "person_id": 11, "other_person_id": None, "cause": "a date of birth was corrected"},
    ]
    with register.landing("first", KEYS) as entry:
        add_events(entry, pa.Table.from_pylist(rows, schema=EVENT_SCHEMA))
    assert events(register) == [(MERGE, 11, 12), (SPLIT, 11, None)]


def test_merges_stand_until_they_are_split(register: IdentityRegister) -> None:
    acts = [(MERGE, 11, 12), (MERGE, 11, 13), (SPLIT, 11, 12), (MERGE, 12, None), (SPLIT, 11, 13), (MERGE, 11, 13)]
    for number, act in enumerate(acts):
        rows = [dict(zip(("kind", "person_id", "other_person_id"), act, strict=True)) | {"cause": "test"}]
        with register.landing(f"landing {number}", KEYS) as entry:
            add_events(entry, pa.Table.from_pylist(rows, schema=EVENT_SCHEMA))
    with register.connected(KEYS) as connection:
        assert merged_now(connection) == {(11, 13)}


@pytest.mark.parametrize("table", [ANSWER, DECISION, EVENT, PAIR], ids=lambda table: table.name)
@pytest.mark.parametrize("sql", ["UPDATE {0} SET {0} = 9 + {0}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
def test_the_database_refuses_to_change_or_delete(register: IdentityRegister, table: sa.Table, sql: str) -> None:
    begin(register)
    for account in ("ada", "ben"):
        say(register, 1, account, SAME)
    told(register, "second")
    if register.engine.dialect.name == "sqlite" and "TRUNCATE" in sql:
        return  # it has none
    with pytest.raises(sa.exc.DBAPIError, match="only grows"), register.engine.begin() as connection:
        connection.execute(sa.text(sql.format(table.name)))


@pytest.mark.parametrize("other_number", [1, 99])
def test_replace_does_not_get_round_that(tmp_path: Path, other_number: int) -> None:
    register = open_register(tmp_path / "register.sqlite")
    begin(register)
    say(register, 1, "ada", SAME)
    replace = "REPLACE INTO answer SELECT :number, pair, account, role, answered_at, 'different', why, attempt, takes_back FROM answer"
    with pytest.raises(sa.exc.IntegrityError, match="answer has that row already"), register.engine.begin() as connection:
        connection.execute(sa.text(replace), {"number": other_number})


def test_pairs_are_closed_again_when_the_key_changes_and_emptied_when_their_time_is_over(register: IdentityRegister) -> None:
    begin(register)
    with register.engine.begin() as connection:
        assert empty_pairs(connection, PAIR.c.person_id == 12) == 1
        close_again(connection, KEYS, OTHER)
        assert opened_pair(connection, OTHER, 1)["p_person_family_name"] == "Plantagenett"
        assert opened_pair(connection, OTHER, 2) == {}
        with pytest.raises(StoreProblem, match="pair 1 don't open"):
            close_again(connection, KEYS, OTHER)


def test_nothing_of_a_pair_is_in_clear(tmp_path: Path) -> None:
    register = open_register(tmp_path / "register.sqlite")
    begin(register)
    register.close()
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for name in ("Plantagenet", "Lancaster", "York"):
        assert name.encode() not in content
