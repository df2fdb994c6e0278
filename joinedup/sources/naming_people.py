"""Names of columns that may be those of people: a spreadsheet may have a column for each client. Such names are never said."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from importlib.resources import files

from joinedup.engine.files_text import plain
from joinedup.engine.specs import read_yaml
from joinedup.sources.contract import contracts

SEVERAL, MANY = 3, 0.25
"""Columns called by names or letters, and their share, from which letters are taken for initials and strange words for names; ours."""
NO_NAMES = ("grace", "may", "mercy", "blessing", "home", "li", "no", "ho", "hall", "wood", "brown", "ali")
"""Words that are names too and mostly are none, ours."""


@cache
def common_names() -> frozenset[str]:
    """Common given and family names, in small letters."""
    path = files("joinedup.sources") / "synthetic" / "figures" / "names.yml"
    lists = [said for said in read_yaml(path.name, path.read_text(encoding="utf-8")).values() if isinstance(said, dict)]
    every = (str(name).lower() for said in lists for kind in said.values() if isinstance(kind, list) for name in kind)
    return frozenset(name.split()[0] for name in every if name not in NO_NAMES)


@cache
def everyday_words() -> frozenset[str]:
    """Every word of the contracts' titles, fields, their meanings and codes; no given or family name."""
    fields = [each for contract in contracts().values() for each in contract.fields]
    said = [text for each in fields for text in (each.name, each.meaning, *each.also, *each.codes, *each.codes.values())]
    said += [contract.title + contract.about for contract in contracts().values()]
    return frozenset(word for text in said for word in re.findall(r"[^\W\d_]+", text.lower())) - common_names()


def telling(names: Sequence[str], known: Collection[str]) -> frozenset[int]:
    """The positions of columns whose names may be those of people; none that are `known`, in the form that names are compared in.

    A number of ten digits, a common name, or a letter beside a word that isn't an everyday one tells by itself; letters alone, and words
    that aren't everyday ones, where several columns are so called. Letters that stand apart, as in initials, are no word.
    """
    unknown = {at: plain(name) for at, name in enumerate(names) if name and plain(name) not in known}
    sure = {at for at, name in unknown.items() if _is_number(name) or _is_name(name)}
    letters = {
        at for at, name in unknown.items() if re.fullmatch(r"[A-Z](\W*_?[A-Z]){1,2}\W*", name) and len(re.findall("[A-Z]", name)) <= 3
    }
    letters = {at for at in letters if len(_words(unknown[at])) > 1 or _words(unknown[at])[0] not in everyday_words()}
    if len(sure | letters) < max(SEVERAL, MANY * len(unknown)):
        return frozenset(sure)
    strange = {at for at, name in unknown.items() if 0 < len(_words(name)) <= 3 and not set(_words(name)) & everyday_words()}
    return frozenset(sure | letters | strange)


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", name.lower())


def _is_number(name: str) -> bool:
    return len(re.sub(r"[\W_]", "", name)) == 10 and re.sub(r"[\W_]", "", name).isdigit()


def _is_name(name: str) -> bool:
    """Whether a name has one of a person in it, or a letter beside words that aren't everyday ones; names of people have no digits."""
    words = _words(name)
    if not words or len(words) > 3 or re.search(r"\d", name):
        return False
    long = [word for word in words if len(word) > 1]
    if set(long) & common_names():
        return not set(long) & everyday_words()
    return bool(long) and len(long) < len(words) and not set(long) & everyday_words()
