"""Keys in the operating system's keyring: asked only when named, and a sentence where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import keyring
import keyring.errors
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from joinedup.errors import KeyProblem
from joinedup.kept.keys import read_key, write_new_halves, write_new_key


class InMemory(KeyringBackend):
    """A keyring that lasts as long as the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked("planted")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> InMemory:
    made = InMemory()
    monkeypatch.setattr(keyring.core, "_keyring_backend", made)
    return made


def test_a_key_is_written_to_the_keyring_once_and_read_from_it(ring: InMemory) -> None:
    write_new_key("keyring:calderdale")
    assert list(ring.kept) == [("joinedup", "calderdale")]
    given = read_key("keyring:calderdale")
    assert read_key(environ={"JOINEDUP_KEY_KEYRING": "calderdale"}).fingerprint == given.fingerprint
    with pytest.raises(KeyProblem, match="holds one there"):
        write_new_key("keyring:calderdale")


def test_a_half_in_the_keyring_and_one_in_a_file(ring: InMemory, tmp_path: Path) -> None:
    fingerprint = write_new_halves("keyring:mine", tmp_path / "half")
    assert read_key(["keyring:mine", tmp_path / "half"]).fingerprint == fingerprint
    with pytest.raises(KeyProblem, match="alone"):
        read_key("keyring:mine")
    with pytest.raises(KeyProblem, match="isn't there yet"):
        write_new_halves("keyring:other", tmp_path / "half")
    assert list(ring.kept) == [("joinedup", "mine")]


def test_what_is_wrong_with_a_keyring_is_said(ring: InMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyProblem, match=r"holds no key under absent; put one there with joinedup new-key keyring:absent"):
        read_key("keyring:absent")
    ring.locked = True
    with pytest.raises(KeyProblem, match=r"KeyringLocked.*unlock it") as caught:
        read_key("keyring:calderdale")
    assert "planted" not in str(caught.value)
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())
    with pytest.raises(KeyProblem, match="has none; keep the key in a file"):
        read_key("keyring:calderdale")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(KeyProblem, match=r"isn't installed; install joinedup\[registers\]"):
        read_key("keyring:calderdale")


def test_the_keyring_is_imported_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    write_new_key(tmp_path / "key")
    assert read_key(tmp_path / "key")
