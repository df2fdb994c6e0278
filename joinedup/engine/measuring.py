"""What work costs: seconds, processor, memory and rows, and of what each figure is: one table, the engine or the whole process."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from joinedup.engine.specs import Frozen
from joinedup.progress import Progress, Step

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
FORGET_PEAK = "5"
"""Written to CLEAR it makes the kernel count the peak of memory from now on (proc(5), Linux 4.0)."""


class EngineMeasured(Frozen):
    """What an engine says of one query; what it doesn't say is None."""

    thread_seconds: float | None = None
    """Of its threads together, at work on this query alone: where the machine has other work, waiting for a core is in it."""
    rows_read: int | None = None
    """Rows scanned of the tables that it reads; row groups that were passed over aren't among them."""
    peak_memory: int | None = None
    """Bytes that the engine held at most while the query ran: what it held for other tables of that time is in it."""
    spilled: int | None = None
    """Bytes that the engine had written to disk at most for want of memory, other tables' included in the same way."""


def added(costs: Sequence[EngineMeasured]) -> EngineMeasured:
    """What several queries cost together, one after the other."""
    seconds = [each.thread_seconds for each in costs if each.thread_seconds is not None]
    rows = [each.rows_read for each in costs if each.rows_read is not None]
    return EngineMeasured(
        thread_seconds=round(sum(seconds), 3) if seconds else None,
        rows_read=sum(rows) if rows else None,
        peak_memory=max((each.peak_memory for each in costs if each.peak_memory is not None), default=None),
        spilled=max((each.spilled for each in costs if each.spilled is not None), default=None),
    )


class Measured(EngineMeasured):
    """What making a table cost, when it was made."""

    seconds: float
    """By the clock, with the checks of the file that was made."""
    processor_seconds: float | None = None
    """Of the process. It has no parts by table, so None where another table was being made at the same time."""
    beside: int = 0
    """How many other tables were being made at the same time, at most."""


class ProcessMeasured(Frozen):
    """What a whole build or landing cost the process that did it."""

    seconds: float
    processor_seconds: float
    peak_memory: int
    """Bytes resident at most, of this process: a Spark session of its own isn't in it."""
    peak_of_all_it_did: bool = False
    """True where the system can't count from the beginning of this work, and what the process did before is in the peak."""
    cores: int = 0
    jobs: int | None = None
    """How many tables were made at a time; None where that is no question."""


class StepMeasured(Frozen):
    """One step of a landing."""

    stage: str
    name: str
    seconds: float
    rows: dict[str, int] = {}
    processor_seconds: float | None = None
    """Of the process, from the end of the step before."""


def processor_seconds() -> float:
    """What this process has had of processors, by its own code and the system for it."""
    times = os.times()
    return times.user + times.system


class Watch:
    """Counts from when it was made.

    A watch of `part` of other work tells no peak of memory, and leaves that of the whole alone: the process has one peak only.
    """

    def __init__(self, *, part: bool = False) -> None:
        self.began, self.before = time.perf_counter(), processor_seconds()
        self.peak_is_of_all = part or not _forget_peak()

    def seconds(self) -> float:
        """By the clock."""
        return round(time.perf_counter() - self.began, 3)

    def processor(self) -> float:
        """Of the process."""
        return round(processor_seconds() - self.before, 3)

    def process(self, jobs: int | None = None) -> ProcessMeasured:
        """What the work has cost up to now."""
        return ProcessMeasured(
            seconds=self.seconds(),
            processor_seconds=self.processor(),
            peak_memory=peak_memory(),
            peak_of_all_it_did=self.peak_is_of_all,
            cores=os.cpu_count() or 0,
            jobs=jobs,
        )


class Steps:
    """Keeps what each step cost, and passes it on: steps follow one another, so the processor's time between two is the second's."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.kept, self.before = progress, list[StepMeasured](), processor_seconds()

    def __call__(self, step: Step) -> None:
        """Nothing; the step is kept."""
        now = processor_seconds()
        told = {"seconds": round(step.seconds, 3), "rows": dict(step.rows), "processor_seconds": round(now - self.before, 3)}
        self.kept.append(StepMeasured(stage=step.stage, name=step.name, **told))
        self.before = now
        self.progress(step)


def _forget_peak() -> bool:
    """Whether the system counts the peak of memory from now on."""
    try:
        CLEAR.write_text(FORGET_PEAK)
    except OSError:
        return False
    return True


def peak_memory() -> int:
    """Bytes of memory that this process has held at most, since the peak was last forgotten."""
    try:
        lines = STATUS.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


@dataclass
class Others:
    """How many other tables were being made at the same time, at most."""

    most: int = 0


@dataclass
class AtOnce:
    """The tables that are being made now."""

    running: list[Others] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    @contextmanager
    def one_more(self) -> Iterator[Others]:
        """Counts one more table as being made; how many others were, at most, is known when it ends."""
        mine = Others()
        with self.lock:
            self.running.append(mine)
            for each in self.running:
                each.most = max(each.most, len(self.running) - 1)
        try:
            yield mine
        finally:
            with self.lock:
                self.running = [each for each in self.running if each is not mine]
