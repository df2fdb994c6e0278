"""The processes that tests kill end as others do, and say what went wrong."""

from __future__ import annotations

import signal

import pytest

from tests.forking import Forks


@pytest.mark.parametrize(
    ("program", "code", "said"),
    [
        ("pass", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('what is wrong')", 1, ""),
        ("import os; os._exit(9)", 9, ""),
        ("raise ValueError('what is wrong')", 1, "ValueError: what is wrong"),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL, ""),
    ],
)
def test_it_ends_as_its_program_says(forking: Forks, program: str, code: int, said: str) -> None:
    ended = forking.run(program)
    assert ended.returncode == code, ended.stderr
    assert said in ended.stderr


def test_it_has_the_arguments_and_the_environment_of_the_test(forking: Forks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOINEDUP_GIVEN", "one two")
    assert forking.run("import os, sys; sys.exit(os.environ['JOINEDUP_GIVEN'] != sys.argv[1])", "one two").returncode == 0


def test_it_runs_until_it_is_killed(forking: Forks) -> None:
    process = forking.start("import time; time.sleep(3600)")
    assert process.poll() is None
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.kill()
    assert process.poll() == -signal.SIGKILL
