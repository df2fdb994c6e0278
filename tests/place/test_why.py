"""Every number on every page of an example has its evidence: the pages are walked, and each key that they bear is answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from joinedup.access.aggregates import Aggregates, open_aggregates
from joinedup.access.caller import caller_for
from joinedup.access.measure_evidence import FORMS
from joinedup.access.why import Answers, evidence_key
from joinedup.engine.store import Store
from joinedup.papers.numbers import rate, whole
from joinedup.papers.why_picture import drawn
from joinedup.papers.why_text import text
from tests.place.conftest import opened

VOID = {"meta", "link", "br", "img", "input", "hr", "path", "rect", "use"}
NUMBER = re.compile(r"\d")
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DATED = re.compile(rf"\d{{1,2}} ({MONTHS}) \d{{4}}(, \d\d:\d\d UTC)?|({MONTHS}) \d{{4}}|20\d\d-\d\d(-\d\d)?")
NOT_COUNTED = {
    "th": "the name of a row or column",
    "caption": "what a table is of, and of which days",
    "title": "the name of a page or picture, whose table is below it",
    "desc": "how a picture is read",
    "h1": "a name",
    "h2": "a heading",
    "h3": "a heading",
    "code": "the name of a rule, a test or a file",
    "summary": "the heading of what is folded away, said again inside it",
}
SAID_AGAIN = (
    "ju-behind",  # what holds for every page: how counts are rounded, what limits mean
    "ju-details--words",  # the definition of a measure
    "nhsuk-breadcrumb",
    "nhsuk-table__heading",  # the head of a column, for narrow pages
    "nhsuk-u-visually-hidden",  # the caption of a table, for those who don't see which download it is
)
"""Classes of what is words: definitions, and heads and captions once more."""
EXPLAINED = (
    "section:how things are counted",
    "section:who these pages are for",
    "section:which identity register the people are from",
    "section:how objections are honoured",
    "section:what it is for, and what not",
    "section:causes, effects and controls",
    "section:how two records are weighed",
)
"""Sections that explain rules and sources in words; their numbers are part of a definition."""


class Walk(HTMLParser):
    """The words of a page, each with the keys and tags around it."""

    def __init__(self) -> None:
        super().__init__()
        self.around: list[tuple[str, str, str]] = []
        self.found: list[tuple[str, str, list[str], list[str]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag not in VOID:
            self.around.append((tag, given.get("data-why", ""), given.get("class", "")))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Nothing is inside it."""

    def handle_endtag(self, tag: str) -> None:
        while self.around and self.around.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        key = next((key for _, key, _ in reversed(self.around) if key), "")
        self.found.append((" ".join(data.split()), key, [tag for tag, _, _ in self.around], [name for _, _, name in self.around]))


def pages(folder: Path) -> Iterator[tuple[str, Walk]]:
    for path in sorted(folder.rglob("*.html")):
        if not path.name.startswith("why-"):
            walk = Walk()
            walk.feed(path.read_text(encoding="utf-8"))
            yield str(path.relative_to(folder)), walk


def numbers(walk: Walk) -> Iterator[tuple[str, str]]:
    """The words with a number in them that is no date and not excused, and the key nearest around them."""
    section = ""
    for words, key, tags, classes in walk.found:
        if "h2" in tags:
            section = words.lower()
        elif (
            NUMBER.search(DATED.sub("", words))
            and "main" in tags
            and not any(tag in NOT_COUNTED for tag in tags)
            and (key or f"section:{section}" not in EXPLAINED)
            and not any(part in name for name in classes for part in SAID_AGAIN)
        ):
            yield words, key


@pytest.fixture(scope="module", params=["internal", "public"])
def made(request: pytest.FixtureRequest, laid_out: Path) -> tuple[Path, Aggregates]:
    """The pages of an audience, and the door that they came through."""
    place = opened(laid_out / "calderdale")
    audience = request.param
    return laid_out / audience, open_aggregates(Store(laid_out / "store"), place, caller_for(place, "planning"), audience)


def test_every_number_on_every_page_is_answered(made: tuple[Path, Aggregates]) -> None:
    folder, door = made
    answers, unanswered, counted = Answers(door), [], 0
    for name, walk in pages(folder):
        for words, key in numbers(walk):
            counted += 1
            if not key:
                unanswered.append((name, words))
            else:
                assert answers.of(key).behind.build.build_id == door.stamp.build_id
    assert unanswered == []
    assert counted > (4_000 if folder.name == "internal" else 300)


def test_each_link_leads_to_a_row_of_a_page_of_evidence(made: tuple[Path, Aggregates]) -> None:
    folder, _ = made
    anchors = {path.name: set(re.findall(r'<tr id="([^"]+)"', path.read_text(encoding="utf-8"))) for path in folder.glob("why-*.html")}
    for path in folder.rglob("*.html"):
        for way, file, key in re.findall(r'<a data-why="[^"]+" href="((?:\.\./)*)([^"#]+)#([^"]+)"', path.read_text(encoding="utf-8")):
            assert way == "../" * (len(path.relative_to(folder).parts) - 1)
            assert key in anchors[file], (path.name, key)


