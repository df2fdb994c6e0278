"""Definitions of scores: what is shipped, what a place brings, and what is wrong with them by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.build import all_specs
from joinedup.engine.results import schema
from joinedup.errors import PlaceError
from joinedup.place.folder import read_place
from joinedup.population.code_lists import read_code_lists
from joinedup.population.score_tables import COLUMNS, check_scores, score_tables, tables, weighted_lists
from joinedup.population.scores import Score, WeightedList, scores

EXAMPLE = Path(__file__).parents[3] / "places" / "calderdale"
SHIPPED = ("charlson_shmi", "charlson_quan", "charlson_quan_2011", "hospital_frailty", "multimorbidity", "deficits", "medicines")
OWN = """\
score: own
title: A score of our own
order: 9
list: charlson_quan
weights: {dementia: 2}
window_days: 365
settings: [hospital admission]
contracts: [apc]
source: Ours
owner: us
version: 1
valid_from: 2026-04-01
"""


def shipped() -> dict[str, Score]:
    found, findings = scores(None, weighted_lists(read_code_lists()[0]))
    assert findings == []
    return {score.spec.id: score for score in found}


def of_place(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "scores" / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def told(folder: Path) -> list[tuple[str, str]]:
    return [(finding.where, finding.message) for finding in check_scores(folder)]


def test_what_is_shipped_stands_in_the_order_of_pages_with_as_many_groups_as_were_published() -> None:
    assert tuple(shipped()) == SHIPPED
    assert {name: len(score.weights) for name, score in shipped().items()} == {
        "charlson_shmi": 17,
        "charlson_quan": 17,
        "charlson_quan_2011": 17,
        "hospital_frailty": 109,
        "multimorbidity": 0,
        "deficits": 0,
        "medicines": 0,
    }


def test_a_slot_is_not_loaded_until_a_place_brings_its_list() -> None:
    assert {name for name, score in shipped().items() if not score.loaded} == {"multimorbidity", "deficits"}
    about = {row["score_id"]: row for row in tables(read_place(EXAMPLE))["score_about"].to_pylist()}
    assert (about["deficits"]["loaded"], about["deficits"]["list_origin"], about["deficits"]["divisor"]) == (True, "place", 17)
    assert (about["multimorbidity"]["loaded"], about["multimorbidity"]["divisor"]) == (True, None)


def test_tables_have_the_columns_that_their_descriptions_say() -> None:
    for name, table in score_tables(shipped().values()).items():
        assert table.schema.names == list(all_specs()[name].names)
        assert table.schema.types == schema(all_specs()[name]).types, name
        assert list(COLUMNS[name]) == table.schema.names


def test_bands_begin_where_the_publication_says() -> None:
    rows = score_tables([shipped()["hospital_frailty"]])["score_band"].to_pylist()
    assert [(row["band"], row["at_least"], row["more_than"]) for row in rows] == [
        ("low", None, None),
        ("intermediate", 5, None),
        ("high", None, 15),
    ]


def test_points_for_age_are_off_until_a_definition_uses_them(tmp_path: Path) -> None:
    assert score_tables(shipped().values())["score_age"].num_rows == 0
    age = "age: {use: true, points: [{age_from: 60, points: 2}, {age_from: 50, points: 1}]}\n"
    found, findings = scores(of_place(tmp_path, own=OWN + age), weighted_lists(read_code_lists()[0]))
    assert [finding.rule for finding in findings] == ["no-weight"]
    rows = score_tables(found)["score_age"].to_pylist()
    assert [(row["age_from"], row["age_to"], row["millionths"]) for row in rows] == [(50, 60, 1_000_000), (60, None, 2_000_000)]


def test_a_definition_of_the_place_goes_before_the_package_s(tmp_path: Path) -> None:
    text = OWN.replace("score: own", "score: charlson_quan")
    found, _ = scores(of_place(tmp_path, charlson_quan=text), weighted_lists(read_code_lists()[0]))
    assert {score.spec.id: score.weights for score in found}["charlson_quan"] == {"dementia": 2}


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        (
            ("list: charlson_quan", "list: charlson_quon"),
            "scores/own.yml:4",
            "counts the code list charlson_quon, which isn't there (did you mean charlson_quan?)",
        ),
        (
            ("dementia: 2", "demetia: 2"),
            "scores/own.yml:5",
            "names the group demetia, which charlson_quan doesn't have (did you mean dementia?)",
        ),
        (
            ("dementia: 2", "dementia: two"),
            "scores/own.yml:5",
            "weights dementia is 'two', where a number is expected: write digits and a point",
        ),
        (("score: own", "score: other"), "scores/own.yml:1", "the score is called other: name it own, as its file is"),
        (("window_days", "window_day"), "scores/own.yml:6", "'window_day' is not known here (did you mean window_days?)"),
        (("apc", "apcs"), "scores/own.yml:8", "needs apcs, which is no contract (did you mean apc?)"),
        (
            ("source:", "bands: [{band: low}, {band: high, from: 5}, {band: mid, over: 2}]\nsource:"),
            "scores/own.yml:9",
            "has the band mid after one that begins as high or higher",
        ),
        (("source:", "bands: [{band: high, from: 5}, {band: low}]\nsource:"), "scores/own.yml:9", "has the band low after one"),
        (("hospital admission", "hospital admision"), "scores/own.yml:7", "settings 1 is 'hospital admision', where one of"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_line(tmp_path: Path, change: tuple[str, str], where: str, message: str) -> None:
    assert any(at == where and said.startswith(message) for at, said in told(of_place(tmp_path, own=OWN.replace(*change))))


def test_groups_without_weight_are_a_warning_and_ladders_of_three_an_error(tmp_path: Path) -> None:
    ladder = "hierarchy: [{severe: dementia, mild: cancer}, {severe: cancer, mild: hiv}]\n"
    findings = check_scores(of_place(tmp_path, own=OWN + ladder))
    assert [(finding.rule, str(finding.severity), finding.line) for finding in findings] == [
        ("no-weight", "warning", 5),
        ("ladder", "error", 13),
    ]


def test_a_list_of_the_place_for_a_score_of_the_package_is_named_where_it_is_wrong() -> None:
    lists = weighted_lists(read_code_lists()[0])
    lists["deficits"] = WeightedList({"falls": 1, "frail": 2}, "place", ("falls",))
    lists["multimorbidity"] = WeightedList({"falls": None}, "place")
    lists["charlson_shmi"] = WeightedList(dict.fromkeys([*lists["charlson_shmi"].groups][1:]), "place")
    found, findings = scores(None, lists)
    first = next(iter(weighted_lists(read_code_lists()[0])["charlson_shmi"].groups))
    assert {(finding.file, finding.rule, str(finding.severity)) for finding in findings} == {
        ("codelists/deficits.csv", "two-weights", "error"),
        ("codelists/multimorbidity.csv", "no-weight", "warning"),
        ("codelists/charlson_shmi.csv", "unknown-group", "warning"),
    }
    loaded = {score.spec.id: score for score in found}
    assert not loaded["multimorbidity"].loaded, "nothing is shown of a list without weights"
    assert loaded["charlson_shmi"].weights.keys() == shipped()["charlson_shmi"].weights.keys() - {first}


def test_a_place_whose_scores_have_errors_is_not_built(tmp_path: Path) -> None:
    place = read_place(EXAMPLE).model_copy(update={"folder": of_place(tmp_path, own=OWN.replace("dementia", "demetia"))})
    with pytest.raises(PlaceError, match=r"the scores have 1 error; scores/own\.yml:5"):
        tables(place)
