"""What PostgreSQL says becomes one sentence of ours, without password or values."""

from __future__ import annotations

import sys

import pyarrow as pa
import pytest
import sqlalchemy as sa

from joinedup.errors import StoreProblem
from joinedup.kept.databases import open_database
from joinedup.kept.identity_register import open_register
from tests.postgresql import PostgreSQL
from tests.unit.kept.test_identity_register import KEYS, land

SECRET = "planted-password"


def said_of(url: str) -> str:
    with pytest.raises(StoreProblem) as caught:
        land(open_register(url))
    said = str(caught.value)
    assert SECRET not in said
    assert "\n" not in said
    assert caught.value.__cause__ is None
    return said


def test_what_is_wrong_with_a_server_is_said_in_one_sentence(postgresql_server: PostgreSQL, postgresql: str) -> None:
    name = sa.make_url(postgresql).database
    assert "user or password is wrong" in said_of(postgresql_server.url(str(name), password=SECRET))
    assert "no such database" in said_of(postgresql_server.url("absent"))
    assert "can't be reached" in said_of(f"postgresql://u:{SECRET}@127.0.0.1:1/register")
    assert "can't be reached" in said_of(f"postgresql://u:{SECRET}@/register?host=/nowhere")


def test_a_user_without_rights(postgresql_server: PostgreSQL, postgresql: str) -> None:
    name = str(sa.make_url(postgresql).database)
    postgresql_server.execute(f"DROP ROLE IF EXISTS reader_of_{name}", f"CREATE ROLE reader_of_{name} LOGIN PASSWORD '{SECRET}'")
    assert "may not do that" in said_of(postgresql_server.url(name, f"reader_of_{name}", SECRET))
    land(open_register(postgresql))
    assert "may not do that" in said_of(postgresql_server.url(name, f"reader_of_{name}", SECRET))
    postgresql_server.execute(f"DROP ROLE reader_of_{name}")


def test_a_connection_that_ends_in_the_middle(postgresql_server: PostgreSQL, postgresql: str) -> None:
    register = open_register(postgresql)
    name = sa.make_url(postgresql).database
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    with pytest.raises(StoreProblem, match=r"shut down|can't be reached"), register.landing("first", KEYS) as entry:  # noqa: PT012
        postgresql_server.execute(end)
        entry.add_people(pa.array([1]))
    assert not register.knows_landing("first")


@pytest.mark.parametrize("url", [f"nonsense {SECRET}", f"mongodb://u:{SECRET}@host/register", ""])
def test_addresses_that_are_none(url: str) -> None:
    assert "no database URL such as" in said_of(url)


def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreProblem, match=r"the driver psycopg isn't installed; install joinedup\[registers\]"):
        open_database(f"postgresql://u:{SECRET}@host/register", "the identity register")
