"""Holds invented people against published figures and writes docs/explanation/realism.md: `python -m tools.realism SHARED [STORE]`.

SHARED is the folder of open data; STORE, where it is given, that of a build of the example place with every extract, from
which use and cost of all sectors are taken. The pictures go beside the page.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import altair
import numpy as np
import numpy.typing as npt

from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.papers.drawing import draw
from joinedup.papers.figure import chart_of, fitted
from joinedup.papers.theme import AREA_FILL, INK, SECOND, WIDE, config
from joinedup.place.folder import read_place
from joinedup.place.model import ETHNIC_GROUPS, Place
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic import needs
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.figures import columns
from joinedup.sources.synthetic.seasons import NEVER
from joinedup.sources.synthetic.setting import AGES, Setting, setting_of
from tests.place.open_data import make_place

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "explanation" / "realism.md"
PEOPLE, SEED = 60_000, 1
TRUST = "RWY"  # Calderdale and Huddersfield, whose emergency departments most people of the example use
SEASON_YEARS = (2021, 2022, 2023)  # financial years of the published months
REGISTERS = {
    "hypertension": "HYP",
    "coronary_heart_disease": "CHD",
    "atrial_fibrillation": "AF",
    "cancer": "CAN",
    "heart_failure": "HF",
    "kidney_disease": "CKD",
    "stroke": "STIA",
    "dementia": "DEM",
    "asthma": "AST",
    "diabetes": "DM",
    "copd": "COPD",
    "severe_mental_illness": "MH",
}
"""Conditions of the invented, each with its register of the Quality and Outcomes Framework."""
Counts = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Invented:
    """So many invented people of a place, block by block."""

    setting: Setting

    @classmethod
    def of(cls, place: Place, people: int = PEOPLE, seed: int = SEED) -> Invented:
        """That many people on a place."""
        return cls(setting_of(place, people, seed))

    def blocks(self) -> Iterator[tuple[Block, Positions]]:
        """Each block with those of its people who are registered at the end."""
        for number in range(self.setting.blocks):
            block = Block(self.setting, number)
            people = block.people
            yield block, np.flatnonzero(~people.outside & (people.died >= NEVER) & (people.left >= NEVER))

    def by_area(self, groups: int, group_of: Callable[[Block, Positions], Positions]) -> Counts:
        """People at the end by area of the place and group, as `group_of` sorts a block's people."""
        areas = self.setting.areas
        found = np.zeros((areas.inside, groups))
        for block, who in self.blocks():
            stays = block.stays
            area = stays.area[stays.on(who, np.full(len(who), self.setting.span.end - 1))]
            np.add.at(found, (np.minimum(area, areas.inside - 1), group_of(block, who)), 1)
        return found

    def ages(self) -> Counts:
        """People by area and age group."""
        last = self.setting.span.end - 1
        return self.by_area(len(AGES), lambda block, who: np.searchsorted(np.array(AGES), block.people.ages(last)[who], side="right") - 1)

    def prevalence(self) -> dict[str, dict[str, float]]:
        """Condition -> practice -> the share of its list that has it."""
        names = list(needs.conditions())
        people: dict[str, float] = defaultdict(float)
        having: dict[str, Counts] = defaultdict(lambda: np.zeros(len(names)))
        for block, who in self.blocks():
            practice = block.stays.practice[block.stays.on(who, np.full(len(who), self.setting.span.end - 1))]
            for at in np.unique(practice):
                mine, code = who[practice == at], str(self.setting.practices.code[at])
                people[code] += len(mine)
                having[code] += block.people.conditions[mine].sum(axis=0)
        usual = sum(people.values()) / len(people)
        large = [code for code in people if people[code] > usual / 5]
        return {name: {code: float(having[code][at] / people[code]) for code in large} for at, name in enumerate(names)}

    def attendances(self) -> Counts:
        """Attendances at emergency departments a day, by calendar month from January, beside the mean of all."""
        days, events = np.zeros(12), np.zeros(12)
        span = self.setting.span
        np.add.at(days, _months(np.arange(span.start, span.end)), 1)
        for number in range(self.setting.blocks):
            day = Block(self.setting, number).attendances.arrived // 1440
            np.add.at(events, _months(day[(day >= span.start) & (day < span.end)]), 1)
        each = events / days
        return each / each.mean()


