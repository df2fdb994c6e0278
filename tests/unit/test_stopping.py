"""A verb that is stopped while DuckDB runs its query: the exit code says so, and it ends at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from joinedup.cli import INTERRUPTED, TERMINATED
from joinedup.cli.stopping import stopping

LONG = "SELECT count(*) FROM range(1000000000000) AS numbers (number) WHERE hash(number) = 9"
"""Takes an hour and more, so that whoever waits for its end doesn't mistake that for a stop."""
ASKED = """
import signal, sys, threading
from pathlib import Path
from joinedup.cli import main
from joinedup.engine.duck import connect
import joinedup.sources.synthetic
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs would ignore
folder = Path(sys.argv[2])
def begun():
    while not [*folder.iterdir()]:
        threading.Event().wait(0.01)
    print("begun", flush=True)
def asks(*_, **__):
    folder.mkdir()
    threading.Thread(target=begun, daemon=True).start()
    connect().execute(f"COPY ({sys.argv[3]}) TO '{folder}/answer.parquet'")
joinedup.sources.synthetic.synthesise = asks
main(["synth", sys.argv[1], "--out", sys.argv[2]])
"""


@pytest.fixture
def place(root: Path) -> Path:
    return root / "places" / "calderdale"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, TERMINATED), (signal.SIGINT, INTERRUPTED)])
@pytest.mark.parametrize("query", [LONG, LONG.replace("count(*)", "number")], ids=["counts", "lists"])
def test_stopped_while_duckdb_runs_a_query_it_says_so(number: signal.Signals, code: int, query: str, tmp_path: Path, place: Path) -> None:
    command = [sys.executable, "-c", ASKED, place, tmp_path / "out", query]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(number)
        try:
            _, said = process.communicate(timeout=120)
        finally:
            process.kill()
    assert (process.returncode, said) == (code, b"joinedup: stopped; what was published before is as it was\n")


def test_an_error_of_its_own_stays_one_where_nobody_asked_it_to_stop() -> None:
    error = RuntimeError("no more")
    with stopping() as stopped:
        assert stopped.told(error) is error


def test_signals_are_as_before_when_it_has_ended() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stopping():
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_thread_beside_leaves_signals_alone() -> None:
    seen = []

    def beside() -> None:
        with stopping():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=beside)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]
