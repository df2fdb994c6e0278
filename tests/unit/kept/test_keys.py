"""Keys: found where they should be, refused where they should not, never shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from joinedup.errors import KeyProblem
from joinedup.kept.keys import FILE_VARIABLE, KEY_VARIABLE, derived_keys, parse_key, read_key, write_new_key

SECRET = hashlib.sha256(b"only for tests").digest()


def key_file(path: Path, text: str = SECRET.hex(), mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_key_is_read_from_the_environment_as_hex_or_base64() -> None:
    written = [SECRET.hex(), SECRET.hex().upper(), base64.b64encode(SECRET).decode(), base64.urlsafe_b64encode(SECRET).decode() + "\n"]
    fingerprints = {read_key(environ={KEY_VARIABLE: text}).fingerprint for text in written}
    assert fingerprints == {derived_keys(SECRET).fingerprint}


def test_key_is_read_from_a_file_by_variable_or_by_name(tmp_path: Path) -> None:
    path = key_file(tmp_path / "key")
    assert read_key(environ={FILE_VARIABLE: str(path)}).encryption == derived_keys(SECRET).encryption
    other = key_file(tmp_path / "other", hashlib.sha256(b"another").hexdigest())
    assert read_key(path, environ={FILE_VARIABLE: str(other)}).fingerprint == derived_keys(SECRET).fingerprint


def test_sub_keys_follow_rfc_5869_and_differ() -> None:
    keys = derived_keys(SECRET)
    extracted = hmac.digest(bytes(32), SECRET, "sha256")
    assert keys.encryption == hmac.digest(extracted, b"joinedup identity register 1 encryption\x01", "sha256")
    assert len({keys.pseudonym, keys.encryption, SECRET}) == 3
    assert bytes.fromhex(keys.fingerprint) not in keys.pseudonym + keys.encryption + SECRET


def test_absent_key_says_how_to_make_one() -> None:
    with pytest.raises(KeyProblem, match=r"none was given; make one with joinedup new-key FILE"):
        read_key(environ={})


def test_two_keys_are_refused(tmp_path: Path) -> None:
    path = key_file(tmp_path / "key")
    with pytest.raises(KeyProblem, match="unset one"):
        read_key(environ={KEY_VARIABLE: SECRET.hex(), FILE_VARIABLE: "/nowhere"})
    with pytest.raises(KeyProblem, match="two halves of one, is expected"):
        read_key([path, path])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "correct horse battery staple",
        "00" * 32,
        "ab" * 32,
        bytes(range(32)).hex(),
        bytes(range(0, 96, 3)).hex(),
        (SECRET[:16] * 2).hex(),
        base64.b64encode(b"correct horse battery staple 123").decode(),
        SECRET.hex()[:-2],
        SECRET.hex()[:-1],
        SECRET.hex() * 2,
        base64.b64encode(SECRET).decode()[:-4],
    ],
)
def test_weak_or_malformed_keys_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(KeyProblem) as problem:
        parse_key(text, "JOINEDUP_KEY")
    assert not text or text not in str(problem.value)
    assert problem.value.__cause__ is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeyProblem, match="chmod 600"):
        read_key(key_file(tmp_path / "key", mode=mode), environ={})


def test_key_file_inside_place_or_store_is_refused_also_through_a_link(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    inside = key_file(place / "key")
    link = tmp_path / "link"
    link.symlink_to(inside)
    for path in (inside, link, place / ".." / "place" / "key"):
        with pytest.raises(KeyProblem, match="move it out"):
            read_key(path, outside=[tmp_path / "store", place], environ={})


def test_unreadable_key_files_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(SECRET + b"\xff\xfe")
    binary.chmod(0o600)
    for path in (tmp_path / "absent", tmp_path, binary):
        with pytest.raises(KeyProblem, match="key file"):
            read_key(path, environ={})


def test_new_key_is_private_random_and_never_overwritten(tmp_path: Path) -> None:
    one, two = tmp_path / "keys" / "one", tmp_path / "keys" / "two"
    write_new_key(one)
    write_new_key(two)
    assert one.stat().st_mode & 0o777 == 0o600
    assert read_key(one, environ={}).fingerprint != read_key(two, environ={}).fingerprint
    with pytest.raises(KeyProblem, match="isn't there yet"):
        write_new_key(one)


def test_a_new_key_that_cant_be_written_asks_for_another_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "key", tmp_path / "file" / "deeper" / "key"):
        with pytest.raises(KeyProblem, match="a folder that can be written to"):
            write_new_key(path)


def test_keys_show_their_fingerprint_only() -> None:
    keys = derived_keys(SECRET)
    for shown in (repr(keys), str(keys), f"{keys}", repr([keys])):
        assert keys.fingerprint in shown
        assert keys.pseudonym.hex() not in shown
        assert repr(keys.encryption) not in shown
