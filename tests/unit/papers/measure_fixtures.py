"""Measures of the invented places: counts drawn from a seed, a step planted in one neighbourhood, values by the house's statistics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from joinedup.errors import Refused
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.periods import add_months
from joinedup.statistics.estimates import compared
from joinedup.statistics.rates import rate, wilson

MONTHS, YEAR = 36, 12
STEP, STEPPED = 30, "north"
"""From which month on, and where, there are half as many admissions again."""
GROUPS = {"deprivation": ("1", "2", "3", "4", "5"), "ethnic_group": ("white", "asian", "black", "mixed", "other"), "all": ("all",)}
NAMES = {"1": "1 (most deprived)", "5": "5 (least deprived)", "all": "Everybody"}
COLUMNS = {"events": pa.float64(), "numerator": pa.float64(), "denominator": pa.float64()}
VALUES = ("value", "lower", "upper", "lower998", "upper998", "known_share")
TEXTS = (
    "measure_id",
    "variant_id",
    "area_type",
    "area_id",
    "area_name",
    "breakdown",
    "group_value",
    "group_name",
    "reason",
    "comparison",
    "unit",
)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in TEXTS),
        ("period_start", pa.date32()),
        ("period_end", pa.date32()),
        *COLUMNS.items(),
        *((name, pa.float64()) for name in VALUES),
    ]
)


def definition(name: str, **said: Any) -> MeasureDefinition:
    """A measure of a kind that is counted."""
    usual: dict[str, Any] = {
        "measure": name,
        "why": "It matters to people.",
        "definition": "What is counted, in words.",
        "kind": "outcome",
        "form": "rate",
        "count": {"event": "admission", "where": {"emergency": True}},
        "out_of": {"people": {}},
        "per": 1000,
        "unit": "per 1,000 registered people a year",
        "polarity": "lower is better",
        "areas": ["place", "neighbourhood", "practice"],
        "source": "joinedup, 2026",
        "owner": "us",
        "valid_from": date(2026, 4, 1),
    }
    return MeasureDefinition.model_validate(usual | said)


DEFINED = (
    definition(
        "emergency_admissions",
        title="Emergency admissions",
        breakdowns=["deprivation", "ethnic_group"],
        variants=[{"id": "adults", "title": "Adults alone", "why": "Some tables are of adults."}],
        cases=[{"name": "One", "given": {"admission": [{"event_id": 1, "emergency": True}]}, "expect": [{"part": "count", "events": 1}]}],
    ),
    definition(
        "health_checks",
        title="People with a health check",
        kind="process",
        form="proportion",
        per=100,
        unit="% of people on the register",
        polarity="higher is better",
        out_of={"event": "person_status"},
    ),
    definition(
        "carers",
        title="Carers known",
        count={"event": "person_status", "where": {"carer": True}},
        polarity="higher is better",
        areas=["place", "neighbourhood"],
    ),
    definition("transfers", title="Transfers between wards", polarity="neither", areas=["place", "neighbourhood"]),
)
"""A rate with all that a page can have, a proportion, what is counted once a year, and one of which neither way is better."""


class FakeMeasures:
    """What a door gives of these measures, of areas as (type, id, name, people)."""

    def __init__(self, areas: Sequence[tuple[str, str, str, int]], end: date, seed: int, place: str) -> None:
        self.areas, self.seed, self.place = areas, seed, place
        self.months = [add_months(end, back) for back in range(-MONTHS, 0)]

    def table(self, name: str, variant: str, area_type: str, breakdown: str, period: str) -> pa.Table:
        """The rows of a cut, the place's last."""
        measure = {each.id: each for each in DEFINED}[name]
        if area_type not in measure.areas or breakdown not in ("all", *measure.breakdowns):
            raise Refused(f"{name} isn't counted so")
        size = {"month": 1, "year": YEAR}[period]
        parts = self._parts(area_type)
        rows: list[dict[str, Any]] = []
        for number, group in enumerate(GROUPS[breakdown]):
            share = (1.6, 1.3, 1.0, 0.9, 0.7)[number] / len(GROUPS[breakdown]) if breakdown != "all" else 1.0
            events = np.array([self._events(measure, part, share) for part in parts])
            people = np.array([[part[3] * part[4] / len(GROUPS[breakdown]) / YEAR] * MONTHS for part in parts])
            if measure.form == "proportion":
                events = np.minimum(events, people)
            whole = [("place", "place", self.place, 0, 1.0, "")]
            if area_type == "place":
                events, people, parts_of = events.sum(axis=0)[None], people.sum(axis=0)[None], whole
            else:
                events, people = np.vstack([events, events.sum(axis=0)]), np.vstack([people, people.sum(axis=0)])
                parts_of = [*parts, *whole]
            if variant != "standard":
                events = np.floor(events * 0.8)
            summed = [each.reshape(len(parts_of), MONTHS // size, size).sum(axis=2) for each in (events, people)]
            rows += self._rows(measure, (variant, breakdown, group), parts_of, summed, size)
        return pa.Table.from_pylist(rows, schema=SCHEMA)

    def _parts(self, area_type: str) -> list[tuple[str, str, str, int, float, str]]:
        if area_type != "practice":
            return [(*area, 1.0, area[1]) for area in self.areas if area[3]]
        shares = (0.1, 0.3, 0.6)
        return [
            ("practice", f"Z{at}{number}", f"Practice {at}{number}", area[3], share, area[1])
            for at, area in enumerate(self.areas)
            if area[3]
            for number, share in enumerate(shares)
        ]

    def _events(self, measure: MeasureDefinition, part: tuple[str, str, str, int, float, str], share: float) -> np.ndarray:
        typical = 400 if measure.form == "proportion" else 90
        means = np.full(MONTHS, part[3] * part[4] * share * typical / 1000 / YEAR)
        if measure.id == "emergency_admissions" and part[5] == STEPPED:
            means[STEP:] *= 1.5
        rng = np.random.default_rng([self.seed, *(sum(map(ord, word)) for word in (measure.id, part[1]))])
        return rng.poisson(means).astype(float)

    def _rows(
        self, measure: MeasureDefinition, cut: tuple[str, str, str], parts: Sequence[Any], summed: Sequence[np.ndarray], size: int
    ) -> list[dict[str, Any]]:
        made = wilson if measure.form == "proportion" else rate
        events, people = summed
        found = [made(events.ravel(), people.ravel(), per=measure.per, confidence=level) for level in (0.95, 0.998)]
        value, lower, upper, low, high = (
            each.reshape(events.shape) for each in (found[0].value, found[0].lower, found[0].upper, found[1].lower, found[1].upper)
        )
        rows = []
        for number, (kind, area, name, *_) in enumerate(parts):
            for at in range(events.shape[1]):
                word = None if kind == "place" else compared(lower[number, at], upper[number, at], float(value[-1, at]))[0]
                rows.append(
                    {
                        "measure_id": measure.id, "variant_id": cut[0], "area_type": kind, "area_id": area, "area_name": name,
                        "breakdown": cut[1], "group_value": cut[2], "group_name": NAMES.get(cut[2], cut[2].capitalize()),
                        "period_start": self.months[at * size], "period_end": add_months(self.months[at * size], size),
                        "events": events[number, at], "numerator": events[number, at], "denominator": people[number, at],
                        "value": value[number, at], "lower": lower[number, at], "upper": upper[number, at],
                        "lower998": low[number, at], "upper998": high[number, at], "reason": None, "comparison": word,
                        "known_share": 1.0, "unit": measure.unit,
                    }
                )  # fmt: skip
        return rows
