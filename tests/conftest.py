"""What every test may ask for."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forking import Forks, forks
from tests.java import LITTLE_JAVA
from tests.postgresql import NoServer, PostgreSQL, running_server

ROOT = Path(__file__).resolve().parents[1]


sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # several hundred tests start processes, which would compile the same libraries each time
os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # before NumPy is loaded: for products of a few rows, waking threads is a tenth of a landing


_sync, _disk = os.fsync, Path(tempfile.gettempdir()).stat().st_dev


def _synced(descriptor: int) -> None:
    """Nothing; what was written to any other disk than that of temporary files is on it.

    Each landing and build syncs some hundred files, and processes that are killed lose nothing that they wrote; what a loss of power
    leaves is tried by the calls themselves (tests/power.py), so that nothing is gained by waiting for the disk.
    """
    if os.fstat(descriptor).st_dev != _disk:
        _sync(descriptor)


os.fsync = _synced


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """DuckDB works with all cores where a test makes a whole place; elsewhere, on a few rows each, with one, in three quarters of the time.

    Waking a second thread takes longer than such queries; what depends on threads says how many it wants.
    """
    if item.nodeid.startswith("tests/place/"):
        os.environ.pop("JOINEDUP_THREADS", None)
    else:
        os.environ["JOINEDUP_THREADS"] = "1"


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The open data beside the checkout; a counted skip where it is absent."""
    folder = Path(os.environ.get("JOINEDUP_SHARED", ROOT.parent / "shared"))
    if not (folder / "open-data" / "FACTS.md").exists():
        pytest.skip("the open data is not there: set JOINEDUP_SHARED to the folder that holds open-data/")
    return folder


@pytest.fixture(scope="session")
def java() -> str:
    """A Java runtime for Spark; a counted skip where there is none."""
    found = shutil.which("java")
    if found is None:
        pytest.skip("Spark needs Java 17 or later: install it (on Debian: apt-get install openjdk-17-jre-headless)")
    os.environ.setdefault("JAVA_TOOL_OPTIONS", LITTLE_JAVA)
    return found


@pytest.fixture(scope="session")
def forking(root: Path) -> Iterator[Forks]:
    """What starts processes that have joinedup loaded, for tests to kill."""
    with forks(root) as started:
        yield started


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    """A PostgreSQL server; a counted skip where none can be started."""
    try:
        with running_server() as server:
            yield server
    except NoServer as reason:
        pytest.skip(str(reason))


@pytest.fixture
def postgresql(postgresql_server: PostgreSQL) -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database, of the server's superuser; gone after the test."""
    name = postgresql_server.new_database()
    yield postgresql_server.url(name)
    postgresql_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a register may lie that isn't there yet: a file for SQLite, a URL for PostgreSQL. Every test that asks runs on both."""
    return tmp_path / "kept" / "register.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgresql")


TOGETHER = {
    "tests/place/test_hand_off": "hand off",  # one shelf
    "tests/place/test_cluster.py": "laid out",  # the place of 600 people
    "tests/place/test_doors.py": "laid out",
    "tests/place/test_private.py": "laid out",
    "tests/place/test_why.py": "laid out",
    "tests/unit/papers/": "papers",  # one set of pages, one browser
    "tests/unit/sources/synthetic/": "synthetic",  # the same blocks of people
    "tests/unit/place/": "",  # which name Spark, and start none
}
"""Beginnings of the names of tests that share what takes long to make in one process; a module shares with itself where it says nothing."""
LONGEST = (
    "spark",
    "laid out",
    "tests/unit/test_cli.py",
    "tests/place/test_monthly.py",
    "papers",
    "tests/place/test_builds.py",
    "tests/unit/sources/test_monthly.py",
    "tests/place/test_changes.py",
    "tests/place/test_gauntlet.py",
    "tests/place/test_protected.py",
    "tests/place/",
    "tests/unit/forget/test_erasing.py",
    "tests/unit/identity/",
    "hand off",
    "tests/unit/test_land.py",
    "synthetic",
    "tests/unit/test_review_lands.py",
    "tests/unit/starting/",
    "tests/unit/forget/",
    "tests/unit/cli/",
    "tests/unit/sources/",
    "tests/unit/test_",
    "tests/spec/",
)
"""Beginnings of the names of scopes that take longest: they come first, so that no process has a long one left when the others are done."""


def scope_of(nodeid: str) -> str:
    """The tests that run in one process: a module, several that share something, or all that start Spark, with one session."""
    shared = next((scope for name, scope in TOGETHER.items() if nodeid.startswith(name)), None)
    return ("spark" if shared is None and "spark" in nodeid else shared) or nodeid.partition("::")[0]


def turn_of(nodeid: str) -> int:
    """When the scope of a test is begun."""
    scope = scope_of(nodeid)
    return next((turn for turn, name in enumerate(LONGEST) if scope.startswith(name)), len(LONGEST))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first; otherwise tests stay in their order."""
    items.sort(key=lambda item: turn_of(item.nodeid))


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: it isn't looked at again each time that Python looks for what can go."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """What was frozen may go again, as libraries count what is left at the end."""
    gc.unfreeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """As many processes as cores and one more, since some wait: for a program that they started, or a disk."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """What shares a fixture runs in one process, and scopes are begun in the order in which tests were collected.

    pytest-xdist has groups of its own, and loses them on pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Shared(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

    config.option.loadscopereorder = False
    return Shared(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly how many tests were skipped, since a skipped test proves nothing."""
    skipped = len(terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.write_line(f"{skipped} tests were skipped, for the reasons above")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where JOINEDUP_NO_SKIP is set, as in continuous integration, a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("JOINEDUP_NO_SKIP") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
