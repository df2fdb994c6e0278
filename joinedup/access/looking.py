"""What the doors write to the access log before they give anything."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from joinedup.access.caller import Caller, Door
from joinedup.engine.store import Store
from joinedup.kept.access_log import LOG_VARIABLE, Look, open_access_log

__all__ = ["Log", "Look", "log_of", "look"]


class Log(Protocol):
    """Where looks are written: all of them, in one transaction, or an error is raised and nothing may be given."""

    def append(self, looks: Sequence[Look]) -> None:
        """Nothing; the looks are kept."""
        ...


def log_of(store: Store) -> Log:
    """The access log of a store, or the one that JOINEDUP_LOG names."""
    return open_access_log(os.environ.get(LOG_VARIABLE) or store.kept / "access_log.sqlite")


def look(  # noqa: PLR0913 - what the log keeps of a look
    caller: Caller, door: Door, what: str, build_id: str, *, people: tuple[int, ...] = (), rows: int = 0
) -> Look:
    """A look of a caller, now."""
    return Look(
        at=datetime.now(UTC),
        account=caller.account,
        role=caller.role,
        purpose=caller.purpose,
        scope=str(caller.scope),
        door=door,
        what=what,
        build_id=build_id,
        people=people,
        rows=rows,
        reason=caller.reason,
    )
