"""What people decided comes back from a backup, on both databases, and goes on from there."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.errors import Refused
from joinedup.kept.answers import history, waiting
from joinedup.kept.backup import backup
from joinedup.kept.decisions import DIFFERENT, SAME, decided
from joinedup.kept.identity_register import IdentityRegister, open_register, register_place
from joinedup.kept.pairs import offer_pairs, opened_pair
from joinedup.kept.restore import restore
from tests.unit.kept.test_answers import ADA, BEN, CAS, say, told
from tests.unit.kept.test_decisions import PAIRS, RECORD, SECOND_RECORD, begin
from tests.unit.kept.test_identity_register import KEYS


@pytest.fixture
def register(tmp_path: Path, database: Path | str, monkeypatch: pytest.MonkeyPatch) -> IdentityRegister:
    if isinstance(database, str):
        monkeypatch.setenv("JOINEDUP_REGISTER", database)
    made = open_register(register_place(tmp_path / "kept"))
    begin(made)
    return made


def test_decisions_come_back_with_the_register_and_go_on(register: IdentityRegister, tmp_path: Path) -> None:
    say(register, 1, ADA, SAME)
    say(register, 1, BEN, SAME)
    say(register, 3, ADA, DIFFERENT)
    with register.landing("second", KEYS, "calderdale") as entry:
        offer_pairs(entry, PAIRS)
        assert decided(entry).num_rows == 1
    with register.connected(KEYS) as connection:
        before = history(connection)
    backup("calderdale", tmp_path / "kept", tmp_path / "one.backup")
    say(register, 3, BEN, DIFFERENT)
    register.close()
    restore("calderdale", tmp_path / "kept", tmp_path / "one.backup", replace=True)
    again = open_register(register_place(tmp_path / "kept"))
    with again.connected(KEYS) as connection:
        assert history(connection) == before
        assert opened_pair(connection, KEYS, 1)["p_person_family_name"] == "Plantagenett"
        assert [each.pair for each in waiting(connection, ADA)] == []
    with pytest.raises(Refused):
        say(again, 3, ADA, SAME)
    say(again, 3, CAS, DIFFERENT)
    assert sorted(told(again, "third")) == [(RECORD, 11, True), (SECOND_RECORD, 13, False)]
