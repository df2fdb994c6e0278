"""The page of who looked: no account and no person on it, what stands out, and whether the log is as it was sealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from joinedup.access.invented_looks import REASON, invented_looks
from joinedup.access.look_report import look_report
from joinedup.errors import Refused
from joinedup.kept.access_log import open_access_log
from joinedup.kept.log_verifying import Fault
from joinedup.papers.looks import figure, in_template, tables
from joinedup.papers.page import Page
from joinedup.papers.rendering import environment
from joinedup.place.folder import read_place
from tests.unit.papers.fixtures import accessed, five
from tests.unit.papers.reading import read


def test_the_page_names_no_account_and_no_person(five_pages: Path) -> None:
    text = read(five_pages / "access.html").words()
    assert "Who looked" in text
    assert "Yes, as far as its own seals tell." in text
    assert "Many people" in text
    for file in five_pages.glob("access.*"):
        assert "inv-nurse" not in file.read_text(encoding="utf-8")
    assert "access.html" in (five_pages / "index.html").read_text(encoding="utf-8")


def test_a_log_that_is_not_as_it_was_sealed_is_said_to_be() -> None:
    fake = five()
    access = accessed(fake.place)
    fault = Fault("altered", "event 7 was altered: it is not what was sealed (seal 1, events 1 to 9)", 7, 1)
    shows = in_template(replace(access, verified=replace(access.verified, faults=(fault,)), seal_problem="it is full"), fake.place)
    assert shows["faults"] == [fault.message]
    page = Page("access.html", "access.jinja", "Who looked", shows)
    text = environment().get_template(page.template).render(page=page, place=fake.place, **shows)
    assert "<strong>No.</strong> Verified on" in text
    assert "Event 7 was altered" in text
    assert "<strong>Not up to date.</strong> It is full." in text


def test_a_log_without_looks_has_a_page() -> None:
    fake = five()
    access = accessed(fake.place)
    log = open_access_log("sqlite://", {})
    empty = replace(access, report=look_report(log.sets(), fake.place))
    assert figure(empty, fake.place).reason
    assert not tables(empty)["unusual"].rows
    assert in_template(empty, fake.place)["keys"][0].value == "0"


def test_looks_are_made_up_for_invented_places_alone(root: Path) -> None:
    place = read_place(root / "places" / "calderdale")
    belongs = pa.table(
        {
            "person_id": list(range(400)),
            "practice_code": [f"INV{1 + i % 21:02}" for i in range(400)],
            "neighbourhood_id": [["north-halifax", "central-halifax", "lower-valley"][i % 3] for i in range(400)],
        }
    )
    until = datetime(2026, 3, 31, 12, tzinfo=UTC)
    looks = invented_looks(place, belongs, "b1", until)
    assert looks == invented_looks(place, belongs, "b1", until)
    assert {look.reason for look in looks} == {REASON}
    assert all(look.at < until for look in looks)
    log = open_access_log("sqlite://", {})
    log.append(looks)
    found = {(each.rule, each.role) for each in look_report(log.sets(), place, belongs=belongs).unusual}
    assert found == {("outside hours", "care_team"), ("many people", "care_team"), ("one person again and again", "coordinator")}
    with pytest.raises(Refused, match="made up for invented ones alone"):
        invented_looks(place.model_copy(update={"invented": False}), belongs, "b1", until)
