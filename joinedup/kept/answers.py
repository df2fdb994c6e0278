"""Answers of people to pairs in doubt: what waits for whom, giving an answer, taking it back, and who said what when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from joinedup.errors import Refused
from joinedup.kept.decisions import (
    ANSWER,
    ANSWERS,
    CANT_SAY,
    DECISION,
    DIFFERENT,
    ENOUGH,
    SAME,
    TAKEN_BACK,
    contradictions,
    standing,
    tallies,
    told,
)
from joinedup.kept.identity_register import LANDING
from joinedup.kept.merges import EVENT, now
from joinedup.kept.pairs import PAIR

REASONS: Mapping[str, Mapping[str, str]] = {
    SAME: {
        "agrees": "all that matters agrees",
        "slip": "a slip of typing explains what differs",
        "spelling": "one name, spelt or shortened in another way",
        "changed": "name or address has changed",
        "checked": "checked with the source",
        "other": "something else",
    },
    DIFFERENT: {
        "relatives": "relatives: twins, or parent and child",
        "common": "a common name, and little else agrees",
        "differs": "too much differs",
        "checked": "checked with the source",
        "other": "something else",
    },
    CANT_SAY: {
        "too little": "too little is given",
        "contradicts": "what is given contradicts itself",
        "ask": "the source must be asked",
        "other": "something else",
    },
}
"""Answer -> the reasons that can be given, each with its words. There is no free text, for names would end up in it."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who answers: account and role, and every account that this person has, so that nobody agrees with themselves."""

    account: str
    role: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pair that waits for an answer: of which contract, how likely matching holds it to be one person, since when it is in doubt."""

    pair: int
    person_id: int
    contract: str
    probability: float
    since: datetime


def waiting(connection: sa.Connection, reviewer: Reviewer) -> list[Waiting]:
    """The pairs that wait for this person, first those that others have answered, then the likeliest.

    Never one that this person has answered, nor one that is decided, set aside because nobody can say, or settled by another pair
    of the same record.
    """
    if not _begun(connection):
        return []
    tally, given = tallies(), standing()
    mine = sa.select(given.c.pair).where(given.c.account.in_(reviewer.accounts))
    query = (
        sa.select(PAIR.c.pair, PAIR.c.person_id, PAIR.c.contract, PAIR.c.probability, LANDING.c.landed_at)
        .join(LANDING, LANDING.c.landing == PAIR.c.landing)
        .join(tally, tally.c.pair == PAIR.c.pair, isouter=True)
        .where(_open(tally), PAIR.c.pair.not_in(mine))
        .order_by(sa.func.coalesce(tally.c.same + tally.c.different, 0).desc(), PAIR.c.probability.desc(), PAIR.c.pair)
    )
    return [Waiting(*row) for row in connection.execute(query)]


def waiting_pairs(connection: sa.Connection) -> int:
    """How many pairs wait for an answer of anybody."""
    if not _begun(connection):
        return 0
    tally = tallies()
    query = sa.select(sa.func.count()).select_from(PAIR).join(tally, tally.c.pair == PAIR.c.pair, isouter=True).where(_open(tally))
    return connection.scalar(query) or 0


def rivals(connection: sa.Connection, pair: int) -> int:
    """How many other people the record of a pair may be, by pairs that were in doubt in the same landing."""
    record, seen = (sa.select(column).where(PAIR.c.pair == pair).scalar_subquery() for column in (PAIR.c.record_hash, PAIR.c.seen))
    others = sa.select(sa.func.count()).where(PAIR.c.record_hash == record, PAIR.c.seen == seen, PAIR.c.pair != pair)
    return connection.scalar(others) or 0


def _begun(connection: sa.Connection) -> bool:
    """Whether the register has been landed into since it keeps pairs."""
    return sa.inspect(connection).has_table(PAIR.name)


def _in_doubt() -> sa.ColumnElement[bool]:
    """Of a pair: whether the last landing had it in doubt, or went by a decision, which has fallen if nothing else decides it."""
    last = told()
    decided = sa.select(last.c.pair).where(last.c.same.is_not(None))
    return sa.or_(PAIR.c.seen == sa.select(sa.func.max(LANDING.c.landing)).scalar_subquery(), PAIR.c.pair.in_(decided))


def _open(tally: sa.Subquery) -> sa.ColumnElement[bool]:
    """Of a pair beside its tally: whether an answer is asked for."""
    settled_tally = tallies()
    settled = sa.select(PAIR.c.record_hash).join(settled_tally, settled_tally.c.pair == PAIR.c.pair).where(settled_tally.c.decided == 1)
    return sa.and_(
        _in_doubt(),
        PAIR.c.ciphertext != b"",
        tally.c.decided.is_(None),
        sa.func.coalesce(tally.c.unsure, 0) < ENOUGH,
        PAIR.c.record_hash.not_in(settled),
    )


def give_answer(connection: sa.Connection, pair: int, reviewer: Reviewer, said: str, why: str) -> None:
    """Nothing; the answer is kept. Refused when the pair doesn't wait for this person: answered before, or decided meanwhile."""
    if why not in REASONS.get(said, {}):
        raise Refused(f"{said!r} for {why!r} is no answer; answer {', '.join(ANSWERS)}, with a reason that is listed for it")
    _hold(connection, pair)
    if pair not in {each.pair for each in waiting(connection, reviewer)}:
        raise Refused(f"pair {pair} doesn't wait for an answer of {reviewer.account}: it was answered, decided or settled meanwhile; go on")
    _append(connection, pair, reviewer, said=said, why=why)


