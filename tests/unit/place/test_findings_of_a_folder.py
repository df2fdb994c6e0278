"""Every rule of a place folder: break the example in one way, and that finding comes out, with its file and line."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity
from joinedup.place.folder import read_place
from joinedup.sources.contract import contracts

CONTRACTS = set(contracts())
ERROR, WARNING = Severity.ERROR, Severity.WARNING


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "places" / "calderdale", tmp_path / "calderdale"))


def findings(folder: Path) -> list[Finding]:
    """What reading a folder finds, whether or not it can be used."""
    try:
        return list(read_place(folder, CONTRACTS).warnings)
    except PlaceError as error:
        return list(error.findings)


def edit(folder: Path, file: str, old: str, new: str) -> int:
    """Replaces a text that is there; the number of the line on which it begins."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


FIRST, SECOND = "INV01,The Singing Kettle Surgery,upper-calder-valley,2019-10-01,,14870", "INV02,Seven Owls"
PRACTICE_HEADER = "practice_code,practice_name,neighbourhood,start,end,list_size"

# file, text, what it becomes, the rule, a word of the message, severity, lines below the edit
EDITS = [
    ("place.yml", "name: Calderdale\n", "nmae: Calderdale\n", "unknown-key", "did you mean name?", ERROR, 0),
    ("place.yml", "district_code:", "district_cod:", "unknown-key", "did you mean district_code?", ERROR, 0),
    ("place.yml", "neighbourhoods:", "neighborhoods:", "unknown-key", "did you mean neighbourhoods?", ERROR, 0),
    ("place.yml", "tile: {row: 2, column: 1}", "tile: {row: 2, colum: 1}", "unknown-key", "did you mean column?", ERROR, 0),
    ("place.yml", "invented: true", "invented: ture", "wrong-value", "'ture', where true or false", ERROR, 0),
    ("place.yml", "as_at: 2026-03-31", "as_at: 2026-02-30", "wrong-date", "'2026-02-30'", ERROR, 0),
    ("place.yml", "as_at: 2026-03-31", "as_at: 0206-03-31", "wrong-date", "check the year", ERROR, 0),
    ("place.yml", "as_at: 2026-03-31", "as_at: 31st March", "wrong-date", "write YYYY-MM-DD", ERROR, 0),
    ("place.yml", "as_at: 2026-03-31", "as_at:", "value-missing", "as_at has no value", ERROR, 0),
    ("place.yml", "list_size: 35035", "list_size: 35,035", "wrong-value", "'35,035'", ERROR, 0),
    ("place.yml", "list_size: 35035", "list_size: -1", "wrong-value", "too small", ERROR, 0),
    ("place.yml", "list_size: 35035", "list_size: 350350", "lists-differ", "35,035", WARNING, 0),
    ("place.yml", "id: upper-calder-valley", "id: Upper Calder Valley", "wrong-value", "small letters", ERROR, 0),
    ("place.yml", "id: upper-calder-valley", "id: upper-valley", "unknown-neighbourhood", "INV01", ERROR, None),
    ("place.yml", "id: north-halifax", "id: central-halifax", "repeated-id", "central-halifax", ERROR, None),
    ("place.yml", "name: North Halifax", "name: LOWER VALLEY", "repeated-name", "lower-valley", ERROR, None),
    ("place.yml", "row: 2, column: 1", "row: 2, column: 3", "tile-taken", "upper-calder-valley", ERROR, None),
    ("place.yml", "    tile: {row: 2, column: 1}\n", "", "no-tile", "upper-calder-valley", WARNING, None),
    ("place.yml", "    list_size: 35035", "    end: 2019-01-01\n    list_size: 35035", "ends-before-it-starts", "1 January 2019", ERROR, 0),
    ("place.yml", "    list_size: 35035", "    end: 2025-01-01\n    list_size: 35035", "no-successor", "upper-calder-valley", WARNING, 0),
    ("place.yml", "    list_size: 35035", "    succeeded_by: nowhere", "unknown-successor", "nowhere", ERROR, 0),
    ("place.yml", "    list_size: 35035", "    end: 2025-01-01\n    list_size: 35035", "open-membership", "INV01", WARNING, None),
    ("place.yml", "provider: acute-trust", "provider: acute-trsut", "unknown-partner", "did you mean acute-trust?", ERROR, 0),
    ("place.yml", "associates: [calderdale-ccg]", "associates: [nobody]", "unknown-partner", "associates is nobody", ERROR, 0),
    (
        "place.yml",
        "lead_commissioner: greater-huddersfield-ccg",
        "lead_commissioner: locala",
        "lead-not-commissioner",
        "locala",
        WARNING,
        0,
    ),
    ("place.yml", "end: 2021-04-01", "end: 2021-05-01", "contract-outlives-partner", "greater-huddersfield-ccg", WARNING, -1),
    ("place.yml", "value: 30000", "value: many", "wrong-value", "'many', where a number", ERROR, 0),
    ("place.yml", "value: 30000", "value: .nan", "wrong-value", "a number is expected", ERROR, 0),
    ("place.yml", "word: #", "word: x #", "not-yaml", "YAML", ERROR, None),
    ("place.yml", "word: #", "\tword: #", "not-yaml", "YAML", ERROR, None),
    ("place.yml", "as_at: 2026-03-31", "as_at: 2026-03-31\nas_at: 2026-04-30", "repeated-key", "as_at", ERROR, 1),
    ("place.yml", "name: Calderdale\n", "name: &x Calderdale\nid: *x\n", "not-yaml", "alias", ERROR, 1),
    ("place.yml", "name: Calderdale\n", "name: " + "[" * 40 + "]" * 40 + "\n", "not-yaml", "20 levels", ERROR, 0),
    ("place.yml", "name: Calderdale\n", "? [a, b]\n: c\nname: Calderdale\n", "not-yaml", "list or group", ERROR, 0),
    ("place.yml", "name: Calderdale\n", "name: [a]\n", "wrong-value", "name is a list", ERROR, 0),
    ("practices.csv", PRACTICE_HEADER, PRACTICE_HEADER.replace(",", "|"), "wrong-delimiter", "parted by pipes", ERROR, 0),
    ("practices.csv", PRACTICE_HEADER, PRACTICE_HEADER.replace(",", ";"), "wrong-delimiter", "parted by semicolons", ERROR, 0),
    ("practices.csv", PRACTICE_HEADER, "a,b,c,d,e,f", "no-header", "practice_code,practice_name", ERROR, 0),
    (
        "practices.csv",
        PRACTICE_HEADER,
        PRACTICE_HEADER.replace("list_size", "lst_size"),
        "unknown-column",
        "did you mean list_size?",
        ERROR,
        0,
    ),
    ("practices.csv", PRACTICE_HEADER, PRACTICE_HEADER.replace("list_size", "end"), "repeated-column", "'end'", ERROR, 0),
    ("practices.csv", PRACTICE_HEADER, PRACTICE_HEADER.replace("start,", ""), "missing-column", "no column start", ERROR, 0),
    ("practices.csv", FIRST, FIRST + ",,x", "wrong-cells", "8 cells where the header has 6", ERROR, 0),
    ("practices.csv", FIRST, "INV01", "wrong-cells", "1 cells", ERROR, 0),
    ("practices.csv", FIRST, '"' + FIRST, "not-csv", "quotation marks", ERROR, 0),
    ("practices.csv", FIRST, FIRST.replace("INV01", ""), "value-missing", "practice_code is missing", ERROR, 0),
    ("practices.csv", FIRST, FIRST.replace("INV01", "INV 01"), "wrong-value", "without spaces", ERROR, 0),
    ("practices.csv", FIRST, FIRST.replace("14870", "lots"), "wrong-value", "list_size is 'lots'", ERROR, 0),
    ("practices.csv", FIRST, FIRST.replace("2019-10-01", "2019-09-31"), "wrong-date", "not a day of the calendar", ERROR, 0),
    ("practices.csv", FIRST, FIRST.replace("2019-10-01", "30/09/2019"), "membership-outside-life", "from 30 September 2019", ERROR, 0),
    ("practices.csv", FIRST, FIRST.replace(",,", ",2019-09-30,"), "ends-before-it-starts", "30 September 2019", ERROR, 0),
    ("practices.csv", FIRST, FIRST.replace("upper", "uper"), "unknown-neighbourhood", "did you mean upper-calder-valley?", ERROR, 0),
    ("practices.csv", FIRST, FIRST.replace("upper-calder-valley", ""), "no-neighbourhood", "no neighbourhood", ERROR, 0),
    ("practices.csv", FIRST, FIRST.replace(",,", ",2024-01-01,"), "practice-in-no-neighbourhood", "INV01", WARNING, 0),
    ("practices.csv", FIRST, FIRST.replace("14870", ""), "practice-without-list", "INV01", WARNING, 0),
    ("practices.csv", SECOND, FIRST + "\n" + SECOND, "overlapping-memberships", "INV01", ERROR, 0),
    (
        "practices.csv",
        SECOND,
        "INV01,Another Name,north-halifax,2019-10-01,,14870\n" + SECOND,
        "practice-differs",
        "another practice_name on line 2",
        ERROR,
        0,
    ),
    ("areas.csv", "E01010876", "E01010875", "overlapping-areas", "E01010875", ERROR, 0),
    ("areas.csv", "IMD 2025,30814,10", ",30814,10", "index-missing", "E01010875", ERROR, 0),
    ("areas.csv", "IMD 2025,30814,10", "IMD 2025,30814,11", "wrong-value", "10 is the most", ERROR, 0),
    ("areas.csv", "IMD 2025,30814,10", "IMD 2025,30814,", "decile-missing", "E01010875", WARNING, 0),
    ("area_people.csv", "E01010875,aged_0_15", "E01010875,aged_0_18", "wrong-value", "aged_0_15", ERROR, 0),
    ("area_people.csv", "E01010875,aged_0_15,273", "E01019999,aged_0_15,273", "unknown-area", "E01019999", WARNING, 0),
    ("area_people.csv", "E01010875,aged_16_24", "E01010875,aged_0_15", "repeated-group", "line 2", ERROR, 0),
    (
        "areas.csv",
        "E01010876,Calderdale 019B,E05001371,Brighouse,IMD 2025",
        "E01010876,,,,IMD 2019",
        "mixed-indices",
        "IMD 2019",
        WARNING,
        0,
    ),
    ("partners.csv", "locala,Locala,,community_provider", "locala,Locala,,comunity_provider", "unknown-role", "did you mean", WARNING, 0),
    ("partners.csv", "locala,Locala,,community_provider", "locala,Locala,,", "value-missing", "roles is missing", ERROR, 0),
    ("partners.csv", "locala,", "council,", "repeated-id", "council", ERROR, 0),
    ("partners.csv", "2021-04-01,kirklees-ccg", "2021-04-01,", "no-successor", "greater-huddersfield-ccg", WARNING, 0),
    ("partners.csv", "2021-04-01,kirklees-ccg", ",kirklees-ccg", "successor-without-end", "greater-huddersfield-ccg", WARNING, 0),
    ("partners.csv", "2021-04-01,kirklees-ccg", "2021-04-01,kirkles-ccg", "unknown-successor", "did you mean kirklees-ccg?", ERROR, 0),
    (
        "partners.csv",
        "2022-07-01,,,Successor",
        "2022-07-01,2025-07-01,calderdale-ccg,x",
        "cyclic-succession",
        "calderdale-ccg",
        ERROR,
        None,
    ),
    ("partners.csv", "2022-07-01,,,Successor", "2022-07-01,2025-07-01,council,x", "partner-ended", "register", WARNING, None),
    ("sources.yml", "partner: council", "partner: concil", "unknown-partner", "did you mean council?", ERROR, 0),
    ("sources.yml", "contract: apc", "contract: apcs", "unknown-contract", "did you mean apc?", ERROR, 0),
    ("sources.yml", "contract: ecds\n    files: ecds.csv", "contract: apc\n    files: apc.csv", "file-read-twice", "apc.csv", ERROR, 1),
    ("sources.yml", "files: apc.csv", "files: /data/apc.csv", "wrong-value", "not relative", ERROR, 0),
    ("sources.yml", "files: apc.csv", "files: []", "wrong-value", "at least one", ERROR, 0),
    ("sources.yml", "files: apc.csv", "files: ['a**.csv']", "wrong-value", "files 1 is 'a**.csv'", ERROR, 0),
    ("sources.yml", "files: apc.csv", "files: apc.csv\n    encoding: utf-9", "wrong-value", "not a known text encoding", ERROR, 1),
    ("sources.yml", "files: apc.csv", "files: apc.csv\n    date_format: DD/MM/YYYY", "wrong-value", "%d/%m/%Y", ERROR, 1),
    ("sources.yml", "files: apc.csv", "files: apc.csv\n    delimiter: '#'", "wrong-value", "comma, tab, pipe", ERROR, 1),
    ("sources.yml", "files: apc.csv", "files: apc.csv\n    rename: {A: SEX, B: SEX}", "column-filled-twice", "SEX 2 times", ERROR, 1),
    ("sources.yml", "files: apc.csv", "files: apc.csv\n    rename: [A]", "wrong-value", "names with values", ERROR, 1),
    ("sources.yml", "files: apc.csv", "files: apc.csv\n    values: {SEX: {M: }}", "value-missing", "values SEX M", ERROR, 1),
    ("sources.yml", "files: apc.csv", "files: apc.csv\n    sends: sometimes", "wrong-value", "'changes', 'everything'", ERROR, 1),
    ("sources.yml", "files: apc.csv", "files: apc.csv\n    file_name: apc.csv", "wrong-value", "no part in braces", ERROR, 1),
    (
        "sources.yml",
        "files: apc.csv",
        "files: apc.csv\n    file_name: 'apc_{day:%Y-%m}.csv'",
        "wrong-value",
        "day, month and year",
        ERROR,
        1,
    ),
    ("sources.yml", "files: apc.csv", "files: apc.csv\n    file_name: 'apc_{mon:%Y-%m}.csv'", "wrong-value", "{mon} isn't known", ERROR, 1),
    (
        "sources.yml",
        "files: apc.csv",
        "files: apc.csv\n    file_name: 'apc_{from:%Y-%m}.csv'",
        "wrong-value",
        "one of from and to",
        ERROR,
        1,
    ),
    ("sources.yml", "files: apc.csv", "files: apc.csv\n    file_name: 'apc_{month:%Y-%m.csv'", "wrong-value", "don't pair up", ERROR, 1),
    ("sources.yml", "files: apc.csv", "files: apc.csv\n    sends: snapshot", "list-without-day", "source apc", ERROR, 1),
    (
        "sources.yml",
        "files: apc.csv",
        "files: apc.csv\n    sends: months\n    file_name: 'apc_{sent:%Y%m%d}.csv'",
        "months-not-named",
        "reporting period",
        WARNING,
        2,
    ),
    (
        "sources.yml",
        "files: apc.csv",
        "files: apc.csv\n    sends: months\n    file_name: ['apc_{month:%Y-%m}.csv', 'apc_{sent:%Y%m%d}.csv']",
        "months-not-named",
        "its file_name apc_{sent:%Y%m%d}.csv names none",
        WARNING,
        2,
    ),
    (
        "sources.yml",
        "files: apc.csv",
        "files: apc.csv\n    file_name: ['apc_{month:%Y-%m}.csv', 'apc_{financial_year:%Y-%y}_{sent:%Y%m%d}.csv']",
        "templates-disagree",
        "not in apc_{month:%Y-%m}.csv",
        WARNING,
        1,
    ),
    (
        "sources.yml",
        "files: apc.csv",
        "files: apc.csv\n    sends: snapshot\n    file_name: ['apc_{day:%Y-%m-%d}.csv', 'apc_{month:%Y-%m}.csv']",
        "list-without-day",
        "file_name apc_{month:%Y-%m}.csv doesn't say",
        ERROR,
        2,
    ),
    (
        "sources.yml",
        "files: apc.csv",
        "files: apc.csv\n    file_name: 'apc_{year:%Y}_{month:%Y-%m}.csv'",
        "wrong-value",
        "year as well as month",
        ERROR,
        1,
    ),
    (
        "sources.yml",
        "files: apc.csv",
        "files: apc.csv\n    file_name: 'apc_{financial_year:%Y-%m}.csv'",
        "wrong-value",
        "{financial_year:%Y-%y}",
        ERROR,
        1,
    ),
    ("sources.yml", "sources:", "source:", "unknown-key", "did you mean sources?", ERROR, 0),
    ("sources.yml", "  - name: apc", "  name: apc", "not-yaml", "YAML", ERROR, None),
]


