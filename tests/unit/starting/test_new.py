"""`joinedup new`: a sound folder from a few answers or from published files, and what is said of odd ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from joinedup.engine.duck import connect
from joinedup.errors import PlaceError
from joinedup.findings import errors
from joinedup.place import sharing
from joinedup.place.folder import read_place
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic import synthesise
from joinedup.starting.new import Answers, Started, end_of_last_month, start_place, words
from joinedup.starting.spoken import slug, spoken
from joinedup.starting.tables import FileTable, keep_table
from joinedup.starting.writing import yaml_text

AS_AT = date(2026, 3, 31)
LIST = "code,name,postcode,open_date,close_date,status,commissioner,join_date,prescribing_setting\n"
MEMBERS = (
    "Partner Organisation Code,Partner Name,PCN Code,PCN Name,PCN Parent Sub ICB Loc Code,"
    "Practice to PCN Relationship Start Date,Practice to PCN Relationship End Date\n"
)
LOOKUP = "LSOA21CD,LSOA21NM,WD24CD,WD24NM,LAD24CD,LAD24NM,SICBL24CDH,SICBL24NM\n"
PUBLISHED = {
    "a.csv": LIST
    + "Z00001,FIRST SURGERY,ZZ1 1AA,20000101,,A,99X,20130401,4\n"
    + "Z00002,SECOND SURGERY,ZZ1 1AB,20000101,,A,99X,20130401,4\n"
    + "Z00001001,FIRST BRANCH,ZZ1 1AC,20000101,,A,99X,20130401,4\n"
    + "Z00003,A PRISON,ZZ1 1AD,20000101,,A,99X,20130401,12\n"
    + "Z00004,TO COME,ZZ1 1AE,20270101,,P,99X,20130401,4\n"
    + "Z00005,ELSEWHERE,ZZ1 1AF,20000101,,A,98X,20130401,4\n",
    "b.csv": MEMBERS
    + "Z00001,FIRST SURGERY,U00001,NORTH & EAST PCN,99X,20190701,\n"
    + "Z00002,SECOND SURGERY,U00001,NORTH & EAST PCN,99X,20190701,20210331\n"
    + "Z00002,SECOND SURGERY,U00002,ST JOHN'S PCN,99X,20200401,\n"
    + "Z00005,ELSEWHERE,U00002,ST JOHN'S PCN,99X,20200401,\n",
    "c.csv": LOOKUP + "E01000001,Somewhere 1A,E05000001,Old Ward,E07000001,Somewhere,99X,NHS SOMEWHERE\n",
}


def start(folder: Path, files: Mapping[str, str], **said: object) -> Started:
    """A place of some published files."""
    published = folder / "published"
    published.mkdir()
    for name, text in files.items():
        (published / name).write_text(text, encoding="utf-8")
    return start_place(folder / "place", Answers(as_at=AS_AT, published=published, **said))  # type: ignore[arg-type]


def rules(started: Started) -> dict[str, str]:
    return {finding.rule: finding.message for finding in started.findings}


def test_an_invented_place_of_a_few_answers_is_sound_and_takes_people(tmp_path):
    answers = Answers(as_at=AS_AT, name="Westermark", neighbourhoods=("North", "South Side", "Île"), invented=True, word="locality")
    started = start_place(tmp_path / "westermark", answers)
    assert started.findings == ()
    assert started.place.word.plural == "localities"
    assert [n.id for n in started.place.neighbourhoods] == ["north", "south-side", "le"]
    written = synthesise(started.place, 300, 1, tmp_path / "extracts")
    assert {source.contract for source in started.place.sources} <= set(contracts())
    assert len(written) == len(started.place.sources)
    assert not [finding for finding in sharing.findings(started.place, date(2026, 11, 22)) if finding.endangers]


def test_a_place_of_real_people_says_what_is_still_to_be_filled_in(tmp_path):
    started = start_place(tmp_path / "x", Answers(as_at=AS_AT, name="Westermark: a test", neighbourhoods=("North", "yes")))
    assert not errors(started.findings)
    assert {"no-practices", "no-sources", "no-areas", "agreement-to-be-written"} <= set(rules(started))
    assert started.place.agreements == ()
    assert started.place.has_sharing
    assert not started.place.invented
    assert [n.name for n in started.place.neighbourhoods] == ["North", "yes"]


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "note.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(PlaceError, match="is there already"):
        start_place(tmp_path / "place", Answers(as_at=AS_AT, name="A", neighbourhoods=("B",)))
    assert [path.name for path in tmp_path.iterdir()] == ["place"]
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["note.txt"]


def test_published_files_make_a_sound_place_and_what_is_odd_is_told(tmp_path):
    started = start(tmp_path, PUBLISHED)
    place, found = started.place, rules(started)
    assert not errors(started.findings)
    assert {n.name for n in place.neighbourhoods} == {"North & East", "St John's"}
    assert {p.code for p in place.practices} == {"Z00001", "Z00002", "Z00005"}
    spells = {(m.practice, m.neighbourhood): (m.start, m.end) for m in place.memberships}
    assert spells["Z00002", "north-and-east"] == (date(2019, 7, 1), date(2020, 4, 1))
    assert "Z00002" in found["two-networks-at-once"]
    assert "Z00001001" in found["branch"]
    assert "Z00004" in found["proposed-practice"]
    assert "Z00005" in found["practice-of-elsewhere"]
    assert "no-list-sizes" in found


def test_memberships_never_reach_beyond_practice_or_network(tmp_path):
    files = dict(PUBLISHED)
    files["a.csv"] = LIST + "Z00001,FIRST,ZZ1 1AA,20200101,20240331,C,99X,20200101,4\n"
    files["b.csv"] = MEMBERS + "Z00001,FIRST,U00001,NORTH PCN,99X,20190701,20241231\n"
    started = start(tmp_path, files)
    (member,) = started.place.memberships
    assert (member.start, member.end) == (date(2020, 1, 1), date(2024, 4, 1))
    assert "membership-outside-life" in rules(started)


def test_a_district_within_a_wider_commissioner_is_told(tmp_path):
    files = dict(PUBLISHED)
    files["c.csv"] += "E01000002,Beside 1A,E05000002,New Ward,E07000002,Beside,99X,NHS SOMEWHERE\n"
    started = start(tmp_path, files, district="somewhere")
    assert "Beside" in rules(started)["wider-commissioner"]
    with pytest.raises(PlaceError, match="speaks of 2 districts"):
        start_place(tmp_path / "other", Answers(as_at=AS_AT, published=tmp_path / "published"))
    with pytest.raises(PlaceError, match="did you mean Beside"):
        start_place(tmp_path / "other", Answers(as_at=AS_AT, published=tmp_path / "published", district="Besid"))


def test_files_that_are_nothing_of_the_kind(tmp_path):
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(PlaceError, match="no file below"):
        start_place(tmp_path / "place", Answers(as_at=AS_AT, published=tmp_path / "published"))
    with pytest.raises(PlaceError, match="is not what --practices names"):
        start_place(tmp_path / "place", Answers(as_at=AS_AT, files={"--practices": tmp_path / "published" / "x.csv"}))
    assert not (tmp_path / "place").exists()


@pytest.mark.parametrize(
    ("bytes_", "columns", "rows"),
    [
        (b"A,B\n1,2\n", ("A", "B"), 1),
        ("Straße;Wert\nä;1\n".encode("cp1252"), ("Straße", "Wert"), 1),
        ("A|B\n1|2\n3|4\n".encode("utf-16"), ("A", "B"), 2),
        (b"A title, of sorts\n\nA\tB\tC\n1\t2\t3\n4\t5\t6\n", ("A", "B", "C"), 2),
        (b'"Two\nlines",B\n1,2\n', ("Two lines", "B"), 1),
    ],
)
def test_any_file_is_a_table_of_texts(tmp_path, bytes_, columns, rows):
    (tmp_path / "x.csv").write_bytes(bytes_)
    found = keep_table(connect(), tmp_path / "x.csv", "t", tmp_path)
    assert isinstance(found, FileTable)
    assert (found.columns, found.rows) == (columns, rows)


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        ("ST JOHN'S AND THE HILL", "St John's and the Hill"),
        ("3 CENTRES", "3 Centres"),
        ("NE-TOWN NHS", "Ne-Town NHS"),
        ("As It Is", "As It Is"),
    ],
)
def test_names_in_capitals_are_written_as_people_do(published, shown):
    assert spoken(published) == shown


def test_small_things():
    assert slug("Calder & Ryburn") == "calder-and-ryburn"
    assert words("team") == ("team", "teams")
    assert words("neighbourhood") is None
    assert end_of_last_month(date(2026, 3, 1)) == date(2026, 2, 28)
    assert [yaml_text(each) for each in ("no", "a: b", "plain", 3, True)] == ['"no"', '"a: b"', "plain", "3", "true"]


def test_the_started_folder_is_read_again_as_it_is(tmp_path):
    started = start(tmp_path, PUBLISHED)
    assert read_place(tmp_path / "place", tuple(contracts())) == started.place
