"""Who somebody is who asks for their own record, by their NHS number: on the trusted host, with the key."""

from __future__ import annotations

import hmac

import sqlalchemy as sa

from joinedup.identity.hashing import SEPARATOR
from joinedup.identity.inheriting import NUMBER_SCHEME
from joinedup.kept.identity_register import LOOKUP, IdentityRegister, about_register, pseudonym_keys
from joinedup.kept.keys import Keys
from joinedup.kept.merges import one_with


def person_ids_of(register: IdentityRegister, keys: Keys, nhs_number: str) -> list[int]:
    """The person_id that a number is looked up by, and those that are merged with it as things stand; none where nobody has the number."""
    with register.connected(keys) as connection:
        about = about_register(connection)
        if not about:
            return []
        message = SEPARATOR.join((NUMBER_SCHEME, nhs_number)).encode()
        hashed = hmac.new(pseudonym_keys(about, keys).pseudonym, message, "sha256").digest()
        known = sa.select(LOOKUP.c.person_id).where(LOOKUP.c.scheme == NUMBER_SCHEME, LOOKUP.c.hash == hashed)
        person = connection.scalar(known)
        return [] if person is None else sorted(one_with(connection, person))
