"""Commentaries on measures: read by their heads, and every fault with its file and line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner

from joinedup.cli import main
from joinedup.outcomes.measure_commentary import check_commentaries, commentaries, read_commentary
from joinedup.papers import measure_commentary
from joinedup.papers.facts import Area
from joinedup.periods import Period
from joinedup.place.model import Place
from tests.unit.papers.fixtures import five

HEAD = "author: Dr A\ndate: 2026-05-04\n"
TODAY = date(2026, 11, 1)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Five localities, whose folder holds what a test writes."""
    (tmp_path / "measures").mkdir()
    return five().place.model_copy(update={"folder": tmp_path})


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("Words alone\n", 1, "is no line of a head: begin it with"),
        ("author: A\n\nWords", 1, "has no date: begin it with"),
        ("date: 2026-05-04\nauthor:\n\nWords", 1, "has no author"),
        ("author: A\ndate: soon\n\nWords", 2, "soon is no day; write it like 2026-05-04"),
        ("author: A\ndate: 2027-05-04\n\nWords", 2, "is yet to come"),
        ("author: A\ndate: 2026-02-30\n\nWords", 2, "is no day"),
        (HEAD, 2, "has no words below its head"),
        (f"{HEAD}audience: all\n\nWords", 3, "write public, or staff"),
        (f"{HEAD}neighborhood: north\n\nWords", 3, "neighborhood: isn't known (did you mean neighbourhood?)"),
        (f"{HEAD}author: B\n\nWords", 3, "stands on line 1 too"),
        (f"{HEAD}neighbourhood: nort\n\nWords", 3, "nort isn't one of Combe Vale (did you mean north?)"),
        (f"{HEAD}period: spring\n\nWords", 3, "spring is no month"),
        (f"{HEAD}period: 2026-13\n\nWords", 3, "2026-13 is no month"),
        (f"{HEAD}period: 2019-04 to 2020-03\n\nWords", 3, "isn't within the months that are counted"),
        (f"\n{HEAD}\nFirst\n\n---\n\nauthor: B\ndate: never\n\nWords", 10, "never is no day"),
    ],
)
def test_a_fault_of_a_head_is_told_by_its_line(place: Place, text: str, line: int, fault: str) -> None:
    found = commentaries(text, "measures/x.md", place, TODAY)[1]
    assert [each.line for each in found] == [line]
    assert fault in found[0].message


def test_a_commentary_is_read_as_words(place: Place) -> None:
    found, faults = commentaries(
        "author: Dr A\r\ndate: 2026-05-04\r\nneighbourhood: north\r\nperiod: 2026-01 to 2026-02\r\n\r\nOne\r\nline.\r\n\r\n<b>Two</b>",
        "measures/x.md",
        place,
        TODAY,
    )
    assert faults == []
    assert [(each.author, each.written, each.paragraphs, each.public, each.neighbourhood, each.period) for each in found] == [
        ("Dr A", date(2026, 5, 4), ("One line.", "<b>Two</b>"), False, "north", Period(date(2026, 1, 1), date(2026, 3, 1)))
    ]


def test_a_file_holds_several_the_latest_first_and_a_faulty_one_hides_no_other(place: Place) -> None:
    text = f"{HEAD}\nOld.\n---\nauthor: B\ndate: 2026-06-01\naudience: public\n\nNew.\n---\nauthor: C\n\nUndated.\n"
    found, faults = commentaries(text, "measures/x.md", place, TODAY)
    assert [(each.author, each.public) for each in found] == [("B", True), ("Dr A", False)]
    assert [each.where for each in faults] == ["measures/x.md:12"]


def test_pages_show_each_to_whom_it_is_for_and_where_it_is_about(place: Place) -> None:
    text = (
        f"{HEAD}audience: public\n\nFor all.\n---\n{HEAD}neighbourhood: north\nperiod: 2026-02\n\nOf North.\n---\nauthor: C\n\nUndated.\n"
    )
    (place.folder / "measures/x.md").write_text(text, encoding="utf-8")
    north, central = (Area("neighbourhood", name, name.capitalize()) for name in ("north", "central"))
    internal = measure_commentary.said(place, "x", internal=True)
    assert [each.paragraphs for each in internal[:2]] == [("For all.",), ("Of North.",)]
    assert internal[1].by == "Dr A, 4 May 2026, on North Vale, 1 February 2026 to 28 February 2026"
    assert internal[2].fault.startswith("measures/x.md:14: has no date")
    assert [each.paragraphs for each in measure_commentary.said(place, "x", internal=False)] == [("For all.",)]
    assert len(measure_commentary.said(place, "x", internal=True, area=north)) == len(internal)
    assert len(measure_commentary.said(place, "x", internal=False, area=central)) == 1
    assert measure_commentary.said(place, "none", internal=True) == []
    assert read_commentary(place, "none") == ([], [])


def test_check_finds_unknown_measures_wrong_bytes_and_files_that_nothing_shows(place: Place) -> None:
    folder = place.folder / "measures"
    (folder / "emergency_admission.md").write_text(f"{HEAD}\nWords.", encoding="utf-8")
    (folder / "emergency_admissions.md").write_bytes(f"{HEAD}\nCaf".encode() + b"\xe9 Words.")
    (folder / "cost_per_head.md").write_text(f"{HEAD}\nWords.", encoding="utf-16")
    (folder / "cost_per_head.txt").write_text(f"{HEAD}\nWords.", encoding="utf-8")
    (folder / "README.md").write_text("How we write these.", encoding="utf-8")
    (folder / "emergency_readmissions.md").write_text(f"{HEAD}\nWords.", encoding="utf-8")
    found = {each.where: each.message for each in check_commentaries(place.folder, place, TODAY)}
    assert list(found) == [
        "measures/cost_per_head.md:1",
        "measures/cost_per_head.txt",
        "measures/emergency_admission.md:1",
        "measures/emergency_admissions.md:4",
    ]
    assert "did you mean emergency_admissions?" in found["measures/emergency_admission.md:1"]
    assert "not UTF-8" in found["measures/emergency_admissions.md:4"]
    assert "UTF-16" in found["measures/cost_per_head.md:1"]
    assert "name it cost_per_head.md" in found["measures/cost_per_head.txt"]


def test_the_verb_check_tells_them(tmp_path: Path, root: Path) -> None:
    copytree(root / "places" / "calderdale", tmp_path / "place")
    (tmp_path / "place" / "measures").mkdir(exist_ok=True)
    (tmp_path / "place" / "measures" / "emergency_readmissions.md").write_text(f"{HEAD}neighbourhood: nowhere\n\nWords.", encoding="utf-8")
    told = CliRunner().invoke(main, ["check", str(tmp_path / "place"), "--quiet", "--format", "csv"])
    assert told.exit_code == 1
    assert "measures/emergency_readmissions.md" in told.output
    assert "nowhere isn't one of Calderdale" in told.output
