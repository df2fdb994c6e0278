"""The templates of files' names: what the name of a file says of what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from joinedup.periods import Period, add_months
from joinedup.place.values import Text, fault, several

PART = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
KINDS = ("day", "month", "from", "to", "year", "financial_year", "sent", "part")
"""What a part in braces can be; all but `part` are dates, each with its style."""
COVERING = {"month", "from", "year", "financial_year"}
"""Those that say which months a file covers; with `from` goes `to`."""
STYLES = {
    "Y": r"\d{4}",
    "b": "[a-z]{3}",
    "B": "[a-z]+",
    "j": r"\d{3}",
    "%": "%",
} | dict.fromkeys("ymdHMS", r"\d{2}")
YEARS = {"year": "%[yY]", "financial_year": "%[yY]([^%]*%[yY])?"}
"""The styles of what says years alone; a financial year may give the year that it begins in, and that in which it ends."""
SAMPLE = datetime(2001, 2, 3, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class NameSays:
    """What a name says of its file."""

    day: date | None = None
    """Of whom or what it lists."""
    covers: Period | None = None
    """The months that it covers: whole ones, from the first day of the first up to the first day after the last."""
    sent: datetime | None = None
    """When it was sent."""
    part: str = ""
    """Which of several files that belong together it is."""


def kinds(template: str) -> tuple[str, ...]:
    """What the parts in braces of a template are."""
    return tuple(kind for kind, _ in PART.findall(template))


def read_name(template: str, path: PurePath) -> NameSays | None:
    """What the name of a file says; None where it doesn't fit. A template with folders is held against as many folders of the path."""
    pattern, styles = _compiled(template)
    parts = template.count("/") + 1
    fits = pattern.fullmatch("/".join(path.parts[-parts:]))
    if fits is None:
        return None
    try:
        dates = {kind: datetime.strptime(fits[kind], style) for kind, style in styles.items() if kind != "financial_year"}
        covers = _financial_year(fits["financial_year"], styles["financial_year"]) if "financial_year" in styles else _covers(dates)
    except ValueError:
        return None
    day = dates.get("day")
    part = fits["part"].lower() if "part" in pattern.groupindex else ""
    return NameSays(day=day.date() if day else None, covers=covers, sent=dates.get("sent"), part=part)


def readings(templates: Sequence[str], path: PurePath) -> dict[str, NameSays]:
    """The templates that the name of a file fits, and what it says by each."""
    said = {template: read_name(template, path) for template in templates}
    return {template: says for template, says in said.items() if says}


def _covers(dates: Mapping[str, datetime]) -> Period | None:
    """The months that a name's dates say; ValueError where the last lies before the first."""
    if "year" in dates:
        return Period(date(dates["year"].year, 1, 1), date(dates["year"].year + 1, 1, 1))
    first, last = dates.get("from", dates.get("month")), dates.get("to", dates.get("month"))
    return Period(add_months(first.date(), 0), add_months(last.date(), 1)) if first and last else None


def _financial_year(text: str, style: str) -> Period:
    """April to March, from the year that it begins in, and where the style has two the next one; ValueError where that isn't the next."""
    written = re.fullmatch(re.sub("%([yY])", lambda found: f"({STYLES[found[1]]})", re.escape(style)), text)
    years = [int(year) % 100 for year in (written.groups() if written else ())]
    if not written or years[1:] not in ([], [(years[0] + 1) % 100]):
        raise ValueError(text)
    begins = int(written[1]) if len(written[1]) == len("2000") else 2000 + years[0]
    return Period(date(begins, 4, 1), date(begins + 1, 4, 1))


@cache
def _compiled(template: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """The pattern of the names that fit, with a group for each part; and the style of each date."""
    found, at = "", 0
    for part in PART.finditer(template):
        found += _literal(template[at : part.start()]) + f"(?P<{part[1]}>{_of_style(part[2]) if part[2] else '.+?'})"
        at = part.end()
    return re.compile(found + _literal(template[at:]), re.IGNORECASE), {kind: style for kind, style in PART.findall(template) if style}


def _literal(text: str) -> str:
    return ".*?".join(re.escape(piece) for piece in text.split("*"))


def _of_style(style: str) -> str:
    """The pattern of dates in a style."""
    return re.sub(r"%(.)|([^%])", lambda found: STYLES[found[1]] if found[1] else re.escape(found[2]), style)


def template_of_names(value: str) -> str:
    """A template that can be read: each part once, every date with a style that holds what it must."""
    if {"{", "}"} & set(PART.sub("", value)):
        raise fault("wrong-value", "whose braces don't pair up: write parts such as {month:%Y-%m}")
    for wrong in _faults_of_parts(value):
        raise fault("wrong-value", wrong)
    return value


def _faults_of_parts(value: str) -> Iterator[str]:
    found = PART.findall(value)
    names = [kind for kind, _ in found]
    if not found:
        yield "which has no part in braces: write one such as {month:%Y-%m}, or leave file_name out"
    for kind, style in found:
        if kind not in KINDS:
            yield f"of which {{{kind}}} isn't known: known are {', '.join(KINDS)}"
        elif names.count(kind) > 1:
            yield f"which holds {kind} twice"
        elif kind == "part" and style:
            yield "whose {part} is no date and has no style: write {part}"
        elif kind in YEARS:
            if not re.fullmatch(YEARS[kind], style):
                yield f"whose {kind} needs a style of years alone: write {{{kind}:{'%Y' if kind == 'year' else '%Y-%y'}}}"
        elif kind != "part" and not _holds(style, with_day=kind in ("day", "sent")):
            least = "day, month and year" if kind in ("day", "sent") else "month and year"
            yield f"whose {kind} needs a style that holds {least}: write {{{kind}:%Y-%m{'-%d' if kind in ('day', 'sent') else ''}}}"
    if ("from" in names) != ("to" in names):
        yield "which has one of from and to: write both, or month"
    if len(covering := [kind for kind in names if kind in COVERING]) > 1:
        yield f"which has {' as well as '.join(covering)}: write one of them"


def _holds(style: str, *, with_day: bool) -> bool:
    """Whether a date in this style tells its year and month, and its day where that is asked."""
    if any(sign not in STYLES for sign in re.findall("%(.?)", style)):
        return False
    try:
        kept = datetime.strptime(SAMPLE.strftime(style), style)
    except ValueError:
        return False
    return (kept.year, kept.month) == (SAMPLE.year, SAMPLE.month) and (not with_day or kept.day == SAMPLE.day)


def none_or_several(value: object) -> object:
    """A list, also where one was written without brackets, or none at all."""
    return () if value is None else several(value)


FileNames = Annotated[tuple[Annotated[Text, AfterValidator(template_of_names)], ...], BeforeValidator(none_or_several)]
