"""The events that a measure counts, looked at one by one inside the door: of which files they are, and how they were linked.

No event leaves: what comes back is counts by area and file, or by area.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.published import AREA
from joinedup.outcomes.measure_definition import STANDARD, MeasureDefinition
from joinedup.outcomes.measure_lines import PEOPLE, Condition, Line, countable, lines_of, own_table
from joinedup.periods import Period

Rows = Callable[[str, Sequence[str] | None, pc.Expression | None], pa.Table]
"""The rows of a table of the build: its name, columns and a condition."""
NOBODY = "none"
"""The provider of events that would be sent by no one."""
FILES = ("file_id", "list_file_id")
"""Columns of events that name a file; some events stand on what two files say."""
BY_ACTIVITY = {"admission": 1, "bed_use": 1000, "delay": 1000}
"""Events of stays in hospital -> by what their number is divided to give the activity: some have a number for each month of a stay."""


def counted_events(measure: MeasureDefinition, rows: Rows, period: Period) -> tuple[Line, pa.Table] | None:
    """The line that a measure counts as it is defined, and its events of a period, without what can't be known; None of published values.

    Columns are those of its event table that evidence needs, and `amount`: the days or pence that an event brings, or 1.
    """
    lines = lines_of(measure, STANDARD, countable())
    if lines is None or lines.count.table == PEOPLE:
        return None
    line = lines.count
    events_of = countable().get(line.table) or own_table(measure)
    files = [name for name in FILES if name in events_of.names]
    columns = ["event_id", "neighbourhood_id", "provider_code", "on_date", *files, *([line.amount] if line.amount else [])]
    within = (pc.field("on_date") >= period.start) & (pc.field("on_date") < period.end)
    where = reduce(and_, map(_holds, line.conditions), within)
    where = where & pc.field(line.amount).is_valid() if line.amount else where
    events = rows(line.table, list(dict.fromkeys(columns)), where)
    amount = events[line.amount] if line.amount else pa.array(np.ones(len(events), dtype=np.int64))
    return line, _known(line, events.append_column("counted_amount", pc.cast(amount, pa.int64())), rows)


def _holds(condition: Condition) -> pc.Expression:
    """A condition on one column."""
    column = pc.field(condition.column)
    if condition.begins:
        return reduce(lambda one, other: one | other, (pc.starts_with(column, text) for text in condition.begins))
    if condition.values:
        return column.isin(list(condition.values))
    limits = [*([column >= condition.least] if condition.least is not None else [])]
    limits += [column < condition.below] if condition.below is not None else []
    return reduce(and_, limits)


def _known(line: Line, events: pa.Table, rows: Rows) -> pa.Table:
    """The events but for those of months of which their provider isn't known."""
    unknown = rows("line_basis", ["provider_code", "month"], (pc.field("line_id") == line.id) & (pc.field("known") == False))  # noqa: E712
    gaps = set(zip(unknown["provider_code"].to_pylist(), unknown["month"].to_pylist(), strict=True))
    if not gaps:
        return events
    provider = pc.fill_null(events["provider_code"], NOBODY).to_pylist()
    month = pc.cast(pc.floor_temporal(events["on_date"], unit="month"), pa.date32()).to_pylist()
    return events.filter(pa.array([key not in gaps for key in zip(provider, month, strict=True)], pa.bool_()))


def files_behind(measure: MeasureDefinition, rows: Rows, period: Period) -> dict[tuple[str, str], dict[int, int]]:
    """Area -> file -> how many of the events that a measure counts of the area stand on it."""
    found = counted_events(measure, rows, period)
    made: dict[tuple[str, str], dict[int, int]] = {}
    for name in FILES:
        if found is None or name not in found[1].column_names:
            continue
        events = found[1].filter(pc.field(name).is_valid())
        if name != FILES[0]:  # one file may say both
            events = events.filter(pc.fill_null(pc.not_equal(events[name], events[FILES[0]]), fill_value=True))
        counts = events.group_by(["neighbourhood_id", name], use_threads=False).aggregate([([], "count_all")]).to_pylist()
        for row in counts:
            for area in _areas(row["neighbourhood_id"]):
                of_area = made.setdefault(area, {})
                of_area[row[name]] = of_area.get(row[name], 0) + row["count_all"]
    return made


