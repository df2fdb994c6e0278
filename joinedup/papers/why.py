"""Pages of evidence: one for each measure and published table, with an anchor for every number that any page shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from markupsafe import Markup

from joinedup.access.behind import Behind
from joinedup.access.changes import Cell, Changes
from joinedup.access.published import AREA, PUBLISHED
from joinedup.papers.changed import signed, whole_of
from joinedup.papers.evident import page_of
from joinedup.papers.facts import Facts
from joinedup.papers.numbers import day, rate, span, whole
from joinedup.papers.why_picture import drawn
from joinedup.papers.words import capital
from joinedup.papers.words import listed as listed_words

CITED = re.compile(r'<(a|span|li|td|p|ul|dl|div|figure)\b[^>]*? data-why="([^"]+)"[^>]*>([^<]*)')
"""Where a page bears an evidence key, and what stands there."""
OF_A_NUMBER = ("a", "span")
MOST_FILES = 3
"""Files of a number that a page names; `joinedup why` has all."""
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
    listed = list(keys)
    numbers = [(each, words(facts, each.key), rows.get(each.key, ())) for each in listed]
    return {
        "since": {each.key: since(facts, each.key) for each in listed} if facts.changes is not None else {},
        "from_files": from_files(facts, name, [each.key for each in listed]),
        "behind": behind,
        "numbers": numbers,
        "made_of": [capital(column) for column in MADE_OF] if name in facts.specs else [],
        "picture": Markup(drawn(behind)) if behind.steps else "",  # noqa: S704 - made by us, its words escaped
        "period": span(behind.period),
        "day": day,
        "whole": whole,
    }


def since(facts: Facts, key: str) -> str:
    """What each cause did to a number since the build before, in words."""
    assert facts.changes is not None
    cells = facts.changes.by_key.get(key, [])
    shown = [cell for cell in cells if cell.count == "value"] or cells
    if not shown:
        return "the same"
    said = [_moved(cell, facts.changes) for cell in shown if cell.before != cell.after] or ["the same, causes cancel out"]
    return "; ".join(said)


def _moved(cell: Cell, found: Changes) -> str:
    """How far one count moved, and by what."""
    if cell.difference is None:
        return "not known before" if cell.before is None else "not known any more"
    of = "" if cell.count == "value" else f"{cell.count.replace('_', ' ')} "
    plain = all(value is None or value == int(value) for value in cell.values)
    said = whole_of if plain else rate
    told = zip(found.turns, cell.shares, strict=True)
    shares = [f"{turn.name} {signed(share, said)}" for turn, share in told if share and signed(share, said) != said(0)]
    return f"{of}{signed(cell.difference, said)}" + (f" ({', '.join(shares)})" if shares else "")


def from_files(facts: Facts, name: str, keys: Sequence[str]) -> dict[str, str]:
    """Of each number, the files whose records stand in it, those with most first; nothing where it isn't kept."""
    files, grain = facts.cell_files, PUBLISHED[name].grain if name in PUBLISHED else AREA
    if name not in files.known:
        return {}
    return {key: _named([(each.file, each.records) for each in files.of(name, grain, key.split("/")[1:])]) for key in keys}


def _named(files: Sequence[tuple[str, int]]) -> str:
    """A few files by name with their records, and how many more."""
    shown = [f"{file} ({records:,})" for file, records in files[:MOST_FILES]]
    more = [f"{len(files) - MOST_FILES:,} more"] if len(files) > MOST_FILES else []
    return listed_words([*shown, *more]) if shown else "none"


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
