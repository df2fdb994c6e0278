"""What people are in hospital for: diagnoses, external causes, procedures and treatment functions."""

from __future__ import annotations

from functools import cache

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, band, pick, pick_by_row
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.households import WOMAN
from joinedup.sources.synthetic.seasons import months_of

LEAST_SHARE = 0.004
"""The rarest that a condition is taken to be at an age: so the few who have it young come often, and not every other day. Ours."""
WOMEN_ONLY = ("N920", "O034", "N979", "C509")
MEN_ONLY = ("N401", "Q531")
OPERATIONS = {
    "K358": "H012",
    "K802": "J183",
    "S720": "W241",
    "S525": "W262",
    "S826": "W201",
    "I214": "K751",
    "I219": "K751",
    "K566": "T411",
}
"""The usual operation of some emergencies, in OPCS-4."""


def emergency(rng: np.random.Generator, ages: Floats, conditions: Bools, day: Ints) -> Table:
    """For each emergency its main diagnosis and what goes with it; `stay` is the factor on its nights."""
    rows = columns("emergency_causes")
    weights = rows["weights"].T[band(ages)] * _likelier(conditions) * _darker(day)
    at = pick_by_row(rng, weights)
    return {
        "cause": rows["code"][at],
        "outside_cause": _outside_causes(rng, rows["outside"][at]),
        "procedure": np.array([OPERATIONS.get(code, "") for code in rows["code"]])[at],
        "function": rows["function"][at],
        "stay": rows["stay"][at],
    }


def planned(rng: np.random.Generator, ages: Floats, sex: Ints, conditions: Bools) -> Table:
    """For each planned spell its main diagnosis, procedure and function, the share of day cases and the nights of the others."""
    rows = columns("planned_causes")
    for_women, for_men = np.isin(rows["code"], WOMEN_ONLY), np.isin(rows["code"], MEN_ONLY)
    possible = np.where(sex[:, None] == WOMAN, ~for_men[None, :], ~for_women[None, :])
    at = pick_by_row(rng, rows["weights"].T[band(ages)] * _needing(ages, conditions) * possible)
    found = {
        "cause": rows["code"],
        "procedure": rows["procedure"],
        "function": rows["function"],
        "day_case": rows["day_case"],
        "nights": rows["nights"],
    }
    return {name: column[at] for name, column in found.items()} | {"outside_cause": np.full(len(at), "")}


def planned_burden(ages: Floats, conditions: Bools) -> Floats:
    """How many times the ordinary rate of planned spells each person has, by the conditions that some are for; one on average of an age."""
    weights = columns("planned_causes")["weights"].T[band(ages)]
    found: Floats = (weights * _needing(ages, conditions)).sum(axis=1) / weights.sum(axis=1)
    return found


def _needing(ages: Floats, conditions: Bools) -> Floats:
    """For each person and planned cause how much likelier it is by condition: nought without it, as much more with it; one on average."""
    usual = needs.prevalence(np.maximum(ages, 0).astype(np.int64))
    factors = np.ones((len(ages), len(columns("planned_causes")["condition"])))
    for at, name in enumerate(columns("planned_causes")["condition"]):
        if name:
            which = needs.conditions()[str(name)]
            factors[:, at] = conditions[:, which] / np.maximum(usual[:, which], LEAST_SHARE)
    return factors


def regular(size: int) -> Table:
    """What regular attenders come for."""
    told = figures("planned_causes")["regular"]
    return same(size, told["code"], told["procedure"], told["function"])


def same(size: int, cause: Texts | str, procedure: Texts | str, function: str) -> Table:
    """One diagnosis, procedure and function for all."""
    return {
        "cause": np.broadcast_to(np.asarray(cause), size),
        "procedure": np.broadcast_to(np.asarray(procedure), size),
        "function": np.full(size, function),
        "outside_cause": np.full(size, ""),
    }


def secondary(rng: np.random.Generator, spells: int, conditions: Bools) -> Texts:
    """For each spell its further diagnoses, blanks between: most of the patient's conditions and some of what else is coded."""
    told = figures("emergency_causes")
    codes = columns("conditions")["code"]
    coded = conditions & (rng.random(conditions.shape) < told["conditions_coded"])
    known = np.where(coded, codes[None, :], "")
    also = np.array(told["also"])
    more = also[rng.integers(0, len(also), (spells, 3))]
    wanted = rng.random((spells, 3)) < np.array([0.6, 0.35, 0.15]) * np.clip(conditions.sum(axis=1, keepdims=True) / 2, 0.2, 1.5)
    more = np.where(wanted & ~_repeats(more), more, "")
    return np.concatenate([known, more], axis=1)


def _repeats(codes: Texts) -> Bools:
    """Which codes of a row stand further left already."""
    found = np.zeros(codes.shape, dtype=np.bool_)
    found[:, 1] = codes[:, 1] == codes[:, 0]
    found[:, 2] = (codes[:, 2] == codes[:, 0]) | (codes[:, 2] == codes[:, 1])
    return found


def _likelier(conditions: Bools) -> Floats:
    """For each person and cause, how much likelier it is for what they have."""
    told = figures("emergency_causes")
    needed = columns("emergency_causes")["condition"]
    has = np.stack(
        [conditions[:, needs.conditions()[name]] if name else np.zeros(len(conditions), dtype=np.bool_) for name in needed], axis=1
    )
    factor = np.where(has, told["with_condition"], told["without_condition"])
    return np.where(needed[None, :] == "", 1.0, factor)


def _darker(day: Ints) -> Floats:
    """For each day and cause, how much commoner it is in that month: winter illnesses peak in December and January."""
    most = figures("rates")["emergency"]["in_the_dark_months"] - 1
    winter = 1 + most * np.cos(2 * np.pi * (months_of(day) + 0.5) / 12)
    return np.where(columns("emergency_causes")["dark_months"][None, :] == 1, winter[:, None], 1.0)


@cache
def _outside_codes() -> dict[str, Texts]:
    return {kind: np.array(codes) for kind, codes in figures("emergency_causes")["outside"].items()}


def _outside_causes(rng: np.random.Generator, kinds: Texts) -> Texts:
    """An external cause of each kind; blank where there is none."""
    found = np.full(len(kinds), "", dtype="U4")
    for kind, codes in _outside_codes().items():
        here = kinds == kind
        weights = 1 / np.arange(1.0, len(codes) + 1)
        found[here] = codes[pick(rng, weights, int(here.sum()))]
    return found
