"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

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
    return found
