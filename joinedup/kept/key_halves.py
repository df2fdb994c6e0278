"""A key in two halves for two holders: neither tells anything of it, both together are it."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from joinedup.errors import KeyProblem

CHECK_DIGITS = 8
WRITTEN = re.compile(r"half ([12]) of 2 of key ([0-9a-f]{16}) ([0-9a-f]{64}) ([0-9a-f]{8})", re.IGNORECASE)
LOOKS_LIKE_ONE = re.compile(r"\s*half\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False)
class Half:
    """One half of a key. It shows which half of which key it is, and nothing of itself."""

    number: int
    """1 or 2."""
    fingerprint: str
    """Of the whole key."""
    share: bytes

    def __repr__(self) -> str:
        return f"half {self.number} of 2 of key {self.fingerprint}"

    __str__ = __repr__

    def text(self) -> str:
        """As it is written down: which half of which key, the share, and a check of all that."""
        whole = f"{self} {self.share.hex()}"
        return f"{whole} {_check(whole)}"


def split(secret: bytes, fingerprint: str) -> tuple[Half, Half]:
    """Two halves: random bytes, and what must be added to them (exclusive or) to give the secret; each is random by itself."""
    share = secrets.token_bytes(len(secret))
    return Half(1, fingerprint, share), Half(2, fingerprint, _added(secret, share))


def parse_half(text: str, where: str) -> Half | None:
    """The half that `text` writes; None when it writes something else, KeyProblem when it was miscopied or cut off."""
    if not LOOKS_LIKE_ONE.match(text):
        return None
    found = WRITTEN.fullmatch(" ".join(text.split()).lower())
    if found is None or _check(found[0].rpartition(" ")[0]) != found[4]:
        raise KeyProblem(f"{where} holds half of a key that was miscopied, altered or cut off; its holder must copy it again, on one line")
    return Half(int(found[1]), found[2], bytes.fromhex(found[3]))


def joined(halves: Sequence[tuple[str, Half]]) -> bytes:
    """The secret of two halves, each with where it was found; KeyProblem when they aren't the two halves of one key."""
    (where, half), *others = halves
    if not others:
        raise KeyProblem(f"{where} holds {half} alone, and half {3 - half.number} is needed too; nothing was written: give both")
    found = "; ".join(f"{place} holds {one}" for place, one in halves)
    if len({one.fingerprint for _, one in halves}) > 1:
        raise KeyProblem(f"halves of different keys were given ({found}); nothing was written: give the two halves of one key")
    if len(halves) > 2 or half.number == others[0][1].number:
        raise KeyProblem(f"half 1 and half 2 of a key are expected, each once ({found}); nothing was written")
    return _added(half.share, others[0][1].share)


def _added(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _check(text: str) -> str:
    """Finds slips of copying; it guards nothing, for whoever has the half could make it again."""
    return hashlib.sha256(text.encode()).hexdigest()[:CHECK_DIGITS]
