"""Hashes in SQL are those of Python's hmac."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joinedup.engine.duck import connect
from joinedup.identity.hashing import first_bits_sql, hmac_parameters, hmac_sql, joined_sql

CON = connect(threads=1)


@given(key=st.binary(min_size=32, max_size=64), text=st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
@settings(max_examples=50, deadline=None)
def test_hmac_is_pythons(key: bytes, text: str) -> None:
    [(found,)] = CON.execute(f"SELECT {hmac_sql('$text')}", hmac_parameters(key) | {"text": text}).fetchall()
    assert found == hmac.digest(key, text.encode(), "sha256")


def test_rfc_4231_case_2() -> None:
    [(found,)] = CON.execute(f"SELECT {hmac_sql('$text')}", hmac_parameters(b"Jefe") | {"text": "what do ya want for nothing?"}).fetchall()
    assert found.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


@pytest.mark.parametrize("bits", [63, 20, 1])
def test_first_bits_are_a_number_that_is_never_negative(bits: int) -> None:
    for blob in (b"\xff" * 32, b"\0" * 32, bytes(range(100, 132))):
        [(found,)] = CON.execute(f"SELECT {first_bits_sql('$blob', bits)}", {"blob": blob}).fetchall()
        assert found == int.from_bytes(blob, "big") >> (256 - bits)


def test_parts_are_kept_apart() -> None:
    [row] = CON.execute(
        f"SELECT {joined_sql(chr(39) + 'ab' + chr(39), '1')}, {joined_sql(chr(39) + 'a' + chr(39), chr(39) + 'b1' + chr(39))}"
    ).fetchall()
    assert row == ("ab\x1f1", "a\x1fb1")


def test_a_key_longer_than_a_block_is_no_key() -> None:
    with pytest.raises(AssertionError):
        hmac_parameters(bytes(65))