@pytest.mark.parametrize(("file", "old", "new", "rule", "said", "severity", "below"), EDITS)
def test_one_edit_gives_its_finding(folder, file, old, new, rule, said, severity, below):
    line = edit(folder, file, old, new)
    found = [finding for finding in findings(folder) if finding.rule == rule and said in finding.message]
    assert found, [f"{f.where} {f.rule}: {f.message}" for f in findings(folder)]
    assert found[0].severity is severity
    if below is not None:
        assert (found[0].file, found[0].line) == (file, line + below)


def test_everything_is_found_at_once(folder):
    edit(folder, "place.yml", "as_at: 2026-03-31", "as_at: tomorrow")
    edit(folder, "place.yml", "row: 2, column: 1", "row: 0, column: x")
    edit(folder, "practices.csv", FIRST, FIRST.replace("14870", "many"))
    edit(folder, "partners.csv", "locala,Locala", "Locala!,Locala")
    (folder / "sources.yml").unlink()
    with pytest.raises(PlaceError, match=r"6 errors; partners.csv:9: partner_id is 'Locala!'") as error:
        read_place(folder)
    assert [finding.where for finding in error.value.findings] == [
        "partners.csv:9",
        "place.yml:12",
        "place.yml:27",
        "place.yml:27",
        "practices.csv:2",
        "sources.yml",
    ]


