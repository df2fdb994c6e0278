"""Rows of ambulance incidents: those that end at an emergency department, and those in which nobody is taken there."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.attendances import MINUTES_A_DAY
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Floats, Ints, Table, Texts, pick, pick_by_row, pick_named, stack, take
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.rows import MISSING, Rows, clock, hospital_codes, patient, provider_codes, record_numbers, sources_of
from joinedup.sources.synthetic.seasons import season
from joinedup.sources.synthetic.streams import stream

RECORD = 33
"""The leading digits of the numbers of incidents."""
TO_DEPARTMENT, ELSEWHERE, SEEN, HEARD = "SCED", "SCEL", "ST", "HT"
NONE = -1


def rows(block: Block) -> Rows:
    """The incidents of everyone in a block."""
    held = _incidents(block)
    person, day = held["person"], held["called"] // MINUTES_A_DAY
    source = sources_of(block, "ambulance", person)
    _, site = hospital_codes(block, held["hospital"])
    taken = np.isin(held["outcome"], (TO_DEPARTMENT, ELSEWHERE))
    rng = stream(block.setting.seed, "calls for ambulances", block.number)
    professional = np.char.startswith(held["category"], "HCP")
    fields = patient(block, "ambulance", person, day, "LSOA_2011") | {
        "CALL_NUMBER": record_numbers(block, RECORD, len(person)).astype("U13"),
        "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER": provider_codes(block, source),
        "CALL_DATE": dates_of(held["called"]),
        "CALL_TIME": clock(held["called"]),
        "CALL_SOURCE": np.where(professional, "HCP", pick_named(rng, figures("ambulance")["source_of_call"], len(person))),
        "RESPONSE_CATEGORY": held["category"],
        "CHIEF_COMPLAINT": held["complaint"],
        "RESPONSE_OUTCOME": held["outcome"],
        "DESTINATION_SITE": np.where(taken, site, ""),
    }
    return Rows(
        contract="ambulance",
        person=person,
        source=source,
        day=day,
        columns=fields | _times(rng, held),
        died=block.people.died[person],
        whole=held["outcome"] != TO_DEPARTMENT,
    )


def dates_of(minutes: Ints) -> np.ndarray:
    """The days of moments that are there."""
    found: np.ndarray = (minutes // MINUTES_A_DAY).astype("datetime64[D]")
    return found


def _incidents(block: Block) -> Table:
    """Every incident in order of person and time; moments are minutes since 1970."""
    rng = stream(block.setting.seed, "ambulance incidents", block.number)
    every = stack([_to_departments(block, rng), _others(block, rng)])
    start, end = window(block.setting, block.people)
    day = every["called"] // MINUTES_A_DAY
    kept = take(every, (day >= start[every["person"]]) & (day <= end[every["person"]]) & (day < block.setting.span.end))
    return take(kept, np.lexsort((kept["called"], kept["person"])))


def _to_departments(block: Block, rng: np.random.Generator) -> Table:
    """The incidents of those who came to a department by ambulance; the call was before."""
    told, held = figures("ambulance"), block.attendances
    at = np.flatnonzero(held.mode == figures("attendances")["arrival"]["ambulance"])
    listed = columns("ambulance", "category")
    category = listed["category"][pick_by_row(rng, listed["by_acuity"].T[held.acuity[at]])]
    found = {
        "person": held.person[at],
        "category": category,
        "outcome": np.full(len(at), TO_DEPARTMENT),
        "hospital": block.attendance_hospitals[at],
        "complaint": held.complaint[at],
        "response": _response(rng, category),
        "at_scene": _minutes(rng, told["at_scene"], len(at)),
        "journey": _minutes(rng, told["journey"], len(at)),
    }
    taken = -(-found["response"] // 60) + found["at_scene"] + found["journey"]
    return found | {"called": held.arrived[at] - taken}


def _others(block: Block, rng: np.random.Generator) -> Table:
    """The incidents in which nobody was taken to a department: so many for each in which somebody was."""
    told, setting, people = figures("ambulance"), block.setting, block.people
    taken = int((block.attendances.mode == figures("attendances")["arrival"]["ambulance"]).sum())
    shares = {name: share for name, share in told["outcome"].items() if name != TO_DEPARTMENT}
    start, end = window(setting, people)
    calendar = season(setting.span, told)
    often = points(told["age"], people.ages((start + end) // 2)) * np.array(told["fifth"])[setting.areas.fifth[people.area]]
    often = often * np.exp(0.5 * people.frailty) * calendar.years(start, end)
    size = rng.poisson(taken * sum(shares.values()) / told["outcome"][TO_DEPARTMENT]) if often.any() else 0
    who = pick(rng, often, size) if size else np.zeros(0, dtype=np.int64)
    outcome = pick_named(rng, shares, size)
    category = _category(rng, outcome)
    minute = pick(rng, np.array(figures("attendances")["hour"], dtype=float), size) * 60 + rng.integers(0, 60, size)
    complaints = columns("attendances", "complaints")["complaint"]
    return {
        "person": who,
        "category": category,
        "outcome": outcome,
        "hospital": setting.hospitals.pick(rng.random(size), "ecds", setting.near(people.area[who])),
        "complaint": complaints[rng.integers(0, len(complaints), size)],
        "response": np.where(outcome == HEARD, NONE, _response(rng, category)),
        "at_scene": _minutes(rng, told["at_scene"], size),
        "journey": _minutes(rng, told["journey"], size),
        "called": calendar.days(rng, start[who], end[who]) * MINUTES_A_DAY + minute,
    }


def _category(rng: np.random.Generator, outcome: Texts) -> Texts:
    listed = columns("ambulance", "category")
    found = np.full(len(outcome), "", dtype="U4")
    for name in (SEEN, HEARD, ELSEWHERE):
        here = outcome == name
        found[here] = listed["category"][pick(rng, listed[name].astype(float), int(here.sum()))]
    return found


def _response(rng: np.random.Generator, category: Texts) -> Ints:
    """Seconds from the clock's start to arrival, with the mean of each category."""
    told = figures("ambulance")
    mean, spread = (
        np.select([category == name for name in told["response"]], [each[at] for each in told["response"].values()], 0.0) for at in (0, 1)
    )
    minutes = mean * np.exp(spread * rng.standard_normal(len(category)) - spread**2 / 2)
    found: Ints = np.rint(np.minimum(minutes, told["longest"]) * 60).astype(np.int64)
    return found


