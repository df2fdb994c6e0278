"""How single values are written in a place folder, and what is refused."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

EARLIEST, LATEST = date(1800, 1, 1), date(2199, 12, 31)
"""Dates outside these are slips of the pen (0202, 20222), not dates of organisations."""

DELIMITERS = {"comma": ",", "tab": "\t", "pipe": "|", "semicolon": ";"}
DAY_STYLES = (re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"), re.compile(r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})"))


def fault(rule: str, expected: str) -> PydanticCustomError:
    """An error whose text says what was expected, to stand after 'it is …,'."""
    return PydanticCustomError("place", "{expected}", {"rule": rule, "expected": expected})


def day(value: object) -> date:
    """A date that exists, from YYYY-MM-DD or, as spreadsheets save it, DD/MM/YYYY."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    text = value.strip() if isinstance(value, str) and value.isascii() else ""
    written = next((match for style in DAY_STYLES if (match := style.fullmatch(text))), None)
    if written is None:
        raise fault("wrong-date", "which is not a date: write YYYY-MM-DD")
    try:
        found = date(int(written["y"]), int(written["m"]), int(written["d"]))
    except ValueError:
        raise fault("wrong-date", "which is not a day of the calendar: write a day that exists, as YYYY-MM-DD") from None
    if not EARLIEST <= found <= LATEST:
        raise fault("wrong-date", f"which lies outside {EARLIEST.year} to {LATEST.year}: check the year")
    return found


def separated(by: str) -> Callable[[object], object]:
    """A reader of lists written in one cell, such as 'council;commissioner'."""

    def split(value: object) -> object:
        return tuple(part.strip() for part in value.split(by) if part.strip()) if isinstance(value, str) else value

    return split


def delimiter(value: str) -> str:
    """The one character that parts the columns."""
    found = DELIMITERS.get(value.strip().lower(), value)
    if found not in DELIMITERS.values():
        raise fault("wrong-value", f"which parts no columns here: write one of {', '.join(DELIMITERS)}")
    return found


def encoding(value: str) -> str:
    """The name of a text encoding that Python knows."""
    try:
        codecs.lookup(value)
        "".encode(value)
    except (LookupError, ValueError):
        raise fault("wrong-value", "which is not a known text encoding: write utf-8, cp1252 or utf-16, for instance") from None
    return value


def date_format(value: str) -> str:
    """A strptime pattern that can hold at least a month and a year."""
    sample = datetime(2001, 2, 1)
    try:
        kept = datetime.strptime(sample.strftime(value), value)
    except (ValueError, re.error):
        kept = None
    if kept != sample:
        raise fault("wrong-value", "which doesn't hold a month and a year: write a pattern such as %d/%m/%Y")
    return value


def file_pattern(value: str) -> str:
    """A file name or pattern relative to the folder of extracts."""
    path = PurePosixPath(value)
    if path.is_absolute() or PureWindowsPath(value).drive or "\\" in value:
        raise fault("wrong-value", "which is not relative to the folder of extracts: write a name such as apc.csv or 2025/apc*.csv")
    if not path.parts or ".." in path.parts or any("**" in part and part != "**" for part in path.parts):
        raise fault("wrong-value", "which is not a file name or pattern: write a name such as apc.csv or 2025/apc*.csv")
    return value


def several(value: object) -> object:
    """A list, also where a single one was written without brackets."""
    return (value,) if isinstance(value, str) else value


def readable(value: object) -> object:
    """A text on one line, with single spaces, whose every character can be seen."""
    if not isinstance(value, str):
        return value
    text = " ".join(value.split())
    if not text.isprintable():
        raise fault("wrong-value", "which holds characters that can't be seen: write it again")
    return text


def article(number: str, letters: str) -> Callable[[object], object]:
    """A reader of one condition of an article, such as 6(1)(e), from how people write it: Article 6(1)(e), 6.1.e, e."""

    def read(value: object) -> object:
        said = (
            re.sub(r"[^a-z0-9]", "", value.lower().replace("article", "").replace("gdpr", "").replace("uk", ""))
            if isinstance(value, str)
            else ""
        )
        letter = said.removeprefix(re.sub(r"[^0-9]", "", number))
        if len(letter) != 1 or letter not in letters:
            raise fault(
                "wrong-value", f"where a condition of the UK GDPR is expected: write {number}({letters[0]}) to {number}({letters[-1]})"
            )
        return f"{number}({letter})"

    return read


def link_at(value: object) -> object:
    """A probability, or 1 for the word off."""
    return 1 if value in {"off", False} else value


Day = Annotated[date, BeforeValidator(day)]
Text = Annotated[str, BeforeValidator(readable), StringConstraints(min_length=1, max_length=300)]
Slug = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$", max_length=20)]
People = Annotated[int, Field(ge=0, le=100_000_000)]
Rank = Annotated[int, Field(ge=1, le=1_000_000)]
Decile = Annotated[int, Field(ge=1, le=10)]
Probability = Annotated[float, Field(gt=0, lt=1)]
LinkAt = Annotated[float, BeforeValidator(link_at), Field(ge=0.9, le=1)]
Margin = Annotated[float, Field(ge=0, le=100)]
Roles = Annotated[tuple[Text, ...], BeforeValidator(separated(";")), Field(min_length=1)]
Account = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_][A-Za-z0-9._@\\-]*$", max_length=100)]
ScopeIds = Annotated[tuple[Text, ...], BeforeValidator(separated(";"))]
Successors = Annotated[tuple[Slug, ...], BeforeValidator(several)]
Delimiter = Annotated[str, AfterValidator(delimiter)]
Encoding = Annotated[str, AfterValidator(encoding)]
DateFormat = Annotated[str, AfterValidator(date_format)]
Files = Annotated[tuple[Annotated[Text, AfterValidator(file_pattern)], ...], BeforeValidator(several), Field(min_length=1)]
NullValues = Annotated[tuple[str, ...], BeforeValidator(several)]
Names = Annotated[tuple[Name, ...], BeforeValidator(several), Field(min_length=1)]
Article6 = Annotated[str, BeforeValidator(article("6(1)", "abcdef"))]
Article9 = Annotated[str, BeforeValidator(article("9(2)", "abcdefghij"))]
