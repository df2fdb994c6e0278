"""Rows of children's social care and special needs: one per child and episode or plan."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Ints, Table, Texts, pick_named, stack, take
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.life import LOOKED_AFTER, NONE, PLAN, PROTECTION_PLAN
from joinedup.sources.synthetic.rows import MISSING, Rows, area_on, ethnic_category, identity, padded, sources_of
from joinedup.sources.synthetic.schools import school_of
from joinedup.sources.synthetic.seasons import NEVER, YEAR, dates
from joinedup.sources.synthetic.streams import stream

TEXTS = (
    "PRIMARY_NEED_CODE",
    "REFERRAL_SOURCE",
    "REASON_FOR_CLOSURE",
    "CATEGORY_OF_ABUSE",
    "LEGAL_STATUS",
    "REASON_FOR_NEW_EPISODE",
    "PLACEMENT_TYPE",
)


def rows(block: Block) -> Rows:
    """The episodes and plans of everyone in a block."""
    rng = stream(block.setting.seed, "children's social care", block.number)
    need = pick_named(rng, figures("children_social_care")["need"], len(block.people.sex))
    plans = _protection_plans(block, rng, need)
    every = stack([_episodes_of_need(block, rng, need), plans, *_looked_after(block, rng, need), _education_plans(block, rng)])
    person, start, setting = every["person"], every["start"], block.setting
    known = np.maximum(start, setting.span.start)
    size = len(person)
    fields = identity(block, "children_social_care", person, known) | {
        "RECORD_TYPE": every["RECORD_TYPE"],
        "LA_CODE": np.full(size, setting.place.district_code or ""),
        "GENDER": block.people.sex[person].astype("U1"),
        "ETHNICITY": _ethnic(block, person),
        "LSOA_2021": area_on(block, person, known),
        "START_DATE": dates(start),
        "END_DATE": dates(every["end"]),
        "PRIMARY_NEED_TYPE": every["PRIMARY_NEED_TYPE"],
        "SCHOOL_URN": school_of(block, person, known),
        "PROVIDER_CODE": _provider(block, every),
        "WEEKLY_COST": _pence(rng, every["PLACEMENT_TYPE"]),
    }
    return Rows(
        contract="children_social_care",
        person=person,
        source=sources_of(block, "children_social_care", person),
        day=start,
        columns=fields | {name: every[name] for name in TEXTS},
        died=block.people.died[person],
        whole=np.zeros(size, dtype=np.bool_),
    )


def _record(kind: str, person: Ints, start: Ints, end: Ints, **said: Texts | str) -> Table:
    """Rows of one kind, what isn't said left blank; NEVER for an end that is open."""
    size = len(person)
    made: Table = {"person": person, "start": start, "end": end, "RECORD_TYPE": np.full(size, kind)}
    for name in (*TEXTS, "PRIMARY_NEED_TYPE"):
        value = said.get(name, "")
        made[name] = np.full(size, value) if isinstance(value, str) else value
    return made


def _of_kind(block: Block, least: int, most: int) -> Ints:
    """The children of those kinds of need whom the council still knew in the span."""
    life = block.life
    kind = (life.child_need >= least) & (life.child_need <= most)
    return np.flatnonzero(kind & (life.child_need_to > block.setting.span.start))


def _episodes_of_need(block: Block, rng: np.random.Generator, need: Texts) -> Table:
    """From referral to closure: of every child with a plan or looked after too, whom somebody referred some time before."""
    told, life = figures("children_social_care"), block.life
    who = _of_kind(block, NONE + 1, LOOKED_AFTER)
    first, end = life.child_need_from[who], life.child_need_to[who]
    earlier = np.where(life.child_need[who] >= PROTECTION_PLAN, rng.integers(told["before_plan"][0], told["before_plan"][1], len(who)), 0)
    joined = np.where(block.people.joined[who] >= block.setting.span.start, block.people.joined[who], 0)
    start = np.minimum(first, np.maximum(np.maximum(first - earlier, block.people.born[who]), joined))
    referrer, closure = (pick_named(rng, told[name], len(who)) for name in ("referrer", "closure"))
    return _record(
        "CIN",
        who,
        start,
        end,
        PRIMARY_NEED_CODE=need[who],
        REFERRAL_SOURCE=referrer,
        REASON_FOR_CLOSURE=np.where(end < NEVER, np.where(block.people.died[who] <= end, "RC2", closure), ""),
    )


