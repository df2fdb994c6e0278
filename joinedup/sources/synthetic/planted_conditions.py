"""The truth about conditions and circumstances: who has which, and when the practice first coded it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from joinedup.sources.synthetic import gp_record, needs
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools
from joinedup.sources.synthetic.figures import columns
from joinedup.sources.synthetic.further import further
from joinedup.sources.synthetic.life import lives_of
from joinedup.sources.synthetic.seasons import NEVER, dates

CALLED = {
    "cancer_of_men": "cancer",
    "alcohol": "alcohol_dependence",
    "drugs": "drug_dependence",
    "interpreter": "interpreter_needed",
    "nursing_home": "care_home",
    "residential_home": "care_home",
}
"""Entries that are called otherwise than the condition that they tell of."""
NONE = ("pregnant", "health_check_mental_illness", "health_check_learning_disability", "advance_care_plan")
"""Entries that tell of no lasting condition."""


def planted_conditions(block: Block) -> pa.Table:
    """One row per person (their position in the block) and condition that holds or was coded; no coded_on where no practice knows."""
    entries = [str(name) for name in columns("gp_record", "entries")["entry"]]
    holds = _holding(block)
    names = sorted(set(holds) | {CALLED.get(name, name) for name in entries if name not in NONE})
    place = {name: at for at, name in enumerate(names)}
    told = gp_record.first_told(block)
    of = np.array([place.get(CALLED.get(name, name), -1) if name not in NONE else -1 for name in entries] + [-1] * _languages())[told.code]
    kept = of >= 0
    first = np.full((len(block.people.sex), len(names)), NEVER, dtype=np.int64)
    np.minimum.at(first, (told.person[kept], of[kept]), told.day[kept])
    held = first < NEVER
    for name, who in holds.items():
        held[:, place[name]] |= who
    person, condition = np.nonzero(held)
    return pa.table({"person": person, "condition": pa.array(names).take(pa.array(condition)), "coded_on": dates(first[person, condition])})


def _holding(block: Block) -> dict[str, Bools]:
    """Who has what, coded or not."""
    people, life = block.people, block.life
    long_term = {name: people.conditions[:, at] for name, at in needs.conditions().items()}
    lives = {"autism": life.autism, "anxiety": life.anxiety, "carer": life.carer, "interpreter_needed": life.interpreter}
    rest = {"care_home": people.care_home, "palliative_care": life.palliative_from < NEVER}
    return long_term | lives | rest | further(block, lives_of(block.setting, block.number, people))


def _languages() -> int:
    return len(columns("gp_record", "languages")["read"])
