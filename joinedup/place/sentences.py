"""What is wrong with a value, in a sentence: pydantic's errors as people say them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeGuard, get_args

from pydantic import BaseModel

LONGEST = 40
"""Characters of a wrong value that a message repeats."""

PATTERNS = {
    "^[a-z0-9][a-z0-9-]*$": "which is not an id: write small letters, digits and hyphens",
    "^[a-z0-9][a-z0-9_-]*$": "which is not an id: write small letters, digits, hyphens and underscores",
    r"^[A-Za-z0-9_][A-Za-z0-9._@\\-]*$": "which is not an account: write it as the operating system does, without spaces",
    "^[A-Za-z0-9][A-Za-z0-9-]*$": "which is not a code: write letters and digits without spaces",
    "^[a-z][a-z0-9_]*$": "which is not a name: write small letters, digits and underscores, a letter first",
    "^[A-Za-z0-9][A-Za-z0-9._-]*$": "which is not a version: write letters, digits, points and hyphens, without spaces",
}

EXPECTED = {
    "string_type": "where a text is expected",
    "string_too_short": "blank, where a text is expected",
    "string_too_long": "which is longer than {max_length} characters: shorten it",
    "int_parsing": "where a whole number is expected: write digits only",
    "int_parsing_size": "which is too large a number",
    "int_from_float": "where a whole number is expected",
    "int_type": "where a whole number is expected",
    "float_parsing": "where a number is expected: write digits and a point",
    "float_type": "where a number is expected",
    "finite_number": "where a number is expected: write digits and a point",
    "bool_parsing": "where true or false is expected",
    "bool_type": "where true or false is expected",
    "greater_than_equal": "which is too small: {ge} is the least",
    "less_than_equal": "which is too large: {le} is the most",
    "literal_error": "where one of {expected} is expected",
    "tuple_type": "where a list is expected",
    "too_short": "where a list of at least one is expected",
    "dict_type": "where names with values (name: value) are expected",
    "model_type": "where names with values (name: value) are expected",
    "place": "{expected}",
}


def problem(details: Mapping[str, Any], path: tuple[str | int, ...], known: Collection[str]) -> tuple[str, str]:
    """The rule that a value breaks and a sentence about it; `path` is where it stands, in the file's own names."""
    name, kind, context = spoken(path), details["type"], details.get("ctx", {})
    if kind == "missing":
        return "value-missing", f"{name} is missing: write it"
    if kind == "extra_forbidden":
        return "unknown-key", unknown(str(path[-1]), known)
    if details["input"] is None:
        return "value-missing", f"{name} has no value: write one, or take the line away"
    rule = str(context.get("rule", "wrong-value"))
    if kind == "string_pattern_mismatch":
        return rule, f"{name} is {repeated(details['input'])}, {PATTERNS.get(context['pattern'], 'which is not written as it should be')}"
    expected = EXPECTED.get(kind, f"which can't be used ({details['msg']})").format(**context)
    return rule, f"{name} is {repeated(details['input'])}, {expected}"


def unknown(name: str, known: Collection[str]) -> str:
    """That a name is not known, with the nearest known one."""
    there = f": known are {', '.join(known)}" if known else ""
    return f"{repeated(name)} is not known here{nearest(name, known) or there}"


def nearest(name: str, known: Iterable[str]) -> str:
    """A question to end a message with, where one of the known names is close: ' (did you mean …?)'."""
    close = get_close_matches(name[:LONGEST], list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def repeated(value: object) -> str:
    """A wrong value as a message repeats it."""
    if isinstance(value, dict):
        return "a group of names"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    return repr(text if len(text) <= LONGEST else text[:LONGEST] + "…")


def spoken(path: tuple[str | int, ...]) -> str:
    """Where a value stands: tile row, files 2."""
    return " ".join(str(part + 1) if isinstance(part, int) else str(part) for part in path if part != "[key]") or "it"


def fields_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The names that are known at a path inside a model."""
    for part in path:
        field = model.model_fields.get(str(part))
        inner = [arg for arg in (field.annotation, *get_args(field.annotation)) if is_model(arg)] if field else []
        if not inner:
            return []
        model = inner[0]
    return list(model.model_fields)


def is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    """Whether an annotation is a model itself."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
