"""Pages of evidence: one for each measure and published table, with an anchor for every number that any page shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from markupsafe import Markup

from joinedup.access.behind import Behind
from joinedup.papers.evident import page_of
from joinedup.papers.facts import Facts
from joinedup.papers.numbers import day, whole
from joinedup.papers.why_picture import drawn
from joinedup.papers.words import capital

CITED = re.compile(r'<(a|span|li|td|p|ul|dl|div|figure)\b[^>]*? data-why="([^"]+)"[^>]*>([^<]*)')
"""Where a page bears an evidence key, and what stands there."""
OF_A_NUMBER = ("a", "span")
MADE_OF = ("events", "numerator", "denominator", "lower", "upper")


@dataclass
class Cited:
    """One key: what pages show for it, and which pages."""

    key: str
    shown: dict[str, None] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    """File -> title."""


def cited(pages: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, Cited]]:
    """The keys of some pages (file -> title and content), by the measure or table that they are of, in the order found."""
    found: dict[str, dict[str, Cited]] = {}
    for file, (title, content) in pages.items():
        for tag, key, words in CITED.findall(content):
            each = found.setdefault(key.split("/", maxsplit=1)[0], {}).setdefault(key, Cited(key))
            each.pages[file] = title
            if tag in OF_A_NUMBER and any(letter.isdigit() for letter in words):
                each.shown[unescape(words).strip()] = None
    return found


def shows(facts: Facts, name: str, keys: Iterable[Cited]) -> dict[str, Any]:
    """What the template of a page of evidence shows."""
    behind: Behind = facts.aggregates.behind(name)
    rows = _made_of(facts, name)
    numbers = [(each, words(facts, each.key), rows.get(each.key, ())) for each in keys]
    return {
        "behind": behind,
        "numbers": numbers,
        "made_of": [capital(column) for column in MADE_OF] if name in facts.specs else [],
        "picture": Markup(drawn(behind)) if behind.steps else "",  # noqa: S704 - made by us, its words escaped
        "period": f"{day(behind.period[0])} up to {day(behind.period[1])}, which isn't counted any more",
        "day": day,
        "whole": whole,
    }


def file_of(name: str) -> str:
    """The file of the page of a measure or table."""
    return page_of(name)


def _made_of(facts: Facts, name: str) -> dict[str, tuple[str, ...]]:
    """Of each area of a measure, the counts that its value is made of."""
    return {
        area.why(name): tuple(_number(row.get(column)) for column in MADE_OF)
        for (measure, area), row in facts.measures.items()
        if measure == name
    }


def _number(value: object) -> str:
    if value is None:
        return "not shown"
    return f"{value:,.1f}" if isinstance(value, float) else whole(int(str(value)))


def words(facts: Facts, key: str) -> str:
    """What a key says, for people: the area by its name, the rest as it stands."""
    names = {f"neighbourhood/{area.id}": area.name for area in facts.areas}
    names |= {"place/place": facts.whole.name, "none/none": facts.nowhere.name}
    rest = key.partition("/")[2]
    for part, name in names.items():
        before, found, after = f"/{rest}/".partition(f"/{part}/")
        if found:
            said = [before.strip("/").replace("-", " "), name, after.strip("/").replace("-", " ")]
            return capital(" · ".join(each for each in said if each).replace("/", " · "))
    return capital(rest.replace("-", " ").replace("/", " · ")) if rest else "All of it together"
