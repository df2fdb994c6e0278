"""What cuts of measures show, made of the rows that the door gives: control charts, funnels, inequality by deprivation, trends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.measure_values import LEVELS
from joinedup.errors import Refused
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.statistics.control import xmr
from joinedup.statistics.estimates import Floats, normal_quantile
from joinedup.statistics.funnel import Funnel, funnel_of_proportions, funnel_of_rates
from joinedup.statistics.icons import icons
from joinedup.statistics.inequality import fitted, relative_index, slope_index
from joinedup.statistics.rule_sets import rule_set
from joinedup.statistics.signals import Signals, signals
from joinedup.statistics.trend import POINTS, recent_trend, recent_trend_of_proportions

POLARITY = {"higher is better": 1, "lower is better": -1, "neither": 0}
FUNNELS: Mapping[str, Callable[..., Funnel]] = {"rate": funnel_of_rates, "proportion": funnel_of_proportions}
"""Forms of measures that a funnel can be drawn of, and by what."""
LEAST_EVENTS = 5.0
"""Events a month on average, of fewer of which months without any are common and a run of them is no change. (A rule of ours; 2026.)"""
FIFTHS = ("1", "2", "3", "4", "5")
CELL = ("measure_id", "variant_id", "area_type", "area_id", "area_name", "breakdown", "group_value", "group_name", "unit")
Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class _Grid:
    """The rows of a cut, which has each cell in each stretch of time, as cells by stretches."""

    table: pa.Table
    spans: int

    @property
    def cells(self) -> int:
        return len(self.table) // self.spans if self.spans else 0

    def of(self, name: str) -> Floats:
        """A number of each cell and stretch; NaN where it isn't known."""
        values = self.table[name].cast(pa.float64()).to_numpy(zero_copy_only=False)
        return np.asarray(values, dtype=np.float64).reshape(self.cells, self.spans)

    def first(self) -> pa.Table:
        """What cells are called, a row for each."""
        return self.table.take(pa.array(np.arange(self.cells) * self.spans)).select(list(CELL))

    def reasons(self) -> Texts:
        """Why there is no value."""
        return np.array(self.table["reason"].to_pylist(), dtype=object).reshape(self.cells, self.spans)


def _grid(table: pa.Table) -> _Grid:
    return _Grid(table, len(set(table["period_start"].to_pylist())))


def charted(table: pa.Table, measure: MeasureDefinition) -> pa.Table:
    """The months of a cut, each with the control chart of its area and group.

    centre and the limits low and high hold in that month; `shows` are the rules of the measure's set that it shows, `side` is 1 where
    that is of high or rising values and -1 of low or falling ones. Of the whole chart, from its last known month: `variation`,
    `direction`, or why it isn't tested. Charts of rare events have neither limits nor a word.
    """
    grid = _grid(table)
    if not grid.cells:
        return _with(table, {name: pa.array([], kind) for name, kind in CHART.items()})
    values, events = grid.of("value"), grid.of("events")
    known = np.isfinite(values)
    rare = np.where(known, np.nan_to_num(events), 0).sum(axis=1) < LEAST_EVENTS * known.sum(axis=1)
    tested = np.where(rare[:, None], np.nan, values)
    chosen = rule_set(measure.rules)
    limits = xmr(tested, screened=chosen.screened, minimum=chosen.minimum)
    found = signals(tested, limits, chosen)
    told = icons(tested, limits, found, POLARITY[measure.polarity])
    shows, side = _shown(found)
    columns = {"centre": limits.mean, "low": limits.lower, "high": limits.upper}
    made = {name: _numbers(each) for name, each in columns.items()}
    made |= {"shows": pa.array(shows.ravel(), pa.string()), "side": pa.array(side.ravel(), pa.int8())}
    by_chart = {"variation": _words(told.variation), "direction": told.direction, "untested": _words(told.reason)}
    made |= {name: pa.array(np.repeat(each, grid.spans), CHART[name]) for name, each in by_chart.items()}
    return _with(table, made)


CHART = {
    **{name: pa.float64() for name in ("centre", "low", "high")},
    **{"shows": pa.string(), "side": pa.int8(), "variation": pa.string(), "direction": pa.int8(), "untested": pa.string()},
}


