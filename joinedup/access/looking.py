"""What the doors write to the access log before they give anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from joinedup.access.caller import Caller, Door
from joinedup.engine.store import Store
from joinedup.errors import Refused
from joinedup.kept.access_log import LOG_VARIABLE, AccessLog, Look, log_place, open_access_log
from joinedup.place.model import Place

__all__ = ["Log", "Look", "log_of", "look"]


class Log(Protocol):
    """Where looks are written: all of them, in one transaction, or an error is raised and nothing may be given."""

    def append(self, looks: Sequence[Look]) -> None:
        """Nothing; the looks are kept."""
        ...


def log_of(store: Store, place: Place | None = None) -> AccessLog:
    """The access log of a store, or the one that JOINEDUP_LOG names; Refused where it isn't the one that the place's folder names.

    Of real people JOINEDUP_LOG may only name the log that the folder says is the place's.
    """
    where = log_place(store.kept)
    log = open_access_log(where)
    if place is None or (not place.access_log and (place.invented or isinstance(where, Path))):
        return log
    if not place.access_log:
        raise Refused(
            f"{LOG_VARIABLE} names an access log, and place.yml of {place.name} doesn't say which is the place's: whoever keeps the folder "
            "runs joinedup audit pin, and writes what it says into place.yml; until then the doors stay shut"
        )
    if log.log_id != place.access_log:
        raise Refused(
            f"the access log that was found isn't {place.access_log}, which place.yml says is the place's, so nothing can be logged there; "
            f"see that the store and {LOG_VARIABLE} are the right ones"
        )
    return log


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
