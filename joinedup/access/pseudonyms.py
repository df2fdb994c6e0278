"""Pseudonyms for what leaves: new ones for each release, so that two releases can't be joined by them.

docs/decisions says why. A release's key is drawn when the door is opened, is held in memory alone, and is nowhere kept: nobody, not
even here, can tell afterwards which person a pseudonym was.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16
"""Bytes of a block of AES: eight of the id, eight that say what it is an id of."""


@dataclass(frozen=True)
class Release:
    """The key of one release."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def pseudonyms(self, ids: pa.ChunkedArray, of: str) -> pa.Array:
        """A positive number for each id, the same for the same id and `of` in this release; null stays null.

        The first 63 bits of AES-256 of the id: among a million two agree with a chance of one in ten million.
        """
        known = np.asarray(ids.fill_null(0).to_numpy(), dtype="<i8")
        blocks = np.zeros((len(known), BLOCK), dtype=np.uint8)
        blocks[:, :8] = known.view(np.uint8).reshape(-1, 8)
        blocks[:, 8:] = np.frombuffer(of.encode()[:8].ljust(8, b"\0"), dtype=np.uint8)
        encryptor = Cipher(algorithms.AES(self.key), modes.ECB()).encryptor()  # noqa: S305 - one block an id, as a keyed permutation
        sealed = np.frombuffer(encryptor.update(blocks.tobytes()) + encryptor.finalize(), dtype="<u8")[::2] >> np.uint64(1)
        return pa.array(sealed.astype(np.int64), mask=np.asarray(ids.is_null().to_numpy(), dtype=bool))
