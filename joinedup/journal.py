"""The journal: a line of JSON for each step and for how a verb ended, for whoever watches over joinedup by machine.

It holds no person and no word of a partner's: names of tables, contracts and pages, counts of rows, seconds, ids of builds and landings,
and the kind of an error without its sentence. What isn't among FIELDS can't get into it. Whoever uses joinedup from Python gives the
logger "joinedup" a handler with this module's Formatter.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from joinedup.errors import StoreProblem
from joinedup.progress import Progress, Step, silent

VARIABLE = "JOINEDUP_JOURNAL"
STANDARD_ERROR = "-"
LOGGER = logging.getLogger("joinedup")
LOGGER.addHandler(logging.NullHandler())
OURS = frozenset({"settle", "check", "number", "match", "link", "write", "build", "profile", "pages", "synth"})
"""Stages whose steps are named in joinedup's own words; a file or column of a partner's may be named after somebody."""
FIELDS = (
    "event",
    "run",
    "verb",
    "step",
    "name",
    "of",
    "done",
    "total",
    "rows",
    "seconds",
    "processor_seconds",
    "reused",
    "error",
    "exit_code",
)
"""All that a line may hold, besides its time and level."""
PRIVATE_FILE = 0o600

Value = str | int | float | bool | Mapping[str, int] | None


class Formatter(logging.Formatter):
    """One JSON object a line, of what `tell` was given and nothing else; a line of another's has its level and module alone."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: Mapping[str, Value] = getattr(record, "told", {"event": "other", "name": record.module})
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        kept = {name: told[name] for name in FIELDS if told.get(name) not in (None, "")}
        return json.dumps({"time": at, "level": record.levelname.lower(), **kept}, ensure_ascii=True)


class Journal(logging.StreamHandler[TextIO]):
    """Writes to a file, or to standard error; when that fails it says so once, and the work goes on."""

    failed = False

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing; a journal that can't be written stops no build."""
        if not self.failed:
            self.failed = True
            sys.stderr.write("joinedup: the journal can't be written any more; the work goes on without it\n")


class _Run:
    """What is the same in each line of one run of a verb."""

    def __init__(self) -> None:
        self.journal: Journal | None = None
        self.same: dict[str, Value] = {}
        self.began = 0.0


_run = _Run()


def begin(place: str, verb: str) -> None:
    """Nothing; from now on each step is a line of the journal at a path, or on standard error ("-"). StoreProblem where it can't be."""
    close()
    journal = Journal(sys.stderr if place == STANDARD_ERROR else _opened(Path(place)))
    journal.setFormatter(Formatter())
    LOGGER.addHandler(journal)
    LOGGER.setLevel(logging.INFO)
    _run.journal, _run.began, _run.same = journal, time.perf_counter(), {"run": secrets.token_hex(4), "verb": verb}
    tell("begun")


def _opened(path: Path) -> TextIO:
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE), "a", encoding="ascii")
    except OSError as error:
        raise StoreProblem(f"the journal can't be written at {path}: {error.strerror}; name another file with --journal") from error


def tell(event: str, level: int = logging.INFO, **fields: Value) -> None:
    """Nothing; where there is a journal it has one line more."""
    unknown = fields.keys() - set(FIELDS)
    assert not unknown, unknown
    LOGGER.log(level, event, extra={"told": {"event": event, **_run.same, **fields}})


def end(exit_code: int, error: str = "") -> None:
    """Nothing; the journal tells how the verb ended, and is closed."""
    if _run.journal is not None:
        spent = os.times()
        level = logging.INFO if exit_code in (0, 1) else logging.ERROR
        seconds, processor = round(time.perf_counter() - _run.began, 3), round(spent.user + spent.system, 3)
        tell("ended", level, exit_code=exit_code, error=error, seconds=seconds, processor_seconds=processor)
    close()


def close() -> None:
    """Nothing; no line is written any more."""
    journal, _run.journal, _run.same = _run.journal, None, {}
    if journal is not None:
        LOGGER.removeHandler(journal)
        LOGGER.setLevel(logging.NOTSET)
        if journal.stream is not sys.stderr:
            with suppress(OSError):
                journal.stream.close()
        journal.close()


def noted(progress: Progress = silent) -> Progress:
    """What tells the journal of each step, and passes it on."""

    def note(step: Step) -> None:
        level = logging.WARNING if step.note == "refused" else logging.INFO
        tell("step", level, **_told(step))
        progress(step)

    return note


def _told(step: Step) -> dict[str, Value]:
    return {
        "step": step.stage,
        "name": step.contract or (step.name if step.stage in OURS else ""),
        "of": step.of,
        "done": step.done,
        "total": step.total,
        "rows": dict(step.rows),
        "seconds": round(step.seconds, 3),
        "reused": step.reused,
    }