def _protection_plans(block: Block, rng: np.random.Generator, need: Texts) -> Table:
    who = _of_kind(block, PROTECTION_PLAN, PROTECTION_PLAN)
    category = pick_named(rng, figures("children_social_care")["category"], len(who))
    first, end = block.life.child_need_from[who], block.life.child_need_to[who]
    return _record("CPP", who, first, end, PRIMARY_NEED_CODE=need[who], CATEGORY_OF_ABUSE=category)


def _looked_after(block: Block, rng: np.random.Generator, need: Texts) -> list[Table]:
    """Episodes of children looked after: two where the child was moved, the second from the day on which the first ends."""
    told, life, span = figures("children_social_care"), block.life, block.setting.span
    who = _of_kind(block, LOOKED_AFTER, LOOKED_AFTER)
    first, end = life.child_need_from[who], life.child_need_to[who]
    status = pick_named(rng, told["legal_status"], len(who))
    before, after = (pick_named(rng, told["placement"], len(who)) for _ in range(2))
    until = np.minimum(end, span.end)
    moved = (until - first > told["change_after"]) & (rng.random(len(who)) < told["change"])
    day = first + 30 + (rng.random(len(who)) * np.maximum(until - first - 60, 0)).astype(np.int64)
    said = {"PRIMARY_NEED_CODE": need[who], "LEGAL_STATUS": status}
    one = _record("CLA", who, first, np.where(moved, day, end), **said, REASON_FOR_NEW_EPISODE="S", PLACEMENT_TYPE=before)
    two = _record("CLA", who, day, end, **said, REASON_FOR_NEW_EPISODE="T", PLACEMENT_TYPE=after)
    return [take(one, one["end"] > span.start), take(two, moved)]


def _education_plans(block: Block, rng: np.random.Generator) -> Table:
    """Plans of education, health and care: from some age of childhood, or from moving in, for as long as the person is there."""
    told, people = figures("children_social_care"), block.people
    start, end = window(block.setting, people)
    who = np.flatnonzero((block.life.special_needs == PLAN) & ~people.outside & (end > start))
    least, most = told["plan_from"]
    ages = people.age_on(who, end[who] - 1)
    at = np.minimum(rng.uniform(least, most, len(who)), ages * 0.95)
    begun = people.born[who] + (at * YEAR).astype(np.int64)
    arrived = np.where(people.joined[who] >= block.setting.span.start, people.joined[who], 0)
    begun = np.minimum(np.maximum(begun, arrived), end[who] - 1)
    need = np.where(block.life.autism[who], "ASD", pick_named(rng, told["primary_need"], len(who)))
    return _record("EHCP", who, begun, np.where(end[who] < block.setting.span.end, end[who], NEVER), PRIMARY_NEED_TYPE=need)


def _ethnic(block: Block, person: Ints) -> Texts:
    """The ethnic group in the codes of the Department for Education."""
    told = figures("children_social_care")["ethnic"]
    code, group = np.array(list(told)), np.array(list(told.values()))
    order = np.argsort(code)
    found: Texts = group[order[np.searchsorted(code[order], ethnic_category(block, "children_social_care", person))]]
    return found


def _provider(block: Block, every: Table) -> Texts:
    """An invented home or agency for a looked-after child; blank for the others."""
    number = 1 + (every["person"] * 31 + block.number) % 45
    return np.where(every["PLACEMENT_TYPE"] == "", "", np.char.add("SCINV", padded(number, 3)))


def _pence(rng: np.random.Generator, placement: Texts) -> Ints:
    """What a week of a placement costs; MISSING for what has none."""
    told = figures("children_social_care")
    code, pounds = np.array(list(told["pounds"])), np.array(list(told["pounds"].values()), dtype=float)
    order = np.argsort(code)
    placed: Bools = placement != ""
    at = order[np.minimum(np.searchsorted(code[order], placement), len(code) - 1)]
    luck = np.exp(told["spread"] * rng.standard_normal(len(at)))
    blank = ~placed | (rng.random(len(at)) < told["cost_missing"])
    return np.where(blank, MISSING, np.rint(pounds[at] * luck * 100)).astype(np.int64)
