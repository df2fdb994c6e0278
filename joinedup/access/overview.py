"""What a page says of the access log: the looks of the last weeks, and whether the log is as it was sealed."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from joinedup.access.look_report import LookReport, look_report
from joinedup.engine.store import atomic_write
from joinedup.errors import StoreProblem
from joinedup.kept.access_log import AccessLog
from joinedup.kept.log_verifying import Verified, verify
from joinedup.kept.seals import Seal
from joinedup.place.model import Place

WEEKS = 4
WHOLE_EVERY = timedelta(weeks=1)
"""How often pages read the whole log again; `joinedup audit verify` always does (our choice, 2026)."""


@dataclass(frozen=True, slots=True)
class Access:
    """The looks of the last four weeks up to `until`, and what verifying found just then."""

    since: datetime
    until: datetime
    report: LookReport
    verified: Verified
    seal_problem: str = ""
    """Why the seal file couldn't be brought up to date, where it couldn't."""


def access_of(log: AccessLog, place: Place, belongs: pa.Table | None, until: datetime | None = None) -> Access:
    """The overview of a log, sealed and verified for it."""
    until = until or datetime.now(UTC)
    since = until - timedelta(weeks=WEEKS)
    problem = ""
    try:
        log.seal()
    except StoreProblem as error:
        problem = str(error)
    report = look_report(log.sets(since=since, until=until), place, belongs=belongs)
    return Access(since, until, report, _verified(log, until), problem)


def _verified(log: AccessLog, now: datetime) -> Verified:
    """What verifying finds; what was read within a week and found as sealed isn't read again, and `read_from` says so."""
    kept = None if log.seal_file is None else log.seal_file.with_suffix(".verified.json")
    found = verify(log, after=None if kept is None else _verified_to(kept, now))
    if kept is not None and not found.faults:
        last = next(iter(reversed(log.seals())), None)
        whole = now.isoformat() if found.read_from == 1 else json.loads(kept.read_text(encoding="utf-8"))["whole"]
        with suppress(OSError, StoreProblem):
            atomic_write(kept, json.dumps({"whole": whole, "seal": None if last is None else asdict(last)}).encode())
    return found


def _verified_to(kept: Path, now: datetime) -> Seal | None:
    """The last seal up to which the log was found as sealed; None where it is to be read as a whole: at first, and once a week."""
    try:
        said = json.loads(kept.read_text(encoding="utf-8"))
        return Seal(**said["seal"]) if timedelta(0) <= now - datetime.fromisoformat(said["whole"]) < WHOLE_EVERY else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