def test_what_is_shown_is_what_the_evidence_says(made: tuple[Path, Aggregates]) -> None:
    folder, door = made
    answers, compared = Answers(door), 0
    for _, walk in pages(folder):
        for words, key, tags, _ in walk.found:
            if key.startswith("activity/") and "td" in tags and tags[-1] == "a" and words != "no data":
                found = answers.of(key)
                shown = [row["activities"] for row in found.rows]
                assert whole(shown[0] if len(shown) == 1 else found.counts["activities"] or 0) == words
                compared += 1
    assert compared > 100 or folder.name == "public"


def test_the_value_of_a_measure_comes_with_counts_definition_files_and_links(made: tuple[Path, Aggregates]) -> None:
    folder, door = made
    found = Answers(door).of(evidence_key("emergency_bed_days", "place", "place"))
    row = found.rows[0]
    shown = (folder / "index.html").read_text(encoding="utf-8")
    if row["value"] is not None:
        assert f"{rate(row['value'])}</a>" in shown
    behind = found.behind
    assert behind.definition is not None
    assert (behind.definition.version, behind.definition.statistic) == (3, FORMS["days"])
    tables = {step.table for step in behind.steps}
    assert {"measure_cell", "measure_exposure", "bed_use", "landed_apc"} <= tables
    assert not tables & {"admission", "delay", "published_cost", "urgent_care_sensitive"}
    assert {source.contract for source in behind.sources} >= {"register", "apc"}
    if folder.name == "internal":
        files = {file.file: file for source in behind.sources for file in source.files}
        assert files["apc.csv"].sha256 is not None
        assert behind.linked_by["apc"]["nhs_number"] > 0
        assert found.links["kindred"] >= 0
        assert "apc.csv, SHA-256" in text(found)


def test_the_lists_behind_a_measure_have_versions(made: tuple[Path, Aggregates]) -> None:
    behind = Answers(made[1]).of("urgent_care_sensitive_admissions").behind
    assert {"urgent_care_sensitive": 1}.items() <= {each.table: each.version for each in behind.code_lists}.items()


def test_the_public_is_told_no_file_no_hash_and_no_exact_count(made: tuple[Path, Aggregates]) -> None:
    folder, door = made
    if folder.name == "internal":
        return
    files = {each["file"] for each in door.reader.manifest.about["landing"]["files"]}
    hashes = {each["sha256"] for each in door.reader.manifest.about["landing"]["files"] if each["sha256"]}
    answers = Answers(door)
    names = [path.stem.removeprefix("why-") for path in folder.glob("why-*.html")]
    for name in names:
        found = answers.of(name)
        said = [json.dumps(found.json()), text(found), drawn(found.behind), (folder / f"why-{name}.html").read_text(encoding="utf-8")]
        for each in said:
            assert not any(secret in each for secret in (*files, *hashes)), name
        assert all(step.rows is None and step.digest is None for step in found.behind.steps if step.kind != "reference")
        assert not any(source.files or source.agreements for source in found.behind.sources)
        assert (found.behind.linked_by, found.behind.changed, found.links) == ({}, None, {})
    small = [row for row in answers.of("costs").rows if row["activities"] is not None and 0 < row["activities"] < 8]
    assert small == []


def test_answers_are_one_for_one_with_the_tables(made: tuple[Path, Aggregates]) -> None:
    """No two values of a column have one key, so that a key never names a row that isn't meant."""
    door = made[1]
    answers = Answers(door)
    for name in ("population", "activity", "costs", "objections"):
        rows = answers.of(name).rows
        keys = {evidence_key(name, *(row[column] for column in answers.grain(name))) for row in rows}
        assert len(keys) == len({tuple(row[column] for column in answers.grain(name)) for row in rows}), name


def test_the_files_behind_a_number_add_up_to_it_and_the_public_is_told_none(made: tuple[Path, Aggregates]) -> None:
    folder, door = made
    answers = Answers(door)
    compared = 0
    for name, count in (("activity", "activities"), ("costs", "activities"), ("urgent_care_sensitive_admissions", "events")):
        for row in answers.of(name).rows:
            key = evidence_key(name, *(row[column] for column in answers.grain(name)))
            found = answers.of(key)
            if folder.name == "public":
                assert found.files == ()
            elif len(found.rows) == 1 and row[count] is not None:
                assert sum(each.records for each in found.files) == row[count], key
                compared += 1
    assert compared > 500 or folder.name == "public"
    page = (folder / "why-emergency_bed_days.html").read_text(encoding="utf-8")
    assert ("From files (records)" in page) == (folder.name == "internal")