def _shown(found: Signals) -> tuple[Texts, npt.NDArray[np.int8]]:
    """The rules that each point shows, in the order of the set with a comma between, and the way of the first."""
    named = [np.where(found.found[at] != 0, f", {rule.id}", "").astype(object) for at, rule in enumerate(found.rules)]
    joined = np.asarray(reduce(np.add, named), dtype=object)
    shows = np.array([each.removeprefix(", ") for each in joined.ravel()], dtype=object).reshape(joined.shape)
    first = np.take_along_axis(found.found, np.argmax(found.found != 0, axis=0)[None], axis=0)[0]
    return shows, np.where(first == 2, 0, first).astype(np.int8)


FUNNEL = ("centre", "low", "high", "low998", "high998")


def funnelled(table: pa.Table, measure: MeasureDefinition) -> pa.Table:
    """The areas of a cut, each with the funnel of its stretch of time: centre, 95% and 99.8% limits, and where it lies (-1 below, 1 above).

    The place itself, and people who are in no neighbourhood, stand in no funnel. Refused of forms that have none.
    """
    refuse_without_funnel(measure)
    grid = _grid(table.filter(~pc.field("area_type").isin(["place", "none"])))
    groups = grid.table["group_value"].to_pylist()[:: max(grid.spans, 1)]
    parts = {group: np.array([each == group for each in groups]) for group in dict.fromkeys(groups)}
    shape = (grid.cells, grid.spans)
    made = {name: np.full(shape, np.nan) for name in FUNNEL}
    position = np.zeros((*shape, len(LEVELS)), dtype=np.int8)
    without = ~np.isfinite(grid.of("value"))
    counts, of = (np.where(without, np.nan, grid.of(name)).T for name in ("numerator", "denominator"))
    for inside in parts.values():
        found = FUNNELS[measure.form](counts[:, inside], of[:, inside], levels=LEVELS)
        limits = (found.lower[..., 0], found.upper[..., 0], found.lower[..., 1], found.upper[..., 1])
        centre = np.broadcast_to(found.centre[:, None], limits[0].shape)
        for name, each in zip(FUNNEL, (centre, *limits), strict=True):
            made[name][inside] = (each * measure.per).T
        position[inside] = np.swapaxes(found.position, 0, 1)
    told = {name: _numbers(each) for name, each in made.items()}
    told |= {name: pa.array(position[..., at].ravel(), pa.int8()) for at, name in enumerate(("position", "position998"))}
    return _with(grid.table, told)


def refuse_without_funnel(measure: MeasureDefinition) -> None:
    """Nothing, unless it has a form of which there are no funnels; Refused then."""
    if measure.form not in FUNNELS:
        raise Refused(f"{measure.id} is a {measure.form}, and funnels are drawn of rates and proportions: ask for its chart or its values")


INDICES = ("slope", "slope_lower", "slope_upper", "relative", "relative_lower", "relative_upper", "most_deprived", "least_deprived")
"""The indices with their limits, and the ends of the line that they are of."""


def unequal(table: pa.Table) -> pa.Table:
    """A row for each area and stretch of time: slope and relative index of inequality over the five deprivation fifths, 95% limits.

    The slope is the difference from the most to the least deprived end of a straight line, the relative index the ratio of the two ends.
    Without all five there is neither, and `untested` says why.
    """
    grid = _grid(table.filter(pc.field("group_value").isin(FIFTHS)))
    cells = grid.first()
    areas = list(zip(cells["area_type"].to_pylist(), cells["area_id"].to_pylist(), strict=True))
    numbers = {area: number for number, area in enumerate(dict.fromkeys(areas))}
    area = np.array([numbers[each] for each in areas], dtype=np.int64)
    fifth = np.array([FIFTHS.index(each) for each in cells["group_value"].to_pylist()], dtype=np.int64)

    def by_fifth(name: str) -> Floats:
        found = np.full((len(numbers), len(FIFTHS), grid.spans), np.nan)
        found[area, fifth] = grid.of(name)
        return np.moveaxis(found, 1, -1).reshape(-1, len(FIFTHS))

    value, lower, upper = (by_fifth(name) for name in ("value", "lower", "upper"))
    people = np.where(np.isfinite(value), by_fifth("denominator"), np.nan)
    error = (upper - lower) / (2 * normal_quantile(LEVELS[0]))
    # A measure without limits has a slope by its residuals.
    given = np.asarray(np.isfinite(error).all(axis=-1), dtype=bool)
    made, reason = _indices(value, people, np.where(given[:, None], error, 0.0))
    other, other_reason = _indices(value, people, None)
    first = np.array([areas.index(each) for each in numbers], dtype=np.int64)
    rows = grid.table.take(pa.array((first[:, None] * grid.spans + np.arange(grid.spans)).ravel()))
    kept = ("measure_id", "variant_id", "area_type", "area_id", "area_name", "period_start", "period_end", "unit")
    columns = {name: _numbers(np.where(given, one, two)) for name, one, two in zip(INDICES, made, other, strict=True)}
    columns["untested"] = pa.array(_words(np.where(given, reason, other_reason)), pa.string())
    return _with(rows.select(list(kept)), columns)


