"""The register of releases: everything that leaves is in it, and two releases together tell no more than either."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import Caller, caller_for
from joinedup.access.records import open_records
from joinedup.access.releasing import Leaving, flips
from joinedup.errors import Refused, StoreProblem
from joinedup.kept.releases import RELEASE, Released, Releases, open_releases

from .conftest import Built, a_place
from .test_records import Seen

KEYS = ("area_id", "sex")


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Releases]:
    where = f"sqlite:///{tmp_path / 'releases.sqlite'}"
    monkeypatch.setenv("JOINEDUP_RELEASES", where)
    opened = open_releases(where)
    yield opened
    opened.close()


@pytest.fixture
def analyst(fell_side: Built) -> Caller:
    return caller_for(fell_side.place, "planning", reason="winter plan")


def counts(*people: int | None) -> pa.Table:
    return pa.table({"area_id": ["a", "a", "b", None], "sex": ["1", "2", "1", "1"], "people": pa.array(people, pa.int64())})


def test_rows_that_leave_are_in_the_register_and_not_what_they_hold(fell_side: Built, register: Releases, analyst: Caller) -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    door = open_records(fell_side.store, fell_side.place, analyst, log=Seen())
    rows = door.rows(analyst, "activity", columns=["starts", "sector"], where=[("birth_year", "<", "1990")])
    (row,) = register.rows()
    assert row["at"] >= before
    assert {name: row[name] for name in ("account", "role", "purpose", "kind", "what", "reason", "row_count")} == {
        "account": analyst.account,
        "role": "analyst",
        "purpose": "planning",
        "kind": "rows",
        "what": "activity",
        "reason": "winter plan",
        "row_count": rows.num_rows,
    }
    assert set(str(row["columns"]).split(",")) == {"person_id", "starts", "sector", "birth_year"}, "those asked by, too"
    with register.database.reading() as connection:
        assert connection.scalar(sa.select(RELEASE.c.content)) is None


def test_columns_that_single_out_dont_leave_one_release_after_another(fell_side: Built, register: Releases, analyst: Caller) -> None:
    def asked(*columns: str) -> pa.Table:
        return open_records(fell_side.store, fell_side.place, analyst, log=Seen()).rows(analyst, "activity", columns=columns)

    asked("starts", "birth_month", "practice_code")
    with pytest.raises(Refused, match="with what you were given in release 1"):
        asked("starts", "sex")
    with pytest.raises(Refused, match="in release 1"):
        open_records(fell_side.store, fell_side.place, analyst, log=Seen()).rows(analyst, "person", where=[("ethnic_group", "=", "A")])
    asked("starts", "provider_code")
    with pytest.raises(Refused, match="there is no release 7"):
        register.end(7, account="ig", reason="destroyed")
    with pytest.raises(Refused, match="why a release ends"):
        register.end(1, account="ig", reason=" ")
    register.end(1, account="ig", reason="destroyed, certificate 4")
    assert asked("starts", "sex").num_rows
    with pytest.raises(Refused, match="there is no release 1"):
        register.end(1, account="ig", reason="destroyed again")
    assert [row["ended_because"] for row in register.rows()] == ["destroyed, certificate 4", None, None]


def test_what_the_public_is_given_is_in_the_register_once(fell_side: Built, register: Releases, analyst: Caller) -> None:
    for _ in range(2):
        door = open_aggregates(fell_side.store, fell_side.place, analyst, "public", Seen())
        given = door.population()
    (row,) = register.rows()
    assert (row["kind"], row["what"], row["row_count"]) == ("public", "area_population", given.num_rows)
    ((number, kept),) = register.given_to_public("area_population", fell_side.place.as_at.isoformat())
    assert number == 1
    assert kept.to_pydict() == given.to_pydict()
    open_aggregates(fell_side.store, fell_side.place, analyst, "internal", Seen()).population()
    assert len(register.rows()) == 1, "internal counts are looks, not releases"


def test_a_cell_shown_once_and_suppressed_once_is_refused_of_real_people(fell_side: Built, register: Releases, analyst: Caller) -> None:
    real = a_place(invented=False)
    first, second = (Leaving(fell_side.store, real, analyst, build) for build in ("b1", "b2"))
    first.public("area_population", counts(10, None, 20, 15), KEYS)
    second.public("area_population", counts(15, None, 25, 15), KEYS)
    for people in ((10, 10, 20, 15), (None, None, 20, 15), (10, None, 20, None)):
        with pytest.raises(Refused, match="1 cells of area_population would be shown that release 1 suppressed"):
            second.public("area_population", counts(*people), KEYS)
    second.public("area_cost", counts(10, 10, 20, 15), KEYS)
    later = Leaving(fell_side.store, real.model_copy(update={"as_at": real.as_at.replace(day=1)}), analyst, "b3")
    later.public("area_population", counts(10, 10, 20, 15), KEYS)
    assert len(register.rows()) == 4
    Leaving(fell_side.store, a_place(), analyst, "b2").public(
        "area_population", counts(10, 10, 20, 15), KEYS
    )  # of invented people kept alone


def test_rows_are_the_same_by_their_keys_and_not_by_their_order() -> None:
    assert flips(counts(10, None, 20, 15).take([3, 2, 1, 0]), counts(10, None, 20, 15), KEYS) == 0
    assert flips(counts(None, 10, 20, 15), counts(10, None, 20, 15), KEYS) == 2
    assert flips(counts(10, None, 20, 15).slice(0, 1), counts(10, None, 20, 15), KEYS) == 0
    assert flips(counts(1, 1, 1, 1), counts(1, 1, 1, 1).slice(0, 0), KEYS) == 0


def test_nothing_is_changed_or_deleted(register: Releases) -> None:
    released = Released("ann", "analyst", "planning", "rows", "activity", "starts", "b1", "2026-03-31", "", 4)
    register.add(released, counts(1, 2, 3, 4), keep=False)
    for statement in (sa.update(RELEASE).values(account="other"), sa.delete(RELEASE)):
        with pytest.raises(StoreProblem), register.database.writing("test") as connection:
            connection.execute(statement)
    assert register.rows()[0]["account"] == "ann"


def test_what_cant_be_put_in_the_register_isnt_given(
    fell_side: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, analyst: Caller
) -> None:
    monkeypatch.setenv("JOINEDUP_RELEASES", f"sqlite:///{tmp_path / 'a-file'}/releases.sqlite")
    (tmp_path / "a-file").write_text("")
    for asked in (
        lambda: open_records(fell_side.store, fell_side.place, analyst, log=Seen()).rows(analyst, "activity"),
        lambda: open_aggregates(fell_side.store, fell_side.place, analyst, "public", Seen()).costs(),
    ):
        with pytest.raises(StoreProblem):
            asked()
