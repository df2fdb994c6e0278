"""The published numbers, made a second time from the extracts' CSV files by other means: the two agree in every area.

The indicators are written down here from NHS England's CCG Improvement and Assessment Framework 2018/19, technical annex, pages 91 to 99,
and from the descriptions of the measures, not from the tables that the build makes on the way.
"""

from __future__ import annotations

import csv
import shutil
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import exp, factorial, inf, sqrt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from joinedup.access.aggregates import Aggregates, open_aggregates
from joinedup.access.caller import caller_for
from joinedup.build import build
from joinedup.engine.reader import Reader
from joinedup.periods import add_months
from joinedup.place.model import Place

from .conftest import invented
from .independent import KEY, Record, Row, Spell, day, duration, finished
from .places import nine_teams

Area = tuple[str, str]
PLACE: Area = ("place", "place")
NOWHERE: Area = ("none", "none")
URGENT, DELAYED, BED_DAYS = "urgent_care_sensitive_admissions", "delayed_days", "emergency_bed_days"
PER = {URGENT: 100_000, DELAYED: 100_000, BED_DAYS: 1_000}

ANY_AGE, CHILD, OLD = (0, inf), (0, 7), (75, inf)
SENSITIVE = {
    **dict.fromkeys(("J40", "J41", "J42", "J43", "J44", "F", "R072", "R073", "R074", "R10", "I80", "I81", "I82", "L03", "T830"), ANY_AGE),
    **dict.fromkeys(("E10", "E11", "E12", "E13", "E14", "E15", "E161", "E162", "N390", "I20", "G40", "G41", "S00"), ANY_AGE),
    "R50": CHILD,
}
"""Primary diagnosis and ages, as the table on page 92 prints them."""
FALLS = ("W0", "W1")
EMERGENCY = ("21", "22", "23", "24", "2A", "2B", "2C", "2D", "28")
ELSEWHERE = ("501", "560", "700", "710", "711", "712", "713", "715", *map(str, range(720, 728)))
"""Treatment functions of midwifery and mental health, page 99."""


@dataclass
class Twice:
    """A place published by the build, and its record made independently."""

    place: Place
    record: Record
    reader: Reader
    aggregates: Aggregates

    @cached_property
    def areas(self) -> list[Area]:
        period = self.place.period
        there = [n.id for n in self.place.neighbourhoods if (n.start or date.min) < period.end and period.start < (n.end or date.max)]
        return [PLACE, ("none", "none"), *(("neighbourhood", name) for name in there)]


@pytest.fixture(scope="module", params=["the example", "nine teams"])
def twice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Twice:
    """The example, and a place of another shape: teams that split, a practice that moved, one that closed, one nowhere."""
    work = tmp_path_factory.mktemp("twice")
    folder = hospitals_only(request.getfixturevalue("root"), work) if request.param == "the example" else nine_teams(work / "westermark")
    made = invented(folder, 5_000, work)
    build(made.place, made.store)
    return Twice(
        made.place,
        Record(made.place, made.extracts),
        Reader(made.store),
        open_aggregates(made.store, made.place, caller_for(made.place, "planning")),
    )


def hospitals_only(root: Path, work: Path) -> Path:
    """The example with the sources whose activity is counted here again."""
    folder = work / "calderdale"
    shutil.copytree(root / "places" / "calderdale", folder)
    told = yaml.safe_load((folder / "sources.yml").read_text())
    told["sources"] = [source for source in told["sources"] if source["contract"] in KEY]
    (folder / "sources.yml").write_text(yaml.safe_dump(told))
    with (folder / "place.yml").open("a") as file:
        file.write("\nlinking: {link_at: off} # the record in plain Python links by number only\n")
    return folder


def both(area: str) -> tuple[Area, Area]:
    """The two areas that somebody in one counts in."""
    return PLACE, ("none" if area == "none" else "neighbourhood", area)


def published(table: pa.Table, key: Iterable[str], *values: str) -> dict[tuple[object, ...], object]:
    """The rows of a table by key: one value, or several as a tuple."""
    names = list(key)
    rows = table.to_pylist()
    found = {tuple(row[name] for name in names): row[values[0]] if len(values) == 1 else tuple(row[v] for v in values) for row in rows}
    assert len(found) == len(rows), "each key once"
    return found


def band(age: int | None) -> str | None:
    """The five-year age band as it is shown."""
    if age is None:
        return None
    return "90+" if age >= 90 else f"{age // 5 * 5}-{age // 5 * 5 + 4}"


def test_people_by_age_and_sex(twice: Twice) -> None:
    counted: Counter[tuple[object, ...]] = Counter()
    for person in twice.record.people.values():
        if area := twice.record.area_on(person, twice.place.as_at):
            counted.update((*where, band(person.age(twice.place.as_at)), person.sex) for where in both(area))
    assert sum(counted.values()) > 1_000
    assert counted == published(twice.reader.table("area_population"), ("area_type", "area_id", "age_band", "sex"), "people")


