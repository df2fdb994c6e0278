"""Pages of the two invented places, written once, and a browser to look at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from joinedup.papers.pages import write_pages
from tests.unit.papers.fixtures import POINTS, FakeAggregates, five, nine
from tests.unit.papers.measure_fixtures import DEFINED
from tools.browser import Tab, browser, program


@pytest.fixture(scope="session")
def five_places() -> FakeAggregates:
    return five()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drawings")


@pytest.fixture(scope="session")
def five_pages(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """The folder of pages of five localities with every extract."""
    return written(replace(five(), defined=DEFINED), tmp_path_factory.mktemp("five"), cache)


@pytest.fixture(scope="session")
def nine_pages(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """The folder of pages of nine neighbourhoods with gaps: two extracts missing, one neighbourhood with nobody."""
    return written(nine(), tmp_path_factory.mktemp("nine"), cache)


@pytest.fixture(scope="session")
def full_pages(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """The folder of pages of the nine neighbourhoods with every extract: long names in every chart."""
    return written(replace(nine(), reasons={}, points=POINTS), tmp_path_factory.mktemp("full"), cache)


@pytest.fixture(params=["five_pages", "nine_pages", "full_pages"])
def pages(request: pytest.FixtureRequest) -> Path:
    """Each of the folders in turn."""
    folder: Path = request.getfixturevalue(request.param)
    return folder


def written(aggregates: FakeAggregates, out: Path, cache: Path) -> Path:
    write_pages(aggregates, aggregates.place, out, cache=cache)
    return out


@pytest.fixture(scope="session")
def tab() -> Iterator[Tab]:
    """A page in Chromium; a counted skip where there is no Chromium."""
    if program() is None:
        pytest.skip("looking at pages needs Chromium: install it (on Debian: apt-get install chromium)")
    with browser() as started:
        yield started.tab()
