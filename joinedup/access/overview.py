"""What a page says of the access log: the looks of the last weeks, and whether the log is as it was sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from joinedup.access.look_report import LookReport, look_report
from joinedup.errors import StoreProblem
from joinedup.kept.access_log import AccessLog
from joinedup.kept.log_verifying import Verified, verify
from joinedup.place.model import Place

WEEKS = 4


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
    return Access(since, until, look_report(log.looks(since=since, until=until), place, belongs=belongs), verify(log), problem)
