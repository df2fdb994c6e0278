"""Identifiers, sealed: batches of rows as Parquet, made and encrypted in memory (AES-256-GCM), never on disk in clear."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from joinedup.errors import StoreProblem
from joinedup.kept.keys import Keys

BATCH_ROWS = 5_000
"""Rows sealed together, and so opened together: a look at one person opens one batch of each landing and contract (our choice, 2026)."""
NONCE_BYTES = 12  # as NIST SP 800-38D advises for GCM


@dataclass(frozen=True, slots=True)
class Sealed:
    """One batch as it is kept: where it belongs, which key closed it, and what only that key opens."""

    landing_id: str
    contract: str
    batch: int
    key_id: str
    nonce: bytes
    ciphertext: bytes
    row_count: int

    @property
    def _bound_to(self) -> bytes:
        """What the ciphertext is bound to: moved to another landing, contract or place in the order it doesn't open."""
        return "\x1f".join(("joinedup vault 1", self.landing_id, self.contract, str(self.batch))).encode()

    def opened(self, keys: Keys) -> pa.Table:
        """Its rows; StoreProblem when it was altered, or closed with another key."""
        return pq.read_table(io.BytesIO(self._clear(keys)))

    def closed_again(self, before: Keys, after: Keys) -> Sealed:
        """The same rows at the same place, closed with the key `after`."""
        nonce, ciphertext = close(self._clear(before), after, self._bound_to)
        return replace(self, key_id=after.fingerprint, nonce=nonce, ciphertext=ciphertext)

    def people(self, keys: Keys) -> pa.Array:
        """Whose rows it has, each once."""
        rows = pq.read_table(io.BytesIO(self._clear(keys)), columns=["person_id"])
        return pc.unique(rows["person_id"].combine_chunks())

    def without(self, keys: Keys, person_ids: pa.Array) -> Sealed | None:
        """The batch without the rows of these people, closed anew at the same place; None where it has none of theirs."""
        clear = self._clear(keys)
        theirs = pc.is_in(pq.read_table(io.BytesIO(clear), columns=["person_id"])["person_id"], value_set=person_ids)
        if not pc.any(theirs).as_py():
            return None
        rest = pq.read_table(io.BytesIO(clear)).filter(pc.invert(theirs))
        nonce, ciphertext = close(_as_parquet(rest), keys, self._bound_to)
        return replace(self, key_id=keys.fingerprint, nonce=nonce, ciphertext=ciphertext, row_count=rest.num_rows)

    def _clear(self, keys: Keys) -> bytes:
        clear = opened(self.ciphertext, self.nonce, keys, self._bound_to)
        if clear is None:
            raise StoreProblem(
                f"the identity register is damaged: identifiers of {self.contract} from landing {self.landing_id} don't open; "
                "restore it from a backup"
            )
        return clear


def sealed(table: pa.Table, keys: Keys, landing_id: str, contract: str) -> Iterator[Sealed]:
    """The rows of `table` in batches of at most 5,000, each encrypted under a nonce of its own."""
    for batch, start in enumerate(range(0, table.num_rows, BATCH_ROWS)):
        rows = table.slice(start, BATCH_ROWS)
        empty = Sealed(landing_id, contract, batch, keys.fingerprint, b"", b"", rows.num_rows)
        nonce, ciphertext = close(_as_parquet(rows), keys, empty._bound_to)
        yield replace(empty, nonce=nonce, ciphertext=ciphertext)


def _as_parquet(rows: pa.Table) -> bytes:
    clear = io.BytesIO()
    pq.write_table(rows, clear, compression="zstd")
    return clear.getvalue()


def close(clear: bytes, keys: Keys, bound_to: bytes) -> tuple[bytes, bytes]:
    """A new nonce, and what only that key opens, bound to `bound_to`."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce, AESGCM(keys.encryption).encrypt(nonce, clear, bound_to)


def opened(ciphertext: bytes, nonce: bytes, keys: Keys, bound_to: bytes) -> bytes | None:
    """What was closed; None when it was altered or moved, or closed with another key."""
    try:
        return AESGCM(keys.encryption).decrypt(nonce, ciphertext, bound_to)
    except InvalidTag:
        return None