def person_days(twice: Twice, adults: bool) -> Counter[Area]:
    """Days in the period that people were registered with the place, from the first of the month in which they turn 18 where asked."""
    period, days = twice.place.period, Counter[Area]()
    for person in twice.record.people.values():
        month = person.birth_month
        if adults and month is None:
            continue
        start = max(period.start, month.replace(year=month.year + 18)) if adults and month else period.start
        if start < period.end:
            for area, length in twice.record.days(person, start, period.end):
                for where in both(area):
                    days[where] += length
    return days


def denominators(twice: Twice) -> dict[tuple[str, Area], float]:
    """By measure and area the people's years, or of delayed days the adults' days."""
    of = {adults: person_days(twice, adults) for adults in (False, True)}
    return {(m, area): of[m == DELAYED][area] / (1 if m == DELAYED else twice.place.period.days) for m in PER for area in twice.areas}


def urgent_care(twice: Twice) -> Iterator[tuple[str, float]]:
    """Area and 1 for each emergency admission of the period for an urgent-care-sensitive condition."""
    for spell in spells(twice):
        row = spell.first
        if finished(row) and row["ADMIMETH"].startswith("2") and spell.starts in twice.place.period and sensitive(row, spell):
            yield spell.area or "", 1


def sensitive(row: Row, spell: Spell) -> bool:
    """Whether main diagnosis and age, or a fall as the cause, are on the list."""
    age = spell.person and spell.person.age(spell.starts)
    main = row["DIAG_01"].replace(".", "").upper()
    ages = next((ages for code, ages in SENSITIVE.items() if main.startswith(code)), None)
    causes = [row["CAUSE"], *(row[f"DIAG_{n:02}"] for n in range(2, 21))]
    fell = any(cause.startswith(FALLS) for cause in causes) and age is not None and age >= OLD[0]
    return fell or ages == ANY_AGE or (ages is not None and age is not None and ages[0] <= age < ages[1])


def delayed_days(twice: Twice) -> Iterator[tuple[str, float]]:
    """Area and delayed days for each stay of an adult and month of the period that has any: from ready up to discharge."""
    period = twice.place.period
    for spell in spells(twice):
        assert spell.person
        age = spell.person.age(spell.starts)
        if spell.ready and age is not None and age >= 18:
            ends = spell.ends or min(twice.record.known_until(spell), spell.person.died)
            for month in (add_months(period.start, number) for number in range(12)):
                days = (min(ends, add_months(month, 1)) - max(spell.ready, spell.starts, month)).days
                if days > 0:
                    yield spell.area or "", days


def bed_days(twice: Twice) -> Iterator[tuple[str, float]]:
    """Area and days of finished emergency episodes, for each stay and month of the period in which any of it ended that has days."""
    for spell in spells(twice):
        months = Counter[str]()
        for row in spell.episodes:
            if counts_for_bed_days(row, twice.place):
                months[str(day(row["EPIEND"]))[:7]] += duration(row) or 0
        for days in months.values():
            if days:
                yield spell.area or "", days


def counts_for_bed_days(row: Row, place: Place) -> bool:
    ended = day(row["EPIEND"])
    in_period = ended is not None and ended in place.period
    return in_period and finished(row) and row["ADMIMETH"] in EMERGENCY and row["TRETSPEF"] not in ELSEWHERE


def spells(twice: Twice) -> Iterator[Spell]:
    return (activity for activity in twice.record.activities if isinstance(activity, Spell))


def amounts(twice: Twice) -> dict[tuple[str, Area], list[float]]:
    """By measure and area what each event brings."""
    found = {(measure, area): list[float]() for measure in PER for area in twice.areas}
    for measure, count in ((URGENT, urgent_care), (DELAYED, delayed_days), (BED_DAYS, bed_days)):
        for area, amount in count(twice):
            for where in both(area):
                found[measure, where].append(amount)
    return found


def test_every_month_of_every_provider_is_known_and_no_stay_is_on_a_list_alone(twice: Twice) -> None:
    """So that what follows needs neither: shares of providers and stays that stand in have tests of their own."""
    assert {row["known"] for row in twice.aggregates.measure_basis().to_pylist() if row["measure_id"] in PER} == {True}
    assert not any(row["stands_in"] for row in twice.reader.table("listed_stay").to_pylist())


def overview(twice: Twice, *values: str) -> dict[tuple[object, ...], Any]:
    """The three indicators by area, as they are published."""
    found = published(twice.aggregates.measures(), ("measure_id", "area_type", "area_id"), *values)
    return {at: each for at, each in found.items() if at[0] in PER}


