"""Counterfoils: looks that aren't sealed yet can't be cut off or changed without a trace, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from joinedup.kept.access_log import AccessLog, Look, lines_between, open_access_log
from joinedup.kept.counterfoils import beside, read_counterfoils
from joinedup.kept.log_tables import LOOK
from joinedup.kept.log_verifying import verify
from joinedup.kept.seals import derived_seal_key

from . import looks


def look(number: int) -> Look:
    """A look just now, so that nothing is due to be sealed."""
    return replace(looks.look(number), at=datetime.now(UTC))


@pytest.fixture
def log(database: Path | str, tmp_path: Path) -> Iterator[AccessLog]:
    opened = open_access_log(database, {"JOINEDUP_SEALS": str(tmp_path / "seals.jsonl")})
    opened.append([look(n) for n in range(20)])
    opened.seal()
    for n in range(20, 30):
        opened.append([look(n)])
    yield opened
    opened.close()


def without_guards(log: AccessLog, statement: sa.Executable) -> None:
    """Nothing; somebody who owns the database did this, and put the guards back."""
    with looks.behind(log) as connection:
        connection.execute(statement)


def test_each_look_has_one_as_it_is_logged(log: AccessLog) -> None:
    assert log.seal_file is not None
    found = read_counterfoils(beside(log.seal_file))
    assert found is not None
    assert found.numbers.tolist() == list(range(1, 31))
    with log.reading() as connection:
        lines = [line for _, line in lines_between(connection, 1, 30)]
    assert list(found.differing(1, lines, None)) == []
    verified = verify(log)
    assert (verified.faults, verified.witnessed, verified.unsealed) == ((), 30, 10)
    assert beside(log.seal_file).stat().st_mode & 0o777 == 0o600


def test_looks_cut_off_before_they_were_sealed_are_found(log: AccessLog) -> None:
    without_guards(log, sa.delete(LOOK).where(LOOK.c.number > 27))
    assert [(fault.what, fault.event) for fault in verify(log).faults] == [("removed", 28)]


def test_looks_cut_off_are_found_when_others_took_their_numbers_and_were_sealed(log: AccessLog) -> None:
    without_guards(log, sa.delete(LOOK).where(LOOK.c.number > 27))
    log.append([look(n) for n in range(40, 50)])
    log.seal()
    found = verify(log)
    assert ("removed", 28) in [(fault.what, fault.event) for fault in found.faults]
    assert "two counterfoils" in str(found.faults)


def test_an_unsealed_look_that_was_changed_is_found(log: AccessLog) -> None:
    without_guards(log, sa.update(LOOK).where(LOOK.c.number == 25).values(account="someone-else"))
    assert [(fault.what, fault.event) for fault in verify(log).faults] == [("altered", 25)]


def test_with_a_key_nobody_without_it_can_make_them(database: Path | str, tmp_path: Path) -> None:
    keyed, other = derived_seal_key(b"1" * 32), derived_seal_key(b"2" * 32)
    log = open_access_log(database, {"JOINEDUP_SEALS": str(tmp_path / "seals.jsonl")})
    log.key = keyed
    log.append([look(1)])
    log.close()
    assert log.seal_file is not None
    found = read_counterfoils(beside(log.seal_file))
    assert found is not None
    with log.reading() as connection:
        line = [line for _, line in lines_between(connection, 1, 1)]
    log.close()
    assert list(found.differing(1, line, keyed)) == []
    assert list(found.differing(1, [b"another"], keyed)) == [1]
    assert list(found.differing(1, [b"another"], other)) == [], "under another key nothing is known"


def test_a_line_cut_short_and_nonsense_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "x.counterfoils.csv"
    file.write_bytes(b"1,,0123456789abcdef\n\xff\xfe,\n2,,01234\n" + b"9" * 40 + b",,0123456789abcdef\n3,,0123456789abcdef")
    found = read_counterfoils(file)
    assert found is not None
    assert found.numbers.tolist() == [1, 3]
    file.write_bytes(b"")
    assert read_counterfoils(file).last == 0  # type: ignore[union-attr]
    assert read_counterfoils(tmp_path / "none") is None


def test_what_was_verified_before_is_not_read_again(log: AccessLog) -> None:
    log.seal()
    last = log.seals()[-1]
    log.append([look(50)])
    whole, later = verify(log), verify(log, after=last)
    assert (whole.read_from, later.read_from) == (1, 31)
    without_guards(log, sa.update(LOOK).where(LOOK.c.number == 5).values(account="someone-else"))
    assert verify(log, after=last).faults == (), "that is why pages read all of it again every week"
    assert verify(log).first_event is not None
    without_guards(log, sa.delete(LOOK).where(LOOK.c.number == 6))
    assert [fault.what for fault in verify(log, after=last).faults] == ["removed"]
