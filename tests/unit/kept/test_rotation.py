"""Another key: all of the register under the old one or all under the new, and every person_id as it was."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from joinedup.errors import KeyProblem, StoreProblem
from joinedup.kept import rotation
from joinedup.kept.identity_register import KEY_CHANGE, VAULT, IdentityRegister, identifiers_of, open_register
from joinedup.kept.keys import Keys, derived_keys
from joinedup.kept.pairs import PAIR, PAIR_SCHEMA, offer_pairs, opened_pair
from joinedup.kept.rotation import rekey
from tests.unit.kept.test_identity_register import FORM_1, KEYS, NAMES, OTHER, PEOPLE, everything_in, land

THIRD = derived_keys(hashlib.sha256(b"a third").digest())
PAIRS = pa.table(
    {"record_hash": [b"\3" * 32], "contract": ["apc"], "person_id": [11], "probability": [0.7], "r_person_family_name": ["Planted"]},
    schema=PAIR_SCHEMA.append(pa.field("r_person_family_name", pa.string())),
)


def begun(where: Path | str) -> IdentityRegister:
    """A register with two landings and a pair in doubt."""
    register = open_register(where)
    land(register)
    with register.landing("second", KEYS) as entry:
        entry.add_identifiers("apc", NAMES)
        offer_pairs(entry, PAIRS)
    return register


def reads(register: IdentityRegister, keys: Keys) -> bool:
    """Whether all of it opens with the key, with the same secret for looking people up."""
    assert register.check(keys)
    assert identifiers_of(register, keys, PEOPLE).num_rows == 2 * len(NAMES)
    with register.engine.connect() as connection:
        assert opened_pair(connection, keys, 1)["r_person_family_name"] == "Planted"
    return register.ids_fingerprint(keys) == KEYS.ids_fingerprint


def test_the_key_changes_and_the_secret_of_person_ids_stays(database: Path | str) -> None:
    register = begun(database)
    assert rekey(register, KEYS, OTHER, account="someone") == 2
    assert reads(register, OTHER)
    for given in (lambda: register.check(KEYS), lambda: identifiers_of(register, KEYS, PEOPLE), lambda: land(register, "third")):
        with pytest.raises(KeyProblem, match="nothing was written"):
            given()
    with register.landing("third", OTHER) as entry:
        assert entry.keys.pseudonym == KEYS.pseudonym
        assert entry.keys.encryption == OTHER.encryption
    assert register.had_key(KEYS.fingerprint)
    assert register.had_key(OTHER.fingerprint)
    assert not register.had_key(THIRD.fingerprint)
    rekey(register, OTHER, THIRD, account="someone else")
    assert reads(register, THIRD)
    with register.engine.connect() as connection:
        assert set(connection.scalars(sa.select(VAULT.c.key_id)).all() + connection.scalars(sa.select(PAIR.c.key_id)).all()) == {
            THIRD.fingerprint
        }
        changes = connection.execute(sa.select(KEY_CHANGE.c.account, KEY_CHANGE.c.before, KEY_CHANGE.c.after)).all()
    assert [tuple(row) for row in changes] == [
        ("someone", KEYS.fingerprint, OTHER.fingerprint),
        ("someone else", OTHER.fingerprint, THIRD.fingerprint),
    ]


def test_a_register_of_form_1_changes_its_key_too(database: Path | str) -> None:
    register = open_register(database)
    with register.engine.begin() as connection:
        for statement in FORM_1:
            connection.execute(sa.text(statement))
    assert rekey(register, KEYS, OTHER, account="someone") == 0
    assert register.ids_fingerprint(OTHER) == KEYS.ids_fingerprint


def test_what_is_wrong_with_the_keys_changes_nothing(database: Path | str) -> None:
    with pytest.raises(StoreProblem, match="holds nothing yet"):
        rekey(open_register(database), KEYS, OTHER, account="someone")
    register = begun(database)
    before = everything_in(database)
    with pytest.raises(KeyProblem, match="nothing was written"):
        rekey(register, OTHER, THIRD, account="someone")
    with pytest.raises(KeyProblem, match="is the one that the identity register has"):
        rekey(register, KEYS, KEYS, account="someone")
    assert everything_in(database) == before


def test_damaged_identifiers_stop_the_change_and_nothing_is_changed(database: Path | str) -> None:
    register = begun(database)
    with register.engine.begin() as connection:
        connection.execute(sa.update(VAULT).where(VAULT.c.contract == "apc").values(contract="ecds"))
    with pytest.raises(StoreProblem, match="ecds from landing second don't open"):
        rekey(register, KEYS, OTHER, account="someone")
    assert register.check(KEYS)
    assert identifiers_of_first(register) == 3


def identifiers_of_first(register: IdentityRegister) -> int:
    with register.landing("next", KEYS) as entry:
        found = entry.identifiers("register")
    return 0 if found is None else found.num_rows


def test_what_an_old_key_closed_is_gone_from_the_file(tmp_path: Path) -> None:
    register = begun(tmp_path / "register.sqlite")
    with register.engine.connect() as connection:
        before = connection.execute(sa.select(VAULT.c.ciphertext)).scalars().all()
    rekey(register, KEYS, OTHER, account="someone")
    content = (tmp_path / "register.sqlite").read_bytes()
    assert not any(ciphertext[:64] in content for ciphertext in before)


KILLED = """
import os, signal, sys
from pathlib import Path
import tests.unit.kept.test_rotation as t
where = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])
name = sys.argv[2]
whole = getattr(t.rotation, name)
def dying(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(t.rotation, name, dying)
t.rotation.CLOSED = tuple(dying if f is whole else f for f in t.rotation.CLOSED)
t.rekey(t.open_register(where), t.KEYS, t.OTHER, account="someone")
"""


@pytest.mark.parametrize("name", ["vault_again", "wrapped", "_remember"])
def test_a_killed_change_leaves_everything_under_the_old_key(database: Path | str, root: Path, name: str) -> None:
    register = begun(database)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(database), name], cwd=root, env=os.environ, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert reads(register, KEYS)
    assert rekey(register, KEYS, OTHER, account="someone") == 2
    assert reads(register, OTHER)


def test_every_table_that_the_key_closes_is_closed_again() -> None:
    """A table with ciphertext that nobody closes again would be lost with the old key."""
    sealed = {table.name for table in VAULT.metadata.sorted_tables if "ciphertext" in table.columns}
    assert sealed == {"vault", "pair"}
    assert len(rotation.CLOSED) == len(sealed)
