"""By which keys events and days are grouped for the cuts that measures declare: few sets of keys, each the home of several cuts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from joinedup.engine.specs import TableSpec
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.outcomes.measure_lines import PEOPLE, Line, lines_of

Cut = tuple[str, str]
"""A kind of area and a breakdown."""
NEIGHBOURHOOD, PRACTICE, WARD = "neighbourhood_id", "practice_code", "ward_code"
FIFTH, SEX, ETHNIC, SEGMENT, BAND = "deprivation_fifth", "sex", "ethnic_group", "segment_id", "age_band_order"
PROVIDER = "provider_code"
KEYS = (PRACTICE, NEIGHBOURHOOD, WARD, FIFTH, SEX, ETHNIC, SEGMENT, BAND, PROVIDER)
AREA_KEYS: Mapping[str, tuple[str, ...]] = {
    "place": (),
    "neighbourhood": (NEIGHBOURHOOD,),
    "none": (NEIGHBOURHOOD,),
    "practice": (PRACTICE,),
    "pcn": (NEIGHBOURHOOD,),
    "ward": (WARD,),
}
BY_PROVIDER = "provider"
"""The breakdown that tells how much is known: nobody asks the door for it."""
GROUP_KEYS: Mapping[str, tuple[str, ...]] = {
    "all": (),
    "sex": (SEX,),
    "age": (BAND,),
    "ethnic_group": (ETHNIC,),
    "deprivation": (FIFTH,),
    "segment": (SEGMENT,),
    "age_sex": (SEX, BAND),
    "age_sex_deprivation": (SEX, BAND, FIFTH),
    BY_PROVIDER: (PROVIDER,),
}
HOMES: Mapping[str, tuple[str, ...]] = {
    "area": (NEIGHBOURHOOD, PRACTICE, BAND),
    "ward": (WARD, BAND),
    "group": (NEIGHBOURHOOD, SEX, FIFTH),
    "segment": (NEIGHBOURHOOD, ETHNIC, SEGMENT),
    "person": (SEX, BAND, FIFTH),
    "provider": (NEIGHBOURHOOD, PRACTICE, WARD, PROVIDER),
}
"""Sets of keys that most cuts are sums of: few, since each is one more grouping of all events, and each of few rows."""

Kind = Literal["events", "amounts", "each", "people"]


@dataclass(frozen=True)
class Source:
    """Lines that are counted in one pass over a table."""

    name: str
    table: str
    kind: Kind
    lines: Mapping[str, Line]
    sets: Mapping[str, tuple[str, ...]]
    """The sets of keys, by name."""

    @property
    def each(self) -> str | None:
        """The amount by which events are kept apart, of medians."""
        return next((line.amount for line in self.lines.values()), None) if self.kind == "each" else None

    @property
    def needs(self) -> dict[str, int]:
        """Of each line that needs extracts the number of what it needs, those with the same needs sharing one."""
        numbers: dict[tuple[tuple[int, str, str | None], ...], int] = {}
        return {name: numbers.setdefault(line.needs, len(numbers) + 1) for name, line in self.lines.items() if line.needs}


def key_set(cut: Cut) -> tuple[str, tuple[str, ...]]:
    """The set of keys that a cut is a sum of: the first home that has its keys, or else these keys."""
    keys = {*AREA_KEYS[cut[0]], *GROUP_KEYS[cut[1]]}
    own = tuple(key for key in KEYS if key in keys)
    return next(((name, home) for name, home in HOMES.items() if keys <= set(home)), (" ".join(own), own))


def kind_of(line: Line) -> tuple[str, Kind]:
    """The pass that a line is counted in, and its kind."""
    if line.table == PEOPLE:
        return PEOPLE, "people"
    if line.amount is None:
        return line.table, "events"
    return (f"{line.table}_by_{line.amount}", "each") if line.each else (f"{line.table}_amounts", "amounts")


def sources_of(lines: Mapping[str, Line], cuts: Mapping[str, Iterable[Cut]]) -> tuple[Source, ...]:
    """The passes over tables that count these lines by the cuts of each."""
    passes: dict[tuple[str, Kind], dict[str, Line]] = {}
    for name, line in lines.items():
        passes.setdefault(kind_of(line), {})[name] = line
    made = []
    for (name, kind), group in sorted(passes.items()):
        sets = sorted({key_set(cut) for line in group for cut in cuts[line]})
        made.append(Source(name, next(iter(group.values())).table, kind, group, dict(sets)))
    return tuple(made)


def cuts_of(measures: Iterable[MeasureDefinition], specs: Mapping[str, TableSpec]) -> tuple[dict[str, Line], dict[str, set[Cut]]]:
    """Each line that measures stand on, by its id in order, and by what it is counted."""
    found: dict[str, Line] = {}
    cuts: dict[str, set[Cut]] = {}
    for measure in measures:
        own = {(area, breakdown) for area in areas_of(measure) for breakdown in breakdowns_of(measure, area)}
        for variant in measure.variant_ids:
            lines = lines_of(measure, variant, specs)
            for line in () if lines is None else (lines.count, lines.out_of):
                if line is not None:
                    found[line.id] = line
                    told = {(area, BY_PROVIDER) for area in areas_of(measure)} if line.needs else set()
                    cuts.setdefault(line.id, set()).update(own | told)
    return dict(sorted(found.items())), cuts


def areas_of(measure: MeasureDefinition) -> tuple[str, ...]:
    """The kinds of area that it is counted by; the place is always there, and people in no neighbourhood beside neighbourhoods."""
    return tuple(dict.fromkeys(("place", *measure.areas, *(("none",) if "neighbourhood" in measure.areas else ()))))


def breakdowns_of(measure: MeasureDefinition, area: str) -> tuple[str, ...]:
    """By what it is counted in a kind of area, what standardising needs included."""
    groups = (
        measure.breakdowns if area in (*measure.groups_in, "place", *(("none",) if "neighbourhood" in measure.groups_in else ())) else ()
    )
    whole: tuple[str, ...] = (measure.standardised,) if measure.standardised else ()
    whole += ("age_sex_deprivation",) if measure.standardised and area == "place" and "deprivation" in measure.breakdowns else ()
    return tuple(dict.fromkeys(("all", *groups, *whole)))
