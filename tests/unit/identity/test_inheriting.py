"""Ids of numbers that replaced others, over several landings: one id never stands for two numbers in use, and all else stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from joinedup.kept.identity_register import IdentityRegister, open_register
from joinedup.kept.merges import EVENT, merged_now
from tests.postgresql import PostgreSQL
from tests.unit.identity.people import KEYS, linked, nhs_number

A, B, C, D = NUMBERS = tuple(nhs_number(number) for number in range(1, 5))
MAY = date(1950, 5, 4)

Pairs = list[tuple[str, str]]
PAIRS = [(A, B), (B, C), (A, C), (B, A), (D, B)]


def landing(register: IdentityRegister, landing_id: str, numbers: list[str], pairs: Pairs | None) -> dict[str, int]:
    """Number in use -> person_id; the list has these numbers, and a list of replacements comes unless it is None."""
    sources: dict[str, Any] = {"list": ("register", [{"nhs_number": number, "person_birth_date": MAY} for number in numbers])}
    if pairs is not None:
        sources["changes"] = ("superseded_number", [{"superseded_nhs_number": old, "nhs_number": new} for old, new in pairs])
    found = linked(register, sources, landing_id=landing_id)
    in_use = dict(found.con.execute("SELECT given, CAST(number AS VARCHAR) FROM nhs_number").fetchall())
    ids = zip([in_use[number] for number in numbers], found.people("register"), strict=True)
    shown: dict[str, int] = {}
    for number, person in ids:
        assert person is not None
        assert shown.setdefault(number, person) == person, "one number has one id"
    assert len(set(shown.values())) == len(shown), "an id never stands for two verified numbers"
    found.con.close()
    return shown


def events(register: IdentityRegister) -> list[tuple[Any, ...]]:
    with register.connected(KEYS) as connection:
        return [tuple(row) for row in connection.execute(sa.select(EVENT.c.kind, EVENT.c.person_id, EVENT.c.other_person_id))]


@pytest.fixture
def register(database: Path | str) -> Iterator[IdentityRegister]:
    opened = open_register(database)
    yield opened
    opened.close()


def test_a_pair_that_is_withdrawn_gives_the_id_back_to_the_number_it_was_minted_for(register: IdentityRegister) -> None:
    first = landing(register, "first", [A, D], None)
    joined = landing(register, "second", [A, B, D], [(A, B)])
    assert joined == {B: first[A], D: first[D]}
    parted = landing(register, "third", [A, B, D], [(C, D)])
    assert (parted[A], parted[D]) == (first[A], first[D])
    assert parted[B] not in first.values()
    again = landing(register, "fourth", [A, B, D], [(A, B)])
    assert again[B] == parted[B], "the number in use keeps the id that it had"
    assert events(register) == [
        ("merge", first[A], parted[B]),
        ("split", first[A], parted[B]),
        ("merge", parted[B], first[A]),
    ]


def test_a_merge_is_kept_where_both_numbers_were_known(register: IdentityRegister) -> None:
    first = landing(register, "first", [A, B], None)
    second = landing(register, "second", [A, B], [(A, B)])
    assert second == {B: first[B]}
    with register.connected(KEYS) as connection:
        assert merged_now(connection) == {(first[B], first[A])}
    assert landing(register, "third", [A, B], []) == first
    with register.connected(KEYS) as connection:
        assert merged_now(connection) == set()


def test_a_number_that_was_replaced_by_another_one_after_all(register: IdentityRegister) -> None:
    """A is said to be B; then A is said to be C: the id goes with A's rows to C, and B has its own."""
    first = landing(register, "first", [A], None)
    landing(register, "second", [B], [(A, B)])
    third = landing(register, "third", [B, C], [(A, C)])
    assert third[C] == first[A]
    assert third[B] != first[A]
    assert landing(register, "fourth", [B, C], None) == third


def test_the_middle_of_a_chain_may_be_withdrawn(register: IdentityRegister) -> None:
    first = landing(register, "first", [A, D], None)
    second = landing(register, "second", [C, D], [(A, B), (B, C)])
    assert second == {C: first[A], D: first[D]}
    third = landing(register, "third", [B, C, D], [(A, B)])
    assert third == {B: first[A], C: third[C], D: first[D]}
    assert third[C] not in first.values()


class Landings(RuleBasedStateMachine):
    """Numbers come and go, pairs are said and withdrawn, their list comes or not, and the register is opened anew."""

    where: Path | str

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.place = Path(self.folder.name) / "identity.sqlite" if self.where == "sqlite" else self.where
        self.register = open_register(self.place)
        self.count = 0
        self.before: dict[str, int] = {}
        self.told: dict[str, int] = {}
        """How many merges and splits had been told when a number was last shown."""
        self.ever: set[str] = set()
        self.own: dict[str, int] = {}

    @rule(numbers=st.sets(st.sampled_from(NUMBERS), min_size=1), pairs=st.none() | st.sets(st.sampled_from(PAIRS), max_size=3))
    def land(self, numbers: set[str], pairs: set[tuple[str, str]] | None) -> None:
        self.count += 1
        said = None if pairs is None else sorted(pairs)
        self.ever |= {number for pair in said or () for number in pair}
        shown = landing(self.register, str(self.count), sorted(numbers), said)
        for number in shown.keys() - self.ever:
            assert self.own.setdefault(number, shown[number]) == shown[number], "whom no pair ever named keeps the id"
        told = [set(event[1:]) for event in events(self.register)]
        for number in shown.keys() & self.before.keys():
            before, now, since = self.before[number], shown[number], self.told[number]
            assert before == now or any(now in ids or before in ids for ids in told[since:]), "no id changes without a merge or split"
        self.before |= shown
        self.told |= dict.fromkeys(shown, len(told))
        again = landing(self.register, f"{self.count} again", sorted(numbers), said)
        assert again == shown, "the same extracts give the same ids"

    @rule()
    def the_register_is_opened_anew(self) -> None:
        self.register.close()
        self.register = open_register(self.place)

    def teardown(self) -> None:
        if hasattr(self, "register"):
            self.register.close()
            self.folder.cleanup()


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 12), ("postgresql", 4)])
def test_a_cluster_never_holds_two_verified_numbers(kind: str, examples: int, postgresql_server: PostgreSQL) -> None:
    class OnThis(Landings):
        @initialize()
        def begin(self) -> None:
            self.where = "sqlite" if kind == "sqlite" else postgresql_server.url(postgresql_server.new_database())
            super().begin()

    OnThis.__name__ = f"Landings on {kind}"
    run_state_machine_as_test(OnThis, settings=settings(max_examples=examples, stateful_step_count=5, deadline=None, database=None))
