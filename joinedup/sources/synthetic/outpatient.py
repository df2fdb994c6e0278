"""Rows of outpatients: one per appointment, kept or not, with those of long-running clinics."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, pick_named, stack, take
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.happenings import happen_as, window
from joinedup.sources.synthetic.pathways import ROUTINE, clinic_day, visits_a_year
from joinedup.sources.synthetic.rows import (
    MISSING,
    Rows,
    area_on,
    ethnic_category,
    hospital_codes,
    identity,
    local_number,
    practice_on,
    record_numbers,
)
from joinedup.sources.synthetic.seasons import NEVER, dates, season
from joinedup.sources.synthetic.streams import stream

NONE = -1
"""Of a pathway: the appointment belongs to none that is known."""
KEPT, KEPT_LATE, NOT_ATTENDED = "5", "6", "3"
GENERAL_PRACTITIONER = "03"
RECORD, PATHWAY = 31, 32
"""The leading digits of record numbers."""


def rows(block: Block) -> Rows:
    """The appointments of everyone in a block."""
    held = _appointments(block)
    person, day, hospital = held["person"], held["day"], held["hospital"]
    code, site = hospital_codes(block, hospital)
    rng = stream(block.setting.seed, "sources of appointments", block.number)
    fields = identity(block, "outpatient", person, day) | {
        "LOCAL_PATIENT_IDENTIFIER": local_number(block, person, hospital),
        "ATTENDKEY": record_numbers(block, RECORD, len(person)).astype("U13"),
        "SEX": block.people.sex[person].astype("U1"),
        "ETHNOS": ethnic_category(block, "outpatient", person),
        "GPPRAC": practice_on(block, "outpatient", person, day),
        "LSOA11": area_on(block, person, day),
        "PROCODE3": code.astype("U3"),
        "PROCODET": code,
        "SITETRET": site,
        "APPTDATE": dates(day),
        "MAINSPEF": held["function"],
        "TRETSPEF": held["function"],
    }
    fields |= _referral(block, held, code) | _care(block, held)
    return Rows(
        contract="outpatient",
        person=person,
        source=block.setting.hospitals.source(rng, "outpatient", hospital),
        day=day,
        columns=fields,
        died=block.people.died[person],
        whole=held["pathway"] == NONE,
    )


def pathway_numbers(block: Block) -> Texts:
    """The number of each pathway of a block."""
    return record_numbers(block, PATHWAY, len(block.pathways.person)).astype("U13")


def referring_organisation(block: Block, person: Ints, day: Ints, source: Texts, provider: Texts) -> Texts:
    """Who referred each person: their practice, or the hospital itself; nothing where it is somebody else."""
    practice = block.setting.practices.code[block.stays.practice[block.stays.on(person, day)]]
    inside = np.isin(source, ("05", "10"))
    return np.where(source == GENERAL_PRACTITIONER, practice, np.where(inside, provider, ""))


def _appointments(block: Block) -> Table:
    """Every appointment in the span, kept and not."""
    rng = stream(block.setting.seed, "appointments", block.number)
    kept = stack([_of_pathways(block, rng), _of_clinics(block, rng)])
    kept["attended"] = np.where(rng.random(len(kept["day"])) < figures("pathways")["late"], KEPT_LATE, KEPT)
    start, end = window(block.setting, block.people)
    every = stack([kept, *_unkept(block, rng, kept, start, end)])
    there = (every["day"] >= start[every["person"]]) & (every["day"] < end[every["person"]])
    every = take(every, there)
    return take(every, np.lexsort((every["day"], every["person"])))


def _of_pathways(block: Block, rng: np.random.Generator) -> Table:
    """The first appointment of each pathway and those that follow it."""
    told, paths = figures("pathways")["follow_ups"], block.pathways
    seen = np.flatnonzero(paths.first < NEVER)
    count = np.minimum(rng.poisson(told["mean"], len(seen)), told["most"])
    least, mean = told["gap"]
    later = np.cumsum(least + rng.exponential(mean, (len(seen), told["most"])).astype(np.int64), axis=1)
    days = np.concatenate([paths.first[seen][:, None], clinic_day(rng, paths.first[seen][:, None] + later)], axis=1)
    order = np.broadcast_to(np.arange(days.shape[1]), days.shape)
    wanted = order <= count[:, None]
    pathway = np.broadcast_to(seen[:, None], days.shape)[wanted]
    return {
        "person": paths.person[pathway],
        "day": days[wanted],
        "function": paths.function[pathway],
        "hospital": paths.hospital[pathway],
        "pathway": pathway,
        "first": order[wanted] == 0,
    }


def _of_clinics(block: Block, rng: np.random.Generator) -> Table:
    """Visits to long-running clinics."""
    told, setting, people = figures("pathways")["referral"], block.setting, block.people
    calendar = season(setting.span, told)
    start, end = window(setting, people)
    parts = []
    for function, often in visits_a_year(people, people.ages((start + end) // 2)).items():
        who, day = happen_as(rng, setting, people, often, calendar)
        parts.append({"person": who, "day": clinic_day(rng, day), "function": np.full(len(who), function)})
    found = stack(parts)
    size = len(found["person"])
    luck, near = rng.random(len(people.sex))[found["person"]], setting.near(people.area[found["person"]])
    own = setting.hospitals.pick(luck, "outpatient", near, found["function"])
    return found | {"hospital": own, "pathway": np.full(size, NONE), "first": np.zeros(size, dtype=np.bool_)}


def _unkept(block: Block, rng: np.random.Generator, kept: Table, start: Ints, end: Ints) -> list[Table]:
    """Attempts before appointments that were kept: missed, or called off by one side; never before the referral.

    An attempt from before a person's days, at a long-running clinic or a first appointment, stands at their end, for one whose kept
    appointment comes after it and isn't here: else the last months would have fewer than all others.
    """
    told, paths = figures("pathways")["unkept"], block.pathways
    least, most = told["days"]
    odds = np.array(told["odds_by_fifth"])[block.setting.areas.fifth[block.people.area[kept["person"]]]]
    referred = np.where(kept["pathway"] == NONE, -NEVER, paths.referred[kept["pathway"]] if len(paths.person) else -NEVER)
    found = []
    for code in (NOT_ATTENDED, "2", "4"):
        share = told[code] * (odds if code == NOT_ATTENDED else 1.0)
        at = np.flatnonzero(rng.random(len(kept["day"])) < share)
        day = clinic_day(rng, kept["day"][at] - rng.integers(least, most, len(at)))
        person, alone = kept["person"][at], kept["first"][at] | (kept["pathway"][at] == NONE)
        around = alone & (day < start[person]) & (kept["day"][at] >= start[person])
        good = day > referred[at]
        day += np.where(around, (end - start)[person], 0)
        found.append(take(kept, at[good]) | {"day": day[good], "attended": np.full(int(good.sum()), code)})
    return found


def _referral(block: Block, held: Table, provider: Texts) -> Table:
    """Who referred and when, of the appointments whose pathway is known."""
    paths, pathway = block.pathways, held["pathway"]
    known = pathway != NONE
    if not len(paths.person):
        blank = np.full(len(pathway), "")
        return dict.fromkeys(("PATIENT_PATHWAY_IDENTIFIER", "REFSOURC", "REFERORG", "PRIORITY"), blank)
    source = np.where(known, paths.source[pathway], "")
    referred = np.where(known, paths.referred[pathway], NEVER)
    by_whom = referring_organisation(block, held["person"], np.where(known, referred, held["day"]), source, provider)
    return {
        "PATIENT_PATHWAY_IDENTIFIER": np.where(known, pathway_numbers(block)[pathway], ""),
        "REFSOURC": source,
        "REFERORG": by_whom,
        "REQDATE": dates(referred),
        "PRIORITY": np.where(known, paths.priority[pathway], ROUTINE),
        "WAITING": np.where(held["first"] & known, held["day"] - referred, MISSING),
    }


def _care(block: Block, held: Table) -> Table:
    """What was done: nothing where nobody came."""
    told, rows_of = figures("pathways"), columns("pathways", "functions")
    rng = stream(block.setting.seed, "outpatient care", block.number)
    size = len(held["day"])
    kept = np.isin(held["attended"], (KEPT, KEPT_LATE))
    at = _positions(rows_of["function"], held["function"])
    known = at >= 0
    with_procedure = kept & known & (rng.random(size) < np.where(known, rows_of["procedure_share"][at], 0.0))
    far = ~with_procedure & (rng.random(size) < told["not_face_to_face"])
    attendance = np.where(held["first"], "1", "2")
    group = np.where(held["first"], np.where(far, "WF01D", "WF01B"), np.where(far, "WF01C", "WF01A"))
    coded = kept & known & (rng.random(size) < told["coded"])
    follows = pick_named(rng, {"1": 0.28, "2": 0.52, "3": 0.2}, size)
    return {
        "FIRSTATT": np.where(far, np.where(held["first"], "3", "4"), attendance),
        "ATTENDED": held["attended"],
        "OUTCOME": np.where(kept, follows, np.where(held["attended"] == "2", "3", "2")),
        "DNADATE": dates(np.where(np.isin(held["attended"], (NOT_ATTENDED, "2")), held["day"], NEVER)),
        "SERVTYPE": np.where(with_procedure, "2", "1"),
        "DIAG_01": np.where(coded, rows_of["diagnosis"][at], np.where(kept, "R69X", "")),
        "OPERSTAT": np.where(with_procedure, "1", "8"),
        "OPERTN_01": np.where(with_procedure, rows_of["procedure"][at], ""),
        "SUSHRG": np.where(kept, np.where(with_procedure, rows_of["group"][at], group), ""),
        "FINAL_PRICE": _pence(block, held, kept, with_procedure, far),
    }


def _positions(names: Texts, of: Texts) -> Ints:
    """Where each of some names stands among all; -1 where it doesn't."""
    order = np.argsort(names)
    found = order[np.minimum(np.searchsorted(names[order], of), len(names) - 1)]
    return np.where(names[found] == of, found, -1)


def _pence(block: Block, held: Table, kept: Bools, with_procedure: Bools, far: Bools) -> Ints:
    """What each appointment costs the commissioner; MISSING where nobody came, and for some."""
    told = figures("pathways")["price"]
    rng = stream(block.setting.seed, "prices of appointments", block.number)
    usual: Floats = np.where(held["first"], told["first"], told["follow_up"]) * np.where(far, told["at_a_distance"], 1.0)
    pounds = np.where(with_procedure, told["procedure"], usual)
    noise = np.exp(told["spread"] * rng.standard_normal(len(pounds)) - told["spread"] ** 2 / 2)
    missing = ~kept | (rng.random(len(pounds)) < told["missing"])
    return np.where(missing, MISSING, np.rint(pounds * noise * 100)).astype(np.int64)