def test_what_could_not_be_read_gives_no_findings_about_what_refers_to_it(folder):
    edit(folder, "place.yml", "id: upper-calder-valley", "id: Upper Valley")
    edit(folder, "partners.csv", "council,Calder", ",Calder")
    assert {finding.rule for finding in findings(folder)} == {"wrong-value", "value-missing"}


@pytest.mark.parametrize("file", ["place.yml", "partners.csv", "practices.csv", "sources.yml"])
def test_a_missing_file(folder, file):
    (folder / file).unlink()
    assert [(f.file, f.rule) for f in findings(folder) if f.severity is ERROR] == [(file, "file-missing")]


def test_a_place_may_do_without_areas(folder):
    (folder / "areas.csv").unlink()
    assert [(f.file, f.rule, f.severity) for f in findings(folder)] == [("areas.csv", "no-areas", WARNING)]


FILES = ["place.yml", "partners.csv", "practices.csv", "areas.csv", "area_people.csv", "sources.yml"]
CONTENTS = [
    (b"", "file-blank", 1),
    (b" \r\n\n", "file-blank", 1),
    (b"\x1f\x8b\x08\x00\x00", "wrong-encoding", 1),
    (b"a,b\n\x00\x00", "not-text", 2),
    (b"a\r\nb\r\nCaf\xe9\r\n", "wrong-encoding", 3),
    ("name: x".encode("utf-16"), "wrong-encoding", 1),
    (b"x" * 20_000_001, "file-too-large", None),
]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(("content", "rule", "line"), CONTENTS, ids=[f"{rule}-{len(content)}" for content, rule, _ in CONTENTS])
def test_a_file_that_is_no_text(folder, file, content, rule, line):
    (folder / file).write_bytes(content)
    assert [(f.rule, f.line) for f in findings(folder) if f.file == file and f.severity is ERROR] == [(rule, line)]


