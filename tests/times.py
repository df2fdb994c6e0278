"""What tests cost: `pytest -p tests.times` ends with processor seconds by module, and by test or what it needed made.

Of the process and all that it started, as the clock says little on a machine with other work. Under pytest-xdist too.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TICKS, SHOWN = os.sysconf("SC_CLK_TCK"), 40


def processor_seconds(process: int | str = "self") -> float:
    """Seconds that a process, its children and theirs have worked so far; 0 of one that is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        children = [each for task in Path(f"/proc/{process}/task").iterdir() for each in (task / "children").read_text().split()]
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS + sum(map(processor_seconds, children))


class Times:
    """What phases of tests took, in the process that reports."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, str, str]] = Counter()
        self.since = processor_seconds()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """Each report says what its phase took."""
        made: Any = yield
        now = processor_seconds()
        made.get_result().processor = max(now - self.since, 0.0)
        self.since = max(now, self.since)  # what a process that has just begun or ended took may be missed once

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        module, _, test = report.nodeid.partition("::")
        self.taken[module, test, report.when] += getattr(report, "processor", 0.0)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Modules, then single tests, the dearest first."""
        modules = {module: Counter[str]() for module, _, _ in self.taken}
        for (module, _, when), seconds in self.taken.items():
            modules[module][when] += seconds
        terminalreporter.section("processor seconds: made for tests, tests, undone")
        for module, of in sorted(modules.items(), key=lambda pair: -pair[1].total())[: 3 * SHOWN]:
            terminalreporter.write_line(f"{of.total():7.1f} = {of['setup']:6.1f} + {of['call']:6.1f} + {of['teardown']:5.1f}  {module}")
        terminalreporter.write_line(f"{self.taken.total():7.1f} in all")
        for (module, test, when), seconds in self.taken.most_common(SHOWN):
            terminalreporter.write_line(f"{seconds:7.1f} {when:8} {module}::{test}")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Times(), "times")
