"""The scores as tables for the builder: what is counted, with which weights, where and in which bands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from joinedup.errors import PlaceError
from joinedup.findings import Finding, errors
from joinedup.place.model import Place
from joinedup.population.code_lists import CodeList, ListedCode, read_code_lists
from joinedup.population.scores import MILLION, Score, ScoreSpec, WeightedList, scores

Row = dict[str, Any]

TEXT, WHOLE, LONG, NUMBER, YES_NO = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()
COLUMNS = {
    "score_about": {
        "score_id": TEXT,
        "title": TEXT,
        "score_order": WHOLE,
        "kind": TEXT,
        "list_id": TEXT,
        "list_origin": TEXT,
        "slot": YES_NO,
        "loaded": YES_NO,
        "window_days": WHOLE,
        "least": NUMBER,
        "divisor": WHOLE,
        "medicines_group": TEXT,
        "medicines_at_least": WHOLE,
        "source": TEXT,
        "not_for": TEXT,
        "version": WHOLE,
    },
    "score_group": {
        "score_id": TEXT,
        "group_id": TEXT,
        "weight": NUMBER,
        "millionths": LONG,
        "entries_needed": WHOLE,
        "outranked_by": TEXT,
    },
    "score_setting": {"score_id": TEXT, "list_id": TEXT, "setting": TEXT},
    "score_need": {"score_id": TEXT, "contract": TEXT},
    "score_band": {"score_id": TEXT, "band_order": WHOLE, "band": TEXT, "at_least": NUMBER, "more_than": NUMBER},
    "score_age": {"score_id": TEXT, "age_from": WHOLE, "age_to": WHOLE, "millionths": LONG},
}
"""The columns of each table, as population/<table>.yml describes them."""


def tables(place: Place) -> dict[str, pa.Table]:
    """The scores of the package and of the place; PlaceError with all findings where one of the place can't be used."""
    lists, _ = read_code_lists(place.folder)
    found, findings = scores(place.folder, weighted_lists(lists))
    if faults := errors(findings):
        first = f"{faults[0].where}: {faults[0].message}"
        raise PlaceError(f"the scores have {len(faults)} {'error' if len(faults) == 1 else 'errors'}; {first}", findings)
    return score_tables(found)


def check_scores(folder: Path) -> list[Finding]:
    """What is wrong with the scores of a place folder, and with the lists that it brings for those of the package."""
    lists, _ = read_code_lists(folder)
    return scores(folder, weighted_lists(lists))[1]


def weighted_lists(lists: Iterable[CodeList]) -> dict[str, WeightedList]:
    """What scores need of each code list, by its id."""
    return {each.list_id: weighted_list(each) for each in lists}


def weighted_list(listed: CodeList) -> WeightedList:
    """What scores need of a code list; of a group with several weights the least, and its name among the doubtful."""
    weights = {group: {code.weight for code in codes if code.weight is not None} for group, codes in by_group(listed).items()}
    least = {group: min(found, default=None) for group, found in weights.items()}
    return WeightedList(least, listed.origin, tuple(sorted(group for group, found in weights.items() if len(found) > 1)))


def by_group(listed: CodeList) -> dict[str, list[ListedCode]]:
    """The codes of each group of a list."""
    found: dict[str, list[ListedCode]] = {}
    for code in listed.codes:
        found.setdefault(code.group_id, []).append(code)
    return found


def score_tables(found: Iterable[Score]) -> dict[str, pa.Table]:
    """Every table of the scores, by name, in the order of its key."""
    ordered = sorted(found, key=lambda score: score.spec.id)
    rows: dict[str, Iterable[Row]] = {
        "score_about": map(about, ordered),
        "score_group": (row for score in ordered for row in groups(score)),
        "score_setting": (
            {"score_id": s.spec.id, "list_id": s.spec.list_id, "setting": setting} for s in ordered for setting in sorted(s.spec.settings)
        ),
        "score_need": ({"score_id": s.spec.id, "contract": contract} for s in ordered for contract in sorted(s.spec.contracts)),
        "score_band": (row for score in ordered for row in bands(score.spec)),
        "score_age": (row for score in ordered for row in age_points(score.spec)),
    }
    return {name: pa.Table.from_pylist(list(rows[name]), pa.schema(list(columns.items()))) for name, columns in COLUMNS.items()}


def about(score: Score) -> Row:
    """The row of one score."""
    spec = score.spec
    return {
        "score_id": spec.id,
        "title": spec.title,
        "score_order": spec.order,
        "kind": spec.kind,
        "list_id": spec.list_id or None,
        "list_origin": score.listed.origin if score.listed else None,
        "slot": spec.slot,
        "loaded": score.loaded,
        "window_days": spec.window_days,
        "least": spec.least,
        "divisor": score.divisor,
        "medicines_group": spec.medicines.group if spec.medicines else None,
        "medicines_at_least": spec.medicines.at_least if spec.medicines else None,
        "source": spec.source,
        "not_for": spec.not_for or None,
        "version": spec.version,
    }


def groups(score: Score) -> Iterator[Row]:
    """A row for each group of a score that counts."""
    for group, weight in sorted(score.weights.items()):
        yield {
            "score_id": score.spec.id,
            "group_id": group,
            "weight": weight,
            "millionths": round(weight * MILLION),
            "entries_needed": score.spec.entries_needed.get(group, 1),
            "outranked_by": score.outranked_by(group),
        }


def bands(spec: ScoreSpec) -> Iterator[Row]:
    """A row for each band of a score, the lowest first."""
    for order, band in enumerate(spec.bands):
        yield {"score_id": spec.id, "band_order": order, "band": band.band, "at_least": band.at_least, "more_than": band.over}


def age_points(spec: ScoreSpec) -> Iterator[Row]:
    """A row for each age from which a score that uses its age points adds others."""
    steps = sorted(spec.age.points, key=lambda step: step.age_from) if spec.age and spec.age.use else []
    for step, after in pairwise([*steps, None]):
        assert step is not None
        yield {
            "score_id": spec.id,
            "age_from": step.age_from,
            "age_to": after.age_from if after else None,
            "millionths": round(step.points * MILLION),
        }