def take_back(connection: sa.Connection, pair: int, reviewer: Reviewer, *, of: str | None = None) -> bool:
    """Whether a landing was told what this answer decided, so that the next parts what it joined; Refused where there is no such answer.

    An information governance lead may take back the answer `of` another account.
    """
    whose = [of] if of else [*reviewer.accounts]
    if of and of not in reviewer.accounts and reviewer.role != "ig_lead":
        raise Refused(f"only an information governance lead takes back others' answers, and {reviewer.account} is {reviewer.role}")
    _hold(connection, pair)
    given = standing()
    answer = connection.scalar(sa.select(given.c.answer).where(given.c.pair == pair, given.c.account.in_(whose)))
    if answer is None:
        raise Refused(f"{of or reviewer.account} has no answer to pair {pair} to take back; joinedup review PLACE history lists answers")
    last = told()
    used = connection.scalar(sa.select(last.c.same).where(last.c.pair == pair)) is not None
    _append(connection, pair, reviewer, said=TAKEN_BACK, why="", takes_back=answer)
    return used


def _hold(connection: sa.Connection, pair: int) -> None:
    """Nothing; whoever else answers this pair waits. (SQLite locked its file when the transaction began.)"""
    there = _begun(connection) and connection.scalar(sa.select(PAIR.c.pair).where(PAIR.c.pair == pair).with_for_update())
    if not there:
        raise Refused(f"there is no pair {pair}; joinedup review PLACE history lists those that were answered")


def _append(connection: sa.Connection, pair: int, reviewer: Reviewer, **values: str | int) -> None:
    """Nothing; a row more says what this person said."""
    before = sa.select(sa.func.count()).where(ANSWER.c.pair == pair, ANSWER.c.account == reviewer.account)
    attempt = 1 + (connection.scalar(before) or 0)
    who = {"account": reviewer.account, "role": reviewer.role, "answered_at": now()}
    connection.execute(sa.insert(ANSWER).values(pair=pair, attempt=attempt, **who, **values))


def overview(connection: sa.Connection) -> list[dict[str, Any]]:
    """Every pair without anything of whom it is about: contract, probability, since when it is in doubt, and its state.

    A state is: waits for two answers, waits for one more, disagreed, can't be said, agreed same, agreed different, contradicts
    another pair, settled by another pair, no longer in doubt, erased.
    """
    if not _begun(connection):
        return []
    tally = tallies()
    state = sa.case(
        (sa.and_(tally.c.decided == 1, PAIR.c.record_hash.in_(contradictions())), "contradicts another pair"),
        (tally.c.decided == 1, "agreed same"),
        (tally.c.decided == 0, "agreed different"),
        (PAIR.c.ciphertext == b"", "erased"),
        (tally.c.unsure >= ENOUGH, "can't be said"),
        (sa.not_(_in_doubt()), "no longer in doubt"),
        (sa.not_(_open(tally)), "settled by another pair"),
        (sa.and_(tally.c.same > 0, tally.c.different > 0), "disagreed"),
        (tally.c.same + tally.c.different > 0, "waits for one more"),
        else_="waits for two answers",
    ).label("state")
    query = (
        sa.select(PAIR.c.pair, PAIR.c.contract, PAIR.c.probability, LANDING.c.landed_at.label("since"), state)
        .join(LANDING, LANDING.c.landing == PAIR.c.landing)
        .join(tally, tally.c.pair == PAIR.c.pair, isouter=True)
        .order_by(PAIR.c.pair)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def history(connection: sa.Connection, pair: int | None = None) -> list[dict[str, Any]]:
    """Who said what of which pair when and why, what landings made of it, merges and splits, by time; nothing of whom they're about."""
    if not _begun(connection):
        return []
    names = ("at", "pair", "contract", "who", "role", "said", "why")
    rows = [dict(zip(names, row, strict=True)) for query in _all_acts() for row in connection.execute(query)]
    return sorted((row for row in rows if pair in {None, row["pair"]}), key=lambda row: (row["at"], row["pair"] or 0))


def _all_acts() -> tuple[sa.Select[Any], ...]:
    """The queries of answers, of what landings were told, and of merges and splits, each with the columns of `history`."""
    nothing, pairs = sa.literal(""), PAIR.c.contract
    said = sa.case((DECISION.c.same == 1, "linked"), (DECISION.c.same == 0, "kept apart"), else_="no longer decided")
    of_landing = LANDING.c.landed_at, DECISION.c.pair, pairs, LANDING.c.landing_id, nothing, said, nothing
    answers = sa.select(ANSWER.c.answered_at, ANSWER.c.pair, pairs, ANSWER.c.account, ANSWER.c.role, ANSWER.c.said, ANSWER.c.why)
    events = sa.select(EVENT.c.happened_at, sa.null(), nothing, LANDING.c.landing_id, nothing, EVENT.c.kind, EVENT.c.cause)
    return (
        answers.join(PAIR, PAIR.c.pair == ANSWER.c.pair),
        sa.select(*of_landing).join(PAIR, PAIR.c.pair == DECISION.c.pair).join(LANDING, LANDING.c.landing == DECISION.c.landing),
        events.join(LANDING, LANDING.c.landing == EVENT.c.landing),
    )
