"""Who asks, where several people use one account: a person of staff.csv, and the word that only they know.

What this proves is that whoever asks knows the word. People who share an account can read each other's files and memory, so the word
is typed, or kept where the others can't read it; accounts of their own prove more.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from joinedup.errors import Refused

ACTOR_VARIABLE, WORD_VARIABLE, WORD_FILE_VARIABLE = "JOINEDUP_ACTOR", "JOINEDUP_ACTOR_WORD", "JOINEDUP_ACTOR_WORD_FILE"
SALT_BYTES, WORD_BYTES = 16, 20
COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}
"""Of scrypt (RFC 7914): about 50 ms for a guess. Words have 160 bits, so that guessing is hopeless anyway."""
WRONG = "the word to sign in by isn't that of this person in staff.csv; see that both were given right"


def new_word() -> tuple[str, str]:
    """A new word, and what staff.csv is to say of it."""
    word, salt = secrets.token_hex(WORD_BYTES), secrets.token_bytes(SALT_BYTES)
    return word, f"{salt.hex()}:{_hashed(word, salt)}"


def is_word(word: str, said: str) -> bool:
    """Whether a word is the one that staff.csv says the hash of."""
    salt, _, expected = said.partition(":")
    return bool(expected) and hmac.compare_digest(_hashed(word, bytes.fromhex(salt)), expected)


def given(environ: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """The person and the word that are given: JOINEDUP_ACTOR, and JOINEDUP_ACTOR_WORD or a file; None where no person is."""
    actor = environ.get(ACTOR_VARIABLE, "").strip()
    if not actor:
        return None
    named = environ.get(WORD_FILE_VARIABLE)
    if not named:
        return actor, environ.get(WORD_VARIABLE, "").strip()
    try:
        path = Path(named).expanduser()
        if path.stat().st_mode & 0o077:
            raise Refused(
                f"the file that {WORD_FILE_VARIABLE} names can be read by others; take that away (chmod 600), and make a new word"
            )
        return actor, path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise Refused(f"the file that {WORD_FILE_VARIABLE} names can't be read") from None


def _hashed(word: str, salt: bytes) -> str:
    return hashlib.scrypt(word.encode(), salt=salt, **COST).hex()
