"""Sentences that pages compute from numbers: comparisons, lists, and names of codes in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from joinedup.place.model import LocalWord

COMPARED = {"higher": "higher than", "lower": "lower than", "similar": "similar to"}
MARKS = {"higher": "▲", "lower": "▼", "similar": "●"}
SEXES = {"1": "Male", "2": "Female", None: "Not recorded"}
REASONS = {
    "source missing": "no extract tells of what it counts",
    "source ends early": "the registration list ends more than a month before the period does",
    "too little known": "it can be known of less than half of the people or months, as hospitals that they go to don't send what it needs",
    "zero denominator": "there was nobody, or nothing, in the period to count it out of",
    "no events": "nothing was counted, so there is no telling how much chance plays in it",
    "impossible value": "its counts can't be right",
    "too few": "it is of so few that it isn't published",
    "band missing": "of one of the age bands that it is put together of nothing is known",
    "suppressed": "it, or what it could be worked out from, is of so few that it isn't shown",
    "not tested": "there was too little to test whether anything changed",
}
SECTORS = {
    "acute": "acute hospital care",
    "children": "children's social care",
    "community": "community services",
    "maternity": "maternity care",
    "voluntary": "the voluntary sector",
    "personal budget": "personal budgets",
}
"""Sectors whose name alone doesn't stand in a sentence; the others do."""
DATE = re.compile(r"(\d{1,2}) ([A-Z][a-z]+) (\d{4})")
FIFTHS = {1: "Most deprived fifth", 2: "Second fifth", 3: "Third fifth", 4: "Fourth fifth", 5: "Least deprived fifth", None: "Not known"}


def capital(text: str) -> str:
    """The text with a capital first letter, the rest as it was."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """The text as it stands inside a sentence; an abbreviation keeps its capitals."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def point_of_delivery(code: str) -> str:
    """The name of a point of delivery, from its code: "emergency_admission" is "Emergency admission"."""
    return capital(code.replace("_", " "))


def sector(name: str) -> str:
    """The name of a sector as it stands inside a sentence."""
    return SECTORS.get(name, lower_first(name))


def reason(given: str | None) -> str:
    """Why there is no value, in plain words; a reason not known here as it was given."""
    return REASONS.get(given, given) if given else "the build holds no value for it"


def local(text: str, word: LocalWord) -> str:
    """A general text with the place's own word for a neighbourhood."""
    pairs = (("neighbourhoods", word.plural), ("neighbourhood", word.singular))
    for general, own in pairs:
        text = text.replace(general, own).replace(capital(general), capital(own))
    return text


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: "North, South and West"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def compared_with(comparison: str | None, place: str) -> str:
    """A comparison by its 95% limits, in words: "higher than Westermark"; nothing where there is none."""
    return f"{COMPARED[comparison]} {place}" if comparison in COMPARED else ""


def many(count: int, singular: str, plural: str) -> str:
    """A count with its noun: "1 row", "2 rows"."""
    return f"{count:,} {singular if count == 1 else plural}"


def lines(text: str, width: int) -> list[str]:
    """The text broken into lines of at most `width` characters, dates kept whole, too long a word broken with a hyphen."""
    broken: list[str] = []
    for word in DATE.sub("\\1\u00a0\\2\u00a0\\3", text).split(" "):
        rest = word
        if broken and len(broken[-1]) + 1 + len(rest) <= width:
            broken[-1] += f" {rest}"
            continue
        while len(rest) > width:
            broken.append(f"{rest[: width - 1]}-")
            rest = rest[width - 1 :]
        broken.append(rest)
    return [line.replace("\u00a0", " ") for line in broken]
