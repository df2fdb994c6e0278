"""How alike two names are: by their words, with what those words are short for and what else they are called."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files
from typing import Any

from joinedup.engine.specs import read_yaml

WORDS: dict[str, Any] = read_yaml("words.yml", (files("joinedup.starting") / "words.yml").read_text(encoding="utf-8"))
STANDS_FOR = {short: meant.split() for meant, shorts in WORDS["means"].items() for short in shorts}
PALE = frozenset(WORDS["pale"])
PALE_COUNTS = 0.25
ALIKE = 0.84
"""From there on two words are the same one, mistyped or cut short."""


@cache
def words_of(name: str) -> frozenset[str]:
    """The words of a name or of a meaning, each as what it stands for."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    found: set[str] = set()
    for word in re.findall(r"[a-z]+|\d+", parted.lower().replace("nhs no", "nhs number")):
        found |= set(STANDS_FOR.get(word, [word.lstrip("0") or word]))
    return frozenset(found)


@cache
def likeness(first: str, second: str) -> float:
    """How alike two names are, from 0 to 1: the share of their words that they have in common."""
    return _alike(words_of(first), words_of(second))


@cache
def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    every = _weight(one) + _weight(other)
    if not every:
        return 0.0
    shared = one & other
    rest = [(a, b) for a in one - shared for b in other - shared if _same_word(a, b)]
    common = 2 * _weight(shared) + sum(_weight([a]) + _weight([b]) for a, b in dict(rest).items())
    return min(common / every, 1.0)


def _weight(words: Iterable[str]) -> float:
    return sum(PALE_COUNTS if word in PALE else 1.0 for word in words)


@cache
def _same_word(a: str, b: str) -> bool:
    if a.isdigit() or b.isdigit() or min(len(a), len(b)) < 4:
        return False
    return a.startswith(b) or b.startswith(a) or SequenceMatcher(None, a, b).ratio() >= ALIKE


def best_likeness(name: str, others: Iterable[str]) -> float:
    """How alike a name is to the likest of some others."""
    return max((likeness(name, other) for other in others), default=0.0)
