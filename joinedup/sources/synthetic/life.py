"""What else people's lives hold that brings them into care: caring, language, special needs, social care, pregnancies, children in need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.draws import Bools, Ints, Texts, pick_named
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.lives import Lives
from joinedup.sources.synthetic.mortality import Deaths
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.pregnancies import Pregnancies, pregnancies_of
from joinedup.sources.synthetic.seasons import NEVER, YEAR
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.spells import Spells

NONE, COMMUNITY, RESIDENTIAL, NURSING = range(4)
"""Long-term support of adults."""

SUPPORT_AT_SCHOOL, PLAN = 1, 2
"""Special educational needs: support, or an education, health and care plan."""

IN_NEED, PROTECTION_PLAN, LOOKED_AFTER = 1, 2, 3
"""What the council does for a child."""


@dataclass(frozen=True, slots=True)
class Life:
    """One entry per person. Days run from the first on which it holds up to the first without it; NEVER where it goes on, or never was."""

    carer: Bools
    """Cares for somebody without pay."""
    language: Texts
    """Main language, ISO 639-2."""
    interpreter: Bools
    special_needs: Ints
    """0 none, 1 support at school, 2 an education, health and care plan."""
    support: Ints
    """Long-term support in the span: 0 none, 1 in the community, 2 residential care, 3 nursing care."""
    support_from: Ints
    support_to: Ints
    autism: Bools
    anxiety: Bools
    substance: Bools
    """Depends on alcohol or drugs."""
    falls: Bools
    palliative_from: Ints
    pregnancies: Pregnancies
    child_need: Ints
    """0 none, 1 child in need, 2 protection plan, 3 looked after."""
    child_need_from: Ints
    child_need_to: Ints


def life_of(setting: Setting, block: int, people: People, deaths: Deaths, spells: Spells) -> Life:
    """What the lives of everyone in a block hold."""
    of = lives_of(setting, block, people)
    autism = of.having("autism")
    support, support_from, support_to = _support(of)
    language, interpreter = _languages(of)
    need, need_from, need_to = _children_in_need(of)
    return Life(
        carer=_carers(of, support),
        language=language,
        interpreter=interpreter,
        special_needs=_special_needs(of, autism),
        support=support,
        support_from=support_from,
        support_to=support_to,
        autism=autism,
        anxiety=of.having("anxiety"),
        substance=of.having("substance"),
        falls=of.having("falls"),
        palliative_from=_palliative(of, deaths),
        pregnancies=pregnancies_of(of, spells),
        child_need=need,
        child_need_from=need_from,
        child_need_to=need_to,
    )


def lives_of(setting: Setting, block: int, people: People) -> Lives:
    """The people of a block as the parts of their lives look at them."""
    seen = window(setting, people)
    ages = people.age_on(np.arange(len(people.sex)), np.minimum(seen[1], setting.span.end))
    return Lives(setting, block, people, ages, _fifth(setting, people), seen)


def _fifth(setting: Setting, people: People) -> Ints:
    found: Ints = setting.areas.fifth[people.area]
    return found


def _carers(of: Lives, support: Ints) -> Bools:
    """Oftener those who live with somebody who is frail, and nobody in a care home."""
    told = figures("life")["carer"]
    people = of.people
    needing = ((support == COMMUNITY) | people.conditions[:, needs.conditions()["dementia"]]).astype(np.int64)
    others = np.bincount(people.household, needing)[people.household] - needing
    chance = of.chance(told)
    odds = chance / (1 - chance) * np.where(others > 0, told["somebody_frail_at_home"], 1.0)
    found: Bools = (of.stream("carer").random(len(odds)) < odds / (1 + odds)) & ~people.care_home
    return found


def _languages(of: Lives) -> tuple[Texts, Bools]:
    """The main language of each person, one for those of a household and group, and who needs an interpreter."""
    told = figures("life")["language"]
    rng = of.stream("language")
    people, size = of.people, len(of.ages)
    shared = rng.random(int(people.household.max()) + 1)[people.household]
    young = np.where(of.ages < 20, told["under_20"], 1.0)
    code = columns("ethnic_groups")["code"][people.ethnic]
    language = np.full(size, told["english"], dtype="U3")
    for category, (share, spoken) in told["other"].items():
        of_household = pick_named(rng, spoken, int(people.household.max()) + 1)[people.household]
        language = np.where((code == category) & (shared < share * young), of_household, language)
    unsure = rng.random(size) < points(told["interpreter"], of.ages)
    return language, (language != told["english"]) & unsure


def _special_needs(of: Lives, autism: Bools) -> Ints:
    told = figures("life")["special_needs"]
    rng = of.stream("special needs")
    least, most = told["pupils"]
    odds = [
        chance / (1 - chance) * np.where(autism, told["autism"], 1.0) for chance in (of.chance(told, "support"), of.chance(told, "plan"))
    ]
    at_school, plan = (rng.random(len(of.ages)) < each / (1 + each) for each in odds)
    plan = plan & (of.ages >= 2) & (of.ages < told["plans_up_to"])
    at_school = at_school & (of.ages >= least) & (of.ages < most)
    return np.where(plan, PLAN, np.where(at_school, SUPPORT_AT_SCHOOL, NONE))


def _support(of: Lives) -> tuple[Ints, Ints, Ints]:
    """Long-term support: what kind, from when to when; residents of care homes who have none pay for themselves."""
    told = figures("life")["support"]
    rng = of.stream("support")
    people, size = of.people, len(of.ages)
    adult = (of.ages >= 18) & ~people.outside
    kinds = pick_named(rng, {str(kind): share for kind, share in enumerate(told["in_a_care_home"])}, size).astype(np.int64)
    at_home = rng.random(size) < of.chance(told, "community") / (1 - told["ended"])
    kind = np.where(adult, np.where(people.care_home, kinds, np.where(at_home, COMMUNITY, NONE)), NONE)
    ends = (rng.random(size) < told["ended"]) & (kind == COMMUNITY)
    return _stretch(of, rng, kind, ends, _Lasting(told["days"], 18))


@dataclass(frozen=True, slots=True)
class _Lasting:
    """How long something lasts: days so far by kind, and the age from which one can have it."""

    days: dict[int, float]
    from_age: int


def _stretch(of: Lives, rng: np.random.Generator, kind: Ints, ends: Bools, lasting: _Lasting) -> tuple[Ints, Ints, Ints]:
    """The kinds, none where there was no time for it, and from when to when: up to the end of what is seen, or for `ends` before."""
    start, end = of.seen
    mean = np.array([1.0, *(lasting.days[each] for each in sorted(lasting.days))])[kind]
    last = np.where(ends, start + (rng.random(len(kind)) * (end - start)).astype(np.int64), end)
    able = of.people.born + np.int64(np.ceil(lasting.from_age * YEAR))
    earliest = np.where(of.people.joined >= of.setting.span.start, np.maximum(of.people.joined, able), able)
    first = np.maximum(last - 1 - (rng.exponential(1.0, len(kind)) * mean).astype(np.int64), earliest)
    goes_on = ~ends & (last >= of.setting.span.end)
    has = (kind > NONE) & (first < last)
    return np.where(has, kind, NONE), np.where(has, first, NEVER), np.where(has & ~goes_on, last, NEVER)


def _palliative(of: Lives, deaths: Deaths) -> Ints:
    """The first day of palliative care: for some of those who die, by what they have, and for some who live on."""
    told = figures("life")["palliative"]
    rng = of.stream("palliative care")
    size = len(of.ages)
    share = np.full(size, float(told["before_death_of_others"]))
    for name, each in told["before_death"].items():
        share = np.maximum(share, np.where(of.people.conditions[:, needs.conditions()[name]], each, 0.0))
    middle, spread = told["days"]
    before = np.ceil(middle * np.exp(spread * rng.standard_normal(size))).astype(np.int64)
    luck = rng.random(size)
    dying = np.zeros(size, dtype=np.bool_)
    dying[deaths.person] = True
    alive = ~dying & ~of.people.outside & (luck < of.chance(told, "alive"))
    until = np.where(dying, np.minimum(of.people.died, NEVER), of.seen[1])
    start = np.maximum(until - before, of.people.born)
    return np.where((dying & (luck < share)) | alive, start, NEVER)


def _children_in_need(of: Lives) -> tuple[Ints, Ints, Ints]:
    """What the council does for each child, from when to when; brothers and sisters share their luck."""
    told = figures("life")["child_need"]
    rng = of.stream("children in need")
    people, size = of.people, len(of.ages)
    shared = rng.standard_normal(int(people.household.max()) + 1)[people.household]
    part = told["shared_at_home"]
    luck = np.argsort(np.argsort(np.sqrt(part) * shared + np.sqrt(1 - part) * rng.standard_normal(size))) / size
    child = (of.ages < 18) & ~people.outside
    share = np.array(told["fifth"])[of.fifth] * child * (1 + told["ended"])
    steps = np.cumsum([points(told[name], of.ages) * share for name in ("looked_after", "protection", "in_need")], axis=0)
    kind = np.select([luck < steps[0], luck < steps[1], luck < steps[2]], [LOOKED_AFTER, PROTECTION_PLAN, IN_NEED], NONE)
    ends = rng.random(size) < told["ended"] / (1 + told["ended"])
    return _stretch(of, rng, kind, ends & (kind > NONE), _Lasting(told["days"], 0))
