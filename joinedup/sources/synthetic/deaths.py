"""Rows of registered deaths: one per death that has been registered by the end of the span."""

from __future__ import annotations

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Table, Texts
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.rows import Rows, area_on, identity, padded, sources_of
from joinedup.sources.synthetic.seasons import dates
from joinedup.sources.synthetic.streams import stream

HOSPICE = "83"  # communal establishment type, Office for National Statistics
PLACES = {"hospital": "HOSPITAL", "home": "HOME", "hospice": "HOSPICE", "care_home": "CARE HOME", "elsewhere": "ELSEWHERE"}


def rows(block: Block) -> Rows:
    """The registered deaths of people of the place."""
    held = block.deaths
    at = np.flatnonzero(held.registered < block.setting.span.end)
    person = held.person[at]
    died = block.people.died[person]
    fields = identity(block, "deaths", person, died) | {
        "REG_DATE": dates(held.registered[at]),
        "REG_DATE_OF_DEATH": dates(died),
        "DEC_SEX": block.people.sex[person].astype("U1"),
        "LSOAR": area_on(block, person, died),
    }
    fields |= _causes(block, held.cause[at]) | _place(held.place[at])
    return Rows(
        contract="deaths",
        person=person,
        source=sources_of(block, "deaths", person),
        day=died,
        columns=fields,
        died=died,
        whole=np.ones(len(person), dtype=np.bool_),
    )


def _causes(block: Block, underlying: Texts) -> Table:
    """The underlying cause, and what else the certificate names: at most three more."""
    rng = stream(block.setting.seed, "death certificates", block.number)
    told = np.array(figures("deaths")["contributing"])
    names = [0.7, 0.4, 0.15]
    found: Table = {"S_UNDERLYING_COD_ICD10": underlying, "S_COD_CODE_1": underlying}
    start = rng.integers(0, len(told), len(underlying))
    count = (rng.random(len(underlying))[:, None] < np.array(names)).sum(axis=1)
    for place in range(len(names)):
        found[f"S_COD_CODE_{place + 2}"] = np.where(place < count, told[(start + place) % len(told)], "")
    return found


def _place(place: Texts) -> Table:
    """Place of death as the Office for National Statistics codes it, and ready made."""
    establishment = np.char.add("ZZ", padded(np.arange(len(place)) % 7, 3))
    in_one = (place != "home") & (place != "elsewhere")
    return {
        "POD_CODE": np.where(place == "home", "H", np.where(in_one, establishment, "E")),
        "POD_NHS_ESTABLISHMENT": np.where(in_one, np.where(place == "hospital", "1", "2"), ""),
        "POD_ESTABLISHMENT_TYPE": np.where(place == "hospice", HOSPICE, ""),
        "POD_TYPE": np.array([PLACES[str(each)] for each in np.unique(place)])[np.unique(place, return_inverse=True)[1]]
        if len(place)
        else place,
    }
