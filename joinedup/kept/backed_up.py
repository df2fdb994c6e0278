"""The registers that a backup holds, and what each says of how far it has grown."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from joinedup.kept import answers  # noqa: F401 - its tables belong to the identity register
from joinedup.kept.access_log import has_log, lines_between, log_place, seals_in
from joinedup.kept.databases import Database, open_database
from joinedup.kept.erased_tables import ERASURE, ERASURES
from joinedup.kept.erased_tables import NAME as LIST_OF_ERASURES
from joinedup.kept.identity_register import LANDING, NAME, TABLES, about_register, register_place
from joinedup.kept.log_tables import FORM, LOG
from joinedup.kept.releases import NAME as RELEASES_NAME
from joinedup.kept.releases import RELEASE, RELEASES, releases_place

About = dict[str, str]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """One register as backups see it: tables that only grow, in a database of its own."""

    id: str
    name: str
    """As sentences call it."""
    tables: sa.MetaData
    place: Callable[[Path], Path | str]
    """Where it lies for a store that keeps its registers in this folder: a file of SQLite or a URL."""
    about: Callable[[sa.Connection], About]
    """What it says of itself, `register_id` among it; empty when it holds nothing yet."""
    marks: Callable[[sa.Connection], list[str]]
    """What it grew by, oldest first: a register whose marks begin with those of another has grown from it."""

    keeps_newer: bool = False
    """Whether one that has grown from the backup stays as it is: nothing that was logged since is lost."""

    def open(self, kept: Path) -> Database:
        """Its database."""
        return open_database(self.place(kept), self.name)


def _landings(connection: sa.Connection) -> list[str]:
    if not sa.inspect(connection).has_table(LANDING.name):
        return []
    return list(connection.scalars(sa.select(LANDING.c.landing_id).order_by(LANDING.c.landing)))


def _about_log(connection: sa.Connection) -> About:
    """The form of its events, and the hash of the first, which tells one log from another; nothing where there is no event."""
    lines = lines_between(connection, 1, 1) if has_log(connection) else []
    return {"schema": str(FORM), "register_id": hashlib.sha256(lines[0][1]).hexdigest()[:16]} if lines else {}


def _seals(connection: sa.Connection) -> list[str]:
    return [seal.seal_hash for seal in seals_in(connection, after=0)] if has_log(connection) else []


def _about_erasures(connection: sa.Connection) -> About:
    """Its form, and the first erasure, which tells one list from another; nothing where nobody was erased."""
    marks = _erasures(connection)
    return {"schema": "1", "register_id": marks[0]} if marks else {}


def _erasures(connection: sa.Connection) -> list[str]:
    if not sa.inspect(connection).has_table(ERASURE.name):
        return []
    return list(connection.scalars(sa.select(ERASURE.c.erasure_id).order_by(ERASURE.c.erasure)))


def _about_releases(connection: sa.Connection) -> About:
    """Its form, and the first release, which tells one register from another; nothing where there is none."""
    marks = _releases(connection)
    return {"schema": "1", "register_id": hashlib.sha256(marks[0].encode()).hexdigest()[:16]} if marks else {}


def _releases(connection: sa.Connection) -> list[str]:
    if not sa.inspect(connection).has_table(RELEASE.name):
        return []
    return [
        f"{row.at.isoformat()} {row.content_hash}"
        for row in connection.execute(sa.select(RELEASE.c.at, RELEASE.c.content_hash).order_by(RELEASE.c.number))
    ]


IDENTITY = BackedUp("identity", NAME, TABLES, register_place, about_register, _landings)
ACCESS = BackedUp("access_log", "the access log", LOG, log_place, _about_log, _seals, keeps_newer=True)
FORGOTTEN = BackedUp("erasures", LIST_OF_ERASURES, ERASURES, register_place, _about_erasures, _erasures, keeps_newer=True)
LEFT = BackedUp("releases", RELEASES_NAME, RELEASES, releases_place, _about_releases, _releases, keeps_newer=True)
REGISTERS = (IDENTITY, FORGOTTEN, ACCESS, LEFT)
"""All that are backed up and restored together; whoever adds a register adds a line."""
