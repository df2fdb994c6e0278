"""The report: docs/explanation/realism.md and its pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from joinedup.engine.reader import Reader
from joinedup.engine.store import Store
from joinedup.place.folder import read_place
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic.figures import columns
from tests.place.open_data import make_place
from tools.realism.built import Built, pictures_of_build, text_of_build
from tools.realism.distance import apart, chance, ranks_agree
from tools.realism.invented import PEOPLE, SEED, Counts, Invented, broad_groups
from tools.realism.pictures import MONTHS, lines, scatter, table
from tools.realism.published import REGISTERS, published_prevalence, published_season

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "realism.md"
TEXT = Path(__file__).with_name("page.txt")
"""The page with gaps for the numbers."""
BANDS = ("under 16", "16 to 24", "25 to 34", "35 to 49", "50 to 64", "65 and over")


@dataclass(frozen=True)
class Compared:
    """Everything that the page compares: the invented of the example place, and the figures published of its district."""

    shared: Path

    @cached_property
    def invented(self) -> Invented:
        """People of the example place."""
        return Invented.of(read_place(ROOT / "places" / "calderdale", contract_names=tuple(contracts())))

    @cached_property
    def ages(self) -> tuple[Counts, Counts]:
        """By small area and age group: Census 2021, invented."""
        census = self.invented.setting.areas.aged
        assert census is not None
        return census, self.invented.ages()

    @cached_property
    def ethnic(self) -> tuple[Counts, Counts]:
        """By small area and broad ethnic group: Census 2021, invented."""
        census, broad = self.invented.setting.areas.ethnic, broad_groups()
        assert census is not None
        return census, self.invented.by_area(5, lambda block, who: broad[block.people.ethnic[who]])

    @cached_property
    def prevalence(self) -> dict[str, tuple[dict[str, float], dict[str, float]]]:
        """Condition -> by practice of the district as it is: published, invented."""
        with tempfile.TemporaryDirectory() as folder:
            place = make_place(self.shared, "Calderdale", Path(folder) / "calderdale")
            mine = Invented.of(read_place(place, contract_names=tuple(contracts()))).prevalence()
        theirs = published_prevalence(self.shared)
        return {name: (theirs[code], mine[name]) for name, code in REGISTERS.items()}

    @cached_property
    def attendances(self) -> tuple[Counts, Counts]:
        """By calendar month: the trust, invented."""
        return published_season(self.shared), self.invented.attendances()

    @cached_property
    def admissions(self) -> tuple[Counts, Counts]:
        """By calendar month: the trust, invented."""
        return published_season(self.shared, "total_emergency_admissions"), self.invented.admissions()


def write(shared: Path, store: Path | None) -> None:
    """Nothing; the page and its pictures are written."""
    compared = Compared(shared)
    built = Built(Reader(Store(store)), compared.invented.setting.place) if store else None
    pictures = pictures_of(compared) | (pictures_of_build(built) if built else {})
    folder = PAGE.with_suffix("")
    folder.mkdir(exist_ok=True)
    for name, picture in pictures.items():
        (folder / f"{name}.svg").write_text(picture + "\n", encoding="utf-8")
    told = numbers_of(compared) | tables_of(compared) | {"built": text_of_build(shared, built) if built else ""}
    PAGE.write_text(TEXT.read_text(encoding="utf-8").format(**told), encoding="utf-8")


def pictures_of(compared: Compared) -> dict[str, str]:
    """The pictures, by name."""
    theirs, mine = compared.prevalence["hypertension"]
    return {
        "ages": scatter(_shares(compared.ages, 5), "Census 2021", "invented", "Share of people aged 65 and over, each dot a small area."),
        "ethnic": scatter(_shares(compared.ethnic, 2), "Census 2021", "invented", "Share of Asian people, each dot a small area."),
        "hypertension": scatter(
            [(theirs[code], share) for code, share in mine.items() if code in theirs],
            "Quality and Outcomes Framework",
            "invented",
            "Share of the list with hypertension, each dot a practice.",
        ),
        "attendances": _by_month(compared.attendances, "Emergency attendances a day beside the year's mean."),
        "admissions": _by_month(compared.admissions, "Emergency admissions a day beside the year's mean."),
    }


def numbers_of(compared: Compared) -> dict[str, object]:
    """The single numbers in the text."""
    census, ages = compared.ages
    census_ethnic, ethnic = compared.ethnic
    return {
        "people": PEOPLE,
        "seed": SEED,
        "areas": compared.invented.setting.areas.inside,
        "trust": "Calderdale and Huddersfield NHS Foundation Trust",
        "apart": apart(ages, census).mean(),
        "worst": apart(ages, census).max(),
        "chance": chance(ages, census),
        "ethnic": apart(ethnic, census_ethnic).mean(),
        "ethnic_chance": chance(ethnic, census_ethnic),
        "season": _furthest(compared.attendances),
        "admissions": _furthest(compared.admissions),
        "care_homes": compared.invented.in_care_homes(),
    }


def tables_of(compared: Compared) -> dict[str, str]:
    """The tables, by the gap that each fills."""
    published, found = (each.sum(axis=0) / each.sum() for each in compared.ages)
    households, kinds = compared.invented.households(), columns("households")
    census = dict(zip(kinds["kind"].tolist(), (kinds["share"] / kinds["share"].sum()).tolist(), strict=True))
    return {
        "ages": table(
            ["age", "Census 2021", "invented"], [[b, f"{w:.1%}", f"{f:.1%}"] for b, w, f in zip(BANDS, published, found, strict=True)]
        ),
        "prevalence": table(
            ["condition", "published, mean and spread of practices", "invented", "rank correlation"],
            [_by_practice(name, mine, theirs) for name, (theirs, mine) in compared.prevalence.items()],
        ),
        "households": table(
            ["household", "Census 2021, rounded", "invented"],
            [[kind.replace("_", " "), f"{census[kind]:.1%}", f"{share:.1%}"] for kind, share in households.items()],
        ),
    }


def _furthest(pair: tuple[Counts, Counts]) -> float:
    return float(np.abs(pair[0] - pair[1]).max())


def _by_month(pair: tuple[Counts, Counts], about: str) -> str:
    published, found = ([*map(float, each)] for each in pair)
    return lines({"invented": found, "published": published}, MONTHS, about, "mean = 1")


def _shares(pair: tuple[Counts, Counts], at: int) -> list[tuple[float, float]]:
    """Of each area the share of one group: published, invented."""
    want, have = (each[:, at] / each.sum(axis=1) for each in pair)
    return list(zip(want.tolist(), have.tolist(), strict=True))


def _by_practice(name: str, mine: Mapping[str, float], theirs: Mapping[str, float]) -> Sequence[str]:
    both = [code for code in mine if code in theirs]
    told = [np.array([of[code] for code in both]) for of in (theirs, mine)]
    return [name.replace("_", " "), *(f"{of.mean():.1%} ± {of.std():.1%}" for of in told), f"{ranks_agree(mine, theirs):.2f}"]