def test_counts_and_mean_people_of_the_measures(twice: Twice) -> None:
    events, people = amounts(twice), denominators(twice)
    expected = {(m, *a): (len(each), sum(each), people[m, a]) for (m, a), each in events.items() if people[m, a] or a != NOWHERE}
    assert all(expected[measure, *PLACE][0] > 5 for measure in PER), "enough to differ in"
    found = overview(twice, "events", "numerator", "denominator")
    assert {at: values[0] for at, values in found.items()} == {at: values[0] for at, values in expected.items()}
    for at, values in expected.items():
        assert found[at] == pytest.approx(values, rel=1e-9), at


def chance_up_to(count: int, mean: float) -> float:
    return exp(-mean) * sum(mean**k / factorial(k) for k in range(count + 1))


def mean_with(count: int, chance: float) -> float:
    """The Poisson mean under which a count this low or lower has this chance, to a step of a thousand millionth."""
    steps = range(int(50e9))
    return bisect(steps, -chance, key=lambda step: -chance_up_to(count, step / 1e9)) / 1e9


def byar(n: float) -> tuple[float, float]:
    z = 1.959963984540054
    return n * (1 - 1 / (9 * n) - z / (3 * sqrt(n))) ** 3, (n + 1) * (1 - 1 / (9 * (n + 1)) + z / (3 * sqrt(n + 1))) ** 3


def limits(each: list[float], whole: list[float], counted: bool) -> tuple[float, float]:
    """95% limits of a count (exact below ten events, else Byar's) or of a sum; nothing is worth what an event brings in the place."""
    if counted and 0 < len(each) < 10:
        return mean_with(len(each) - 1, 0.975), mean_with(len(each), 0.025)
    if not each:
        return 0, mean_with(0, 0.025) * (1 if counted else sum(x * x for x in whole) / sum(whole))
    total, squares = sum(each), sum(x * x for x in each)
    lower, upper = byar(total**2 / squares)
    return lower * squares / total, upper * squares / total


def test_rates_limits_and_comparisons(twice: Twice) -> None:
    events, people = amounts(twice), denominators(twice)
    found = overview(twice, "value", "lower", "upper", "comparison", "reason")
    for (measure, area), each in events.items():
        if area == NOWHERE and not people[measure, area]:
            assert (measure, *area) not in found
            continue
        whole = events[measure, PLACE]
        benchmark = sum(whole) / people[measure, PLACE] * PER[measure]
        *values, comparison, reason = found[measure, *area]
        if not people[measure, area]:
            assert (values, reason) == ([None] * 3, "zero denominator")
            continue
        expected = [x / people[measure, area] * PER[measure] for x in (sum(each), *limits(each, whole, measure == URGENT))]
        assert values == pytest.approx(expected, rel=1e-8), (measure, area)
        word = "higher" if expected[1] > benchmark else "lower" if expected[2] < benchmark else "similar"
        assert comparison == (word if area[0] == "neighbourhood" else None)


def unit_costs(root: Path) -> dict[str, tuple[int, int | None]]:
    """The average costs: of a unit, and of a short one where it has a cost of its own."""
    with (root / "joinedup" / "records" / "published_cost.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["price_year"] == "2024-25"]
    assert len({row["point_of_delivery"] for row in rows}) == len(rows), "several publications: each has its time"
    return {row["point_of_delivery"]: (int(row["published_pence"]), int(row["published_short_pence"] or 0) or None) for row in rows}


def test_activities_and_cost_by_point_of_delivery(twice: Twice, root: Path) -> None:
    costs, found = unit_costs(root), defaultdict(list)
    for activity in twice.record.activities:
        if activity.starts in twice.place.period:
            for where in both(activity.area or ""):
                found[*where, activity.kind].append((activity.cost(costs), activity.price is not None))
    expected = {at: tallied(each) for at, each in found.items()}
    table = twice.reader.table("area_cost")
    key, values = ("area_type", "area_id", "point_of_delivery"), ("activities", "costed", "cost_pence", "from_extract", "from_unit_cost")
    assert expected == published(table, key, *values)


def tallied(each: list[tuple[int | None, bool]]) -> tuple[int | None, ...]:
    """Activities, how many have a cost, the cost of these, and how many have it from the extract and from averages."""
    known = [cost for cost, _ in each if cost is not None]
    priced = sum(priced for _, priced in each)
    return len(each), len(known), sum(known) if known else None, priced, len(known) - priced


def test_activities_by_month(twice: Twice) -> None:
    counted: Counter[tuple[object, ...]] = Counter()
    for activity in twice.record.activities:
        counted.update((*where, activity.starts.replace(day=1), activity.kind) for where in both(activity.area or ""))
    found = published(twice.reader.table("area_month"), ("area_type", "area_id", "month", "point_of_delivery"), "activities")
    months = {month for _, _, month, _ in found}
    there = {at: n for at, n in counted.items() if at[2] in months and at[:2] in twice.areas}
    assert len(months) == 24
    assert there == {at: n for at, n in found.items() if n}
