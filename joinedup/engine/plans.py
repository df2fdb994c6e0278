"""An engine's plan in words: what each step does, and which steps grow slow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.engine.engines import Engine, Step
from joinedup.engine.results import schema
from joinedup.engine.specs import TableSpec

SPARKS_COLUMN = re.compile(r"(\w+)#\d+")
UNSAID = {"PROJECTION", "Project", "ColumnarToRow", "InputAdapter", "WholeStageCodegen", "AdaptiveSparkPlan", "Subquery", "ReusedSubquery"}
"""Steps that only work out columns, or only pass rows on."""
EVERY_PAIR = "compares every row of one side with every row of the other: slow where both are big; join on equal columns where you can"
HASHED = "joins rows whose columns are equal, by looking them up: quick"
GROUPED = "groups rows, and counts or sums each group"
WINDOWED = "sorts the rows of each window and works along them"
ONE_ROW = "counts or sums all rows into one"

WORDS: Mapping[str, str] = {
    "READ_PARQUET": "reads {table}",
    "PARQUET_SCAN": "reads {table}",
    "SEQ_SCAN": "reads {table}",
    "FileScan": "reads {table}",
    "Scan": "reads {table}",
    "FILTER": "keeps the rows that the condition lets through",
    "Filter": "keeps the rows that the condition lets through",
    "HASH_JOIN": HASHED,
    "BroadcastHashJoin": HASHED + ", as the smaller side is copied to every worker",
    "ShuffledHashJoin": HASHED,
    "SortMergeJoin": "joins rows whose columns are equal, both sides being sorted by them",
    "PIECEWISE_MERGE_JOIN": "joins rows by a range, both sides being sorted",
    "IE_JOIN": "joins rows by ranges, both sides being sorted",
    "NESTED_LOOP_JOIN": EVERY_PAIR,
    "BLOCKWISE_NL_JOIN": EVERY_PAIR,
    "BroadcastNestedLoopJoin": EVERY_PAIR,
    "CROSS_PRODUCT": "puts every row of one side beside every row of the other: right where one side has few",
    "CartesianProduct": EVERY_PAIR,
    "LEFT_DELIM_JOIN": "answers a question about each row, once for equal ones",
    "RIGHT_DELIM_JOIN": "answers a question about each row, once for equal ones",
    "DELIM_SCAN": "takes the rows that are asked about",
    "HASH_GROUP_BY": GROUPED,
    "PERFECT_HASH_GROUP_BY": GROUPED,
    "PARTITIONED_AGGREGATE": GROUPED,
    "HashAggregate": GROUPED,
    "SortAggregate": GROUPED,
    "ObjectHashAggregate": GROUPED,
    "UNGROUPED_AGGREGATE": ONE_ROW,
    "Expand": "writes each row once for each grouping set",
    "WINDOW": WINDOWED,
    "STREAMING_WINDOW": "works along the rows as they come",
    "Window": WINDOWED,
    "WindowGroupLimit": "keeps the first rows of each window",
    "ORDER_BY": "sorts the rows",
    "Sort": "sorts the rows",
    "UNION": "puts the rows of its parts beneath one another",
    "Union": "puts the rows of its parts beneath one another",
    "CTE": "works out {CTE Name} once, for all that read it",
    "CTE_SCAN": "reads again what was worked out",
    "ReusedExchange": "reads again what was worked out",
    "Exchange": "sends rows to the worker that has their like: the costly step where there are many workers",
    "BroadcastExchange": "copies these rows to every worker",
    "COLUMN_DATA_SCAN": "takes the rows that are written in the query",
    "LocalTableScan": "takes the rows that are written in the query",
    "OneRowRelation": "begins with one row",
    "DUMMY_SCAN": "begins with one row",
    "EMPTY_RESULT": "gives no row, whatever is read: a condition can't be met",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A step in words; it takes what the deeper ones below it give."""

    depth: int
    name: str
    words: str
    slow: bool = False


def show_shapes(engine: Engine, tables: Sequence[TableSpec], folder: Path) -> None:
    """Nothing; the engine then sees each table with its columns and one row of nulls, which is enough to plan by."""
    for spec in tables:
        columns = schema(spec)
        path = folder / f"{spec.table}.parquet"
        pq.write_table(pa.Table.from_arrays([pa.nulls(1, field.type) for field in columns], schema=columns), path, write_statistics=False)
        engine.show(spec.table, path)


def in_words(steps: Sequence[Step], reads: Sequence[TableSpec]) -> list[Told]:
    """The steps that matter, last first, each in words; one that has none yet keeps the engine's name."""
    told: list[Told] = []
    kept: list[int] = []  # for each depth of the engine's steps, how many above are told
    for step in steps:
        above = sum(kept[: step.depth])
        del kept[step.depth :]
        kept += [0] * (step.depth - len(kept)) + [int(step.name not in UNSAID)]
        if step.name not in UNSAID:
            words = WORDS.get(step.name, f"({step.name})").format_map(_Said(dict(step.said), table=_table(step, reads)))
            told.append(Told(above, step.name, words, slow=WORDS.get(step.name) == EVERY_PAIR))
    return told


class _Said(dict[str, str]):
    """What a step says; what it doesn't say is left out."""

    def __missing__(self, name: str) -> str:
        return "a step"


def _table(step: Step, reads: Sequence[TableSpec]) -> str:
    """The table that a step reads, as far as it tells: by its file, or by the columns."""
    details = step.said.get("details", "")
    named = [spec.table for spec in reads if f"/{spec.table}.parquet" in details]
    if named:
        return named[0]
    columns = set(step.said.get("Projections", "").split(", ")) - {""} | set(SPARKS_COLUMN.findall(details.partition("]")[0]))
    holding = [spec.table for spec in reads if columns <= {column.name for column in spec.columns}]
    return " or ".join(holding) if columns and holding else "a table"
