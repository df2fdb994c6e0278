"""Names of invented people: given names by sex, family names by household, both after the ethnic group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic.draws import Floats, Ints, Texts
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.households import WOMAN
from joinedup.sources.synthetic.population import People
from joinedup.sources.synthetic.seasons import YEAR
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.streams import stream


@dataclass(frozen=True, slots=True)
class Names:
    """One entry per person."""

    given: Texts
    family: Texts


def names_of(setting: Setting, block: int, people: People) -> Names:
    """The names of everyone in a block."""
    told, heritage = figures("names"), columns("ethnic_groups")["names"]
    rng = stream(setting.seed, "names", block)
    luck = rng.random(len(people.sex))
    generation = (people.born / YEAR + 40) / 95 + 0.12 * rng.standard_normal(
        len(people.sex)
    )  # 0 for those born about 1930, 1 for those born lately
    first = np.unique(people.household, return_index=True)[1][people.household]
    own = rng.random(len(first)) < told["own_family_name"]
    whose = np.where(own | people.care_home | people.outside, np.arange(len(first)), first)
    given, family = np.full(len(first), "", dtype="U24"), np.full(len(first), "", dtype="U24")
    for name in np.unique(heritage):
        lists = told[name]
        here = heritage[people.ethnic] == name
        given = np.where(here, np.where(people.sex == WOMAN, _at(lists["women"], generation), _at(lists["men"], generation)), given)
        family = np.where(here, _at(lists["families"], luck**1.3), family)
    return Names(given=given, family=family[whose])


def former_family_names(setting: Setting, block: int, people: People) -> Texts:
    """For each person another family name of the kind, which those who changed theirs had before."""
    told, heritage = figures("names"), columns("ethnic_groups")["names"]
    luck = stream(setting.seed, "former names", block).random(len(people.sex))
    former = np.full(len(luck), "", dtype="U24")
    for name in np.unique(heritage):
        former = np.where(heritage[people.ethnic] == name, _at(told[name]["families"], luck), former)
    return former


def _at(names: list[str], share: Floats) -> Texts:
    """The name that stands at each share of the list."""
    return np.array(names)[np.clip(share * len(names), 0, len(names) - 1).astype(np.int64)]


def postcodes(area: Ints, household: Ints) -> Texts:
    """A postcode for each household's address, of an area that no postcode has: some dozen households share one."""
    letters = np.array(list("ABDEFGHJLNPQRSTUWXYZ"))
    unit = (household // 12 + area * 131) % 4000
    outward = np.char.add("ZZ", (10 + area % 89).astype(str))  # never ZZ99, which the NHS gives to people without a postcode
    inward = np.char.add((unit // 400).astype(str), np.char.add(letters[unit // 20 % 20], letters[unit % 20]))
    return np.char.add(np.char.add(outward, " "), inward)
