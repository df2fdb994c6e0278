"""Two halves for two holders: both are the key, either alone is nothing, and what is wrong with them is said."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.errors import KeyProblem
from joinedup.kept.key_halves import Half, parse_half, split
from joinedup.kept.keys import derived_keys, read_key, write_new_halves

SECRET = hashlib.sha256(b"only for tests").digest()
KEY = derived_keys(SECRET).fingerprint


def halves() -> tuple[str, str]:
    one, two = split(SECRET, KEY)
    return one.text(), two.text()


def written(folder: Path, *texts: str) -> list[Path]:
    paths = [folder / f"half-{number}" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
        path.chmod(0o600)
    return paths


def test_two_halves_are_the_key_in_whatever_order_and_place(tmp_path: Path) -> None:
    paths = written(tmp_path, *halves())
    texts = [path.read_text() for path in paths]
    whole = derived_keys(SECRET)
    assert read_key(paths).encryption == whole.encryption
    assert read_key(paths[::-1]).pseudonym == whole.pseudonym
    assert read_key(environ={"JOINEDUP_KEY": texts[0], "JOINEDUP_KEY_2": texts[1]}).fingerprint == KEY
    assert read_key(environ={"JOINEDUP_KEY_FILE": str(paths[0]), "JOINEDUP_KEY_FILE_2": str(paths[1])}).fingerprint == KEY
    assert read_key(environ={"JOINEDUP_KEY": texts[1], "JOINEDUP_KEY_FILE": str(paths[0])}).fingerprint == KEY


def test_half_a_key_alone_is_refused(tmp_path: Path) -> None:
    for number, path in enumerate(written(tmp_path, *halves()), start=1):
        with pytest.raises(KeyProblem, match=rf"half {number} of 2 of key {KEY} alone, and half {3 - number} is needed too"):
            read_key(path)
        with pytest.raises(KeyProblem, match="each once"):
            read_key([path, path])


def test_halves_of_different_keys_are_refused(tmp_path: Path) -> None:
    other = split(hashlib.sha256(b"another").digest(), "0" * 16)
    with pytest.raises(KeyProblem, match=rf"halves of different keys .*{KEY}.*{'0' * 16}"):
        read_key(written(tmp_path, halves()[0], other[1].text()))
    again = Half(2, KEY, split(SECRET, KEY)[1].share)
    with pytest.raises(KeyProblem, match="one was altered"):
        read_key(written(tmp_path, halves()[0], again.text()))
    with pytest.raises(KeyProblem, match="each once"):
        read_key(written(tmp_path, *halves(), halves()[0]))
    with pytest.raises(KeyProblem, match="is expected"):
        read_key(written(tmp_path, halves()[0], SECRET.hex()))


@given(st.data())
def test_a_slip_of_copying_is_found(data: st.DataObject) -> None:
    text = halves()[0]
    at = data.draw(st.integers(len("half "), len(text) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda letter: letter.lower() != text[at].lower() and not letter.isspace()))
    with pytest.raises(KeyProblem, match="miscopied") as caught:
        parse_half(text[:at] + other + text[at + 1 :], "the key file")
    assert text[40:60] not in str(caught.value)
    with pytest.raises(KeyProblem, match="miscopied"):
        parse_half(text[:at], "the key file")


def test_capitals_and_line_ends_do_no_harm() -> None:
    one, two = halves()
    assert read_key(environ={"JOINEDUP_KEY": f"  {one.upper()}\r\n", "JOINEDUP_KEY_2": two.replace(" ", "\t")}).fingerprint == KEY


def test_a_half_tells_nothing_of_the_key() -> None:
    """Every bit of either half is as often 1 whatever the key is: two thousand splits of one key, each bit within five standard errors."""
    ones: Counter[tuple[int, int]] = Counter()
    for _ in range(2000):
        for half in split(SECRET, KEY):
            number = int.from_bytes(half.share)
            ones.update((half.number, bit) for bit in range(256) if number >> bit & 1)
    assert len(ones) == 512
    assert all(abs(count - 1000) < 5 * 22.4 for count in ones.values())


def test_halves_show_which_they_are_and_not_what() -> None:
    half = split(SECRET, KEY)[0]
    assert repr(half) == str(half) == f"half 1 of 2 of key {KEY}"
    assert half.share.hex() not in repr([half])


def test_new_halves_are_private_and_both_or_none(tmp_path: Path) -> None:
    one, two = tmp_path / "first" / "half", tmp_path / "second" / "half"
    fingerprint = write_new_halves(one, two)
    assert read_key([one, two]).fingerprint == fingerprint
    assert {path.stat().st_mode & 0o777 for path in (one, two)} == {0o600}
    with pytest.raises(KeyProblem, match="isn't there yet"):
        write_new_halves(tmp_path / "third", two)
    assert not (tmp_path / "third").exists()
