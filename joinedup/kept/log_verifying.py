"""Whether the access log is as it was sealed: which event was altered, removed, inserted or moved first, and what can't be known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from joinedup.kept.access_log import EPOCH, MICROSECOND, AccessLog, has_log, lines_between, seals_in
from joinedup.kept.counterfoils import Counterfoils, beside, read_counterfoils
from joinedup.kept.log_guards import guards_that_lack
from joinedup.kept.log_tables import FORM, LOOK, line_of_event
from joinedup.kept.seals import NO_SEAL, Seal, SealKey, batch_hash, mark, read_seals

CUT_AT_A_TIME = 10_000
MOST_FAULTS = 20
"""Batches that are looked into, event by event; of further ones it is said that they differ."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was sealed: of an event, a seal, or what keeps the log insert-only."""

    what: Literal["altered", "removed", "inserted", "moved", "seal", "guard"]
    message: str
    event: int | None = None
    seal: int | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying found: how far the log is sealed, and its faults, those of events first and in their order."""

    at: datetime
    events: int = 0
    seals: int = 0
    sealed_to: int = 0
    """The number of the last sealed event."""
    sealed_at: datetime | None = None
    unsealed: int = 0
    keyed: int = 0
    """Seals that were made with a key."""
    checked_with_key: bool = False
    read_from: int = 1
    """The first event that was read again; those before it were when they were verified last."""
    witnessed: int | None = None
    """Counterfoils that there are; None where there is no file of them."""
    elsewhere: int | None = None
    """Seals of the file that was given; None where none was."""
    faults: tuple[Fault, ...] = ()

    @property
    def first_event(self) -> Fault | None:
        """The fault of the first event that isn't as it was sealed."""
        return next((fault for fault in self.faults if fault.event is not None), None)


def verify(log: AccessLog, seals_file: Path | None = None, *, after: Seal | None = None) -> Verified:
    """What is found when every event and seal is read again, and held against the seals of a file from elsewhere where one is given.

    Events that are sealed up to and with the seal `after`, which was verified before, aren't read again; they are all when the log
    doesn't hold that seal.
    """
    told = None if seals_file is None else read_seals(seals_file)
    witness = seals_file or log.seal_file
    foils = None if witness is None else read_counterfoils(beside(witness))
    now = datetime.now(UTC)
    with log.reading() as connection:
        if not has_log(connection):
            gone = () if not told else (Fault("removed", f"the file holds {len(told)} seals and there is no log: it was removed", 1, 1),)
            return Verified(now, elsewhere=None if told is None else len(told), faults=gone)
        seals = list(seals_in(connection, after=0))
        trusted = {seal.number: seal for seal in [*seals, *_first_of_each(told or ()).values()]}
        in_order = [trusted[number] for number in sorted(trusted)]
        sealed_to = max((seal.last_event for seal in in_order), default=0)
        known = after.last_event if after is not None and after in seals else 0
        faults = [
            *_events(connection, [seal for seal in in_order if seal.last_event > known]),
            *_missing_before(connection, known),
            *_outside(connection, sealed_to),
            *_chain(seals, log.key, "the log"),
            *_elsewhere(seals, told or [], log.key),
            *(Fault("guard", message) for message in guards_that_lack(connection)),
        ]
        if foils is not None and not any(fault.event for fault in faults):
            faults += _cut(connection, foils, known, log.key)
        events = int(connection.scalar(sa.select(sa.func.count()).select_from(LOOK)) or 0)
        unsealed = int(connection.scalar(sa.select(sa.func.count()).select_from(LOOK).where(LOOK.c.number > sealed_to)) or 0)
    return Verified(
        at=now,
        events=events,
        seals=len(seals),
        sealed_to=seals[-1].last_event if seals else 0,
        sealed_at=EPOCH + seals[-1].sealed_at * MICROSECOND if seals else None,
        unsealed=unsealed,
        keyed=sum(bool(seal.key_id) for seal in seals),
        checked_with_key=log.key is not None,
        read_from=known + 1,
        witnessed=None if foils is None else len(foils.numbers),
        elsewhere=None if told is None else len(told),
        faults=tuple(sorted(faults, key=lambda fault: (fault.event is None, fault.event or 0))),
    )


