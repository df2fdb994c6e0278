"""How much care people need: long-term conditions and latent frailty, and what these do to rates."""

from __future__ import annotations

from functools import cache

import numpy as np

from joinedup.sources.synthetic.draws import Bools, Floats, Ints
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.households import WOMAN


@cache
def conditions() -> dict[str, int]:
    """The conditions that people may have, each with its position."""
    return {str(name): at for at, name in enumerate(columns("conditions")["condition"])}


def prevalence(ages: Ints) -> Floats:
    """The share of people of each age who have each condition, in a middling area."""
    told = figures("conditions")
    rows = columns("conditions")["prevalence"]
    return np.stack([np.interp(ages, told["ages"], row) for row in rows], axis=1)


def fall_ill(rng: np.random.Generator, ages: Ints, fifth: Ints, frailty: Floats) -> Bools:
    """Which conditions each person has: likelier with age, in deprived areas and with latent frailty, so that they cluster."""
    told = figures("conditions")
    base = prevalence(ages)
    with np.errstate(divide="ignore"):
        log_odds = np.log(base / (1 - base))
    gradient = np.log(columns("conditions")["deprivation"])[None, :] * (0.5 - fifth[:, None] / 4)
    tilted: Floats = log_odds + gradient + told["frailty_odds"] * frailty[:, None]
    found: Bools = rng.random(tilted.shape) < 1 / (1 + np.exp(-tilted))
    return found


def burden(ages: Ints, frailty: Floats, having: Bools, effect: str) -> Floats:
    """How many times the ordinary rate of people of that age each has, by conditions and frailty; one on average."""
    told = figures("conditions")
    adds = columns("conditions")[effect]
    ordinary = 1 + prevalence(ages) @ adds
    spread = told[f"frailty_{effect}"]
    found: Floats = (1 + having @ adds) / ordinary * np.exp(spread * frailty - spread**2 / 2)
    return found


def rate(kind: str, ages: Ints | Floats, fifth: Ints) -> Floats:
    """Events per person and year, by age and deprivation."""
    told = figures("rates")[kind]
    found: Floats = points(told["age"], ages) / 1000 * np.array(told["fifth"], dtype=float)[fifth]
    return found


def dying(ages: Ints | Floats, sex: Ints, fifth: Ints) -> Floats:
    """Deaths per person and year, by age, sex and deprivation."""
    told = figures("rates")["death"]
    men, women = (np.exp(np.interp(ages, list(told[who]), np.log(list(told[who].values())))) for who in ("men", "women"))
    gradient = np.array(told["fifth"])[fifth]
    fades = np.clip((100 - ages) / 35, 0.3, 1.0)  # the oldest differ less by where they live
    found: Floats = np.where(sex == WOMAN, women, men) / 1000 * gradient**fades
    return found
