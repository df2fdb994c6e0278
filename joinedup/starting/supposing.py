"""What every row of a file may have though no column says it: its kind, and who gave the care. Each with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from joinedup.engine.specs import read_yaml
from joinedup.place.model import Partner
from joinedup.sources.contract import ContractSpec
from joinedup.starting.pairing import Mapped

KINDS: dict[str, Any] = read_yaml("kinds.yml", (files("joinedup.starting") / "kinds.yml").read_text(encoding="utf-8"))
BY_WORD_OF_FILE, BY_WORD_OF_COLUMN = 3, 1
"""What a word of a file's or a column's name weighs against a field that only such rows fill (1 or 2); ours."""


@dataclass(frozen=True)
class Supposed:
    """A value for every row, and why."""

    value: str
    why: str


def named_as(contract: str, file_name: str) -> str:
    """The word of a file's name that files of a contract are often called by; blank where there is none."""
    return _found(KINDS["files"].get(contract, ()), (file_name,))


def supposed(
    contract: ContractSpec, mapped: Sequence[Mapped], file_name: str, partner: Partner | None, columns: Iterable[str]
) -> dict[str, Supposed]:
    """The fields that no column fills and that may be the same in every row."""
    taken = {each.field.name for each in mapped}
    known = {each.name for each in contract.fields}
    found: dict[str, Supposed] = {}
    for name, codes in KINDS["constants"].get(contract.contract, {}).items():
        if name in known and name not in taken and (kind := _kind(codes, taken, file_name, tuple(columns))):
            found[name] = kind
    by = contract.provided_by
    if by and by not in taken and partner and partner.code:
        found[by] = Supposed(partner.code, f"the code of {partner.id}, as no column says who gave the care")
    return found


def _kind(codes: Mapping[str, Any], taken: set[str], file_name: str, columns: Sequence[str]) -> Supposed | None:
    """The kind that most speaks for; None where nothing does, or as much for another."""
    weighed = []
    for code, signs in codes.items():
        of_file, of_column = _found(signs["words"], (file_name,)), _found(signs["words"], columns)
        fields = [name for name in signs["fields"] if name in taken]
        weight = BY_WORD_OF_FILE * bool(of_file) + BY_WORD_OF_COLUMN * bool(of_column) + sum(signs["fields"][name] for name in fields)
        said = [f"{of_file!r} stands in the file's name"] if of_file else [f"{of_column!r} stands in a column's name"] if of_column else []
        said += [f"there is {' and '.join(fields[:2])}"] if fields else []
        weighed.append((weight, code, ", ".join(said)))
    weighed.sort(key=lambda each: -each[0])
    most, code, why = weighed[0]
    return Supposed(code, why) if most and most > weighed[1][0] else None


def _found(words: Iterable[str], names: Sequence[str]) -> str:
    """The first of the words that stands in one of the names; blank where none does."""
    texts = [f" {' '.join(_parted(name))} " for name in names]
    for word in words:
        sought = f" {word[:-1]}" if word.endswith("*") else f" {word} "
        if any(sought in text for text in texts):
            return word.rstrip("*")
    return ""


@cache
def _parted(name: str) -> tuple[str, ...]:
    """The words of a name, in small letters: a capital or a sign begins one, and digits stay with the letters before them."""
    stem = re.sub(r"\.(csv|tsv|txt|xlsx?|ods|parquet|gz)\b", "", name, flags=re.IGNORECASE)
    parted = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", stem)
    return tuple(re.findall(r"[a-z]*\d+|[a-z]+", parted.lower()))