@pytest.mark.parametrize("file", FILES)
def test_a_folder_in_the_place_of_a_file(folder, file):
    (folder / file).unlink()
    (folder / file).mkdir()
    assert [f.rule for f in findings(folder) if f.severity is ERROR] == ["file-unreadable"]


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(folder):
    (folder / "place.yml").unlink()
    os.mkfifo(folder / "place.yml")
    assert [f.rule for f in findings(folder) if f.severity is ERROR] == ["file-unreadable"]


def test_empty_braces_lack_everything(folder):
    (folder / "place.yml").write_text("{}\n", encoding="utf-8")
    assert [f.message.split()[0] for f in findings(folder) if f.rule == "value-missing"] == ["name", "as_at"]


@pytest.mark.parametrize(("file", "rule"), [("partners.csv", "no-partners"), ("practices.csv", "no-practices"), ("areas.csv", "no-areas")])
def test_a_header_without_rows(folder, file, rule):
    header, _, _ = (folder / file).read_text(encoding="utf-8").partition("\n")
    (folder / file).write_text(header + "\n", encoding="utf-8")
    assert rule in {finding.rule for finding in findings(folder)}


@pytest.mark.parametrize(
    ("key", "file", "rule"), [("neighbourhoods", "place.yml", "no-neighbourhoods"), ("sources", "sources.yml", "no-sources")]
)
def test_an_empty_list(folder, key, file, rule):
    text = (folder / file).read_text(encoding="utf-8")
    before, _, after = text.partition(f"{key}:\n")
    rest = "\n".join(line for line in after.split("\n") if file == "place.yml" and not line.startswith((" ", "#")))
    (folder / file).write_text(f"{before}{key}: []\n{rest}", encoding="utf-8")
    assert rule in {finding.rule for finding in findings(folder)}


