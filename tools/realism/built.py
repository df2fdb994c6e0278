"""Use and cost of all sectors, from a build of the example place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from joinedup.engine.reader import Reader
from joinedup.periods import twelve_months_to
from joinedup.place.model import Place
from tools.realism.pictures import bars, table
from tools.realism.published import ENGLAND, NATIONAL, national_use

TEXT = Path(__file__).with_name("build.txt")
DECADES = ("0–9", "10–19", "20–29", "30–39", "40–49", "50–59", "60–69", "70–79", "80–89", "90+")


@dataclass(frozen=True)
class Built:
    """What a build of the example place says of use and cost."""

    reader: Reader
    place: Place

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

    def cost_by_age(self) -> dict[str, float]:
        """Ten years of age -> pounds a head in the period, of all that has a cost."""
        period = twelve_months_to(self.place.as_at)
        held = self.reader.table("place_activity")
        listed = self.reader.table("person")
        born = {
            each: None if day is None else day.year
            for each, day in zip(*(listed[n].to_pylist() for n in ("person_id", "birth_month")), strict=True)
        }
        here = held.filter(
            pc.and_(
                pc.and_(pc.invert(held["accrues"]), held["took_place"]),
                pc.and_(pc.greater_equal(held["starts"], period.start), pc.less(held["starts"], period.end)),
            )
        )
        pence = np.zeros(len(DECADES))
        for part in (here, self.reader.table("package_days")):
            years = [born[each] for each in part["person_id"].to_pylist()]
            known = np.array([-1 if year is None else min((period.end.year - 1 - year) // 10, len(DECADES) - 1) for year in years])
            np.add.at(pence, known[known >= 0], pc.fill_null(part["cost_pence"], 0).to_numpy()[known >= 0])
        people = np.zeros(len(DECADES))
        for row in self._of_place("area_population"):
            if row["age_band_order"] is not None:
                people[min(row["age_band_order"] // 2, len(DECADES) - 1)] += row["people"]
        return dict(zip(DECADES, (pence / np.maximum(people, 1) / 100).tolist(), strict=True))

    def _of_place(self, table: str) -> list[dict[str, Any]]:
        return [row for row in self.reader.table(table).to_pylist() if row["area_type"] == "place"]


def pictures_of_build(built: Built) -> dict[str, str]:
    """The pictures of a build, by name."""
    by_age = built.cost_by_age()
    return {"cost_by_age": bars(by_age, "Cost of all sectors a head, by age, in a year.", "pounds")}


def text_of_build(shared: Path, built: Built) -> str:
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
    return TEXT.read_text(encoding="utf-8").format(
        people=built.people,
        england=ENGLAND,
        compared=table(["point of delivery", "invented", "published", "ratio"], compared),
        head=head,
        ages=table(["age", "pounds a head"], [[age, f"{pounds:,.0f}"] for age, pounds in built.cost_by_age().items()]),
        costs=table(["sector", "point of delivery", "per 1,000 people a year", "pounds a head"], costs),
    )


def _pounds(pence: int | None, people: int) -> str:
    return "no cost" if pence is None else f"{pence / people / 100:,.2f}"
