"""Where people live and register, for places of any shape."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from joinedup.errors import PlaceError
from joinedup.place.model import Place, Practice
from joinedup.sources.synthetic.areas import areas_of, heirs_of, pick_home, rake
from joinedup.sources.synthetic.practices import anchors_of, neighbourhood_of_practices
from joinedup.sources.synthetic.setting import setting_of
from joinedup.sources.synthetic.streams import stream
from tests.unit.sources.synthetic.places import AS_AT, areas, changing_place, plain_place


def test_raking_gives_both_margins() -> None:
    rows, columns = np.array([30.0, 70.0]), np.array([5.0, 5.0])
    made = rake(np.array([[1.0, 0.2], [0.2, 1.0]]), rows, columns)
    assert np.allclose(made.sum(axis=1), rows)
    assert np.allclose(made.sum(axis=0), [50, 50], rtol=1e-6)


def test_a_neighbourhood_that_was_split_has_its_halves_for_heirs() -> None:
    assert heirs_of(changing_place(), "old") == ["new-a", "new-b"]
    assert heirs_of(changing_place(), "n1") == ["n1"]
    assert heirs_of(changing_place(), "unheard-of") == []


def test_a_practice_counts_for_the_neighbourhood_that_it_is_in_now() -> None:
    place = changing_place()
    by_code = dict(zip((practice.code for practice in place.practices), neighbourhood_of_practices(place), strict=True))
    assert by_code["Y00008"] == "new-a"
    assert by_code["Y40000"] is None


def test_people_live_in_areas_in_proportion_to_their_population() -> None:
    place = plain_place()
    made = areas_of(place, 1, anchors_of(place))
    ages = np.repeat([25, 50, 80], [25_000, 48_000, 27_000])
    found = np.bincount(pick_home(stream(1, "test"), made, ages), minlength=30) / 100_000
    population = np.array([area.population for area in place.areas], dtype=float)
    assert np.abs(found - population / population.sum()).max() < 0.005


def test_older_households_live_in_better_off_areas() -> None:
    place = plain_place()
    made = areas_of(place, 1, anchors_of(place))
    young, old = (made.fifth[pick_home(stream(1, "test"), made, np.full(20_000, age))].mean() for age in (25, 80))
    assert old > young + 0.2


@pytest.mark.parametrize(
    "changes",
    [
        {"areas": ()},
        {"areas": (), "memberships": ()},
        {"areas": areas(12), "memberships": ()},
        {"areas": (), "memberships": (), "neighbourhoods": ()},
        {"areas": tuple(area.model_copy(update={"population": 0}) for area in areas(5))},
        {"areas": tuple(area.model_copy(update={"deprivation_decile": None, "deprivation_rank": 32_844}) for area in areas(5))},
        {"practices": tuple(Practice(code=f"X{at:05d}", name="Empty", list_size=0) for at in range(6))},
    ],
)
def test_a_place_may_leave_much_unsaid(changes: dict[str, object]) -> None:
    setting = setting_of(plain_place(**changes), 100, 1)
    epoch = setting.practices.epochs[0]
    assert np.isfinite(epoch.chosen[0]).all()
    assert (epoch.chosen[0].sum(axis=1) > 0).sum() >= 1
    assert setting.areas.fifth.min() >= 0


def test_areas_that_name_no_neighbourhood_are_shared_out_by_the_size_of_its_practices() -> None:
    place = plain_place(areas=areas(300))
    made = areas_of(place, 1, {"east": 10_000.0, "middle": 20_000.0, "west": 10_000.0})
    shares = np.bincount(made.neighbourhood[:300], made.weight[:300]) / made.weight[:300].sum()
    assert np.allclose(shares, [0.25, 0.5, 0.25], atol=0.01)


def test_practices_get_patients_in_proportion_to_their_lists() -> None:
    setting = setting_of(plain_place(), 100, 1)
    found = setting.practices.epochs[0].chosen[0].sum(axis=0)
    lists = np.array([6, 7, 8, 9, 10, 11.0])
    assert np.allclose(found / found.sum(), lists / lists.sum(), atol=0.01)


def test_a_dormant_practice_has_no_patients_and_one_without_a_list_has_few() -> None:
    lists = [8_000, None, 8_000, 8_000, 8_000, 8_000]
    odd = tuple(
        Practice(code=f"X{at:05d}", name="Odd", list_size=size, status="dormant" if at == 5 else "active") for at, size in enumerate(lists)
    )
    found = setting_of(plain_place(practices=odd), 100, 1).practices.epochs[0].chosen[0].sum(axis=0)
    assert found[5] == 0
    assert 0.05 < found[1] / found[0] < 0.2


def test_a_place_without_an_open_practice_is_refused() -> None:
    shut = tuple(Practice(code=f"X{at:05d}", name="Shut", closed=date(2025, 1, 1)) for at in range(6))
    with pytest.raises(PlaceError, match=r"no practice of Plain .* is open on 2025-01-01"):
        setting_of(plain_place(practices=shut), 100, 1)


def test_more_people_than_numbers_are_refused() -> None:
    with pytest.raises(PlaceError, match=r"ask for \d+ or fewer"):
        setting_of(plain_place(), 100_000_000, 1)


def test_as_many_people_fit_as_the_refusal_says() -> None:
    with pytest.raises(PlaceError) as refused:
        setting_of(plain_place(), 100_000_000, 1)
    most = int(str(refused.value).split("ask for ")[1].split()[0])
    assert setting_of(plain_place(), most, 1).blocks == most // 10_000
    with pytest.raises(PlaceError):
        setting_of(plain_place(), most + 10_000, 1)


def test_the_place_is_as_it_was_at_its_last_day() -> None:
    place: Place = changing_place()
    assert place.as_at == AS_AT
    assert "old" not in anchors_of(place)
    assert set(anchors_of(place)) >= {"new-a", "new-b", "n5"}
