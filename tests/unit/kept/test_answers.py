"""What waits for whom, two people who agree, answers that come at once, and what is told without saying of whom."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joinedup.errors import KeyProblem, Refused, StoreProblem
from joinedup.kept.answers import REASONS, Reviewer, give_answer, history, overview, take_back, waiting, waiting_pairs
from joinedup.kept.decisions import ANSWER, ANSWERS, CANT_SAY, DIFFERENT, SAME, decided
from joinedup.kept.identity_register import IdentityRegister, open_register
from joinedup.kept.merges import EVENT, MERGE, SPLIT
from joinedup.kept.pairs import offer_pairs
from tests.unit.kept.test_decisions import PAIRS, begin, told
from tests.unit.kept.test_identity_register import KEYS, OTHER


def reviewer(account: str, role: str = "coordinator", *more: str) -> Reviewer:
    return Reviewer(account, role, (account, *more))


ADA, BEN, CAS, LEAD = reviewer("ada"), reviewer("ben"), reviewer("cas"), reviewer("lea", "ig_lead")


@pytest.fixture
def register(database: Path | str) -> IdentityRegister:
    made = open_register(database)
    begin(made)
    return made


def say(register: IdentityRegister, pair: int, who: Reviewer, said: str) -> None:
    with register.connected(KEYS, writes=True) as connection:
        give_answer(connection, pair, who, said, "other")


def back(register: IdentityRegister, pair: int, who: Reviewer, of: str | None = None) -> bool:
    with register.connected(KEYS, writes=True) as connection:
        return take_back(connection, pair, who, of=of)


def waits(register: IdentityRegister, who: Reviewer) -> list[int]:
    with register.connected(KEYS) as connection:
        return [each.pair for each in waiting(connection, who)]


def left(register: IdentityRegister) -> int:
    with register.connected(KEYS) as connection:
        return waiting_pairs(connection)


def states(register: IdentityRegister) -> list[str]:
    with register.connected(KEYS) as connection:
        return [row["state"] for row in overview(connection)]


def test_the_likeliest_comes_first_and_before_it_what_others_have_answered(register: IdentityRegister) -> None:
    assert waits(register, ADA) == [1, 3, 2]
    say(register, 2, BEN, DIFFERENT)
    assert waits(register, ADA) == [2, 1, 3]
    assert waits(register, BEN) == [1, 3], "never the same pair to the same person twice"
    assert states(register) == ["waits for two answers", "waits for one more", "waits for two answers"]


def test_two_who_agree_decide_and_a_third_ends_a_disagreement(register: IdentityRegister) -> None:
    say(register, 3, ADA, DIFFERENT)
    say(register, 3, BEN, DIFFERENT)
    say(register, 2, ADA, SAME)
    say(register, 2, BEN, DIFFERENT)
    assert waits(register, CAS) == [2, 1]
    assert left(register) == 2
    assert states(register) == ["waits for two answers", "disagreed", "agreed different"]
    say(register, 2, CAS, SAME)
    assert waits(register, LEAD) == [], "the other pair of that record is settled by this one"
    assert left(register) == 0
    assert states(register) == ["settled by another pair", "agreed same", "agreed different"]
    assert [(person, same) for _, person, same in told(register, "second")] == [(12, True), (13, False)]


def test_a_pair_of_which_two_can_not_say_is_set_aside(register: IdentityRegister) -> None:
    for who in (ADA, BEN):
        say(register, 1, who, CANT_SAY)
    assert waits(register, CAS) == [3, 2]
    assert states(register)[0] == "can't be said"
    assert back(register, 1, BEN) is False
    assert waits(register, CAS) == [1, 3, 2]


def test_nobody_agrees_with_themselves(register: IdentityRegister) -> None:
    say(register, 1, ADA, SAME)
    with pytest.raises(Refused, match="pair 1 doesn't wait"):
        say(register, 1, ADA, SAME)
    with pytest.raises(Refused, match="pair 1 doesn't wait"):
        say(register, 1, reviewer("ada.admin", "ig_lead", "ada"), SAME)
    assert told(register, "second") == []


def test_a_pair_is_not_asked_when_it_is_no_longer_in_doubt(register: IdentityRegister) -> None:
    with register.landing("second", KEYS) as entry:
        offer_pairs(entry, PAIRS.slice(1, 1))
    assert waits(register, ADA) == [2]
    assert states(register) == ["no longer in doubt", "waits for two answers", "no longer in doubt"]


def test_an_answer_can_be_taken_back_by_whoever_gave_it_or_by_the_lead(register: IdentityRegister) -> None:
    for who in (ADA, BEN):
        say(register, 1, who, SAME)
    with pytest.raises(Refused, match="only an information governance lead"):
        back(register, 1, CAS, "ada")
    assert back(register, 1, ADA) is False, "no landing was told"
    with pytest.raises(Refused, match="ada has no answer to pair 1"):
        back(register, 1, ADA)
    say(register, 1, ADA, SAME)
    assert len(told(register, "second")) == 1
    assert back(register, 1, LEAD, "ben") is True
    with register.landing("third", KEYS) as entry:
        offer_pairs(entry, PAIRS)
        assert decided(entry).num_rows == 0
    assert waits(register, BEN) == [1, 3, 2]


def test_history_tells_who_when_and_why_and_nothing_of_whom(register: IdentityRegister) -> None:
    for who in (ADA, BEN):
        say(register, 1, who, SAME)
    told(register, "second")
    back(register, 1, LEAD, "ada")
    told(register, "third")
    with register.connected(KEYS) as connection:
        rows, of_another = history(connection), history(connection, 2)
    acts = [(row["pair"], row["who"], row["role"], row["said"], row["why"]) for row in rows]
    assert acts[:2] == [(1, "ada", "coordinator", SAME, "other"), (1, "ben", "coordinator", SAME, "other")]
    assert set(acts[2:4]) == {(None, "second", "", "merge", "review of pair 1: agreed to be the same"), (1, "second", "", "linked", "")}
    assert acts[4] == (1, "lea", "ig_lead", "taken back", "")
    assert set(acts[5:]) == {(None, "third", "", "split", "review of pair 1: no longer agreed"), (1, "third", "", "no longer decided", "")}
    assert of_another == []


@pytest.mark.parametrize("pair", [77, -1, 0])
def test_there_is_no_such_pair(register: IdentityRegister, pair: int) -> None:
    with pytest.raises(Refused, match="there is no pair"):
        say(register, pair, ADA, SAME)


@pytest.mark.parametrize("text", ["same'; DROP TABLE answer; --", "' OR '1'='1", "\x00", "%s", ":pair"])
def test_what_is_given_is_never_sql(register: IdentityRegister, text: str) -> None:
    with pytest.raises(Refused, match="is no answer"):
        say(register, 1, ADA, text)
    with pytest.raises(Refused, match="is no answer"), register.connected(KEYS, writes=True) as connection:
        give_answer(connection, 1, ADA, SAME, text)
    if "\x00" not in text:
        say(register, 1, reviewer(text), SAME)
        assert waits(register, reviewer(text)) == [3, 2]
        with pytest.raises(Refused):
            back(register, 1, LEAD, text + "x")
        assert back(register, 1, LEAD, text) is False
    assert waits(register, ADA) == [1, 3, 2]


def test_only_with_the_key(register: IdentityRegister) -> None:
    with pytest.raises(KeyProblem), register.connected(OTHER) as connection:
        waiting(connection, ADA)


def test_a_register_without_pairs_has_nothing_to_review(database: Path | str) -> None:
    empty = open_register(database)
    with empty.connected(KEYS) as connection:
        assert waiting(connection, ADA) == []
        assert overview(connection) == history(connection) == []
        with pytest.raises(Refused, match="there is no pair 1"):
            give_answer(connection, 1, ADA, SAME, "other")


def test_every_answer_has_reasons() -> None:
    assert set(REASONS) == set(ANSWERS)
    assert all("other" in reasons for reasons in REASONS.values())


def test_of_many_who_answer_one_pair_at_once_two_are_heard(register: IdentityRegister) -> None:
    people = [reviewer(f"account-{number}") for number in range(6)] + [reviewer("account-0")]
    start, outcomes = threading.Barrier(len(people)), []

    def answer(who: Reviewer) -> None:
        start.wait()
        try:
            say(register, 1, who, SAME)
            outcomes.append(who.account)
        except Refused:
            outcomes.append("refused")

    threads = [threading.Thread(target=answer, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("refused") == len(people) - 2
    with register.engine.connect() as connection:
        heard = connection.scalars(sa.select(ANSWER.c.account)).all()
    assert len(set(heard)) == 2
    assert told(register, "second") == [(PAIRS["record_hash"][0].as_py(), 11, True)]


def test_answers_wait_for_a_landing_that_is_under_way(tmp_path: Path) -> None:
    register = open_register(tmp_path / "register.sqlite")
    begin(register)
    impatient = open_register(f"sqlite:///{tmp_path / 'register.sqlite'}?timeout=0")
    with register.landing("second", KEYS), pytest.raises(StoreProblem, match="held by a landing"):
        say(impatient, 1, ADA, SAME)
    assert waits(register, ADA) == []


ACTS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 3), st.sampled_from([*ANSWERS, "back", "land"])), max_size=25)


def agreed(said: dict[str, str]) -> bool | None:
    """By the rule as it is told: two at least, and more than say otherwise."""
    same, different = (list(said.values()).count(answer) for answer in (SAME, DIFFERENT))
    return None if max(same, different) < 2 or same == different else same > different


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_whatever_people_do_landings_are_told_what_stands_and_events_add_up(tmp_path_factory: pytest.TempPathFactory, acts: list) -> None:
    register = open_register(tmp_path_factory.mktemp("any") / "register.sqlite")
    begin(register)
    standing: dict[int, dict[str, str]] = {1: {}, 2: {}, 3: {}}
    joined: set[int] = set()
    for number, (account, pair, act) in enumerate([*acts, ("a", 1, "land")]):
        mine = standing[pair]
        if act == "land":
            with register.landing(f"landing {number}", KEYS) as entry:
                offer_pairs(entry, PAIRS)
                found = {(row["record_hash"], row["person_id"]): row["same"] for row in decided(entry).to_pylist()}
            of_pair = {pair: (row["record_hash"], row["person_id"]) for pair, row in enumerate(PAIRS.to_pylist(), start=1)}
            expected = {pair: agreed(said) for pair, said in standing.items()}
            if expected[1] and expected[2]:  # two people of one record
                expected |= {1: None, 2: None}
            assert found == {of_pair[pair]: same for pair, same in expected.items() if same is not None}
            joined = {pair for pair, same in expected.items() if same}
        elif act == "back":
            try:
                back(register, pair, reviewer(account))
                del mine[account]
            except Refused:
                assert account not in mine
        else:
            try:
                say(register, pair, reviewer(account), act)
                assert account not in mine
                mine[account] = act
            except Refused:
                settled = any(agreed(standing[other]) for other in (1, 2)) if pair < 3 else False
                unsure = list(mine.values()).count(CANT_SAY) >= 2
                assert account in mine or agreed(mine) is not None or settled or unsure
    with register.connected(KEYS) as connection:
        events = connection.execute(sa.select(EVENT.c.kind, EVENT.c.person_id)).all()
    for pair, person in ((1, 11), (2, 12), (3, 13)):
        kinds = [kind for kind, of in events if of == person]
        assert kinds == ([MERGE, SPLIT] * len(kinds))[: len(kinds)], "merge and split take turns"
        assert len(kinds) % 2 == (pair in joined)
