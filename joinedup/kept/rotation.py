"""Another key for the identity register: what the old one closed is closed again, and every person_id stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from joinedup.errors import KeyProblem, StoreProblem
from joinedup.kept import pairs
from joinedup.kept.identity_register import KEY_CHANGE, LANDING, META, VAULT, IdentityRegister, begin, pseudonym_keys
from joinedup.kept.keys import Keys
from joinedup.kept.vault import Sealed
from joinedup.kept.wrapping import wrapped

CloseAgain = Callable[[sa.Connection, Keys, Keys], None]


def rekey(register: IdentityRegister, keys: Keys, new: Keys, *, account: str) -> int:
    """How many batches of identifiers were closed again with the key `new`: all of them, in one transaction.

    Killed at any instant everything is under the old key, or everything under the new one. KeyProblem when the new key is
    the old one; StoreProblem when there is nothing to close.
    """
    if new.fingerprint == keys.fingerprint:
        raise KeyProblem(
            f"the new key is the one that the identity register has, {keys.fingerprint}; nothing was written: make another one"
        )
    if not register.check(keys):
        raise StoreProblem("the identity register holds nothing yet, so that there is no key to change; nothing was written")
    with register.database.writing("change of key") as connection:
        about = begin(connection, keys)
        secret = pseudonym_keys(about, keys).pseudonym
        for close_again in CLOSED:
            close_again(connection, keys, new)
        for name, value in (("pseudonym", wrapped(secret, new)), ("key_fingerprint", new.fingerprint)):
            connection.execute(sa.update(META).where(META.c.name == name).values(value=value))
        _remember(connection, keys, new, account)
        left = connection.scalar(sa.select(sa.func.count()).select_from(VAULT).where(VAULT.c.key_id != new.fingerprint))
        assert left == 0, "everything is under the new key"
        return connection.scalar(sa.select(sa.func.count()).select_from(VAULT)) or 0


def vault_again(connection: sa.Connection, before: Keys, after: Keys) -> None:
    """Nothing; the batches of identifiers are closed with the key `after`, one after the other."""
    key = tuple(VAULT.primary_key)
    for place in connection.execute(sa.select(*key)).all():
        here = sa.and_(*(column == value for column, value in zip(key, place, strict=True)))
        row = connection.execute(sa.select(VAULT, LANDING.c.landing_id).join_from(VAULT, LANDING).where(here)).mappings().one()
        again = Sealed(**{name: row[name] for name in Sealed.__dataclass_fields__}).closed_again(before, after)
        values = {"key_id": again.key_id, "nonce": again.nonce, "ciphertext": again.ciphertext}
        connection.execute(sa.update(VAULT).where(here).values(**values))


CLOSED: tuple[CloseAgain, ...] = (vault_again, pairs.close_again)
"""What closes each table again that the register's key closes: whoever adds such a table adds its function here."""


def _remember(connection: sa.Connection, before: Keys, after: Keys, account: str) -> None:
    number = 1 + (connection.scalar(sa.select(sa.func.max(KEY_CHANGE.c.change))) or 0)
    values = {"changed_at": datetime.now(UTC).replace(tzinfo=None), "account": account}
    connection.execute(sa.insert(KEY_CHANGE).values(change=number, before=before.fingerprint, after=after.fingerprint, **values))
