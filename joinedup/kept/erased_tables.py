"""The list of erasures: what was erased, for whom it was asked, and by which hashes whoever was erased is kept from coming back.

It lies beside the identity register, in tables of its own, so that a register that is restored from before an erasure finds it here.
It holds no identifier and no person_id, only keyed hashes of them.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

import sqlalchemy as sa

from joinedup.kept.keys import Keys

NAME = "the list of erasures"
SEPARATOR = "\x1f"
PERSON_LABEL = "erased person"
TOLD_SCHEME = "told of who was erased"
"""Of keys by which rows linked to nobody are known: what was told of the person when they were erased."""

ERASURES = sa.MetaData()
ERASURE = sa.Table(
    "erasure",
    ERASURES,
    sa.Column("erasure", sa.Integer, primary_key=True, autoincrement=False),  # from 1 without gaps
    sa.Column("erasure_id", sa.String(40), nullable=False, unique=True),
    sa.Column("reference", sa.String(100), nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("account", sa.String(100), nullable=False),
    sa.Column("second_account", sa.String(100), nullable=False),  # blank where one person did it alone
    sa.Column("begun_at", sa.DateTime, nullable=False),  # UTC
    sa.Column("done_at", sa.DateTime),
    sa.Column("found", sa.Text, nullable=False),  # JSON: what was found where, in counts
)
ERASED_KEY = sa.Table(
    "erased_key",
    ERASURES,
    sa.Column("scheme", sa.String(100), primary_key=True),
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("erasure", sa.ForeignKey("erasure.erasure"), nullable=False),
    sqlite_with_rowid=False,
)
"""The lookups that whoever was erased was known by: rows that come with them are left out at landing."""
ERASED_PERSON = sa.Table(
    "erased_person",
    ERASURES,
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("erasure", sa.ForeignKey("erasure.erasure"), nullable=False),
)
"""Keyed hashes of the person_ids that were erased, by which landings and builds are searched."""
REQUEST = sa.Table(
    "erasure_request",
    ERASURES,
    sa.Column("reference", sa.String(100), primary_key=True),
    sa.Column("subject", sa.LargeBinary(32), nullable=False),  # a keyed hash of whom it is about
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("account", sa.String(100), nullable=False),
    sa.Column("asked_at", sa.DateTime, nullable=False),  # UTC
)
"""What one person has asked for and a second one hasn't confirmed yet."""


def lookup_hash(keys: Keys, scheme: str, value: str) -> bytes:
    """The hash under which the register looks somebody up by a value of a scheme."""
    return hmac.digest(keys.pseudonym, f"{scheme}{SEPARATOR}{value}".encode(), sha256)


def person_hash(keys: Keys, person_id: int) -> bytes:
    """The hash by which the list of erasures knows a person_id."""
    return lookup_hash(keys, PERSON_LABEL, str(person_id))


def last_erasure(connection: sa.Connection) -> int:
    """The number of the last erasure; 0 where there is none."""
    if not sa.inspect(connection).has_table(ERASURE.name):
        return 0
    return int(connection.scalar(sa.select(sa.func.max(ERASURE.c.erasure))) or 0)
