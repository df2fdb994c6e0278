"""A build that takes a while, for a process of its own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa

from joinedup.engine.builder import InputFile, build, write_input
from joinedup.engine.manifest import Manifest
from joinedup.engine.results import schema
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import Store

from .made_up import table

TABLES, ROWS = 8, 100_000
COLUMNS = {"id": "BIGINT", "n": "BIGINT", "s": "STRING"}
START = table("start", COLUMNS)
NUMBERED = "row_number() OVER (PARTITION BY n % 100 ORDER BY n NULLS LAST, id NULLS LAST)"
STEP = f"SELECT id, n + {{step}} AS n, coalesce(s, '') || CAST({NUMBERED} AS STRING) AS s\nFROM {{before}}"


def chain(version: int) -> dict[str, TableSpec]:
    """Tables that each read the one before; another version is made all anew."""
    names = ["start", *(f"step{n}" for n in range(1, TABLES + 1))]
    steps = [
        table(name, COLUMNS, sql=STEP.format(step=step, before=before), version=version)
        for step, (before, name) in enumerate(pairwise(names))
    ]
    return {spec.table: spec for spec in (START, *steps)}


def start(store: Store) -> dict[str, InputFile]:
    ids = np.arange(ROWS)
    rows = pa.Table.from_arrays([pa.array(ids), pa.array(ids * 7919 % 1009), pa.nulls(ROWS, pa.string())], schema=schema(START))
    return {"start": write_input(rows, START, store)}


def build_chain(store: Store, version: int) -> Manifest:
    with store.lock("build"):
        return build(chain(version), start(store), store, jobs=1, about={"version": version})
