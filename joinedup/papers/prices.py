"""At which year's prices the costs of a page are, in words."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from importlib.resources import files
from io import StringIO

from joinedup.papers.words import listed
from joinedup.periods import Period


@cache
def years() -> dict[str, Period]:
    """The financial years that the index of prices knows, in order."""
    text = (files("joinedup.records") / "price_index.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(StringIO(text)) if "-" in row["price_year"]]
    return {row["price_year"]: Period(date.fromisoformat(row["starts"]), date.fromisoformat(row["ends"])) for row in rows}


@cache
def base() -> str:
    """The year at whose prices costs of different times are compared."""
    text = (files("joinedup.records") / "price_index.csv").read_text(encoding="utf-8")
    return next(row["price_year"] for row in csv.DictReader(StringIO(text)) if row["base"] == "true" and "-" in row["price_year"])


def of_averages(period: Period) -> list[str]:
    """The years at whose prices published averages cost what was done in a period."""
    known = years()
    first, last = next(iter(known)), list(known)[-1]
    found = [name for name, year in known.items() if year.start < period.end and period.start < year.end]
    before = [first] if period.start < known[first].start and first not in found else []
    after = [last] if period.end > known[last].end and last not in found else []
    return [*before, *found, *after]


def in_short(period: Period) -> str:
    """The price base of a sum of costs, in a few words."""
    return f"extracts as paid, averages at {listed(of_averages(period))} prices"


def in_words(period: Period) -> str:
    """The price base of a sum of costs, in a sentence."""
    said = f"Costs from extracts are as paid; published averages are at the prices of {listed(of_averages(period))}"
    last = list(years())[-1]
    if period.end > years()[last].end:
        said += f", the last year that the index of prices knows, and so below those of the time after {years()[last].last_day:%B %Y}"
    return f"{said}."


def none_later(period: Period) -> str:
    """Why costs at the prices of the base year are the costs of a period: the index knows no later prices, or they are the same."""
    last = list(years())[-1]
    later = period.end > years()[last].end
    return f"the index of prices ends with {last}, so what prices did since isn't known" if later else "prices make no difference to it"
