"""Code lists of a place folder: read, or told by file and line; a place's list goes before the package's."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from joinedup.build import all_specs
from joinedup.engine.results import schema
from joinedup.errors import PlaceError
from joinedup.findings import Severity
from joinedup.population.code_list_tables import check_code_lists, tables, versions
from joinedup.population.code_lists import package_folder, read_code_lists, read_folder

TODAY = date(2026, 8, 1)
HEAD = """title: Gout
version: "2"
valid_from: 2026-01-01
replaces: "1"
owner: medicines optimisation lead
review_by: 2027-01-01
licence: Open Government Licence v3.0
source: Ours, 2026
"""


@pytest.fixture
def lists(tmp_path):
    """Writes a list into a place folder, which it gives back."""

    def write(codes, head=HEAD, name="gout", **more):
        folder = tmp_path / "codelists"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yml").write_text(head)
        (folder / f"{name}.csv").write_text(codes)
        for file, text in more.items():
            (folder / file).write_text(text)
        return tmp_path

    return write


def told(folder):
    """The findings of a folder: where, rule and sentence."""
    return {(finding.where, finding.rule): finding for finding in check_code_lists(folder, TODAY)}


def rows(folder, table):
    """A table of the list gout, as rows."""
    made = tables(SimpleNamespace(folder=folder))[table].to_pylist()
    return [row for row in made if row["list_id"] == "gout"]


def test_the_lists_of_the_package_have_nothing_wrong():
    assert read_folder(package_folder(), "package")[1] == []


def test_the_tables_are_as_described(lists):
    made = tables(SimpleNamespace(folder=lists("system,code\nICD-10,M10\n")))
    for name, table in made.items():
        spec = all_specs()[name]
        assert set(table.column_names) == set(spec.names)
        assert table.select(list(spec.names)).schema.types == schema(spec).types
        keys = list(zip(*(table[column].to_pylist() for column in spec.key), strict=True))
        assert len(set(keys)) == len(keys) > 0
        assert not any(table[column.name].null_count for column in spec.columns if column.required)


def test_a_list_of_a_place_is_read(lists):
    folder = lists(
        "system,code,group,term,weight\nICD-10,M10.-,gout,Gout,1.5\nRead v2,C34..,gout,,\n"
        "SNOMED CT,90560007,gout,,\nBNF,1001040,medicine,,\n"
    )
    assert told(folder) == {}
    assert rows(folder, "code_list")[0] | {"about": None} == {
        "list_id": "gout", "origin": "place", "title": "Gout", "version": "2", "valid_from": date(2026, 1, 1), "replaces": "1",
        "owner": "medicines optimisation lead", "reviewer": None, "review_by": date(2027, 1, 1), "licence": "Open Government Licence v3.0",
        "source": "Ours, 2026", "about": None,
    }  # fmt: skip
    assert [(row["group_id"], row["system"], row["code"], row["matches"], row["weight"]) for row in rows(folder, "code_list_code")] == [
        ("gout", "ICD-10", "M10", "prefix", 1.5),
        ("gout", "Read v2", "C34", "prefix", None),
        ("gout", "SNOMED CT", "90560007", "exact", None),
        ("medicine", "BNF", "1001040", "prefix", None),
    ]


def test_without_a_group_the_list_is_one_and_a_system_may_match_otherwise(lists):
    folder = lists("system,code\nICD-10,M10\n", HEAD + "matches: {ICD-10: exact}\n")
    assert [(row["group_id"], row["matches"]) for row in rows(folder, "code_list_code")] == [("gout", "exact")]


@pytest.mark.parametrize(
    ("codes", "rule", "line", "says", "stops"),
    [
        ("system,code\nICD10,M10\n", "unknown-system", 2, "did you mean ICD-10?", True),
        ("system,code\nICD-10,M10\ncld.client_typ,CARER\n", "unknown-system", 3, "did you mean cld.client_type?", True),
        ("system,code\nICD-10,\n", "value-missing", 2, "has no code", True),
        ("system,code\nICD-10,M10\nICD-10,M1O.1\n", "wrong-code", 3, "it is left out", False),
        ("system,code\nICD-10,M10\nSNOMED CT,90560000\n", "wrong-code", 3, "check digit", False),
        ("system,code\nICD-10,M10\nICD-10,M10.X\n", "repeated-code", 3, "after line 2", False),
        ("system,code,weight\nICD-10,M10,two\n", "wrong-value", 2, "where a number is expected", True),
        ("system,code,weight\nICD-10,M10,nan\n", "wrong-value", 2, "where a number is expected", True),
        ("system,code,weight\nICD-10,M10,-inf\n", "wrong-value", 2, "where a number is expected", True),
        ("system,code\nICD-10,M10\nicd 10,M11\n", "unknown-system", 3, "did you mean ICD-10?", True),
        ("system,code\nICD-10,M10\nICD-10,M10-M14\n", "wrong-code", 3, "it is left out", False),
        ("system,code\nICD-10,M10\nICD-10,B20.1\n", "restricted-code", 3, "B20.1", False),
        (
            "system,code,group\nICD-10,M10,gout\nICD-10,M11,Gout\n",
            "group-spelt-twice",
            2,
            "M10 in gout (line 2) and M11 in Gout (line 3)",
            False,
        ),
        ("code,group\nM10,gout\n", "missing-column", 1, "no column system", True),
        ("system,code,groups\nICD-10,M10,gout\n", "unknown-column", 1, "did you mean group?", True),
        ("system,code\n", "no-codes", 1, "lists no code", True),
    ],
)
def test_what_is_wrong_with_a_row_is_told_by_line(lists, codes, rule, line, says, stops):
    folder = lists(codes)
    finding = told(folder)[f"codelists/gout.csv:{line}", rule]
    assert says in finding.message
    assert (finding.severity is Severity.ERROR) is stops
    if stops:
        with pytest.raises(PlaceError, match=rf"codelists/gout\.csv:{line}"):
            tables(SimpleNamespace(folder=folder))
    else:
        assert rows(folder, "code_list_code")


@pytest.mark.parametrize("name", ["licence", "owner", "source", "version", "review_by", "title"])
def test_a_list_says_whose_it_is_and_what_it_is_under(lists, name):
    head = "".join(line for line in HEAD.splitlines(keepends=True) if not line.startswith(f"{name}:"))
    assert f"{name} is missing: write it" in told(lists("system,code\nICD-10,M10\n", head))["codelists/gout.yml:1", "value-missing"].message


def test_a_review_that_is_due_is_told_on_its_line(lists):
    finding = told(lists("system,code\nICD-10,M10\n", HEAD.replace("2027-01-01", "2026-07-31")))["codelists/gout.yml:6", "review-past"]
    assert "medicines optimisation lead" in finding.message
    assert finding.severity is Severity.WARNING


def test_what_overlaps_is_allowed_and_told(lists):
    folder = lists("system,code,group\nICD-10,C10,a\nICD-10,C10,b\nICD-10,C101,b\nRead v2,C10..,a\nICD-10,M10,a\n")
    found = told(folder)
    assert "C10 in a (line 2) and C10 in b (line 3)" in found["codelists/gout.csv:2", "code-in-two-groups"].message
    assert "C101 in b (line 4)" in found["codelists/gout.csv:3", "overlapping-codes"].message
    assert "C10.. in a (line 5)" in found["codelists/gout.csv:2", "code-under-two-systems"].message
    assert len(found) == 3
    assert len(rows(folder, "code_list_code")) == 5


def test_earlier_versions_lie_beside_the_one_in_use(lists):
    folder = lists("system,code\nICD-10,M10\n", **{"gout@1.csv": "system,code\nICD-10,M1\n", "gout@0.9.csv": "system,code\nICD-10,M109\n"})
    assert told(folder) == {}
    assert [(row["version"], row["in_use"], row["code"]) for row in rows(folder, "code_list_version")] == [
        ("0.9", False, "M109"), ("1", False, "M1"), ("2", True, "M10"),
    ]  # fmt: skip
    assert [row["code"] for row in rows(folder, "code_list_code")] == ["M10"]


def test_a_version_is_never_two_files(lists):
    folder = lists("system,code\nICD-10,M10\n", **{"gout@2.csv": "system,code\nICD-10,M1\n"})
    assert "the version in use" in told(folder)["codelists/gout@2.csv", "wrong-name"].message


def test_a_list_of_the_place_replaces_the_packages_and_lost_groups_are_told(lists):
    folder = lists("system,code,group\nICD-10,J45,asthma\n", name="ambulatory_care_sensitive")
    found = {each.list_id: each for each in read_code_lists(folder)[0]}["ambulatory_care_sensitive"]
    assert (found.origin, [code.code for code in found.codes]) == ("place", ["J45"])
    finding = told(folder)["codelists/ambulatory_care_sensitive.csv:1", "groups-missing"]
    assert finding.count == 18
    versions = tables(SimpleNamespace(folder=folder))["code_list_version"].to_pylist()
    assert {row["version"] for row in versions if row["list_id"] == "ambulatory_care_sensitive"} == {"package 1", "2"}


def test_files_that_nothing_reads_are_told(lists):
    folder = lists("system,code\nICD-10,M10\n", **{"goat.csv": "system,code\nICD-10,M10\n", "gout.xlsx": ""})
    assert set(told(folder)) == {("codelists/goat.csv", "no-description"), ("codelists/gout.xlsx", "unknown-file")}


def test_a_place_without_lists_has_those_of_the_package(tmp_path):
    assert told(tmp_path) == {}
    assert "ambulatory_care_sensitive" in {each.list_id for each in read_code_lists(tmp_path)[0]}


def test_beginnings_of_snomed_ct_numbers_say_nothing(lists):
    folder = lists("system,code\nICD-10,M10\n", HEAD + "matches:\n  SNOMED CT: prefix\n  ICD10: exact\n")
    assert {("codelists/gout.yml:10", "wrong-value"), ("codelists/gout.yml:11", "unknown-system")} == set(told(folder))


def test_a_build_says_which_version_of_each_list_it_stands_on(lists):
    first = versions(SimpleNamespace(folder=lists("system,code\nICD-10,M10\n")))["gout"]
    again = versions(
        SimpleNamespace(folder=lists("system,code\n\nICD-10,M10.-\nICD-10,M10.-\n", HEAD.replace("owner: med", "owner: the med")))
    )["gout"]
    other = versions(SimpleNamespace(folder=lists("system,code\nICD-10,M11\n")))["gout"]
    assert {name: first[name] for name in ("title", "version", "origin", "codes")} == {
        "title": "Gout",
        "version": "2",
        "origin": "place",
        "codes": 1,
    }
    assert first["digest"] != other["digest"]
    assert again["codes"] == 1


def test_the_list_of_the_how_to_is_as_it_says(lists, root):
    text = (root / "docs" / "how-to" / "code-lists.md").read_text(encoding="utf-8")
    head, codes = (text.split(f"```{kind}\n")[1].split("```")[0] for kind in ("yaml", "csv"))
    folder = lists(codes, head)
    assert told(folder) == {}
    assert {row["group_id"] for row in rows(folder, "code_list_code")} == {"gout", "medicine"}
    damaged = lists(codes.replace("90560007", "90560000"), head)
    assert "has the code '90560000' of SNOMED CT, whose check digit is wrong" in told(damaged)["codelists/gout.csv:3", "wrong-code"].message