def _areas(neighbourhood: str | None) -> tuple[tuple[str, str], tuple[str, str]]:
    """The area that a neighbourhood is, and the place."""
    return (("none", "none") if neighbourhood is None else ("neighbourhood", neighbourhood)), ("place", "place")


def linkage(measures: Sequence[MeasureDefinition], rows: Rows, period: Period) -> pa.Table:
    """Of measures of stays in hospital by area: what is counted, what of it stands on links by probability, and stays linked to nobody.

    Columns as `joinedup.papers.needs` has them; `kindred` are the stays that could be counted, wherever people live, of nobody who objects.
    """
    likely = {divisor: _likely(rows, table) for divisor, table in ((1, "activity"), (1000, "discharge_delay"))}
    kindred = _kindred(rows, period)
    made: list[dict[str, Any]] = []
    for measure in measures:
        found = counted_events(measure, rows, period)
        if found is None or found[0].table not in BY_ACTIVITY:
            continue
        line, events = found
        of = events["event_id"].to_numpy() // BY_ACTIVITY[line.table]
        doubtful = np.isin(of, likely[1000 if line.table == "delay" else 1])
        amount = events["counted_amount"].to_numpy()
        for area, inside in _by_area(events):
            told = {"numerator": float(amount[inside].sum()), "by_probability": float(amount[inside & doubtful].sum())}
            made.append({"measure_id": measure.id, **dict(zip(AREA, area, strict=True)), **told, **kindred[line.table == "delay"]})
    return pa.Table.from_pylist(made, schema=LINKAGE)


LINKAGE = pa.schema(
    [
        *((name, pa.string()) for name in ("measure_id", *AREA)),
        *((name, pa.float64()) for name in ("numerator", "by_probability")),
        *((name, pa.int64()) for name in ("kindred", "kindred_unlinked")),
    ]
)


def _by_area(events: pa.Table) -> list[tuple[tuple[str, str], npt.NDArray[np.bool_]]]:
    """Each area with the events that are in it."""
    names = np.array(events["neighbourhood_id"].to_pylist(), dtype=object)
    found = [(_areas(name)[0], np.asarray(names == name, dtype=bool)) for name in sorted({*names} - {None})]
    found += [(("none", "none"), np.array([name is None for name in names], dtype=bool))]
    return [*((area, inside) for area, inside in found if inside.any()), (("place", "place"), np.ones(len(names), dtype=bool))]


def _likely(rows: Rows, table: str) -> npt.NDArray[np.int64]:
    """The activities that a table links by probability."""
    found = rows(table, ["activity_id"], pc.field("linked_by") == "probability")
    return np.asarray(found["activity_id"].drop_null().to_numpy(), dtype=np.int64)


def _kindred(rows: Rows, period: Period) -> dict[bool, Mapping[str, int]]:
    """For delays and for other stays: how many there are of nobody who objects, and how many of them are linked to nobody."""
    files = rows("file_use", ["file_id"], pc.field("planning") == True)["file_id"].to_pylist()  # noqa: E712
    may = rows("may_use", ["person_id"], pc.field("planning") == True)["person_id"].to_numpy()  # noqa: E712
    use = pc.field("file_id").isin(files)
    begun = (pc.field("starts") >= period.start) & (pc.field("starts") < period.end) & pc.starts_with(pc.field("admission_method"), "2")
    lasting = (pc.field("starts") < period.end) & (pc.field("ends") > period.start)
    made: dict[bool, Mapping[str, int]] = {}
    for delay, table, where in ((False, "activity", begun), (True, "discharge_delay", lasting)):
        people = rows(table, ["person_id"], use & where)["person_id"]
        known = people.drop_null().to_numpy()
        unlinked = people.null_count
        made[delay] = {"kindred": int(np.isin(known, may).sum()) + unlinked, "kindred_unlinked": unlinked}
    return made
