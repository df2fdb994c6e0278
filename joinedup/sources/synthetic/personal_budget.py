"""Rows of personal budgets: one per budget, among them those that pay for packages which another extract costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Ints, Table, pick_named, stack, take
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.packages import Lasting, chance, packages_of, stretch
from joinedup.sources.synthetic.referrals import days_between, lognormal
from joinedup.sources.synthetic.rows import MISSING, Rows, patient, provider_codes, record_numbers, sources_of
from joinedup.sources.synthetic.seasons import NEVER, YEAR, dates
from joinedup.sources.synthetic.social_care import CARER, SERVICE, events_of
from joinedup.sources.synthetic.streams import stream

BUDGET = 27
"""What the numbers of budgets begin with."""
PAID = {"CHC": "CONTINUING HEALTHCARE", "CHILD": "CHILDREN CONTINUING CARE", "JOINT": "JOINT FUNDING"}
"""By the type of a package, what its budget pays for."""
WIDTH = "U30"


def rows(block: Block) -> Rows:
    """The budgets of everyone in a block; a second source, if there is one, has the council's direct payments."""
    others = [_other(block, told) for told in figures("continuing_care")["budgets"]["others"]]
    every = stack([_of_packages(block), *others, _direct_payments(block)])
    person, day = every["person"], every["start"]
    rng = stream(block.setting.seed, "personal budgets", block.number)
    size = len(person)
    kind = pick_named(rng, figures("continuing_care")["budgets"]["kind"], size)
    social = every["pays_for"] == "SOCIAL CARE"
    source = sources_of(block, "personal_budget", social.astype(np.int64))
    until = np.minimum(every["last"], block.setting.span.end - 1)
    reviewed = (until - day > 90) & (every["weekly"] != MISSING)
    yearly = rng.random(size) < 0.3
    fields = patient(block, "personal_budget", person, day) | {
        "ORGANISATION_IDENTIFIER_CODE_OF_COMMISSIONER": provider_codes(block, source),
        "PERSONAL_BUDGET_IDENTIFIER": record_numbers(block, BUDGET, size).astype("U13"),
        "PERSONAL_BUDGET_KIND": np.where(social, "DIRECT PAYMENT", kind),
        "PAYS_FOR": every["pays_for"],
        "START_DATE_PERSONAL_BUDGET": dates(day),
        "END_DATE_PERSONAL_BUDGET": dates(every["last"]),
        "WEEKLY_AMOUNT": every["weekly"],
        "ANNUAL_AMOUNT": np.where(yearly & (every["weekly"] != MISSING), every["weekly"] * 52, MISSING),
        "ONE_OFF_AMOUNT": every["once"],
        "LAST_REVIEW_DATE": dates(np.where(reviewed, np.maximum(until - rng.integers(0, 365, size), day + 60), NEVER)),
    }
    return Rows(
        contract="personal_budget",
        person=person,
        source=source,
        day=day,
        columns=fields,
        died=block.people.died[person],
        whole=np.zeros(size, dtype=np.bool_),
    )


def _budgets(person: Ints, pays_for: str, start: Ints, last: Ints, **pence: Ints) -> Table:
    missing = np.full(len(person), MISSING)
    made: Table = {"person": person, "pays_for": np.full(len(person), pays_for, dtype=WIDTH), "start": start, "last": last}
    return made | {"weekly": missing, "once": missing.copy()} | pence


def _of_packages(block: Block) -> Table:
    """Those that pay for a package of continuing care: as long and as much as it."""
    held = packages_of(block)
    at = np.flatnonzero(held.budget)
    made = _budgets(held.person[at], "", held.start[at], held.last[at], weekly=held.pence[at])
    names = np.select([held.kind[at] == kind for kind in PAID], list(PAID.values()), "OTHER")
    return made | {"pays_for": names.astype(WIDTH)}


def _other(block: Block, told: dict[str, Any]) -> Table:
    """Those for something else: for years, or paid once."""
    rng = stream(block.setting.seed, f"budgets for {told['pays_for']}", block.number)
    start, end = window(block.setting, block.people)
    old_enough = block.people.born + np.int64(np.ceil(told["from_age"] * YEAR))
    fits = (np.maximum(start, old_enough) + 1 < end) & (block.people.born + told["from_age"] * YEAR < start)
    share = chance(block, told)
    if "once" in told:
        person = np.repeat(np.arange(len(end)), rng.poisson(np.where(fits, share * (end - start) / YEAR, 0.0)))
        day = days_between(rng, start[person], end[person])
        return _budgets(person, told["pays_for"], day, day, once=_pence(rng, told["once"], len(person)))
    who = np.flatnonzero(fits & (rng.random(len(end)) < share))
    first, last = stretch(rng, block, who, Lasting(told["days"], told["from_age"], 0.2))
    made = _budgets(who, told["pays_for"], first, last, weekly=_pence(rng, told["pounds"], len(who)))
    return take(made, last >= first)


def _direct_payments(block: Block) -> Table:
    """The council's: the same payments that client level data holds as services."""
    events = events_of(block)
    at = np.flatnonzero(
        (events["SERVICE_COMPONENT"] == "DIRECT PAYMENT") & (events["EVENT_TYPE"] == SERVICE) & (events["CLIENT_TYPE"] != CARER)
    )
    return _budgets(events["person"][at], "SOCIAL CARE", events["start"][at], events["last"][at], weekly=events["UNIT_COST"][at])


def _pence(rng: np.random.Generator, pounds: list[float], size: int) -> Ints:
    found: Ints = np.rint(lognormal(rng, pounds, size) * 100).astype(np.int64)
    return found