def _indices(value: Floats, people: Floats, error: Floats | None) -> tuple[tuple[Floats, ...], Texts]:
    """The indices of populations, in the order of INDICES, and why one has none."""
    slope, relative = slope_index(value, people, error), relative_index(value, people, error)
    line = fitted(value, people, error, log=False)
    ends = [np.where(np.isfinite(slope.value), each, np.nan) for each in (line.intercept, line.intercept + line.slope)]
    return (slope.value, slope.lower, slope.upper, relative.value, relative.lower, relative.upper, *ends), slope.reason


def trending(table: pa.Table, measure: MeasureDefinition) -> pa.Table:
    """A row for each area and group: whether the last five stretches of time rise or fall by more than chance, or why it isn't tested.

    `way` is better or worse where it rises or falls and the measure says which is.
    """
    grid = _grid(table)
    if any(_overlap(table)):
        raise Refused(f"the trend of {measure.id} is of stretches of time that don't overlap: ask for years, quarters or months")
    if not grid.cells:
        return _with(table.select(list(CELL)), {"trend": pa.array([], pa.string())})
    hidden = ~np.isfinite(grid.of("value"))
    if measure.form == "proportion":
        counts, of = (np.where(hidden, np.nan, grid.of(name)) for name in ("numerator", "denominator"))
        found = recent_trend_of_proportions(counts, of)
    else:
        found = recent_trend(grid.of("value"), grid.of("lower"), grid.of("upper"), confidence=LEVELS[0])
    way = np.select([found.direction == "increasing", found.direction == "decreasing"], [1, -1], 0) * POLARITY[measure.polarity]
    starts, ends = (table[name].to_pylist()[: grid.spans] for name in ("period_start", "period_end"))
    made = {
        "from": pa.array([starts[-min(POINTS, grid.spans)]] * grid.cells, pa.date32()),
        "to": pa.array([ends[-1]] * grid.cells, pa.date32()),
        "trend": pa.array(_words(found.direction), pa.string()),
        "way": pa.array(np.select([way > 0, way < 0], ["better", "worse"], "").astype(object), pa.string()),
        "chi_squared": _numbers(found.chi_squared),
        "untested": pa.array(_words(found.reason), pa.string()),
    }
    return _with(grid.first(), made)


def _overlap(table: pa.Table) -> list[bool]:
    """Of each stretch of time but the last, whether the next begins before it has ended."""
    spans = sorted(set(zip(table["period_start"].to_pylist(), table["period_end"].to_pylist(), strict=True)))
    return [after[0] < before[1] for before, after in pairwise(spans)]


def _words(words: Texts) -> Texts:
    """Words as text, None where there is none."""
    return np.array([None if each is None else str(each) for each in words.ravel()], dtype=object)


def _numbers(numbers: Floats) -> pa.Array:
    flat = np.asarray(numbers, dtype=np.float64).ravel()
    return pa.array(flat, pa.float64(), mask=~np.isfinite(flat))


def _with(table: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """The table with more columns."""
    return pa.table({name: table[name] for name in table.column_names} | dict(columns))