def _events(connection: sa.Connection, seals: Sequence[Seal]) -> Iterator[Fault]:
    """The first event of each batch that isn't as its seal says."""
    line = line_of_event(connection.dialect.name)
    which = LOOK.c.number.between(sa.bindparam("first"), sa.bindparam("last"))
    query = sa.select(line).where(which).order_by(LOOK.c.number)
    differing = 0
    for seal, after in zip_longest(seals, seals[1:]):
        found = connection.execute(query, {"first": seal.first_event, "last": seal.last_event}).scalars().all()
        if len(found) == seal.event_count and None not in found and batch_hash(found) == seal.batch_hash:
            continue
        differing += 1
        if differing <= MOST_FAULTS:
            last = after.last_event if after else seal.last_event + 1
            fault = _first(seal, after, lines_between(connection, seal.first_event, last))
            yield _moved(fault, seal, seals, connection) if fault.what == "altered" else fault


def _first(seal: Seal, after: Seal | None, found: Sequence[tuple[int, bytes]]) -> Fault:
    """What is wrong with the first event that differs; the next seal's events tell those apart that all moved up or down."""
    expected = seal.each_mark + (after.each_mark if after else [])
    marks = [mark(line) for _, line in found]
    numbers = [number for number, _ in found]
    for i, number in enumerate(range(seal.first_event, seal.last_event + 1)):
        if i >= len(found) or numbers[i] > number:
            return _fault("removed", number, seal, "it is not there any more")
        if numbers[i] < number:
            return _fault("inserted", numbers[i], seal, "it is there twice")
        if i >= len(expected) or marks[i] != expected[i]:
            return _kind(i, number, seal, marks, expected)
    if len([number for number in numbers if number <= seal.last_event]) > seal.event_count:
        return _fault("inserted", seal.last_event, seal, "it is there twice")
    return _fault("altered", seal.first_event, seal, "which of the batch can't be told")


def _kind(i: int, number: int, seal: Seal, marks: Sequence[bytes], expected: Sequence[bytes]) -> Fault:
    """What became of an event that isn't the one that was sealed under its number."""
    here, sealed = marks[i], expected[i] if i < len(expected) else b""
    ahead = list(expected[i + 1 : i + 2])
    if marks[i + 1 : i + 2] == [sealed] and ahead == [here]:
        return _fault("moved", number, seal, "it and the next have changed places")
    if marks[i + 1 : i + 2] == [sealed]:
        return _fault("inserted", number, seal, "another stands in its place, and those after it have moved up")
    if ahead == [here]:
        return _fault("removed", number, seal, "those after it have moved down into its place")
    return _fault("altered", number, seal, "it is not what was sealed")


def _moved(fault: Fault, seal: Seal, seals: Sequence[Seal], connection: sa.Connection) -> Fault:
    """An event that was altered, or moved where what stands in its place was sealed as another event."""
    assert fault.event is not None
    here = [mark(line) for _, line in lines_between(connection, fault.event, fault.event)]
    if any(here[0] in other.each_mark for other in seals if here):
        return _fault("moved", fault.event, seal, "another of the sealed events stands in its place")
    return fault


def _fault(what: Literal["altered", "removed", "inserted", "moved"], event: int, seal: Seal, why: str) -> Fault:
    batch = f"seal {seal.number}, events {seal.first_event} to {seal.last_event}"
    return Fault(what, f"event {event} was {what}: {why} ({batch})", event, seal.number)


def _missing_before(connection: sa.Connection, known: int) -> Iterator[Fault]:
    """Whether events that were verified before, and aren't read again, are still all there."""
    there = int(connection.scalar(sa.select(sa.func.count()).select_from(LOOK).where(LOOK.c.number.between(1, known))) or 0)
    if there != known:
        yield Fault("removed", f"of the events up to {known} there are {there}: verify the whole log (joinedup audit verify)", known)


def _cut(connection: sa.Connection, foils: Counterfoils, known: int, key: SealKey | None) -> Iterator[Fault]:
    """Looks that have a counterfoil and aren't in the log, or are there otherwise: what was cut off before it was sealed."""
    last = int(connection.scalar(sa.select(sa.func.max(LOOK.c.number))) or 0)
    if foils.last > last:
        yield Fault("removed", f"event {last + 1} was removed: there are counterfoils up to event {foils.last}", last + 1)
    if foils.again:
        yield Fault(
            "removed", f"event {foils.again[0]} has two counterfoils: looks were cut off and their numbers given again", foils.again[0]
        )
    for first in range(known + 1, last + 1, CUT_AT_A_TIME):
        lines = dict(lines_between(connection, first, first + CUT_AT_A_TIME - 1))
        if len(lines) != min(CUT_AT_A_TIME, last - first + 1):
            return  # what is missing in between is said already
        for number in foils.differing(first, list(lines.values()), key):
            yield Fault("altered", f"event {number} was altered: its counterfoil says otherwise", number)
            return


