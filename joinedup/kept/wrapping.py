"""The secret that people are looked up by, wrapped under the register's key, so that the key can change and the secret stay."""

from __future__ import annotations

import base64
import binascii

from joinedup.errors import StoreProblem
from joinedup.kept.keys import KEY_BYTES, Keys
from joinedup.kept.vault import NONCE_BYTES, close, opened

BOUND_TO = b"joinedup pseudonym secret 1"


def wrapped(secret: bytes, keys: Keys) -> str:
    """The secret as the register keeps it: nonce and ciphertext (AES-256-GCM), in base64."""
    return base64.b64encode(b"".join(close(secret, keys, BOUND_TO))).decode()


def unwrapped(kept: str, keys: Keys) -> bytes:
    """The secret; StoreProblem when what is kept was altered."""
    try:
        whole = base64.b64decode(kept, validate=True)
    except binascii.Error:
        whole = b""
    clear = opened(whole[NONCE_BYTES:], whole[:NONCE_BYTES], keys, BOUND_TO) if len(whole) > NONCE_BYTES else None
    if clear is None or len(clear) != KEY_BYTES:
        raise StoreProblem(
            "the identity register is damaged: the secret that people are looked up by doesn't open; restore it from a backup"
        )
    return clear
