"""Why people come into hospital: emergencies, planned care, regular visits, births, and the spells in which they die."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic import causes, needs
from joinedup.sources.synthetic.draws import Floats, Ints, Table, pick_named
from joinedup.sources.synthetic.figures import figures, points
from joinedup.sources.synthetic.happenings import happen, window
from joinedup.sources.synthetic.households import CHILD, FIRST, PARTNER, WOMAN
from joinedup.sources.synthetic.mortality import Deaths
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.registrations import WIDE
from joinedup.sources.synthetic.seasons import season
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.streams import stream

EMERGENCY, PLANNED, DAY_CASE, REGULAR, DELIVERY, BIRTH = range(6)
LONGEST = 240  # nights; longer stays are left out


def emergencies(setting: Setting, block: int, people: People) -> Table:
    """Emergency spells, apart from those in which people die."""
    rng = stream(setting.seed, "emergency spells", block)
    burden = needs.burden(people.ages(setting.span.end).astype(np.int64), people.frailty, people.conditions, "emergency")
    who, day = happen(rng, setting, people, "emergency", burden)
    ages = people.age_on(who, day)
    cause = causes.emergency(rng, ages, people.conditions[who], day)
    return _spells(who, EMERGENCY, day, _nights(rng, ages, cause["stay"]), cause | _ways_in(rng, len(who)))


def _nights(rng: np.random.Generator, ages: Floats, factor: Floats) -> Ints:
    """Nights in hospital after an emergency: none for many, long for a few."""
    told = figures("rates")["length_of_stay"]
    none = points(told["none"], ages) / factor**0.7
    middle = points(told["middle"], ages) * factor
    nights = np.ceil(middle * np.exp(told["spread"] * rng.standard_normal(len(ages))))
    return np.where(rng.random(len(ages)) < np.clip(none, 0.02, 0.85), 0, np.clip(nights, 1, LONGEST)).astype(np.int64)


def _ways_in(rng: np.random.Generator, size: int) -> Table:
    """Methods of emergency admission."""
    by_department = figures("rates")["emergency"]["by_way_of_the_emergency_department"]
    rest = {"22": 0.34, "23": 0.05, "24": 0.24, "25": 0.02, "2A": 0.17, "2B": 0.08, "2D": 0.10}
    shares = {"21": by_department} | {code: share * (1 - by_department) for code, share in rest.items()}
    return {"method": pick_named(rng, shares, size)}


def _method(size: int, code: str) -> Table:
    return {"method": np.full(size, code)}


def planned(setting: Setting, block: int, people: People) -> Table:
    """Planned spells, as day cases mostly."""
    rng = stream(setting.seed, "planned spells", block)
    burden = causes.planned_burden(people.ages(setting.span.end), people.conditions)
    who, day = happen(rng, setting, people, "planned", burden * np.exp(0.25 * people.frailty - 0.25**2 / 2))
    cause = causes.planned(rng, people.age_on(who, day), people.sex[who], people.conditions[who])
    day_case = rng.random(len(who)) < cause["day_case"]
    nights = np.where(day_case, 0, 1 + rng.poisson(cause["nights"] - 0.5))
    method = {"method": pick_named(rng, {"11": 0.55, "12": 0.25, "13": 0.20}, len(who))}
    return _spells(who, np.where(day_case, DAY_CASE, PLANNED), day, nights, cause | method)


def regular(setting: Setting, block: int, people: People) -> Table:
    """Visits of the few who come week after week."""
    rng = stream(setting.seed, "regular visits", block)
    told = figures("rates")["regular"]
    comes = rng.random(len(people.sex)) < needs.rate("regular", people.ages(setting.span.end), setting.areas.fifth[people.area])
    start, end = window(setting, people)
    calendar = season(setting.span, told)
    who = np.flatnonzero(comes)
    who = np.repeat(who, rng.poisson(calendar.years(start[who], end[who]) * told["visits"]))
    day = calendar.days(rng, start[who], end[who])
    _, once = np.unique(who * WIDE + day, return_index=True)
    return _spells(who[once], REGULAR, day[once], np.zeros(len(once), dtype=np.int64), causes.regular(len(once)) | _method(len(once), "13"))


def last_spells(setting: Setting, block: int, people: People, deaths: Deaths) -> Table:
    """The spells in which people die."""
    rng = stream(setting.seed, "last spells", block)
    who = deaths.person[deaths.in_spell]
    died = people.died[who]
    cause = causes.emergency(rng, people.age_on(who, died), people.conditions[who], died)
    nights = np.ceil(6.5 * np.exp(0.95 * rng.standard_normal(len(who)))).astype(np.int64) - 1
    start, _ = window(setting, people)
    day = np.maximum(died - np.clip(nights, 0, LONGEST), np.minimum(start[who], died))
    made = _spells(who, EMERGENCY, day, died - day, cause | _ways_in(rng, len(who)))
    return made | {"died": np.ones(len(who), dtype=np.bool_)}


def births(setting: Setting, block: int, people: People) -> tuple[Table, Table]:
    """Births in hospital of babies born here in the span, and their mothers' deliveries."""
    told = figures("rates")["birth"]
    rng = stream(setting.seed, "births", block)
    mother = mothers_of(people)
    here = (people.born >= setting.span.start) & (mother >= 0) & ~people.outside & (people.joined < people.born + 60)
    baby = np.flatnonzero(
        here & (people.joined[mother] <= people.born) & (people.gone[mother] > people.born) & (rng.random(len(here)) < told["in_hospital"])
    )
    nights = np.array([0, 1, 1, 1, 2, 2, 3, 5])[rng.integers(0, 8, len(baby))]
    day = people.born[baby]
    delivered, first = np.unique(mother[baby], return_index=True)
    cut = rng.random(len(first)) < told["caesarean"]
    born = _spells(baby, BIRTH, day, nights, causes.same(len(baby), "Z380", "", "424") | _method(len(baby), "82"))
    delivery = causes.same(len(first), np.where(cut, "O821", "O800"), np.where(cut, "R182", "R249"), "501")
    return born, _spells(delivered, DELIVERY, day[first], np.maximum(nights[first], cut * 2), delivery | _method(len(first), "31"))


def mothers_of(people: People) -> Ints:
    """For each child of a household the woman who heads it or is its partner, if she was of an age to bear it; -1 for everyone else."""
    first = np.unique(people.household, return_index=True)[1][people.household]
    second = np.minimum(first + 1, len(first) - 1)
    partner = (people.role[second] == PARTNER) & (people.household[second] == people.household)
    found = np.where(people.sex[first] == WOMAN, first, np.where(partner & (people.sex[second] == WOMAN), second, -1))
    of_age = (people.born - people.born[found] > 15 * 365) & (people.born - people.born[found] < 50 * 365)
    return np.where((people.role == CHILD) & (people.role[first] == FIRST) & of_age, found, -1)


def _spells(who: Ints, kind: Ints | int, day: Ints, nights: Ints, told: Table) -> Table:
    """Spells as a table, whoever dies in them apart."""
    held = {name: told[name].astype("U4") for name in ("method", "cause", "outside_cause", "procedure", "function")}
    kinds = np.broadcast_to(np.asarray(kind), who.shape).astype(np.int64)
    return {
        "person": who,
        "kind": kinds,
        "day": day,
        "out": day + nights,
        "died": np.zeros(len(who), dtype=np.bool_),
        **held,
    }
