"""What a verb does that is stopped by Ctrl+C, or asked to end: it gives up at once, and says by its exit code why."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from click.exceptions import Exit

INTERRUPTED, TERMINATED = 130, 143  # as shells have it: 128 and the number of the signal, 2 or 15

Handler = Callable[[int, FrameType | None], object] | int | None


class Terminated(KeyboardInterrupt):
    """Somebody asked the process to end (SIGTERM), as a scheduler does; what it had spilled is wiped on the way out."""


class Stopped:
    """What somebody asked of this process while a verb ran.

    It is remembered, for what a signal raises doesn't always arrive: where one comes in the middle of a query, DuckDB gives a
    RuntimeError of its own in its place, without a word of why.
    """

    def __init__(self) -> None:
        self.by: type[KeyboardInterrupt] | None = None

    def stop(self, number: int, _: FrameType | None) -> None:
        """Nothing comes back: it raises what the signal says; queries that the main thread waits for end, too."""
        self.by = Terminated if number == signal.SIGTERM else KeyboardInterrupt
        if duck := sys.modules.get("joinedup.engine.duck"):
            duck.stop_queries()
        raise self.by

    def told(self, error: BaseException) -> BaseException:
        """What ended a verb: what was asked, where the error came after that and says something else."""
        own = isinstance(error, Exit) or not isinstance(error, Exception)
        return error if self.by is None or own else self.by()


@contextmanager
def stopping() -> Iterator[Stopped]:
    """What is asked meanwhile. Ctrl+C is left to who catches it already; only the main thread of a program may say."""
    stopped = Stopped()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before: dict[int, Handler] = {signal.SIGTERM: signal.signal(signal.SIGTERM, stopped.stop)}
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        before[signal.SIGINT] = signal.signal(signal.SIGINT, stopped.stop)
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
