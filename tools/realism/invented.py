"""What invented people of a place are like, counted block by block."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from joinedup.place.model import ETHNIC_GROUPS, Place
from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.figures import columns
from joinedup.sources.synthetic.seasons import NEVER
from joinedup.sources.synthetic.setting import AGES, Setting, setting_of

PEOPLE, SEED = 60_000, 1
Counts = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Invented:
    """So many invented people of a place, block by block."""

    setting: Setting

    @classmethod
    def of(cls, place: Place, people: int = PEOPLE, seed: int = SEED) -> Invented:
        """That many people on a place."""
        return cls(setting_of(place, people, seed))

    def blocks(self) -> Iterator[tuple[Block, Positions]]:
        """Each block with those of its people who are registered at the end."""
        for number in range(self.setting.blocks):
            block = Block(self.setting, number)
            people = block.people
            yield block, np.flatnonzero(~people.outside & (people.died >= NEVER) & (people.left >= NEVER))

    def by_area(self, groups: int, group_of: Callable[[Block, Positions], Positions]) -> Counts:
        """People at the end by area of the place and group, as `group_of` sorts a block's people."""
        areas = self.setting.areas
        found = np.zeros((areas.inside, groups))
        for block, who in self.blocks():
            stays = block.stays
            area = stays.area[stays.on(who, np.full(len(who), self.setting.span.end - 1))]
            np.add.at(found, (np.minimum(area, areas.inside - 1), group_of(block, who)), 1)
        return found

    def ages(self) -> Counts:
        """People by area and age group."""
        last = self.setting.span.end - 1
        return self.by_area(len(AGES), lambda block, who: np.searchsorted(np.array(AGES), block.people.ages(last)[who], side="right") - 1)

    def prevalence(self) -> dict[str, dict[str, float]]:
        """Condition -> practice -> the share of its list that has it."""
        names = list(needs.conditions())
        people: dict[str, float] = defaultdict(float)
        having: dict[str, Counts] = defaultdict(lambda: np.zeros(len(names)))
        for block, who in self.blocks():
            practice = block.stays.practice[block.stays.on(who, np.full(len(who), self.setting.span.end - 1))]
            for at in np.unique(practice):
                mine, code = who[practice == at], str(self.setting.practices.code[at])
                people[code] += len(mine)
                having[code] += block.people.conditions[mine].sum(axis=0)
        usual = sum(people.values()) / len(people)
        large = [code for code in people if people[code] > usual / 5]
        return {name: {code: float(having[code][at] / people[code]) for code in large} for at, name in enumerate(names)}

    def attendances(self) -> Counts:
        """Attendances at emergency departments a day, by calendar month from January, beside the mean of all."""
        return self._a_day(lambda block: block.attendances.arrived // 1440)

    def admissions(self) -> Counts:
        """Emergency admissions by way of the department a day, by calendar month, beside the mean of all."""
        return self._a_day(lambda block: block.spells.day[block.spells.method == "21"])

    def _a_day(self, days_of: Callable[[Block], Positions]) -> Counts:
        """Events a day, by calendar month from January, beside the mean of all."""
        days, events = np.zeros(12), np.zeros(12)
        span = self.setting.span
        np.add.at(days, _months(np.arange(span.start, span.end)), 1)
        for number in range(self.setting.blocks):
            day = days_of(Block(self.setting, number))
            np.add.at(events, _months(day[(day >= span.start) & (day < span.end)]), 1)
        each = events / days
        found: Counts = each / each.mean()
        return found

    def households(self) -> dict[str, float]:
        """Kind of household -> its share of all households at the end."""
        kinds = self.setting.mix.kinds
        found: Counter[str] = Counter()
        for block, who in self.blocks():
            first = np.unique(block.people.household[who], return_index=True)[1]
            found.update(kinds[kind] for kind in block.people.kind[who][first])
        return {kind: found[kind] / found.total() for kind in kinds}

    def in_care_homes(self) -> float:
        """The share of people aged 65 and over who live in care homes at the end."""
        old = there = 0
        for block, who in self.blocks():
            of_age = block.people.ages(self.setting.span.end - 1)[who] >= AGES[-1]
            old, there = old + int(of_age.sum()), there + int((of_age & block.people.care_home[who]).sum())
        return there / old


def _months(days: Positions) -> Positions:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def broad_groups() -> Positions:
    """For each ethnic category of the generator the position of its broad group."""
    return np.array(
        [next(at for at, held in enumerate(ETHNIC_GROUPS.values()) if code in held) for code in columns("ethnic_groups")["code"]]
    )