def _months(days: Positions) -> Positions:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a published file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def apart(have: Counts, want: Counts) -> Counts:
    """For each row how far two distributions lie apart: the share of people that would have to change group (total variation)."""
    found: Counts = 0.5 * np.abs(have / have.sum(axis=1, keepdims=True) - want / want.sum(axis=1, keepdims=True)).sum(axis=1)
    return found


def chance(have: Counts, want: Counts) -> float:
    """How far apart they would lie on average, were people drawn from the wanted distributions themselves."""
    rng = np.random.default_rng(0)
    sizes, shares = have.sum(axis=1).astype(int), want / want.sum(axis=1, keepdims=True)
    drawn = np.stack([rng.multinomial(max(size, 1), share) for size, share in zip(sizes, shares, strict=True)]).astype(float)
    return float(apart(drawn, want).mean())


def ranks_agree(mine: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Spearman's rank correlation of the practices that both have."""
    both = sorted(set(mine) & set(theirs))
    first, second = (np.argsort(np.argsort([of[code] for code in both])).astype(float) for of in (mine, theirs))
    return float(np.corrcoef(first, second)[0, 1])


def published_prevalence(shared: Path) -> dict[str, dict[str, float]]:
    """Register -> practice -> register over list, Quality and Outcomes Framework 2020-21."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows(shared / "open-data/practices/qof_prevalence_2020-21_by_practice.csv"):
        found[row["GROUP_CODE"]][row["PRACTICE_CODE"]] = int(row["REGISTER"]) / int(row["PRACTICE_LIST_SIZE"])
    return found


def published_season(shared: Path, column: str = "total_attendances") -> Counts:
    """What a trust counts a day, by calendar month from January, beside the mean of all; three financial years together."""
    counted, days = np.zeros(12), np.zeros(12)
    for row in rows(shared / "open-data/activity/trust_ae_and_emergency_admissions_2021-04_to_2024-07.csv"):
        month = datetime.strptime(row["date"], "%B %Y")
        if row["nhs_trust22_code"] == TRUST and (month.year if month.month > 3 else month.year - 1) in SEASON_YEARS:
            at = month.month - 1
            counted[at] += float(row[column])
            days[at] += (np.datetime64(f"{month:%Y-%m}") + 1).astype("datetime64[D]").astype(int) - np.datetime64(
                f"{month:%Y-%m}-01"
            ).astype(int)
    each = counted / days
    return each / each.mean()


NATIONAL = {
    "Day case": "Daycase",
    "Elective inpatient": "Elective Inpatients",
    "Emergency care": "Emergency Care",
    "Outpatient procedure": "Outpatient Procedures",
    "Ambulance see and convey": "Ambulance/See & Convey",
    "Ambulance see and treat": "Ambulance/See & Treat",
    "Ambulance hear and treat": "Ambulance/Hear & Treat",
    "Community contact": "Community Health Service",
    "Mental health contact": "Mental Health Care Contact",
    "Talking therapies contact": "NHS Talking Therapy Care Contact",
}
"""Points of delivery, each with its department of the National Cost Collection (and a currency of it)."""
ENGLAND = 57.7
"""Millions of people in England, mid-2023 (Office for National Statistics)."""


def national_use(shared: Path) -> dict[str, float]:
    """Point of delivery -> activity per 1,000 people a year, National Cost Collection 2024-25."""
    found = {}
    collection = rows(shared / "open-data/costs/national_cost_collection_2024-25.csv")
    for point, name in NATIONAL.items():
        department, _, currency = name.partition("/")
        mine = [row for row in collection if row["department_code"] == department and currency in ("", row["currency_desc"])]
        found[point] = sum(float(row["activity"]) for row in mine if row["activity"]) / ENGLAND / 1000
    return found


@dataclass(frozen=True)
class Built:
    """What a build of the example place says of use and cost."""

    reader: Reader

    @property
    def people(self) -> int:
        """People registered on the as-at date."""
        return sum(row["people"] for row in self._of_place("area_population"))

    def costs(self) -> list[dict[str, Any]]:
        """Activities and cost of the place by sector and point of delivery, in the period."""
        return sorted(self._of_place("area_cost"), key=lambda row: -(row["cost_pence"] or 0))

    def use(self) -> dict[str, float]:
        """Point of delivery -> activities per 1,000 people a year."""
        return {row["point_of_delivery"]: 1000 * row["activities"] / self.people for row in self.costs()}

    def _of_place(self, table: str) -> list[dict[str, Any]]:
        return [row for row in self.reader.table(table).to_pylist() if row["area_type"] == "place"]


def scatter(points: Sequence[tuple[float, float]], x: str, y: str, about: str) -> str:
    """Points with the line on which the two would be equal, as SVG."""
    most = 1.02 * max(max(pair) for pair in points)
    least = 0.98 * min(min(pair) for pair in points)
    scale = altair.Scale(domain=[least, most], nice=False, zero=False)
    axis = altair.Axis(format=".0%", grid=True, tickCount=6)
    dots = chart_of([{"x": a, "y": b} for a, b in points]).mark_circle(color=AREA_FILL, opacity=0.75, size=42)
    dots = dots.encode(altair.X("x:Q", title=x, scale=scale, axis=axis), altair.Y("y:Q", title=y, scale=scale, axis=axis))
    ends = chart_of([{"x": least, "y": least}, {"x": most, "y": most}]).mark_line(color=INK, strokeDash=[5, 3], strokeWidth=1.25)
    return _drawn(altair.layer(ends.encode(altair.X("x:Q"), altair.Y("y:Q")), dots), about, 360)


def lines(series: Mapping[str, Sequence[float]], names: Sequence[str], about: str, y: str) -> str:
    """Two lines over the same names, invented and published, as SVG."""
    told = [{"name": name, "of": of, "value": value} for of, values in series.items() for name, value in zip(names, values, strict=True)]
    base = chart_of(told).encode(
        altair.X("name:N", title=None, sort=list(names), axis=altair.Axis(labelAngle=0)),
        altair.Y("value:Q", title=y, scale=altair.Scale(zero=False), axis=altair.Axis(grid=True)),
    )
    first, second = list(series)
    solid = base.transform_filter(f"datum.of === '{first}'").mark_line(color=AREA_FILL, strokeWidth=2.75, point=True)
    dashed = base.transform_filter(f"datum.of === '{second}'").mark_line(color=SECOND, strokeWidth=1.5, strokeDash=[5, 3], point=True)
    return _drawn(altair.layer(solid, dashed), f"{about} Solid: {first}. Dashed: {second}.", 220)


def _drawn(chart: altair.LayerChart, about: str, height: int) -> str:
    title = altair.TitleParams(about, subtitle=["Invented people, not real ones."])
    return draw(fitted(chart, WIDE, height).properties(title=title).configure(**config(WIDE)))


def table(head: Sequence[str], body: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (head, ["---"] * len(head), *body))


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TEXT = Path(__file__).with_name("realism_page.txt")
"""The page with gaps for the numbers."""
TEXT_OF_BUILD = Path(__file__).with_name("realism_build.txt")


def write(shared: Path, store: Path | None) -> None:
    """Nothing; the page and its pictures are written."""
    invented = Invented.of(read_place(ROOT / "places" / "calderdale", contract_names=tuple(contracts())))
    areas = invented.setting.areas
    assert areas.aged is not None
    assert areas.ethnic is not None
    ages = invented.ages()
    broad = broad_groups()
    ethnic = invented.by_area(5, lambda block, who: broad[block.people.ethnic[who]])
    with tempfile.TemporaryDirectory() as folder:
        real = Invented.of(read_place(make_place(shared, "Calderdale", Path(folder) / "calderdale"), contract_names=tuple(contracts())))
        mine, theirs = real.prevalence(), published_prevalence(shared)
    season, published = invented.attendances(), published_season(shared)
    pictures = {
        "ages": scatter(
            _shares(areas.aged, ages, 5), "Census 2021", "invented", "Share of people aged 65 and over, each dot a small area."
        ),
        "ethnic": scatter(_shares(areas.ethnic, ethnic, 2), "Census 2021", "invented", "Share of Asian people, each dot a small area."),
        "hypertension": scatter(
            [(theirs["HYP"][code], share) for code, share in mine["hypertension"].items() if code in theirs["HYP"]],
            "Quality and Outcomes Framework",
            "invented",
            "Share of the list with hypertension, each dot a practice.",
        ),
        "attendances": lines(
            {"invented": [*map(float, season)], "published": [*map(float, published)]},
            MONTHS,
            "Emergency attendances a day beside the year's mean.",
            "mean = 1",
        ),
    }
    folder_of_pictures = PAGE.with_suffix("")
    folder_of_pictures.mkdir(exist_ok=True)
    for name, picture in pictures.items():
        (folder_of_pictures / f"{name}.svg").write_text(picture + "\n", encoding="utf-8")
    bands = ["under 16", "16 to 24", "25 to 34", "35 to 49", "50 to 64", "65 and over"]
    wanted, found = areas.aged.sum(axis=0) / areas.aged.sum(), ages.sum(axis=0) / ages.sum()
    text = TEXT.read_text(encoding="utf-8").format(
        people=PEOPLE,
        seed=SEED,
        areas=areas.inside,
        trust="Calderdale and Huddersfield NHS Foundation Trust",
        apart=apart(ages, areas.aged).mean(),
        worst=apart(ages, areas.aged).max(),
        chance=chance(ages, areas.aged),
        ages=table(["age", "Census 2021", "invented"], [[b, f"{w:.1%}", f"{f:.1%}"] for b, w, f in zip(bands, wanted, found, strict=True)]),
        ethnic=apart(ethnic, areas.ethnic).mean(),
        ethnic_chance=chance(ethnic, areas.ethnic),
        prevalence=table(
            ["condition", "published, mean and spread of practices", "invented", "rank correlation"],
            [_by_practice(name, mine[name], theirs[code]) for name, code in REGISTERS.items()],
        ),
        season=np.abs(season - published).max(),
        admissions=np.abs(admissions(invented) - published_season(shared, "total_emergency_admissions")).max(),
        built=_of_build(shared, Built(Reader(Store(store)))) if store else "",
    )
    PAGE.write_text(text, encoding="utf-8")


def broad_groups() -> Positions:
    """For each ethnic category of the generator the position of its broad group."""
    return np.array(
        [next(at for at, held in enumerate(ETHNIC_GROUPS.values()) if code in held) for code in columns("ethnic_groups")["code"]]
    )


def admissions(invented: Invented) -> Counts:
    """Emergency admissions by way of the department a day, by calendar month, beside the mean of all."""
    days, events = np.zeros(12), np.zeros(12)
    span = invented.setting.span
    np.add.at(days, _months(np.arange(span.start, span.end)), 1)
    for number in range(invented.setting.blocks):
        spells = Block(invented.setting, number).spells
        np.add.at(events, _months(spells.day[(spells.method == "21") & (spells.day >= span.start)]), 1)
    each = events / days
    return each / each.mean()


def _shares(want: Counts, have: Counts, at: int) -> list[tuple[float, float]]:
    return [(float(w), float(h)) for w, h in zip(want[:, at] / want.sum(axis=1), have[:, at] / have.sum(axis=1), strict=True)]


def _by_practice(name: str, mine: Mapping[str, float], theirs: Mapping[str, float]) -> list[str]:
    both = [code for code in mine if code in theirs]
    told = [np.array([of[code] for code in both]) for of in (theirs, mine)]
    return [name.replace("_", " "), *(f"{of.mean():.1%} ± {of.std():.1%}" for of in told), f"{ranks_agree(mine, theirs):.2f}"]


def _of_build(shared: Path, built: Built) -> str:
    """Use and cost of all sectors, from a build."""
    national, use = national_use(shared), built.use()
    compared = [
        [point, f"{use.get(point, 0):,.0f}", f"{national[point]:,.0f}", f"{use.get(point, 0) / national[point]:.2f}"] for point in NATIONAL
    ]
    costs = [
        [
            row["sector"],
            row["point_of_delivery"],
            f"{1000 * row['activities'] / built.people:,.1f}",
            _pounds(row["cost_pence"], built.people),
        ]
        for row in built.costs()
    ]
    head = sum(row["cost_pence"] or 0 for row in built.costs()) / built.people / 100
    return TEXT_OF_BUILD.read_text(encoding="utf-8").format(
        people=built.people,
        england=ENGLAND,
        compared=table(["point of delivery", "invented", "published", "ratio"], compared),
        head=head,
        costs=table(["sector", "point of delivery", "per 1,000 people a year", "pounds a head"], costs),
    )


def _pounds(pence: int | None, people: int) -> str:
    return "no cost" if pence is None else f"{pence / people / 100:,.2f}"


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
