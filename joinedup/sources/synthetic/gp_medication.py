"""Rows of medicines dispensed in primary care: repeats of the conditions that people have, and single items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Ints, Table, Texts, pick
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.primary_care import calendar_of, events, middle_ages, onsets, patients, practice_of, rate, without_names
from joinedup.sources.synthetic.rows import Rows, area_on, identity, record_numbers, sources_of
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.streams import stream


@dataclass(frozen=True, slots=True)
class Dispensed:
    """One entry per row: who, when, the position of the medicine in `_formulary`, and whether it is a repeat."""

    person: Ints
    day: Ints
    medicine: Ints
    repeat: Bools


def rows(block: Block) -> Rows:
    """The medicines of everyone whom a practice of the place has had in the span."""
    setting = block.setting
    held = _dispensed(block)
    person, day = held.person, held.day
    practice = practice_of(block, person, day)
    fields = without_names(identity(block, "gp_medication", person, day)) | {
        "PRESCRIPTION_ID": record_numbers(block, 13, len(person)).astype("U13"),
        "ITEM_ID": np.full(len(person), "1"),
        "COST_CENTRE_ODS_CODE": setting.practices.code[practice],
        "PROCESSING_PERIOD_DATE": dates(day).astype("datetime64[M]").astype("datetime64[D]"),
        "DISPENSED_DATE": dates(day),
        "GENDER": block.people.sex[person].astype("U1"),
        "LSOA": area_on(block, person, day),
    }
    return Rows(
        contract="gp_medication",
        person=person,
        source=sources_of(block, "gp_medication", practice),
        day=day,
        columns=fields | _charged(block, held),
        died=block.people.died[person],
        whole=np.ones(len(person), dtype=np.bool_),
    )


def _formulary() -> tuple[Texts, Texts, np.ndarray, np.ndarray]:
    """Code, name, quantity and pounds of one item of every medicine: repeats of conditions, repeats of anyone, single items."""
    tables = [columns("gp_medication", part) for part in ("repeats", "anyone", "single")]
    code, name, quantity, pounds = (np.concatenate([table[head] for table in tables]) for head in ("code", "name", "quantity", "pounds"))
    return code, name, quantity, pounds


def _dispensed(block: Block) -> Dispensed:
    """Repeats, every twelve weeks from their start, and single items, by person and day."""
    who, medicine, since = _repeats(block)
    every = figures("gp_medication")["every"]
    rng = stream(block.setting.seed, "days of repeats", block.number)
    start, end = (each[who] for each in patients(block))
    first = np.maximum(start, since) + np.where(since >= start, 0, rng.integers(0, every, len(who)))
    times = np.maximum(0, -(-(end - first) // every))
    row = np.repeat(np.arange(len(who)), times)
    day = first[row] + every * (np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times))
    single, on, what = _single(block)
    person = np.concatenate([who[row], single])
    held = np.concatenate([day, on]), np.concatenate([medicine[row], what])
    order = np.lexsort((held[1], held[0], person))
    return Dispensed(person[order], held[0][order], held[1][order], (np.arange(len(person)) < len(row))[order])


def _repeats(block: Block) -> tuple[Ints, Ints, Ints]:
    """Who has which medicine on repeat, and since when: one for each condition with a share of them, and some whatever their conditions."""
    plan, told = columns("gp_medication", "repeats"), figures("gp_medication")["anyone"]
    start, end = patients(block)
    size = len(start)
    positions = needs.conditions()
    of_condition = np.array([positions[str(name)] for name in plan["condition"]])
    luck = stream(block.setting.seed, "repeats of conditions", block.number).random((size, len(of_condition)))
    since = onsets(block)[:, of_condition]
    who, medicine = np.nonzero((since < NEVER) & (luck < plan["share"]))
    twice = _again(who, plan["code"][medicine])
    who, medicine = who[~twice], medicine[~twice]
    ages = middle_ages(block)
    shares = np.stack([np.interp(ages, told["ages"], each) for each in told["shares"]], axis=1)
    sex = columns("gp_medication", "anyone")["sex"]
    fits = (sex[None, :] == 0) | (sex[None, :] == block.people.sex[:, None])
    luck = stream(block.setting.seed, "repeats of anyone", block.number).random(shares.shape)
    others, which = np.nonzero(fits & (luck < shares) & (start < end)[:, None])
    long_ago = np.full(len(others), block.setting.span.start - 1)
    return (
        np.concatenate([who, others]),
        np.concatenate([medicine, which + len(of_condition)]),
        np.concatenate([since[who, medicine], long_ago]),
    )


def _again(who: Ints, code: Texts) -> Bools:
    """Which of some medicines the same person has already, for another condition."""
    codes = np.unique(code, return_inverse=True)[1]
    first = np.unique(who * (codes.max(initial=0) + 1) + codes, return_index=True)[1]
    found = np.ones(len(who), dtype=np.bool_)
    found[first] = False
    return found


def _single(block: Block) -> tuple[Ints, Ints, Ints]:
    """Items that aren't repeated: who, when and which."""
    told, plan = figures("gp_medication"), columns("gp_medication", "single")
    rng = stream(block.setting.seed, "single items", block.number)
    who, day = events(rng, calendar_of(block, told), *patients(block), rate(block, told["single"], middle_ages(block)))
    before = sum(len(columns("gp_medication", part)["code"]) for part in ("repeats", "anyone"))
    return who, day, before + pick(rng, plan["share"], len(who))


def _charged(block: Block, held: Dispensed) -> Table:
    """What was dispensed, how many items it is, and its cost: the list price and what is paid."""
    told = figures("gp_medication")
    code, name, quantity, pounds = _formulary()
    rng = stream(block.setting.seed, "prices of medicines", block.number)
    weekly = block.people.care_home & (
        stream(block.setting.seed, "weekly medicines", block.number).random(len(block.people.sex)) < told["weekly"]
    )
    often = np.where(weekly[held.person] & held.repeat, 4, 1)
    items = np.where(held.repeat, told["items"], 1) * often
    spread = told["price_spread"]
    noise = np.exp(spread * rng.standard_normal(len(items)) - spread**2 / 2)
    pence = np.maximum(1, np.rint(pounds[held.medicine] * 100 * noise * items / often)).astype(np.int64)
    return {
        "PAID_BNF_CODE": code[held.medicine],
        "PAID_BNF_NAME": name[held.medicine],
        "PAID_QUANTITY": quantity[held.medicine] / often,
        "ITEM_COUNT": items,
        "NIC": pence,
        "ACTUAL_COST": np.maximum(1, np.rint(pence * told["actual_cost"])).astype(np.int64),
    }
