"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgresql import NoServer, PostgreSQL, running_server

ROOT = Path(__file__).resolve().parents[1]


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
    os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")  # half the processor time for tiny tables
    return found


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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Tests that name Spark run in one process, with one session, and so do those of the command line and of pages.

    pytest-xdist has groups of its own, and loses them on pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class OneSpark(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            together = ("spark", "tests/unit/test_cli.py", "tests/unit/papers/")  # one session; one demo; one set of pages
            return next((scope for scope in together if scope in nodeid), str(nodeid))

    return OneSpark(config, log)


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
