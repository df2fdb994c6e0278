"""Which code of a list a value is or means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from joinedup.sources.contract import ContractField
from joinedup.starting.likeness import likeness, words_of
from joinedup.starting.profile import NULLS, ColumnProfile

FEW_CODES = 12
"""Codes up to which a single letter may be the first of what one of them means."""


def codes_of(column: ColumnProfile, into: ContractField) -> tuple[dict[str, str], tuple[tuple[str, int], ...], float]:
    """Their values -> the codes that they mean, those that no code was found for, and the share of rows that have a code."""
    if not into.codes or not column.coded:
        return {}, (), 0.0
    said: dict[str, str] = {}
    unknown: list[tuple[str, int]] = []
    fitting = rows = 0
    for value, count in column.coded.items():
        code = value.strip().upper() if value.strip().upper() in into.dated else code_for(value, into.codes)
        empty = code is None and value.strip().lower() in (*NULLS, *(null.lower() for null in into.null_values))
        rows += 0 if empty else count
        if code is None and not empty:
            unknown.append((value, count))
        elif code is not None:
            fitting += count
            said |= {value: code} if value.strip().upper() != code else {}
    return said, tuple(unknown), fitting / rows if rows else 0.0


def code_for(value: str, codes: Mapping[str, str]) -> str | None:
    """The code that a value is, or that it means by the words of the list; None where it is neither."""
    return _code_for(value.strip(), tuple(codes.items()))


@cache
def _code_for(value: str, codes: tuple[tuple[str, str], ...]) -> str | None:
    upper = value.upper()
    own = {code.upper(): code for code, _ in codes}
    if upper in own:
        return own[upper]
    if value.isdigit():
        bare = {code.lstrip("0"): code for code, _ in codes if code.isdigit()}
        return bare.get(value.lstrip("0"))
    first = [(code, re.split(r"[,;:(]", meaning)[0].strip().upper()) for code, meaning in codes]
    same = [code for code, meaning in codes if meaning.upper() == upper] or [code for code, meaning in first if meaning == upper]
    if same:
        return same[0]
    if len(value) == 1:
        begins = {code for code, meaning in first if meaning.startswith(upper)}
        return begins.pop() if len(begins) == 1 and len(codes) <= FEW_CODES else None
    words = words_of(value)
    shared = ((code, meaning) for code, meaning in (*codes, *first) if words & words_of(meaning))
    alike = sorted(((likeness(value, meaning), code) for code, meaning in shared), reverse=True)
    if alike and alike[0][0] >= 0.8:
        others = {code for score, code in alike if score >= alike[0][0] - 0.02}
        return alike[0][1] if len(others) == 1 else None
    return None
