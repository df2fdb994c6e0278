"""Rows of admitted patient care: one per consultant episode; a spell's price stands on its first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic import causes
from joinedup.sources.synthetic.admissions import BIRTH, DAY_CASE, DELIVERY, EMERGENCY, PLANNED, REGULAR
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, pick_named
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.rows import (
    MISSING,
    Rows,
    area_on,
    ethnic_category,
    hospital_codes,
    identity,
    local_number,
    padded,
    practice_on,
    record_numbers,
)
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.spells import Spells
from joinedup.sources.synthetic.streams import stream

DIAGNOSES = 20
WITH_TWO = 0.85  # of spells with several episodes; the others have three


@dataclass(frozen=True, slots=True)
class Episodes:
    """One entry per episode, in the order of spells."""

    spell: Ints
    order: Ints
    """From 1."""
    start: Ints
    end: Ints
    """NEVER while it goes on."""
    last: Bools


def rows(block: Block) -> Rows:
    """The episodes of everyone in a block."""
    spells, hospital = block.spells, block.spell_hospitals
    episodes = _episodes(block, spells)
    at = episodes.spell
    person, day = spells.person[at], spells.day[at]
    code, site = hospital_codes(block, hospital[at])
    rng = stream(block.setting.seed, "sources of spells", block.number)
    fields = identity(block, "apc", person, day) | {
        "LOCAL_PATIENT_IDENTIFIER": local_number(block, person, hospital[at]),
        "MYDOB": _month_and_year(block.people.born[person]),
        "EPIKEY": record_numbers(block, 5, len(at)).astype("U12"),
        "SUSSPELLID": record_numbers(block, 7, len(spells.person)).astype("U12")[at],
        "SEX": block.people.sex[person].astype("U1"),
        "ETHNOS": ethnic_category(block, "apc", person),
        "GPPRAC": practice_on(block, "apc", person, day),
        "LSOA11": area_on(block, person, day),
        "PROCODE3": code.astype("U3"),
        "PROCODET": code,
        "SITETRET": site,
    }
    fields |= _admission(block, spells, at) | _discharge(block, spells, at) | _episode(spells, episodes) | _clinical(block, spells, at)
    fields["FINAL_PRICE"] = np.where(episodes.order == 1, _pence(block, spells)[at], MISSING)
    return Rows(
        contract="apc",
        person=person,
        source=block.setting.hospitals.source(rng, "apc", hospital)[at],
        day=day,
        columns=fields,
        died=block.people.died[person],
        whole=(episodes.order == 1) & episodes.last & (spells.out[at] < NEVER) & ~spells.died[at],
    )


def _episodes(block: Block, spells: Spells) -> Episodes:
    """One episode for most spells, two or three for some that last; each begins on the day that the one before ends."""
    rng = stream(block.setting.seed, "episodes", block.number)
    until = np.minimum(spells.out, block.setting.span.end - 1)
    nights = until - spells.day
    several = (spells.kind == EMERGENCY) & (nights > 0) & (rng.random(len(nights)) < figures("rates")["episodes"]["several"])
    count = np.where(several, 2 + (rng.random(len(nights)) > WITH_TWO), 1)
    cuts = np.sort((rng.random((len(nights), 2)) * (nights[:, None] + 1)).astype(np.int64), axis=1)
    spell = np.repeat(np.arange(len(count)), count)
    order = np.arange(len(spell)) - np.repeat(np.cumsum(count) - count, count) + 1
    edges = np.concatenate([np.zeros((len(nights), 1), dtype=np.int64), cuts, nights[:, None]], axis=1)
    last = order == count[spell]
    start = edges[spell, order - 1]
    end = np.where(last, nights[spell], edges[spell, order])
    going_on = last & (spells.out[spell] >= NEVER)
    day = spells.day[spell]
    return Episodes(spell=spell, order=order, start=day + start, end=np.where(going_on, NEVER, day + end), last=last)


def _month_and_year(days: Ints) -> Texts:
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.char.add(padded(months % 12 + 1, 2), padded(months // 12 + 1970, 4))


def _admission(block: Block, spells: Spells, at: Ints) -> Table:
    home = np.where(block.people.care_home[spells.person], "56", "19")
    source = np.where(spells.kind == BIRTH, "79", np.where(spells.method == "2B", "51", home))
    kinds = {EMERGENCY: "1", PLANNED: "1", DAY_CASE: "2", REGULAR: "3", DELIVERY: "1", BIRTH: "1"}
    return {
        "ADMIDATE": dates(spells.day)[at],
        "ADMIMETH": spells.method[at],
        "ADMISORC": source[at],
        "CLASSPAT": np.array([kinds[kind] for kind in sorted(kinds)])[spells.kind][at],
        "MAINSPEF": spells.function[at],
        "TRETSPEF": spells.function[at],
    }


def _discharge(block: Block, spells: Spells, at: Ints) -> Table:
    rng = stream(block.setting.seed, "discharge destinations", block.number)
    size = len(spells.person)
    home = np.where(block.people.care_home[spells.person], "56", "19")
    drawn = pick_named(rng, {"": 0.95, "51": 0.03, "55": 0.02}, size)
    going_on = spells.out >= NEVER
    nights = np.where(going_on, MISSING, spells.out - spells.day)
    destination = np.where((drawn == "") | (spells.kind != EMERGENCY) | (nights < 3), home, drawn)
    against_advice = (rng.random(size) < 0.02) & (spells.kind == EMERGENCY)
    return {
        "DISDATE": dates(spells.out)[at],
        "DISREADYDATE": dates(spells.ready)[at],
        "DISDEST": np.where(going_on, "98", np.where(spells.died, "79", destination))[at],
        "DISMETH": np.where(going_on, "8", np.where(spells.died, "4", np.where(against_advice, "6", "1")))[at],
    }


def _episode(spells: Spells, episodes: Episodes) -> Table:
    going_on = episodes.end >= NEVER
    types = {EMERGENCY: "1", PLANNED: "1", DAY_CASE: "1", REGULAR: "1", DELIVERY: "2", BIRTH: "3"}
    at = episodes.spell
    finished = episodes.last & (spells.out[at] < NEVER)
    return {
        "EPISTART": dates(episodes.start),
        "EPIEND": dates(episodes.end),
        "EPIORDER": episodes.order,
        "EPIDUR": np.where(going_on, MISSING, episodes.end - episodes.start),
        "EPISTAT": np.where(going_on, "1", "3"),
        "EPITYPE": np.array([types[kind] for kind in sorted(types)])[spells.kind][at],
        "SPELBGIN": np.where(episodes.order == 1, "2", "0"),
        "SPELEND": np.where(finished, "Y", "N"),
        "SPELDUR": np.where(finished, spells.out[at] - spells.day[at], MISSING),
    }


def _clinical(block: Block, spells: Spells, at: Ints) -> Table:
    """Diagnoses, the external cause among them as well as apart, and the operation."""
    rng = stream(block.setting.seed, "secondary diagnoses", block.number)
    having = block.people.conditions[spells.person] & (spells.kind != BIRTH)[:, None]
    further = causes.secondary(rng, len(spells.person), having)
    written = stream(block.setting.seed, "depth of coding", block.number).random(further.shape)
    further = np.where(written < block.setting.hospitals.ways.coded[spells.hospital][:, None], further, "")
    delivered = np.where(spells.kind == DELIVERY, "Z370", "")
    every = np.concatenate([spells.cause[:, None], delivered[:, None], spells.outside_cause[:, None], further], axis=1)
    every[:, 3:] = np.where(every[:, 3:] == every[:, :1], "", every[:, 3:])
    left_first = np.argsort(every == "", axis=1, kind="stable")
    codes = np.take_along_axis(every, left_first, axis=1)[at]
    found: Table = {f"DIAG_{place + 1:02d}": codes[:, place] for place in range(min(DIAGNOSES, codes.shape[1]))}
    return found | {"CAUSE": spells.outside_cause[at], "OPERTN_01": spells.procedure[at]}


def _pence(block: Block, spells: Spells) -> Ints:
    """What each spell costs the commissioner; MISSING while it goes on, and for some."""
    told = figures("rates")["price"]
    rng = stream(block.setting.seed, "prices of spells", block.number)
    nights = (np.minimum(spells.out, block.setting.span.end) - spells.day).astype(float)
    brief = (spells.kind == EMERGENCY) & (nights < 2)
    pounds: Floats = np.select(
        [brief, spells.kind == EMERGENCY, spells.kind == PLANNED, spells.kind == DAY_CASE, spells.kind == REGULAR, spells.kind == DELIVERY],
        [
            np.full(len(nights), float(told["short_emergency"])),
            told["long_emergency"][0] + told["long_emergency"][1] * nights,
            told["planned"][0] + told["planned"][1] * nights,
            np.full(len(nights), float(told["day_case"])),
            np.full(len(nights), float(told["regular"])),
            told["delivery"][0] + told["delivery"][1] * nights,
        ],
        told["birth"][0] + told["birth"][1] * nights,
    )
    noise = np.exp(told["spread"] * rng.standard_normal(len(nights)) - told["spread"] ** 2 / 2)
    missing = (rng.random(len(nights)) < told["missing"]) | (spells.out >= NEVER)
    return np.where(missing, MISSING, np.rint(pounds * noise * 100)).astype(np.int64)
