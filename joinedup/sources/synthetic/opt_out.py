"""Rows of opt-outs and objections: one per person, kind and time in which it holds."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Floats, Ints
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.primary_care import fifth_of, patients, practice_of
from joinedup.sources.synthetic.rows import Rows, identity, sources_of
from joinedup.sources.synthetic.seasons import NEVER, dates, day_number
from joinedup.sources.synthetic.streams import stream


def rows(block: Block) -> Rows:
    """The objections of everyone who was registered in the place in the span, as known at its end."""
    rng = stream(block.setting.seed, "objections", block.number)
    told, (start, end) = columns("opt_out", "kinds"), patients(block)
    objects = _objects(rng, block)
    person, kind = np.nonzero(objects & (start < end)[:, None])
    made = _made(rng, block, person, kind)
    known = made < end[person]
    person, kind, made = person[known], kind[known], made[known]
    ended = _withdrawn(rng, block, kind, made)
    practice = practice_of(block, person, made)
    fields = identity(block, "opt_out", person, made) | {
        "OPT_OUT_KIND": told["kind"][kind],
        "OPT_OUT_FROM": dates(made),
        "OPT_OUT_TO": dates(ended),
        "PRACTICE_CODE": block.setting.practices.code[practice],
    }
    return Rows(
        contract="opt_out",
        person=person,
        source=sources_of(block, "opt_out", practice),
        day=np.full(len(person), block.setting.span.start),
        columns=fields,
        died=block.people.died[person],
        whole=ended < NEVER,
    )


def _objects(rng: np.random.Generator, block: Block) -> np.ndarray:
    """Who makes which kind (people by kinds): likelier in better-off areas and in middle age, and who makes one makes others."""
    told, size = figures("opt_out"), len(block.people.sex)
    share = np.array(columns("opt_out", "kinds")["share"], dtype=float)
    factor = np.array(told["fifth"])[fifth_of(block)] * points(told["age"], block.people.ages(block.setting.span.end))
    common = rng.standard_normal(size)[:, None] * np.sqrt(told["together"])
    own = rng.standard_normal((size, len(share))) * np.sqrt(1 - told["together"])
    found: np.ndarray = _rank(common + own) < share * factor[:, None]
    return found


def _rank(normal: Floats) -> Floats:
    """The share of people whose value is larger, by column: even between 0 and 1."""
    order = np.argsort(-normal, axis=0)
    found = np.empty_like(normal)
    np.put_along_axis(found, order, (np.arange(len(normal)) + 0.5)[:, None] / max(len(normal), 1) * np.ones_like(normal), axis=0)
    return found


def _made(rng: np.random.Generator, block: Block, person: Ints, kind: Ints) -> Ints:
    """The day on which each was made: many in the summer of 2021, none before there were any or before birth."""
    told, plan, last = figures("opt_out"), columns("opt_out", "kinds"), block.setting.span.end
    first = np.maximum(np.array([day_number(day) for day in plan["first"]])[kind], block.people.born[person] + 1)
    wave = [day_number(day) for day in told["wave"]]
    in_wave = (rng.random(len(person)) < plan["usual"][kind]) & (first <= wave[0])
    any_day = first + (rng.random(len(person)) * np.maximum(last - first, 1)).astype(np.int64)
    return np.where(in_wave, rng.integers(wave[0], wave[1] + 1, len(person)), any_day)


def _withdrawn(rng: np.random.Generator, block: Block, kind: Ints, made: Ints) -> Ints:
    """The first day on which it no longer holds; NEVER for nearly all."""
    back = rng.random(len(made)) < columns("opt_out", "kinds")["withdrawn"][kind]
    day = made + 1 + (rng.random(len(made)) * (block.setting.span.end - made)).astype(np.int64)
    return np.where(back & (day < block.setting.span.end), day, NEVER)
