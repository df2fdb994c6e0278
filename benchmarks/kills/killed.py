"""A verb in a process of its own that ends, as if it were killed, at a call on files that was chosen before; made ready once, then forked.

Whatever is imported here is there at once in each process that `multiprocessing`'s fork server makes. It works with no file.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import joinedup.access.aggregates
import joinedup.build
import joinedup.cli.shared
import joinedup.engine.building
import joinedup.engine.collecting
import joinedup.engine.describing
import joinedup.engine.on_duckdb
import joinedup.forget.erasing
import joinedup.land
import joinedup.report
from benchmarks.kills.phases import Noted
from joinedup.cli import main
from joinedup.engine.order import inputs_of
from joinedup.engine.specs import TableSpec

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
NOTED = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "sqlite3.connect"}
"""What Python's audit hooks tell just before it is done, beside files opened to write; os.fsync, which they don't, is told apart."""
PUBLISHED = ("/manifest.json", "/current.json")
"""What a build or a landing is published by naming."""
FEW = ("area_population", "area_deprivation")
"""What a build makes that is to be quick, with all that these read."""


class Calls:
    """Counts the calls of this process that change files, and ends it just before one of them."""

    def __init__(self, last: int, noted: Noted) -> None:
        self.last, self.noted, self.count, self.lock = last, noted, 0, threading.Lock()
        self.phases = dict[str, list[int]]()
        """Phase -> the first and the last call in it."""

    def listen(self) -> None:
        """Nothing; from now on calls are counted."""
        sync = os.fsync

        def noted(descriptor: int) -> None:
            self.one()
            sync(descriptor)

        os.fsync = noted
        sys.addaudithook(self.told)

    def told(self, event: str, given: tuple[object, ...]) -> None:
        """Nothing; called by Python before all sorts of things."""
        if event in NOTED or (event == "open" and isinstance(given[2], int) and given[2] & WRITING):
            self.one()
        if event == "os.rename" and str(given[1]).endswith(PUBLISHED):
            self.noted.enter("published")  # from the next call on

    def one(self) -> None:
        """Nothing; unless this is the one, and then the process has ended."""
        with self.lock:
            self.count += 1
            self.phases.setdefault(self.noted.now, [self.count, self.count])[1] = self.count
            if self.count == self.last:
                os.kill(os.getpid(), signal.SIGKILL)


def run(arguments: Sequence[str], last: int, counted: str, few: bool, environment: Mapping[str, str]) -> None:
    """Nothing; the verb was run, its output thrown away, and `counted` says how many calls it made, and which in each phase.

    It ended before the call numbered `last`, if there are so many; 0 is none. A file or build is collected however young it is, for the
    hour that it stays otherwise is longer than all of this.
    """
    os.environ.update(environment)
    joinedup.engine.collecting.READERS_TIME = timedelta(0)
    if few:
        known = closure(joinedup.build.all_specs(), FEW)
        joinedup.build.all_specs = lambda _=None: dict(known)
    noted = Noted(Path(f"{counted}.phase"))
    noted.listen(arguments[0])
    calls, status = Calls(last, noted), 0
    with Path(f"{counted}.said").open("w", encoding="utf-8") as said, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        calls.listen()
        try:
            main(list(arguments))
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    Path(counted).write_text(json.dumps({"calls": calls.count, "phases": calls.phases}), encoding="ascii")
    os._exit(status)


def closure(specs: Mapping[str, TableSpec], names: Sequence[str]) -> dict[str, TableSpec]:
    """These tables and all that they are made from, and whatever isn't made."""
    found, rest = {name: spec for name, spec in specs.items() if not spec.derived}, list(names)
    while rest:
        name = rest.pop()
        if name not in found:
            found[name] = specs[name]
            rest += inputs_of(specs[name])
    return found


joinedup.build.all_specs()
