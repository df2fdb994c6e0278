"""HMAC-SHA256 (RFC 2104) as SQL, so that a million values are hashed as a set."""

from __future__ import annotations

BLOCK_BYTES = 64  # of SHA-256
HASH_BYTES = 32
INNER_PAD, OUTER_PAD = 0x36, 0x5C
SEPARATOR = "\x1f"  # between the parts of what is hashed; no extract holds it


def hmac_sql(message: str) -> str:
    """A BLOB expression: the HMAC of the text expression `message`, under the key given by `hmac_parameters`."""
    return f"unhex(sha256($outer || unhex(sha256($inner || encode({message})))))"


def hmac_parameters(key: bytes) -> dict[str, bytes]:
    """The values that `hmac_sql` is executed with; the key is never part of a statement's text."""
    assert len(key) <= BLOCK_BYTES
    padded = key.ljust(BLOCK_BYTES, b"\0")
    return {"inner": bytes(byte ^ INNER_PAD for byte in padded), "outer": bytes(byte ^ OUTER_PAD for byte in padded)}


def joined_sql(*parts: str) -> str:
    """A text expression: the parts with a separator between them."""
    return f" || chr({ord(SEPARATOR)}) || ".join(parts)


def first_bits_sql(blob: str, bits: int = 63) -> str:
    """A BIGINT expression: the first bits of a hash, as a number that is never negative."""
    return f"CAST(CAST('0x' || substr(hex({blob}), 1, 16) AS UBIGINT) >> {64 - bits} AS BIGINT)"
