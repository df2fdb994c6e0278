"""What is planted in invented places shows in the measures: the neighbourhood that uses less, the change of coding, the winter."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from joinedup.access.aggregates import Aggregates, open_aggregates
from joinedup.access.caller import caller_for
from joinedup.build import build
from joinedup.periods import add_months
from joinedup.sources.synthetic.truth import FOLDER as TRUTH
from joinedup.statistics.control import xmr
from joinedup.statistics.signals import signals

from .conftest import Example, invented

NEEDED = ("register", "apc", "ecds", "outpatient", "gp_appointment")
"""The sources that these measures stand on: the others are left out, to save time."""
SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class Planted:
    """An invented place, what is planted in it, and its measures."""

    truth: dict[str, Any]
    measures: Aggregates

    def by_neighbourhood(self, measure: str, *, standardised: bool = True) -> dict[str, dict[str, Any]]:
        """The last year's cells of a measure, by neighbourhood; 'place' is the place."""
        rows = self.measures.measure(measure, area_type="neighbourhood", period="year", standardised=standardised).to_pylist()
        last = max(row["period_end"] for row in rows)
        return {row["area_id"]: row for row in rows if row["period_end"] == last}

    def by_month(self, measure: str) -> tuple[list[date], np.ndarray]:
        """The months that are known of the place, and the values of a measure in them."""
        rows = self.measures.measure(measure, area_type="place", period="month").to_pylist()
        known = [row for row in rows if row["area_id"] == "place" and row["value"] is not None]
        return [row["period_start"] for row in known], np.array([row["value"] for row in known])


@pytest.fixture(scope="module", params=SEEDS)
def planted(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """A place of each seed, so that nothing here hangs on the luck of one."""
    made: Example
    if request.param == 1:
        made = request.getfixturevalue("example")
    else:
        work = tmp_path_factory.mktemp(f"seed{request.param}")
        shutil.copytree(root / "places" / "calderdale", work / "calderdale")
        only(work / "calderdale")
        made = invented(work / "calderdale", 5_000, work, seed=request.param)
        build(made.place, made.store)
    truth = yaml.safe_load((made.extracts / TRUTH / "planted.yml").read_text(encoding="utf-8"))
    return Planted(truth, open_aggregates(made.store, made.place, caller_for(made.place, "planning"), "internal"))


def only(folder: Path) -> None:
    """Nothing; the place has the needed sources alone."""
    for file, key in (("sources.yml", "sources"), ("sharing.yml", "agreements")):
        content = yaml.safe_load((folder / file).read_text(encoding="utf-8"))
        if key == "sources":
            content[key] = [each for each in content[key] if each["name"] in NEEDED]
        else:
            for each in content[key]:
                each["sources"] = [name for name in each["sources"] if name in NEEDED]
            content[key] = [each for each in content[key] if each["sources"]]
        (folder / file).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


@pytest.mark.parametrize("measure", ["gp_appointments", "outpatient_attendances"])
def test_the_neighbourhood_that_uses_less_than_its_need_is_the_lowest(planted: Planted, measure: str) -> None:
    rows = planted.by_neighbourhood(measure)
    planted_in, kept = planted.truth["under_use"]["neighbourhood"], planted.truth["under_use"]["share_of_rows_kept"]
    others = [row["value"] for area, row in rows.items() if row["area_type"] == "neighbourhood" and area != planted_in]
    assert rows[planted_in]["value"] < min(others)
    assert rows[planted_in]["comparison"] == "lower"
    assert kept - 0.15 < rows[planted_in]["value"] / np.mean(others) < kept + 0.15


def test_attendances_do_not_show_what_was_not_planted_in_them(planted: Planted) -> None:
    rows = planted.by_neighbourhood("emergency_attendances")
    planted_in = planted.truth["under_use"]["neighbourhood"]
    others = [row["value"] for area, row in rows.items() if row["area_type"] == "neighbourhood" and area != planted_in]
    assert rows[planted_in]["value"] / np.mean(others) > 0.8


def test_the_change_of_coding_is_a_step_at_its_month(planted: Planted) -> None:
    months, values = planted.by_month("coding_depth")
    changed = date.fromisoformat(planted.truth["change_of_coding"]["from"])
    first = add_months(changed.replace(day=1), 1)  # the first whole month
    at = months.index(first)
    # Where a line splits best into two levels, by what is left of its squares.
    left = {cut: values[:cut].var() * cut + values[cut:].var() * (len(values) - cut) for cut in range(3, len(values) - 2)}
    assert abs(min(left, key=lambda cut: left[cut]) - at) <= 1
    assert values[at:].mean() - values[:at].mean() > 0.4
    # On a control chart whose limits are those of the months before: none out of the ordinary before, a shift from then on.
    limits = xmr(values[None, :], baseline=at - 1)
    found = signals(values[None, :], limits).found[0]
    shifted = np.asarray(found).reshape(-1, len(values)).any(axis=0)
    assert shifted[at:].mean() > 0.5
    assert shifted[: at - 1].mean() < 0.2


def test_the_winter_fills_hospitals_with_diseases_of_the_lungs(planted: Planted) -> None:
    rows = planted.measures.measure("respiratory_admissions", area_type="place", period="month").to_pylist()
    counts = {row["period_start"]: row["numerator"] for row in rows if row["area_id"] == "place" and row["value"] is not None}
    winter = [count for month, count in counts.items() if month.month in (12, 1, 2)]
    summer = [count for month, count in counts.items() if month.month in (6, 7, 8)]
    assert len(winter) == len(summer) == 6
    assert sum(winter) > 1.3 * sum(summer)