def test_a_neighbourhood_with_nobody(folder):
    text = (folder / "practices.csv").read_text(encoding="utf-8")
    (folder / "practices.csv").write_text("".join(line for line in text.splitlines(True) if "north-halifax" not in line), encoding="utf-8")
    assert [(f.rule, f.severity) for f in findings(folder)] == [("neighbourhood-with-nobody", WARNING)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_change_nothing(folder, root, end, mark):
    whole = read_place(root / "places" / "calderdale")
    for file in FILES:
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_bytes((mark + text.replace("\n", end)).encode())
    assert read_place(folder).model_copy(update={"folder": whole.folder}) == whole


def test_lines_are_counted_through_quoted_line_breaks_and_blank_lines(folder):
    text = (folder / "practices.csv").read_text(encoding="utf-8")
    text = text.replace("The Singing Kettle Surgery", '"The Singing\nKettle"').replace("INV03", "\n\nINV03").replace("8120", "x")
    (folder / "practices.csv").write_text(text, encoding="utf-8")
    assert [(f.rule, f.line) for f in findings(folder)] == [("wrong-value", 7)]


def test_blank_cells_that_a_spreadsheet_adds_are_no_columns(folder):
    text = (folder / "practices.csv").read_text(encoding="utf-8")
    (folder / "practices.csv").write_text(text.replace("\n", ",,,\n") + ",,,,,,,,\n", encoding="utf-8")
    assert findings(folder) == []


def test_a_misspelt_file_is_a_warning_and_parts_for_later_are_none(folder):
    for name in ("practises.csv", "outcomes.yml", "notes.md", ".hidden"):
        (folder / name).write_text("x", encoding="utf-8")
    (folder / "interventions").mkdir()
    assert [(f.file, f.rule, f.severity) for f in findings(folder)] == [("practises.csv", "unknown-file", WARNING)]
    assert "did you mean practices.csv?" in findings(folder)[0].message


@pytest.mark.parametrize(("successor", "severity"), [("INV99", WARNING), ("INV01", ERROR)])
def test_a_practice_may_be_succeeded_by_one_elsewhere_but_not_by_itself(folder, successor, severity):
    text = (
        (folder / "practices.csv").read_text(encoding="utf-8").replace("\n", ",,\n").replace("list_size,,", "list_size,closed,succeeded_by")
    )
    (folder / "practices.csv").write_text(text.replace("14870,,", f"14870,2027-01-01,{successor}"), encoding="utf-8")
    assert [(f.rule, f.severity, f.line) for f in findings(folder)] == [("unknown-successor", severity, 2)]


def test_no_folder_at_all(tmp_path):
    for path in (tmp_path / "nowhere", Path(__file__)):
        with pytest.raises(PlaceError, match="can't be opened as a folder"):
            read_place(path)


def test_an_extract_put_in_the_place_of_a_file_is_not_repeated(folder):
    (folder / "practices.csv").write_text("9990000018,Sample,1950-01-01\n9990000026,Other,1951-01-01\n", encoding="utf-8")
    assert [f.rule for f in findings(folder) if f.file == "practices.csv"] == ["no-header"]
    assert not any("9990000018" in f.message or "Sample" in f.message for f in findings(folder))


def test_the_folder_names_the_place_unless_the_file_does(folder):
    assert read_place(folder).id == "calderdale"
    assert read_place(folder.rename(folder.parent / "My Place (2)")).id == "my-place-2"


def test_a_folder_whose_name_gives_no_id(folder):
    folder = folder.rename(folder.parent / "___")
    assert [f.rule for f in findings(folder)] == ["no-id"]
    edit(folder, "place.yml", "name: Calderdale\n", "name: Calderdale\nid: mine\n")
    assert read_place(folder).id == "mine"
