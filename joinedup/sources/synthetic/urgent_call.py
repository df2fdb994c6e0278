"""Rows of urgent calls and out-of-hours contacts: those before an attendance at an emergency department, and the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic.attendances import MINUTES_A_DAY
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Ints, Table, Texts, band, pick, pick_by_row, pick_named
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.primary_care import calendar_of, events, middle_ages, patients, rate
from joinedup.sources.synthetic.rows import (
    Rows,
    area_on,
    clock,
    ethnic_category,
    identity,
    practice_on,
    provider_codes,
    record_numbers,
    sources_of,
)
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.streams import stream

AMBULANCE, DEPARTMENT, NEITHER = "ambulance", "department", "neither"


@dataclass(frozen=True, slots=True)
class Calls:
    """One entry per call: who, when (minutes since 1970), where it led, and whether it came before an attendance."""

    person: Ints
    called: Ints
    to: Texts
    before: Ints
    """The attendance that followed; -1 for none."""


def rows(block: Block) -> Rows:
    """The calls of everyone in a block."""
    people = block.people
    rng = stream(block.setting.seed, "urgent calls", block.number)
    held = _by_time(_together(_before_attendances(rng, block), _others(rng, block)))
    person, day = held.person, held.called // MINUTES_A_DAY
    source = sources_of(block, "urgent_call", person)
    fields = identity(block, "urgent_call", person, day) | {
        "CASE_REF": record_numbers(block, 14, len(person)).astype("U13"),
        "PROVIDER_CODE": provider_codes(block, source),
        "GP_SURGERY_ID": practice_on(block, "urgent_call", person, day),
        "SEX": people.sex[person].astype("U1"),
        "ETHNIC_CATEGORY": ethnic_category(block, "urgent_call", person),
        "LSOA": area_on(block, person, day),
    }
    fields |= _times(rng, block, held) | _triage(rng, block, held)
    return Rows(
        contract="urgent_call",
        person=person,
        source=source,
        day=day,
        columns=fields,
        died=people.died[person],
        whole=held.before < 0,
    )


def _before_attendances(rng: np.random.Generator, block: Block) -> Calls:
    """The calls from which people came to an emergency department, by ambulance or not; never before birth or joining."""
    told, held = figures("urgent_call"), block.attendances
    by_ambulance = held.mode == figures("attendances")["arrival"]["ambulance"]
    share = np.where(by_ambulance, told["called_before"]["ambulance"], told["called_before"]["other"])
    called = held.arrived - rng.integers(told["minutes_before"][0], told["minutes_before"][1], len(held.person))
    start = _first_days(block)
    at = np.flatnonzero((rng.random(len(share)) < share) & (called >= start[held.person] * MINUTES_A_DAY))
    return Calls(held.person[at], called[at], np.where(by_ambulance, AMBULANCE, DEPARTMENT)[at], at)


def _first_days(block: Block) -> Ints:
    """The first day from which each person can be seen, whether or not registered in the place."""
    people = block.people
    joined = np.where(people.outside, people.born, people.joined)
    found: Ints = np.maximum(block.setting.span.start, np.maximum(joined, people.born) + 1)
    return found


def _others(rng: np.random.Generator, block: Block) -> Calls:
    """The calls after which nobody attended an emergency department."""
    told, people = figures("urgent_call"), block.people
    burden = np.exp(0.4 * people.frailty - 0.4**2 / 2) * (1 + 0.3 * block.life.anxiety) * (1 + 2.0 * (block.life.palliative_from < NEVER))
    per_year = rate(block, told["rate"], middle_ages(block)) * burden
    person, day = events(rng, calendar_of(block, told["rate"]), *patients(block), per_year)
    minute = pick(rng, np.array(told["hour"]), len(day)) * 60 + rng.integers(0, 60, len(day))
    shares = told["unheeded"] | {NEITHER: 1 - sum(told["unheeded"].values())}
    return Calls(person, day * MINUTES_A_DAY + minute, pick_named(rng, shares, len(day)), np.full(len(day), -1))


def _together(*parts: Calls) -> Calls:
    return Calls(*(np.concatenate([getattr(part, name) for part in parts]) for name in Calls.__slots__))


def _by_time(held: Calls) -> Calls:
    order = np.lexsort((held.person, held.called))
    return Calls(*(getattr(held, name)[order] for name in Calls.__slots__))


def _times(rng: np.random.Generator, block: Block, held: Calls) -> Table:
    """Call and close, within the span and, where an attendance followed, before it; nobody's case outlives the day of death."""
    median, spread = figures("urgent_call")["minutes"]
    lasts = np.clip(median * np.exp(spread * rng.standard_normal(len(held.called))), 3, 300).astype(np.int64)
    latest = np.minimum(block.setting.span.end, block.people.died[held.person] + 1) * MINUTES_A_DAY - 1
    arrived = np.append(block.attendances.arrived, NEVER * MINUTES_A_DAY)[held.before]
    closed = np.maximum(held.called, np.minimum(held.called + lasts, np.minimum(latest, arrived)))
    return {
        "CALL_DATE": dates(held.called // MINUTES_A_DAY),
        "CALL_TIME": clock(held.called),
        "CALL_END_DATE": dates(closed // MINUTES_A_DAY),
        "CALL_END_TIME": clock(closed),
    }


def _triage(rng: np.random.Generator, block: Block, held: Calls) -> Table:
    """What kind of contact, who called, why, and the disposition."""
    told, size = figures("urgent_call"), len(held.person)
    plan, symptoms = columns("urgent_call", "dispositions"), columns("urgent_call", "symptoms")
    ages = block.people.age_on(held.person, held.called // MINUTES_A_DAY)
    group = pick_by_row(rng, np.stack([symptoms["child"], symptoms["adult"], symptoms["old"]])[band(ages, (15, 65))])
    drawn = pick_by_row(rng, np.where(held.to[:, None] == plan["to"][None, :], plan["share"][None, :], 0.0))
    return {
        "CASE_TYPE": np.where(held.to == NEITHER, pick_named(rng, told["case_type"], size), "111 CALL"),
        "FIRST_PARTY_CALLER": np.where(rng.random(size) < points(told["first_party"], ages), "Y", "N"),
        "HIGHEST_SKILLSET": pick_named(rng, told["skills"], size),
        "FINAL_SYMPTOM_GROUP": symptoms["group"][group],
        "FINAL_DX_CODE": plan["code"][drawn],
        "FINAL_DX_DESCRIPTION": plan["description"][drawn],
        "NHS_ENGLAND_MDS_FINAL_DX_GROUP": plan["group"][drawn],
    }
