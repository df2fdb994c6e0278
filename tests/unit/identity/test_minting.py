"""person_id: minted once, from the key and who it is, whatever happened before."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import pytest

from joinedup.engine.duck import connect
from joinedup.errors import StoreProblem
from joinedup.identity.minting import mint
from joinedup.kept.identity_register import IdentityRegister, open_register
from joinedup.kept.keys import Keys, derived_keys
from tests.unit.identity.people import KEYS


def minted(
    register: IdentityRegister, values: Iterable[str], landing_id: str, *, scheme: str = "nhs_number", bits: int = 63, keys: Keys = KEYS
) -> dict[str, int]:
    """value -> person_id."""
    con = connect(threads=1)
    con.execute("CREATE TEMP TABLE identity_key(scheme VARCHAR, value VARCHAR)")
    con.executemany("INSERT INTO identity_key VALUES (?, ?)", [(scheme, value) for value in values])
    con.execute("CREATE TEMP TABLE identity_former(value VARCHAR, former VARCHAR, steps INTEGER)")
    with register.landing(landing_id, keys) as entry:
        mint(con, entry, bits=bits)
    return dict(con.execute("SELECT value, person_id FROM identity_person").fetchall())


def test_an_id_is_the_first_63_bits_of_a_keyed_hash() -> None:
    found = minted(open_register("sqlite://"), ["9990000018"], "first")
    known_by = hmac.digest(KEYS.pseudonym, b"nhs_number\x1f9990000018", "sha256")
    hashed = hmac.digest(KEYS.pseudonym, b"person\x1f0\x1fnhs_number\x1f" + known_by.hex().upper().encode(), "sha256")
    assert found == {"9990000018": int.from_bytes(hashed[:8], "big") >> 1}


def test_ids_are_looked_up_afterwards_and_never_shared() -> None:
    register = open_register("sqlite://")
    first = minted(register, ["a", "b"], "first")
    second = minted(register, ["c", "b", "a"], "second")
    assert {**second, **first} == second
    assert len(set(second.values())) == 3


def test_schemes_and_keys_are_kept_apart() -> None:
    register = open_register("sqlite://")
    ids = [minted(register, ["a"], "first")["a"], minted(register, ["a"], "second", scheme="pseudonym:hes")["a"]]
    ids.append(minted(open_register("sqlite://"), ["a"], "first", keys=derived_keys(hashlib.sha256(b"another").digest()))["a"])
    assert len(set(ids)) == 3


@pytest.mark.parametrize("bits", [4, 7])
def test_who_would_get_anothers_id_gets_the_next(bits: int) -> None:
    register = open_register("sqlite://")
    everyone = [str(number) for number in range(12)]
    first = minted(register, everyone[:6], "first", bits=bits)
    found = minted(register, everyone, "second", bits=bits)
    assert {value: found[value] for value in first} == first
    assert len(set(found.values())) == 12
    assert min(found.values()) > 0
    assert max(found.values()) < 2**bits


def test_ids_do_not_depend_on_the_order_of_rows() -> None:
    everyone = [str(number) for number in range(12)]
    assert minted(open_register("sqlite://"), everyone, "first", bits=4) == minted(
        open_register("sqlite://"), reversed(everyone), "first", bits=4
    )


def test_without_the_registers_memory_the_same_ids_would_be_minted_again() -> None:
    assert minted(open_register("sqlite://"), ["a", "b"], "first") == minted(open_register("sqlite://"), ["b", "a"], "another")


def test_one_landing_is_appended_once() -> None:
    register = open_register("sqlite://")
    minted(register, ["a"], "first")
    with pytest.raises(StoreProblem, match="landing_id"):
        minted(register, ["b"], "first")
    assert minted(register, ["b"], "second")
