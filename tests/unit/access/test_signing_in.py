"""Who asks where several people use one account, and to which log the doors are held."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from joinedup.access.caller import caller_for, own_account
from joinedup.access.looking import log_of, look
from joinedup.access.people import open_people
from joinedup.access.signing_in import is_word, new_word
from joinedup.engine.store import Store
from joinedup.errors import Refused
from joinedup.place.model import Place

from .conftest import Built, a_place

HEAD = "account,name,role,scope_kind,scope_id,starts,ends,sign_in\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A real place whose ann signs in, and whose ben has an account of his own."""
    for name in ("JOINEDUP_ACTOR", "JOINEDUP_ACTOR_WORD", "JOINEDUP_ACTOR_WORD_FILE", "JOINEDUP_LOG"):
        monkeypatch.delenv(name, raising=False)
    word, said = new_word()
    monkeypatch.setenv("WORD_OF_ANN", word)
    (tmp_path / "staff.csv").write_text(
        f"{HEAD}ann,Ann,care_team,place,,,,{said}\nben,Ben,analyst,place,,,,\n{own_account()},Us,analyst,place,,,,\n"
    )
    return a_place(folder=tmp_path, invented=False)


def signs_in(monkeypatch: pytest.MonkeyPatch, actor: str, word: str) -> None:
    monkeypatch.setenv("JOINEDUP_ACTOR", actor)
    monkeypatch.setenv("JOINEDUP_ACTOR_WORD", word)


def word_of_ann() -> str:
    return os.environ["WORD_OF_ANN"]


def test_who_signs_in_with_their_word_is_who_asks(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert caller_for(place, "planning").account == own_account()
    signs_in(monkeypatch, "ann", word_of_ann())
    ann = caller_for(place, "direct care", reason="ward round")
    assert (ann.account, ann.actor, ann.role) == ("ann", "Ann", "care_team")


@pytest.mark.parametrize(("actor", "word"), [("ann", "wrong"), ("ann", ""), ("ben", "anything"), ("nobody", "x"), ("ben", "")])
def test_nobody_is_somebody_else_by_saying_so(place: Place, monkeypatch: pytest.MonkeyPatch, actor: str, word: str) -> None:
    signs_in(monkeypatch, actor, word)
    with pytest.raises(Refused, match="isn't that of this person") as refused:
        caller_for(place, "planning")
    assert not word or word not in str(refused.value)
    signs_in(monkeypatch, "ben", word_of_ann())
    with pytest.raises(Refused):
        caller_for(place, "planning")


def test_where_all_sign_in_an_account_alone_is_not_enough(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    asks = place.model_copy(update={"sign_in": True})
    with pytest.raises(Refused, match="signs in: name yourself"):
        caller_for(asks, "planning")
    signs_in(monkeypatch, "ann", word_of_ann())
    assert caller_for(asks, "planning").account == "ann"


def test_a_row_with_a_word_lets_nobody_in_without(place: Place, tmp_path: Path) -> None:
    _, said = new_word()
    (tmp_path / "staff.csv").write_text(f"{HEAD}{own_account()},Us,analyst,place,,,,{said}\n")
    with pytest.raises(Refused, match="signs in"):
        caller_for(place, "planning")


def test_a_word_in_a_file_that_others_can_read_is_refused(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ann.word"
    file.write_text(word_of_ann() + "\n")
    monkeypatch.setenv("JOINEDUP_ACTOR", "ann")
    monkeypatch.setenv("JOINEDUP_ACTOR_WORD_FILE", str(file))
    file.chmod(0o644)
    with pytest.raises(Refused, match="can be read by others"):
        caller_for(place, "planning")
    file.chmod(0o600)
    assert caller_for(place, "planning").account == "ann"
    file.unlink()
    with pytest.raises(Refused, match="can't be read"):
        caller_for(place, "planning")


def test_words_are_kept_as_hashes_alone() -> None:
    word, said = new_word()
    assert is_word(word, said)
    assert word not in said
    assert not is_word(word[:-1], said)
    assert not is_word("", "")


def test_the_doors_are_held_to_the_log_that_the_folder_names(fell_side: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, store = fell_side.place, Store(tmp_path / "own").create()
    carer = caller_for(place, "direct care", reason="ward round")
    log = log_of(store, place)
    log.append([look(carer, "people", "list", "b1")])
    pinned = place.model_copy(update={"access_log": log.log_id})
    assert log_of(store, pinned).log_id == log.log_id
    elsewhere = tmp_path / "elsewhere.sqlite"
    monkeypatch.setenv("JOINEDUP_LOG", f"sqlite:///{elsewhere}")
    with pytest.raises(Refused, match="says is the place"):
        log_of(store, pinned)
    with pytest.raises(Refused, match="says is the place"):
        open_people(fell_side.store, pinned, carer)
    log_of(store, place).append([look(replace(carer, account="other"), "people", "list", "b1")])
    with pytest.raises(Refused, match="says is the place"):
        log_of(store, pinned)
    with pytest.raises(Refused, match="joinedup audit pin"):
        log_of(store, place.model_copy(update={"invented": False}))
    monkeypatch.delenv("JOINEDUP_LOG")
    with pytest.raises(Refused, match="says is the place"):
        log_of(Store(tmp_path / "another").create(), pinned)
