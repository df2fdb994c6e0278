"""Two invented places and what a door would give of them: five neighbourhoods, and nine of another shape with gaps.

The numbers are drawn from a seed, so that they are the same in every run; their sums agree (the place is the sum of its
neighbourhoods and of the people in none).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from joinedup.access.behind import Behind, BuiltBy, Step
from joinedup.access.built import Built
from joinedup.access.cell_files import CellFiles
from joinedup.access.changes import Changes
from joinedup.access.cohorts import Cohort
from joinedup.access.disclosure import Audience
from joinedup.access.journeys import Event, Journey
from joinedup.access.measure_charts import charted, funnelled, unequal
from joinedup.access.overview import Access, access_of
from joinedup.access.published import PUBLISHED, TOLD
from joinedup.engine.manifest import Because, InputRecord, Manifest, TableRecord
from joinedup.engine.measuring import Measured, ProcessMeasured, StepMeasured
from joinedup.engine.profiles import BuildProfile, PlanLine, TableProfile
from joinedup.errors import Refused
from joinedup.findings import Finding, Severity
from joinedup.kept.access_log import Look, open_access_log
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.periods import add_months
from joinedup.place.model import LocalWord, Neighbourhood, Partner, Place, Practice, Source, Tile
from joinedup.place.tables import years
from joinedup.sources.accounts import FileAccount
from tests.unit.papers.measure_fixtures import FakeMeasures

BANDS = [f"{start}-{start + 4}" for start in range(0, 90, 5)] + ["90+"]
SHAPE = np.array([55, 58, 60, 56, 55, 62, 66, 68, 66, 62, 68, 70, 64, 54, 48, 38, 26, 16, 9], dtype=float)
POINTS = {
    "Non-elective inpatient": 105,
    "Elective inpatient": 28,
    "Day case": 120,
    "Maternity": 22,
    "Emergency care": 330,
    "Same day emergency care": 110,
}
POUNDS = {
    "Non-elective inpatient": 2400,
    "Elective inpatient": 3900,
    "Day case": 820,
    "Maternity": 2100,
    "Emergency care": 190,
    "Same day emergency care": 85,
}
MEASURES = {
    "urgent_care_sensitive_admissions": (100_000, "per 100,000 registered people a year", 900),
    "delayed_days": (100_000 / 365, "delayed days per day per 100,000 registered people", 11),
    "emergency_bed_days": (1_000, "bed days per 1,000 registered people a year", 420),
}

ETHNIC = {"A": 0.74, "C": 0.06, "D": 0.01, "J": 0.12, "K": 0.01, "N": 0.03, "R": 0.01, "S": 0.01, None: 0.01}
FOR_STAFF = ("code_use", "code_group_use", "code_list_effect", "code_unmatched")
CODE = {"list_id": "sugar", "group_id": "diabetes", "system": "ICD-10", "matches": "prefix", "term": "Diabetes"}
MADE_UP: dict[str, tuple[dict[str, Any], ...]] = {
    "condition_about": (
        {"condition_id": "diabetes", "title": "Diabetes", "kind": "long-term condition", "condition_order": 1},
        {"condition_id": "asthma", "title": "Asthma", "kind": "long-term condition", "condition_order": 2},
        {"condition_id": "carer", "title": "Cares without pay", "kind": "circumstance", "condition_order": 3},
        {"condition_id": "dementia", "title": "Dementia", "kind": "long-term condition", "condition_order": 4},
    ),
    "score_about": ({"score_id": "hospital_frailty", "title": "Hospital Frailty Risk Score", "score_order": 1},),
    "code_list": (
        {
            "list_id": "sugar",
            "title": "Sugar",
            "version": "2",
            "replaces": "1",
            "owner": "us",
            "reviewer": None,
            "licence": "Ours",
            "source": "Ours",
        }
        | {"valid_from": date(2026, 1, 1), "review_by": date(2027, 1, 1), "about": "Sugar of all kinds.", "origin": "package"},
    ),
    "code_use": (
        CODE | {"code": "E11", "written": "E11", "entries": 900, "people": 400, "practices": 2, "used_by": "several practices"},
        CODE | {"code": "E12", "written": "E12", "entries": 3, "people": 2, "practices": 1, "used_by": "one practice"},
        CODE | {"code": "E13", "written": "E13", "entries": 0, "people": 0, "practices": 0, "used_by": "nobody"},
    ),
    "code_group_use": ({"list_id": "sugar", "group_id": "diabetes", "practice_code": "ZZ0001", "entries": 903, "people": 401},),
    "code_list_effect": (
        {"list_id": "sugar", "version": "1", "group_id": "diabetes", "people_before": 390, "people_lost": 0, "people_gained": 11}
        | {"people_now": 401, "entries_before": 880, "entries_now": 903},
    ),
    "code_unmatched": (
        {"contract": "apc", "system": "ICD-10", "entries": 1_000, "codes": 50, "unmatched_entries": 97, "unmatched_codes": 47}
        | {"unmatched_share": 0.097},
    ),
}
FLOWS = {
    ("acute", "RV1"): 0.6,
    ("acute", "RV2"): 0.3,
    ("acute", "RX9"): 0.04,
    ("acute", "RX8"): 0.02,
    ("primary care", "ZZ0001"): 4.0,
    ("community", None): 0.2,
    ("children", None): 0.01,
}


def of_one_age(people: int, population: int) -> dict[str, Any]:
    """What is told of standardised rates where everybody is as old: the crude rate and its variance."""
    some = population or 1
    rate = {"standardised_rate": people / some, "standardised_variance": people / some**2} if population else {}
    return {"people_of_known_age": people, "standardised_rate": None, "standardised_variance": None} | rate


@dataclass(frozen=True)
class FakeSource:
    source: str
    partner_name: str
    contract: str
    title: str
    sector: str
    data_to: date | None
    rows_read: int
    loaded: int
    superseded: int
    rejected: int
    linked: int


@dataclass(frozen=True)
class FakeMissing:
    contract: str
    title: str
    sector: str
    endangers: str


@dataclass(frozen=True)
class FakeStamp:
    place: str
    sources: tuple[FakeSource, ...]
    missing: tuple[FakeMissing, ...] = ()
    invented: bool = True
    build_id: str = "20260506T130412Z-b3f19c02"
    built_at: datetime = datetime(2026, 5, 6, 13, 4, tzinfo=UTC)
    version: str = "0.1.0"
    register: str = "register 4f1c, landing 3 of it, form 2, under key 9a0b, ids 77de"
    register_findings: tuple[str, ...] = ("it doesn't know landing 2: it was restored from an earlier copy",)


@dataclass(frozen=True)
class FakeMeasure:
    id: str
    title: str
    unit: str
    definition: str
    reading: str
    source: str
    events: str = "admissions"
    why: str = "People are better off in a neighbourhood where it is lower."
    polarity: str = "lower is better"
    version: int = 1


SPECS = {
    spec.id: spec
    for spec in (
        FakeMeasure(
            "urgent_care_sensitive_admissions",
            "Emergency admissions for urgent-care-sensitive conditions",
            "per 100,000 registered people a year",
            "Emergency admissions (method 2x) whose main diagnosis is on the urgent-care-sensitive list, over the people registered.",
            "Crude rate. COPD is J40 to J44, falls count from the age of 74.",
            "CCG Improvement and Assessment Framework 2018/19, technical annex, indicator 127b (NHS England, 2018)",
        ),
        FakeMeasure(
            "delayed_days",
            "Delayed days",
            "delayed days per day per 100,000 registered people",
            "Days in hospital after the day a person was ready to leave, over the days of the period and the people registered.",
            "From discharge-ready dates, for all ages; the official figure was a monthly return for adults.",
            "CCG Improvement and Assessment Framework 2018/19, technical annex, indicator 127e (NHS England, 2018)",
        ),
        FakeMeasure(
            "emergency_bed_days",
            "Bed days after emergency admission",
            "bed days per 1,000 registered people a year",
            "Days in hospital after an emergency admission, over the people registered.",
            "Crude rate, spells that ended in the period; the official figure is adjusted for age, sex and need.",
            "CCG Improvement and Assessment Framework 2018/19, technical annex, indicator 127f (NHS England, 2018)",
        ),
    )
}

SOURCES = (
    FakeSource(
        "gp",
        "Vale practices together",
        "register",
        "GP registration list",
        "primary care",
        date(2026, 3, 31),
        21_204,
        20_012,
        1_170,
        22,
        19_840,
    ),
    FakeSource(
        "acute", "Vale and Moor Hospitals", "apc", "Admitted patient care", "acute", date(2026, 3, 31), 13_402, 13_120, 240, 42, 12_877
    ),
    FakeSource(
        "acute-ed", "Vale and Moor Hospitals", "ecds", "Emergency care", "acute", date(2026, 3, 15), 17_950, 17_801, 100, 49, 17_020
    ),
    FakeSource("registrar", "Vale Council", "deaths", "Registered deaths", "registrations", date(2026, 2, 28), 431, 431, 0, 0, 425),
)


@dataclass(frozen=True)
class Area:
    """One made-up neighbourhood: how many people, how old (above 0 is older), how deprived, how much it uses."""

    id: str
    people: int
    age: float = 0.0
    deprivation: float = 0.2
    use: float = 1.0

    @property
    def type(self) -> str:
        return "none" if self.id == "none" else "neighbourhood"


def made_up_build(build_id: str) -> Built:
    """A second build of a few tables: one used again, one of a new definition, three because a landed table was another."""
    cost = {"processor_seconds": None, "thread_seconds": 2.4, "rows_read": 1_250_000, "peak_memory": 310_000_000, "spilled": 0, "beside": 1}
    made = {
        "activity_primary": (3.25, 537_505, Because(inputs=("landed_gp_record",))),
        "activity": (4.5, 765_051, Because(inputs=("activity_primary",))),
        "area_month": (61.0, 6_377, Because(definition=True, inputs=("activity",))),
        "area_cost": (0.04, 221, Because(first=True)),
    }
    tables = {
        name: TableRecord(file=f"objects/{name}-1.parquet", digest="0", size=1, rows=rows, seconds=seconds, because=why, made_in=build_id,
            measured=Measured(seconds=seconds, **cost))
        for name, (seconds, rows, why) in made.items()
    }  # fmt: skip
    before = Measured(seconds=1.5, processor_seconds=2.0, thread_seconds=1.9, rows_read=162_060, peak_memory=90_000_000, spilled=4_000_000)
    tables["diagnosis"] = TableRecord(
        file="objects/diagnosis-1.parquet",
        digest="0",
        size=1,
        rows=162_060,
        reused=True,
        made_in="20260406T130412Z-00c0ffee",
        measured=before,
    )
    manifest = Manifest(
        build_id=build_id, built_at=datetime(2026, 5, 6, 13, 4, 12, tzinfo=UTC), engine="duckdb", software="duckdb 2.0.0", tables=tables,
        inputs={"landed_gp_record": InputRecord(file="landed/l1/gp_record.parquet", digest="0", rows=500_000)},
        before="20260406T130412Z-00c0ffee",
        measured=ProcessMeasured(seconds=66.4, processor_seconds=101.2, peak_memory=812_000_000, cores=2, jobs=2),
    )  # fmt: skip
    steps = [
        ("read", "gp.csv", 3.5, {"read": 21_204, "rejected": 22}),
        ("match", "records by probability", 75.0, {}),
        ("write", "landed tables", 0.9, {"loaded": 21_000}),
    ]
    return Built(
        manifest,
        tuple(
            StepMeasured(stage=stage, name=name, seconds=seconds, rows=rows, processor_seconds=seconds * 1.5)
            for stage, name, seconds, rows in steps
        ),
        ProcessMeasured(seconds=79.9, processor_seconds=119.0, peak_memory=1_100_000_000, cores=2),
        made_up_profile(build_id),
    )


def made_up_profile(build_id: str) -> BuildProfile:
    """Of two tables the slower one with its plan."""
    cost = Measured(seconds=4.2, processor_seconds=6.0, thread_seconds=5.9, rows_read=1_250_000, peak_memory=310_000_000, spilled=0)
    plan = (
        PlanLine(depth=0, operator="ORDER_BY", rows=765_051, seconds=3.1),
        PlanLine(depth=1, operator="TABLE_SCAN", about="activity_primary", rows=537_505, seconds=1.0),
    )
    tables = (
        TableProfile(table="activity", rows=765_051, measured=cost, plan=plan),
        TableProfile(table="area_cost", rows=221, measured=cost.model_copy(update={"seconds": 1.8})),
    )
    return BuildProfile(build_id=build_id, at=datetime(2026, 5, 6, 13, 5, tzinfo=UTC), software="duckdb 2.0.0", tables=tables)


def made_up_cohort(name: str, title: str, fake: FakeAggregates) -> Cohort:
    """A cohort of two steps in two years, in some areas too few to be shown, beside another."""
    then, now = (year.start for year in years(fake.place.period)[-2:])
    names = ("everybody", "old", "at_home")
    flow = [
        {"year_starts": year, "step_order": at, "step": step, "title": step.replace("_", " ")}
        | dict(zip(("people", "out", "not_known"), counts, strict=True))
        for year, more in ((then, 0), (now, 10))
        for at, (step, counts) in enumerate(zip(names, ((20_000, 0, 0), (3_000, 16_990, 10), (400 + more, 2_600 - more, 0)), strict=True))
    ]
    profile = [
        {"characteristic": "age", "title": "Age", "unit": "years", "cohort": 84.6, "rest": 40.7, "standardised_difference": 2.4},
        {"characteristic": "female", "title": "Female", "unit": "%", "cohort": 51.0, "rest": 50.0, "standardised_difference": 0.02},
        {"characteristic": "died", "title": "Died in the year", "unit": "%", "cohort": None, "rest": 0.9, "standardised_difference": None},
    ]
    known = {"known": 410, "people": 410, "rest_known": 19_590, "rest_people": 19_590}
    other = "carers" if name == "frail" else "frail"
    overlap = [{"cohort_id": other, "title": other.title(), "people": 40, "percent_of_this": 9.8, "percent_of_other": 9.8}]
    rates = {"per_1000": 20.5, "lower": 18.6, "upper": 22.5}
    areas = [{"area_type": "place", "area_id": "place", "people": 410, "population": 20_000, **rates}]
    areas += [{"area_type": "neighbourhood", "area_id": area.id, "people": 90, "population": 4_000, **rates} for area in fake.areas[:2]]
    areas += [
        {"area_type": "neighbourhood", "area_id": area.id, "people": None, "population": 4_000, **dict.fromkeys(rates)}
        for area in fake.areas[2:3]
    ]
    areas += [
        {"area_type": "deprivation fifth", "area_id": str(fifth), "people": 82, "population": 4_000, **rates} for fifth in range(1, 6)
    ]
    change = [{"year_starts": now, "change": each, "people": count} for each, count in (("stayed", 300), ("entered", 110), ("died", 90))]
    about = {
        "cohort_id": name,
        "title": title,
        "about": f"{title}, at home.",
        "version": 1,
        "owner": "us",
        "source": "Ours",
        "origin": "package",
    }
    per = {
        f"{side}_{what}": value for side, value in (("cohort", 12.5), ("rest", 2.5)) for what in ("percent_using", "activities_per_year")
    }
    counts = {"people": 410, "person_days": 140_000, "users": 51, "activities": 4_800, "cost_pence": 90_000_000}
    use = [
        {"sector": "acute", "known": True, **per, "cohort_pounds_per_year": 2_350.0, "rest_pounds_per_year": 410.0, **counts},
        {
            "sector": "community",
            "known": False,
            **dict.fromkeys(per),
            "cohort_pounds_per_year": None,
            "rest_pounds_per_year": None,
            **counts,
        },
    ]
    spend = [
        {"sector": "acute", "month_from_index": month}
        | {f"{side}_pounds_per_month": 100.0 + 8 * month * (side == "cohort") for side in ("cohort", "comparison")}
        for month in range(-12, 13)
    ]
    about["index_meaning"] = "First day on which frailty was recorded"
    tables = (flow, [row | known for row in profile], overlap, use, areas, change, spend if name == "frail" else [])
    return Cohort(about, now, *map(pa.Table.from_pylist, tables))


def accessed(place: Place) -> Access:
    """What a log of four weeks would tell, on a day and at times that are always the same."""
    until = datetime(2026, 5, 6, 13, 0, tzinfo=UTC)
    log = open_access_log("sqlite://", {})
    same = {"scope": "place", "build_id": "b1"}
    doors = {
        "aggregates": {"account": "inv-analyst", "role": "analyst", "purpose": "planning", "what": "area_cost", "rows": 40},
        "people": {"account": "inv-nurse", "role": "care_team", "purpose": "direct care", "what": "person", "rows": 1},
    }
    for back in range(27, 0, -1):
        at = until - timedelta(days=back)
        log.append([Look(at=at, door="aggregates", **doors["aggregates"], **same)] * (1 + back % 4))
        log.append([Look(at=at, door="people", people=(each,), **doors["people"], **same) for each in range(5 if back != 7 else 60)])
    made = access_of(log, place, None, until)
    log.close()
    return replace(made, verified=replace(made.verified, at=until, sealed_at=until))


class WithoutLines:
    """A door of which nothing is counted by lines."""

    def measure_list(self) -> tuple[Any, ...]:
        return ()


@dataclass(frozen=True)
class FakeAggregates(WithoutLines):
    """What a door would give, for tests and for looking at pages before there is a build."""

    place: Place
    areas: tuple[Area, ...]
    stamp: FakeStamp
    points: Mapping[str, int] = field(default_factory=lambda: POINTS)
    reasons: Mapping[str, str] = field(default_factory=dict)
    seed: int = 7
    audience: str = "internal"
    defined: tuple[MeasureDefinition, ...] = ()
    """Measures that are counted by any cut."""

    def measure_list(self) -> tuple[MeasureDefinition, ...]:
        return self.defined

    def measure(self, name: str, *, variant: str, area_type: str, breakdown: str, period: str) -> pa.Table:
        if self.audience == "public":
            raise Refused("not given to the public")
        names = {each.id: each.name for each in self.place.neighbourhoods}
        areas = [(area.type, area.id, names[area.id], area.people) for area in self.areas if area.type == "neighbourhood"]
        made = FakeMeasures(areas, self.place.period.end, self.seed, self.place.name)
        return made.table(name, variant, area_type, breakdown, period)

    def _defined(self, name: str) -> MeasureDefinition:
        return {each.id: each for each in self.defined}[name]

    def measure_findings(self) -> tuple[Finding, ...]:
        return tuple(
            Finding("measures/x.yml", "measure-matches-nothing", "x is nowhere 'y'", endangers=each.id) for each in self.defined[-1:]
        )

    def measure_chart(self, name: str, *, area_type: str) -> pa.Table:
        cut = self.measure(name, variant="standard", area_type=area_type, breakdown="all", period="month")
        return charted(cut, self._defined(name))

    def measure_funnel(self, name: str) -> pa.Table:
        cut = self.measure(name, variant="standard", area_type="practice", breakdown="all", period="year")
        return funnelled(cut, self._defined(name))

    def measure_inequality(self, name: str) -> pa.Table:
        return unequal(self.measure(name, variant="standard", area_type="place", breakdown="deprivation", period="year"))

    def rng(self, *what: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *(sum(map(ord, word)) for word in what)])

    def with_place(self, rows: list[dict[str, Any]], sums: tuple[str, ...]) -> list[dict[str, Any]]:
        """The rows of neighbourhoods, and their sums as the place's."""
        groups: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in rows:
            key = tuple(value for name, value in row.items() if name not in sums and not name.startswith("area_"))
            total = groups.setdefault(key, {**row, "area_type": "place", "area_id": "place", **dict.fromkeys(sums, 0)})
            for name in sums:
                total[name] += row[name]
        return list(groups.values()) + rows

    def population(self) -> pa.Table:
        rows = []
        for area in self.areas:
            weights = SHAPE * np.exp(area.age * np.linspace(-1, 1, len(SHAPE)))
            counts = self.rng(area.id, "age").multinomial(area.people, np.concatenate([weights, weights * 1.02]) / (weights.sum() * 2.02))
            for index, count in enumerate(counts):
                band = index % len(BANDS)
                rows.append(
                    {"area_type": area.type, "area_id": area.id, "age_band": BANDS[band], "age_band_order": band,
                     "sex": "1" if index < len(BANDS) else "2", "people": int(count)}
                )  # fmt: skip
        return pa.Table.from_pylist(self.with_place([row for row in rows if row["people"]], ("people",)))

    def deprivation(self) -> pa.Table:
        rows = []
        for area in self.areas:
            weights = np.array([np.exp(-abs(fifth - (5 - 4 * area.deprivation * 2)) / 1.5) for fifth in range(1, 6)] + [0.01])
            for index, count in enumerate(self.rng(area.id, "fifth").multinomial(area.people, weights / weights.sum())):
                fifth = index + 1 if index < 5 else None
                rows.append({"area_type": area.type, "area_id": area.id, "deprivation_fifth": fifth, "people": int(count)})
        return pa.Table.from_pylist(self.with_place([row for row in rows if row["people"]], ("people",)))

    def every_cohort(self) -> tuple[Cohort, ...]:
        return (made_up_cohort("frail", "Frail", self), made_up_cohort("carers", "Carers", self))

    def journeys(self) -> tuple[Journey, ...]:
        """A child's year, of a contact, a stay without a cost and a package."""
        start = self.place.period.start
        events = (
            Event(start, None, "acute", "Emergency care", "RV1", 19_000),
            Event(start + timedelta(days=3), start + timedelta(days=9), "acute", "Non-elective inpatient", "RV1", None),
            Event(start + timedelta(days=200), start + timedelta(days=400), "children", "placement", None, 900_000),
        )
        return (Journey("child", 9, events),) if self.audience == "internal" else ()

    def profiled(self, name: str) -> pa.Table:
        """Tables of who lives in an area, of conditions by practice, and of code lists; of other names, and of those for staff, no row."""
        if name in FOR_STAFF and self.audience != "internal":
            return pa.table({})
        if name in MADE_UP:
            return pa.Table.from_pylist(list(MADE_UP[name]))
        return pa.Table.from_pylist(rows) if (rows := list(self.profiled_rows(name))) else pa.table({})

    def profiled_rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a table that is counted by area."""
        made: list[dict[str, Any]] = []
        for area in self.areas:
            of = {"area_type": area.type, "area_id": area.id}
            if name == "ethnic_groups":
                drawn = self.rng(area.id, name).multinomial(area.people, list(ETHNIC.values()))
                made += [of | {"ethnic_group": code, "people": int(count)} for code, count in zip(ETHNIC, drawn, strict=True) if count]
            elif name == "flows":
                done = [(sector, code, round(area.people * share)) for (sector, code), share in FLOWS.items()]
                names = ("sector", "provider_code", "activities", "people")
                made += [of | dict(zip(names, (*each, each[2] // 2), strict=True)) for each in done if each[2]]
            elif name == "frailty":
                parts = zip(("fit", "mild", "moderate", "severe", None), (0.1, 0.05, 0.02, 0.01, 0.002), strict=True)
                made += [of | {"age_group": "75 to 84", "frailty": part, "people": round(area.people * share)} for part, share in parts]
            elif name == "conditions":
                rates = {"diabetes": 0.07 * area.use, "asthma": 0.06, "carer": 0.03}
                made += [
                    of
                    | {
                        "condition_id": each,
                        "people": round(area.people * share),
                        "population": area.people,
                        "expected": area.people * 0.065,
                    }
                    for each, share in rates.items()
                ]
            elif name == "scores":
                shares = {("hospital_frailty", 0, "low"): 0.9, ("hospital_frailty", 2, "high"): 0.1 * area.use}
                made += [
                    of
                    | {
                        "year_starts": date(2025, 4, 1),
                        "score_id": score,
                        "band_order": order,
                        "band": band,
                        "people": round(area.people * part),
                        "values_sum": area.people * part * 2.5,
                    }
                    for (score, order, band), part in shares.items()
                ]
        sums = {
            "flows": ("activities", "people"),
            "conditions": ("people", "population", "expected"),
            "scores": ("people", "values_sum"),
        }.get(name, ("people",))
        found = self.with_place(made, sums) if made else []
        if name == "conditions" and self.audience == "internal":
            found = [row | of_one_age(row["people"], row["population"]) for row in found]
        practice = {"area_type": "practice", "area_id": "ZZ0001", "condition_id": "diabetes", "people": 300, "population": 2_000}
        return [*found, practice | {"expected": 130.0}] if name == "conditions" and self.audience == "internal" else found

    @cached_property
    def months(self) -> list[date]:
        return [add_months(self.place.period.end, back) for back in range(-24, 0)]

    def activity_by_month(self) -> pa.Table:
        rows = []
        for area in self.areas:
            for point, rate in self.points.items():
                expected = area.people * area.use * rate / 1000 / 12
                season = 1 + 0.12 * np.cos(np.arange(24) / 12 * 2 * np.pi + 1.5) + np.arange(24) * 0.003
                for month, count in zip(self.months, self.rng(area.id, point).poisson(expected * season), strict=True):
                    rows.append(
                        {
                            "area_type": "neighbourhood",
                            "area_id": area.id,
                            "month": month,
                            "sector": "acute",
                            "point_of_delivery": point,
                            "activities": int(count),
                            "known_share": 1.0,
                        }
                    )
        return pa.Table.from_pylist(self.with_place([row for row in rows if row["activities"]], ("activities",)))

    def costs(self) -> pa.Table:
        rows = []
        for area in self.areas:
            for point, rate in self.points.items():
                activities = int(self.rng(area.id, point, "cost").poisson(area.people * area.use * rate / 1000))
                costed = int(activities * 0.97)
                from_extract = int(costed * 0.8)
                rows.append(
                    {"area_type": area.type, "area_id": area.id, "sector": "acute", "point_of_delivery": point, "activities": activities,
                     "costed": costed, "cost_pence": costed * POUNDS[point] * 100 + 37, "constant_pence": costed * POUNDS[point] * 98,
                     "from_extract": from_extract, "from_unit_cost": costed - from_extract}
                )  # fmt: skip
        sums = ("activities", "costed", "cost_pence", "constant_pence", "from_extract", "from_unit_cost")
        return pa.Table.from_pylist(self.with_place([row for row in rows if row["activities"]], sums))

    def cost_differences(self) -> pa.Table:
        names = ("sector", "point_of_delivery", "activities", "extract_pence", "average_pence", "ratio")
        rows = (
            ("acute", "Day case", 410, 33_620_000, 44_160_280, 0.761),
            ("acute", "Emergency care", 6_080, 115_520_000, 170_343_360, 0.678),
        )
        return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])

    def neighbourhoods(self) -> tuple[Neighbourhood, ...]:
        period, place = self.place.period, self.place
        return tuple(n for n in place.neighbourhoods if (n.start or period.start) < period.end and (n.end or period.end) > period.start)

    def files(self) -> tuple[FileAccount, ...]:
        """One file of each source: a year of months, of which the third is missing; the list has no months."""
        made = []
        for at, source in enumerate(self.stamp.sources, 1):
            months = [add_months(self.place.period.end, back) for back in range(-12, 0) if source.contract != "register"]
            each = (source.loaded + 9) // max(len(months), 1)
            rows = {month: each for place, month in enumerate(months) if place != 2}
            made.append(
                FileAccount(
                    file_id=at, source=source.source, partner="council", contract=source.contract, file=f"{source.source}.csv", sha256=None,
                    rows_read=source.rows_read, loaded=source.loaded, superseded=source.rows_read - source.loaded - source.rejected,
                    rejected=source.rejected, linkable=source.linked, data_to=source.data_to, months=rows,
                    blank={"ETHNIC_CATEGORY": source.loaded // 7, "SITE": source.loaded},
                    rejected_by={"required-value-missing": source.rejected}, missing_columns=("SITE",),
                )
            )  # fmt: skip
        return tuple(made)

    def changes(self) -> Changes | None:
        return None

    def findings(self) -> tuple[Finding, ...]:
        wrong = Finding(
            "acute.csv", "month-missing", "no row of June 2025: ask for it", severity=Severity.WARNING, endangers="use by month"
        )
        return (wrong, Finding("gp.csv", "missing-column", "has no column NHS_NUMBER <b>", endangers="everything from register"))

    def quality(self) -> pa.Table:
        names = ("rule", "unit", "found", "out_of", "message", "endangers")
        suffers = "use and cost by neighbourhood; indicators"
        unlinked = ("activity-unlinked", "activities", 580, 28_066, "could not be linked to a person", suffers)
        unknown = ("practice-unknown", "registrations", 0, 20_012, "name an unknown practice", "the population")
        return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in (unlinked, unknown)])

    def practice_people(self) -> pa.Table:
        """Everyone: nobody objects to what the practice's data are used for."""
        held: dict[tuple[str, str], int] = {}
        for row in self.population().to_pylist():
            held[row["area_type"], row["area_id"]] = held.get((row["area_type"], row["area_id"]), 0) + (row["people"] or 0)
        return pa.Table.from_pylist([{"area_type": kind, "area_id": id, "people": people} for (kind, id), people in held.items()])

    def opted_out(self) -> pa.Table:
        """One in twenty objects to planning, fewer in the most deprived fifth; five in the hundred at their practice."""
        alone = [("planning", "type 1", "practice record", 0.05), ("planning", "national", "everything", 0.04)]
        kinds = [*alone, *((purpose, "any", "everything", 0.05) for purpose in ("planning", "payment", "research", "direct care"))]
        groups = [(fifth, band) for fifth in (1, 2, 3, 4, 5, None) for band in (0, 8, 18)]
        rows = []
        for area in (*self.areas, None):
            people = area.people if area else sum(each.people for each in self.areas)
            where = {"area_type": area.type, "area_id": area.id} if area else {"area_type": "place", "area_id": "place"}
            for (purpose, kind, keeps_back, share), (fifth, band) in product(kinds, groups):
                registered = people // len(groups)
                removed = int(registered * share * (0.5 + (fifth or 3) / 6))
                told = {"purpose": purpose, "kind": kind, "keeps_back": keeps_back, "deprivation_fifth": fifth, "age_band_order": band}
                rows.append(where | told | {"age_band": BANDS[band], "registered": registered, "removed": removed})
        return pa.Table.from_pylist(rows)

    def measures(self) -> pa.Table:
        rows = [row for measure in MEASURES for row in self.measure_rows(measure)]
        return pa.Table.from_pylist(rows, schema=MEASURE_ROWS)

    def measure_rows(self, measure: str) -> list[dict[str, Any]]:
        multiplier, _, typical = MEASURES[measure]
        people = sum(area.people for area in self.areas)
        events = {
            area.id: int(self.rng(area.id, measure).poisson(area.people * area.use**1.6 * typical / multiplier)) for area in self.areas
        }
        whole = {"area_type": "place", "area_id": "place", **self.value(measure, sum(events.values()), people)}
        rows = [whole | {"comparison": None}]
        for area in self.areas:
            row = self.value(measure, events[area.id], area.people)
            rows.append({"area_type": area.type, "area_id": area.id, **row, "comparison": compared(row, whole)})
        return rows

    def value(self, measure: str, events: int, people: int) -> dict[str, Any]:
        reason = self.reasons.get(measure) or ("zero denominator" if people == 0 else None)
        shared = {"measure_id": measure, "period_start": self.place.period.start, "period_end": self.place.period.end, "reason": reason}
        if reason:
            return shared | {"events": None, "value": None, "lower": None, "upper": None}
        value, spread = (MEASURES[measure][0] * part / people for part in (events, 1.96 * (events + 0.5) ** 0.5))
        return shared | {"events": events, "value": value, "lower": max(0.0, value - spread), "upper": value + spread}

    def linked_rows(self) -> pa.Table:
        """Keys miss 2 of 100 rows, and 6 of 100 of Asian people; half of those are linked by probability."""
        rows = []
        for source in SOURCES:
            every = 10_000
            groups = [("all", "all", every, 0.02), ("ethnic_group", "White", 9_000, 0.016), ("ethnic_group", "Asian", 1_000, 0.06)]
            groups += [("sex", "male", 4_000, 0.02), ("sex", "female", 5_000, 0.02), ("sex", "not said", 1_000, 0.02)]
            for characteristic, group, count, missed in groups:
                likely, unlinked = int(count * missed / 2), int(count * missed) - int(count * missed / 2)
                told = {
                    "row_count": count,
                    "by_key": count - likely - unlinked,
                    "confirmed": 0,
                    "by_probability": likely,
                    "unlinked": unlinked,
                }
                shares = {"key_share": told["by_key"] / count, "linked_share": (count - unlinked) / count}
                which = {"contract": source.contract, "source": source.source, "characteristic": characteristic, "group_value": group}
                rows.append(which | told | shares)
        return pa.Table.from_pylist(rows)

    def measure_linkage(self) -> pa.Table:
        """A tenth of each numerator stands on links by probability; 4 of 104 stays are linked to nobody."""
        told = {"numerator": 200.0, "by_probability": 20.0, "kindred": 104, "kindred_unlinked": 4}
        areas = [("place", "place"), *((area.type, area.id) for area in self.areas)]
        rows = [{"measure_id": measure, "area_type": kind, "area_id": area} | told for measure in MEASURES for kind, area in areas]
        return pa.Table.from_pylist(rows)

    def link_spread(self) -> pa.Table:
        """The same rows as in `linked_rows`, without the list; two of each come together."""
        rows = [row for row in self.linked_rows().to_pylist() if row["contract"] != "register"]
        found: dict[tuple[str, str], dict[str, int]] = {}
        for row in rows:
            group = found.setdefault((row["characteristic"], row["group_value"]), {"row_count": 0, "not_by_key": 0})
            group["row_count"] += row["row_count"]
            group["not_by_key"] += row["row_count"] - row["by_key"]
        told = [{"characteristic": characteristic, "group_value": value, **counts} for (characteristic, value), counts in found.items()]
        return pa.Table.from_pylist([row | {"units": row["row_count"] // 2, "effective_rows": row["row_count"] / 2} for row in told])

    def link_truth(self) -> pa.Table:
        """Nine of ten rows that matching decided are right where somebody is Asian, 99 of 100 of all."""
        told = {
            ("key", "all", "all"): (900, 1, 0, 0, 0),
            ("matching", "all", "all"): (990, 2, 8, 20, 1),
            ("matching", "ethnic_group", "Asian"): (90, 1, 9, 5, 1),
            ("matching", "contract", "apc"): (990, 2, 8, 20, 1),
        }
        names = ("correct", "wrong", "missed", "of_strangers", "strangers_linked")
        rows = []
        for (decided_by, characteristic, value), counts in told.items():
            row = dict(zip(names, counts, strict=True))
            shares = {
                "link_precision": row["correct"] / (row["correct"] + row["wrong"] + row["strangers_linked"]),
                "recall": row["correct"] / (row["correct"] + row["wrong"] + row["missed"]),
            }
            rows.append({"decided_by": decided_by, "characteristic": characteristic, "group_value": value} | row | shares)
        return pa.Table.from_pylist(rows)

    def match_weights(self) -> pa.Table:
        worth = {("family name", "the same"): 6.0, ("given name", "nearly the same"): 1.0, ("date of birth", "day and month swapped"): 13.0}
        worth |= {("address", "the same postcode"): 10.0, ("address", "anything else"): -12.0}
        rows = [
            {"comparison": name, "level": level, "label": label, "m": 0.5, "u": 0.5 / 2**weight, "weight": weight}
            for level, ((name, label), weight) in enumerate(worth.items())
        ]
        return pa.Table.from_pylist(rows)

    def measure_basis(self) -> pa.Table:
        rows = [] if "apc" in {gap.contract for gap in self.stamp.missing} else list(basis_rows(self.months[12:]))
        return pa.Table.from_pylist(rows, schema=BASIS_ROWS)

    def match_figures(self) -> pa.Table:
        told = {"records": 400, "people": 20_000, "linked": 380, "confirmed": 2, "in_doubt": 8, "not_linked": 10}
        told |= {"link_at": 0.995, "prior": 1 / 16_385, "trained": 1}
        return pa.Table.from_pylist([{"figure": name, "value": float(value), "meaning": name} for name, value in told.items()])

    def built(self) -> Built | None:
        return made_up_build(self.stamp.build_id) if self.audience == "internal" else None

    def cell_files(self) -> CellFiles:
        """Of delays in the north and in the place, two files; of other measures it isn't kept."""
        rows = [
            {"counted": "delayed_days", "area_type": kind, "area_id": area, "month": None, "sector": None, "point_of_delivery": None}
            | {"file_id": account.file_id, "records": 400 - number}
            for kind, area in (("neighbourhood", "north"), ("place", "place"))
            for number, account in enumerate(self.files()[:2])
        ]
        of_delays: dict[tuple[str, str], dict[int, int]] = {(row["area_type"], row["area_id"]): {} for row in rows}
        for row in rows:
            of_delays[row["area_type"], row["area_id"]][row["file_id"]] = row["records"]
        table = pa.Table.from_pylist([{**row, "counted": "flows"} for row in rows])
        return CellFiles(table, self.files(), {"delayed_days"}, lambda _: of_delays)

    def behind(self, name: str) -> Behind:
        """A step from one landed file to the number."""
        titles = {each.id: each.title for each in self.defined} | {each: spec.title for each, spec in SPECS.items()}
        told = titles[name] if name in titles else (PUBLISHED.get(name) or TOLD[name]).title
        steps = (
            Step("landed_apc", "Admitted patient care, as landed", "landed", 1, ("admidate",), rows=13_120, digest="0" * 64),
            Step("measure_cell", "Counts", "derived", 1, ("events",), ("landed_apc",), rows=21, digest="1" * 64),
        )
        period = (self.place.period.start, self.place.period.end)
        built = BuiltBy(self.stamp.build_id, self.stamp.built_at.isoformat(), self.stamp.version, "duckdb")
        audience: Audience = "public" if self.audience == "public" else "internal"
        return Behind(name, told, "What it is", "Of whom", "count", period, self.place.as_at, audience, built, steps=steps)

    def access(self) -> Access | None:
        return accessed(self.place) if self.audience == "internal" else None

    def measure_specs(self) -> Mapping[str, FakeMeasure]:
        return SPECS


def basis_rows(months: Sequence[date]) -> Iterator[dict[str, Any]]:
    """A large trust that tells everything, one that gives no ready dates and stops in March, and a small one without ready dates."""
    for measure, (provider, part), month in product(MEASURES, (("RV1", 0.7), ("RV2", 0.295), ("RX9", 0.005)), months):
        stopped = "ends early" if provider == "RV2" and month == months[-1] else None
        why = stopped or ("ready_date not given" if measure == "delayed_days" and provider != "RV1" else None)
        yield {"measure_id": measure, "age_from": 0, "provider_code": provider, "month": month, "month_end": add_months(month, 1), "way": 1,
               "known_to": months[-1] - timedelta(days=1 if provider == "RV2" else -30), "known": why is None, "why": why,
               "share": part}  # fmt: skip


TEXT, NUMBER, DAY = pa.string(), pa.float64(), pa.date32()
BASIS_ROWS = pa.schema(
    {"measure_id": TEXT, "age_from": pa.int32(), "provider_code": TEXT, "month": DAY, "month_end": DAY, "way": pa.int32(), "known_to": DAY}
    | {"known": pa.bool_(), "why": TEXT, "share": NUMBER}
)
MEASURE_ROWS = pa.schema(
    {"measure_id": TEXT, "area_type": TEXT, "area_id": TEXT, "period_start": DAY, "period_end": DAY, "events": pa.int64()}
    | dict.fromkeys(("value", "lower", "upper"), NUMBER)
    | dict.fromkeys(("reason", "comparison"), TEXT)
)


def compared(row: dict[str, Any], whole: dict[str, Any]) -> str | None:
    if row["value"] is None or whole["value"] is None:
        return None
    if row["lower"] > whole["value"]:
        return "higher"
    return "lower" if row["upper"] < whole["value"] else "similar"


def place_of(place_id: str, name: str, word: LocalWord, neighbourhoods: tuple[Neighbourhood, ...], **more: Any) -> Place:
    return Place(
        id=place_id, name=name, folder=Path(place_id), word=word, as_at=more.pop("as_at", date(2026, 3, 31)), neighbourhoods=neighbourhoods,
        partners=(
            Partner(id="council", name=f"{name} Council", roles=("commissioner",)),
            Partner(id="vale", name="Vale and Moor Hospitals", code="RV1", roles=("acute_provider",)),
            Partner(id="tarn", name="Tarn Hospitals", code="RV2", roles=("acute_provider",)),
        ),
        practices=(Practice(code="ZZ0001", name="Invented practice"),), memberships=(),
        sources=tuple(Source(name=s.source, partner="council", contract=s.contract, files=(f"{s.source}.csv",)) for s in SOURCES),
        **{"invented": True} | more,
    )  # fmt: skip


def five() -> FakeAggregates:
    """Five localities on a map of tiles, all four extracts."""
    names = {
        "north": ("North Vale", 1, 2),
        "upper": ("Upper Vale", 1, 1),
        "central": ("Central Combe", 2, 2),
        "south": ("South Combe", 3, 2),
        "lower": ("Lower Vale", 2, 3),
    }
    place = place_of(
        "combe-vale", "Combe Vale", LocalWord(singular="locality", plural="localities"),
        tuple(Neighbourhood(id=key, name=name, tile=Tile(row=row, column=column)) for key, (name, row, column) in names.items()),
    )  # fmt: skip
    areas = (
        Area("north", 4_310, -0.2, 0.35, 1.08), Area("upper", 3_380, 0.35, 0.05, 0.82), Area("central", 5_020, -0.55, 0.48, 1.42),
        Area("south", 4_000, 0.1, 0.2, 0.98), Area("lower", 3_261, 0.5, 0.02, 0.75), Area("none", 41),
    )  # fmt: skip
    return FakeAggregates(place, areas, FakeStamp("combe-vale", SOURCES))


NINE = (
    "Batley", "Birkenshaw, Gomersal and Cleckheaton with the Upper Spen Valley", "Dewsbury & Thornhill", "Greenwood",
    "Huddersfield Central", "Mast", "Tolson", "Valleys Health and Social Care", "Viaduct",
)  # fmt: skip


def nine() -> FakeAggregates:
    """Nine neighbourhoods without tiles; one with a very long name, one with nobody; no deaths and no admissions extract."""
    ids = [f"n{number}" for number in range(1, 10)]
    place = place_of(
        "wide-moors",
        "Wide Moors",
        LocalWord(),
        tuple(Neighbourhood(id=key, name=name) for key, name in zip(ids, NINE, strict=True)),
        as_at=date(2025, 9, 30),
    )
    sizes = (5_100, 6_200, 3_900, 4_700, 5_600, 2_950, 4_450, 7_020, 0)
    areas = tuple(
        Area(key, size, (index - 4) / 8, 0.5 - index / 20, 1.3 - index / 14)
        for index, (key, size) in enumerate(zip(ids, sizes, strict=True))
    )
    sources = tuple(
        replace(source, data_to=date(2025, 9, 30), partner_name="Moors practices" if source.contract == "register" else "Moors Hospital")
        for source in SOURCES
        if source.contract in ("register", "ecds")
    )
    missing = (
        FakeMissing("apc", "Admitted patient care", "acute", "the three indicators, admissions in use by month, and their cost"),
        FakeMissing(
            "deaths", "Registered deaths", "registrations", "who is counted as registered: people who died may still be on the list"
        ),
    )
    points = {point: rate for point, rate in POINTS.items() if point in ("Emergency care", "Same day emergency care")}
    reasons = dict.fromkeys(MEASURES, "source missing")
    return FakeAggregates(place, areas, FakeStamp("wide-moors", sources, missing), points=points, reasons=reasons)
