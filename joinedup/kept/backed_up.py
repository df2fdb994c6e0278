"""The registers that a backup holds, and what each says of how far it has grown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from joinedup.kept import answers  # noqa: F401 - its tables belong to the identity register
from joinedup.kept.databases import Database, open_database
from joinedup.kept.identity_register import LANDING, NAME, TABLES, about_register, register_place

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

    def open(self, kept: Path) -> Database:
        """Its database."""
        return open_database(self.place(kept), self.name)


def _landings(connection: sa.Connection) -> list[str]:
    if not sa.inspect(connection).has_table(LANDING.name):
        return []
    return list(connection.scalars(sa.select(LANDING.c.landing_id).order_by(LANDING.c.landing)))


IDENTITY = BackedUp("identity", NAME, TABLES, register_place, about_register, _landings)
REGISTERS = (IDENTITY,)
"""All that are backed up and restored together; whoever adds a register adds a line."""
