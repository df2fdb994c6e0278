"""What is planted in rows that have been made: rows left out where people use less, diagnoses that a provider adds from a day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Ints
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.planted import plan_of
from joinedup.sources.synthetic.rows import Rows, only
from joinedup.sources.synthetic.streams import stream

PLACES = [f"DIAG_{place:02d}" for place in range(1, 21)]


def with_what_is_planted(block: Block, rows: Rows) -> Rows:
    """The rows as the place's plan shapes them; those of most contracts as they were."""
    told, plan = figures("planted"), plan_of(block.setting)
    if rows.contract in told["under_use"]["contracts"] and plan.under_using >= 0:
        return only(rows, ~_left_out(block, rows, plan.under_using))
    if rows.contract == told["coding"]["contract"] and plan.coding_provider >= 0:
        return _coded_more(block, rows, block.setting.hospitals.code[plan.coding_provider], plan.coding_from)
    return rows


def _left_out(block: Block, rows: Rows, neighbourhood: int) -> Bools:
    """Which rows are those of people registered in the neighbourhood that their care has not been asked for."""
    practices = block.setting.practices
    near = np.append(practices.neighbourhood, np.full(len(practices.code) - practices.inside, -1))
    there = near[block.stays.practice[block.stays.on(rows.person, rows.day)]] == neighbourhood
    luck = stream(block.setting.seed, f"{rows.contract} not asked for", block.number).random(len(there))
    found: Bools = there & (luck >= figures("planted")["under_use"]["kept"])
    return found


def _coded_more(block: Block, rows: Rows, provider: str, day: int) -> Rows:
    """The rows with further diagnoses on those that the provider admitted from a day on, in the first places that are free."""
    at = np.flatnonzero((rows.columns["PROCODET"] == provider) & (rows.columns["ADMIDATE"].astype(np.int64) >= day))
    rng = stream(block.setting.seed, "more diagnoses", block.number)
    codes = np.stack([rows.columns[name][at] for name in PLACES], axis=1).astype("U4")
    count = rng.integers(0, figures("planted")["coding"]["more"] + 1, len(at))
    also = np.array(figures("emergency_causes")["also"])
    for nth in range(figures("planted")["coding"]["more"]):
        _put_first_free(codes, also[rng.integers(0, len(also), len(at))], count > nth)
    columns = dict(rows.columns)
    for place, name in enumerate(PLACES):
        columns[name] = columns[name].astype("U4")
        columns[name][at] = codes[:, place]
    return replace(rows, columns=columns)


def _put_first_free(codes: np.ndarray, code: np.ndarray, wanted: Bools) -> None:
    """Nothing; each row that wants it has its code in its first blank place, unless it has that code or no place."""
    free = codes == ""
    place: Ints = np.argmax(free, axis=1)
    fits = wanted & free.any(axis=1) & ~(codes == code[:, None]).any(axis=1)
    codes[fits, place[fits]] = code[fits]
