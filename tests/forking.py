"""Processes that tests kill: each forked from one that has loaded joinedup, since loading takes longer than what they are to do.

They are processes like others, with an id, an environment and an end of their own; only what they would import first is there already.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

LOADED = ("joinedup.build", "joinedup.cli", "joinedup.forget.erasing", "joinedup.land", "tests.unit.engine.chain", "tests.unit.test_land")

MENDED = {"jemalloc_bg_thd"}
"""Threads that are begun again in a fork: jemalloc's, for Arrow."""


class Process:
    """A running program; the return code is None until it has ended, and less than 0 where a signal ended it."""

    def __init__(self, server: subprocess.Popen[bytes], pid: int, errors: Path) -> None:
        self.pid, self.returncode = pid, None
        self._server, self._errors = server, errors

    def wait(self, seconds: float | None = None) -> int | None:
        """The return code, once it has ended or so many seconds have passed."""
        out = self._server.stdout
        assert out is not None
        if self.returncode is None and select.select([out], [], [], seconds)[0]:
            self.returncode = os.waitstatus_to_exitcode(_number(out.fileno()))
        return self.returncode

    def poll(self) -> int | None:
        return self.wait(0)

    def kill(self) -> None:
        """Nothing; it gets SIGKILL, unless it has ended before."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    @property
    def stderr(self) -> str:
        return self._errors.read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Forks:
    """What starts such processes, one at a time."""

    server: subprocess.Popen[bytes]
    folder: Path

    def start(self, program: str, *arguments: object, env: Mapping[str, str] | None = None) -> Process:
        """A process that runs the program, as `python -c` would in the checkout."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        errors = self.folder / "stderr"
        told = {
            "program": program,
            "arguments": [*map(str, arguments)],
            "env": dict(os.environ if env is None else env),
            "errors": str(errors),
        }
        self.server.stdin.write(json.dumps(told).encode() + b"\n")
        self.server.stdin.flush()
        return Process(self.server, _number(self.server.stdout.fileno()), errors)

    def run(self, program: str, *arguments: object) -> Process:
        """A process that ran the program and has ended."""
        process = self.start(program, *arguments)
        process.wait()
        return process


@contextmanager
def forks(root: Path) -> Iterator[Forks]:
    """Processes can be started until the block ends."""
    with TemporaryDirectory(prefix="joinedup-forks-") as folder:
        command = [sys.executable, "-m", "tests.forking"]
        server = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            yield Forks(server, Path(folder))
        finally:
            server.communicate()


def _number(descriptor: int) -> int:
    """The next number that the server says."""
    said = b""
    while not said.endswith(b"\n"):
        read = os.read(descriptor, 1)
        assert read, "the process that forks others has ended"
        said += read
    return int(said)


def serve() -> None:
    """Nothing; for each program that is told on stdin, a fork has run it: its id and then its status were said on stdout."""
    from importlib import import_module

    for module in LOADED:
        import_module(module)
    from joinedup.build import all_specs
    from joinedup.engine.checks import table_findings
    from joinedup.sources.contract import contracts

    contracts(), table_findings(all_specs())
    threads = {(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()} - MENDED
    assert len(threads) == 1, f"a fork has none of the other threads: {threads}"
    gc.collect()
    gc.freeze()
    for line in sys.stdin.buffer:
        pid = os.fork()
        if not pid:
            _run(**json.loads(line))
        os.write(1, f"{pid}\n".encode())
        os.write(1, f"{os.waitpid(pid, 0)[1]}\n".encode())


def _run(program: str, arguments: list[str], env: dict[str, str], errors: str) -> None:
    """Never comes back: the process ends with the program."""
    code = 1
    try:
        for number, place, flags in (
            (0, os.devnull, os.O_RDONLY),
            (1, os.devnull, os.O_WRONLY),
            (2, errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        ):
            descriptor = os.open(place, flags)
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(env)
        sys.argv = ["-c", *arguments]
        exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
