"""Blocks of invented people that several tests look at."""

from __future__ import annotations

import pytest

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.setting import setting_of
from tests.unit.sources.synthetic.places import changing_place, plain_place


@pytest.fixture(scope="session")
def plain_block() -> Block:
    """10,000 people of a place in which nothing changes."""
    return Block(setting_of(plain_place(), 10_000, 3), 0)


@pytest.fixture(scope="session")
def changing_block() -> Block:
    """10,000 people of a place in which practices and neighbourhoods change."""
    return Block(setting_of(changing_place(), 10_000, 4), 0)


@pytest.fixture(scope="session", params=["plain_block", "changing_block"])
def block(request: pytest.FixtureRequest) -> Block:
    """Each of the two in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Block)
    return found