def _minutes(rng: np.random.Generator, told: list[float], size: int) -> Ints:
    middle, spread = told
    found: Floats = np.ceil(middle * np.exp(spread * rng.standard_normal(size)))
    return found.astype(np.int64)


def _times(rng: np.random.Generator, held: Table) -> Table:
    """The times of one response after the other; blank where there was none."""
    told = figures("ambulance")
    seen = held["outcome"] != HEARD
    taken = np.isin(held["outcome"], (TO_DEPARTMENT, ELSEWHERE))
    mean, spread = told["handover"]
    handover = _minutes(rng, [mean * np.exp(-(spread**2) / 2), spread], len(seen))
    arrived = held["called"] - (-held["response"] // 60)
    left = arrived + held["at_scene"]
    there = left + held["journey"]
    handed = there + handover
    clear = np.where(taken, handed, left) + _minutes(rng, told["to_clear"], len(seen))
    allocated = held["called"] + np.maximum(held["response"], 0) // 120
    moments = {"ALLOCATED": (allocated, seen), "AT_SCENE": (arrived, seen), "LEFT_SCENE": (left, taken), "AT_DESTINATION": (there, taken)}
    moments |= {"HANDOVER": (handed, taken), "CLEAR": (clear, seen)}
    found: Table = {f"{name}_TIME": np.where(mask, clock(minutes), "") for name, (minutes, mask) in moments.items()}
    return found | {"RESPONSE_SECONDS": np.where(seen, held["response"], MISSING), "HANDOVER_MINUTES": np.where(taken, handover, MISSING)}