def _outside(connection: sa.Connection, sealed_to: int) -> Iterator[Fault]:
    """Events that no seal can cover, and gaps among those that aren't sealed yet."""
    least = connection.scalar(sa.select(sa.func.min(LOOK.c.number)))
    if least is not None and least < 1:
        yield Fault("inserted", f"event {least} was inserted: events are numbered from 1", least)
    expected = sealed_to + 1
    for (number,) in connection.execute(sa.select(LOOK.c.number).where(LOOK.c.number > sealed_to).order_by(LOOK.c.number)):
        if number != expected:
            what: Literal["removed", "inserted"] = "removed" if number > expected else "inserted"
            named = expected if number > expected else number
            yield Fault(what, f"event {named} was {what}, after the last seal: numbers have no gaps and come once", named)
            return
        expected += 1


def _chain(seals: Sequence[Seal], key: SealKey | None, where: str) -> Iterator[Fault]:
    """Seals that don't follow the one before, or aren't what their own hash says."""
    before: Seal | None = None
    keyed_since: int | None = None
    for seal in seals:
        for message in _faults_of_seal(seal, before, key):
            yield Fault("seal", f"seal {seal.number} of {where} {message}", seal=seal.number)
        if keyed_since is not None and not seal.key_id:
            message = f"seal {seal.number} of {where} has no key, and seals since {keyed_since} have: it was made by someone without it"
            yield Fault("seal", message, seal=seal.number)
        keyed_since = keyed_since or (seal.number if seal.key_id else None)
        before = seal
    if key is not None and seals and keyed_since is None:
        yield Fault("seal", f"no seal of {where} has a key, and one was given: they may have been made again without it", seal=1)


def _faults_of_seal(seal: Seal, before: Seal | None, key: SealKey | None) -> Iterator[str]:
    number, last, its_hash = (before.number, before.last_event, before.seal_hash) if before else (0, 0, NO_SEAL)
    if seal.form != FORM:
        yield f"has form {seal.form}, and form {FORM} is expected: verify with the version of joinedup that made it"
        return
    if seal.number != number + 1:
        yield f"follows seal {number}: seals between them were removed"
    elif seal.before_hash != its_hash:
        yield "doesn't hold the hash of the seal before: one of the two was made again"
    if seal.first_event != last + 1 or seal.event_count != seal.last_event - seal.first_event + 1:
        yield f"is of events {seal.first_event} to {seal.last_event}, which don't follow event {last}"
    if seal.key_id and key is not None and seal.key_id != key.key_id:
        yield f"was made with key {seal.key_id}, and key {key.key_id} was given"
    elif not seal.key_id and seal.seal_hash != seal.hashed(None):
        yield "is not what its hash says: it was altered"
    elif seal.key_id and key is not None and seal.seal_hash != seal.hashed(key):
        yield "is not what its hash under the key says: it was altered, or made without the key"


def _elsewhere(seals: Sequence[Seal], told: Sequence[Seal], key: SealKey | None) -> Iterator[Fault]:
    """Seals of the file that the log lacks or has otherwise."""
    yield from _chain(list(_first_of_each(told).values()), key, "the file")
    here: Mapping[int, Seal] = {seal.number: seal for seal in seals}
    for seal in told:
        mine = here.get(seal.number)
        events = f"events {seal.first_event} to {seal.last_event}"
        if mine is None:
            yield Fault("seal", f"seal {seal.number} ({events}) is in the file and not in the log: it was removed", seal=seal.number)
        elif mine != seal:
            yield Fault("seal", f"seal {seal.number} ({events}) differs from the file's: the log was sealed again", seal=seal.number)


def _first_of_each(told: Sequence[Seal]) -> dict[int, Seal]:
    """The seals of a file by number, each as it was first written."""
    found: dict[int, Seal] = {}
    for seal in told:
        found.setdefault(seal.number, seal)
    return found
