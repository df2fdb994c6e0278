"""What people of a place say about a measure: `measures/<id>.md` of the place folder, with who wrote it and when; or findings by line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from joinedup.findings import Finding, Severity
from joinedup.outcomes.measure_folder import FOLDER, packaged, read_definitions
from joinedup.periods import Period, add_months
from joinedup.place.model import Place
from joinedup.place.sentences import nearest
from joinedup.place.text import read_text

MOST_BYTES = 20_000
"""A commentary is read on a page beside its chart; what is longer belongs in a paper."""
YEARS = 3
"""Years up to the place's day that measures are counted for."""
LINE_END = re.compile(r"\r\n|\r|\n")
HEAD = re.compile(r"([A-Za-z]+):\s*(.*)")
MONTHS = re.compile(r"(\d{4})-(\d{2})(?:\s+to\s+(\d{4})-(\d{2}))?")
KEYS = ("author", "date", "audience", "neighbourhood", "period")
AUDIENCES = ("public", "staff")
BETWEEN = "---"
"""The line between two commentaries of one file."""
NEEDS = "begin it with lines author: and date: (like 2026-05-04), then an empty line, then its words"


@dataclass(frozen=True, slots=True)
class Commentary:
    """A commentary: who wrote it, when, for whom, of which neighbourhood and months, and its paragraphs. Blank and None: of all of them."""

    author: str
    written: date
    paragraphs: tuple[str, ...]
    public: bool = False
    neighbourhood: str = ""
    period: Period | None = None


def read_commentary(place: Place, measure: str) -> tuple[list[Commentary], list[Finding]]:
    """The commentaries on a measure that can be shown, the latest first, and what is wrong with the others; none where there is no file."""
    file = f"{FOLDER}/{measure}.md"
    if not (place.folder / file).exists():
        return [], []
    text = read_text(place.folder, file, MOST_BYTES)
    return ([], [text]) if isinstance(text, Finding) else commentaries(text, file, place)


def commentaries(text: str, file: str, place: Place | None = None, today: date | None = None) -> tuple[list[Commentary], list[Finding]]:
    """A file's text as commentaries, the latest first, and its faults by line. Words are kept as they stand, not as markup.

    Neighbourhoods and periods are held against the place, where one is given.
    """
    found, faults = [], []
    for line, lines in _parts(text):
        said, wrong = _one(lines, line, file, place, today or date.today())
        found += [said] if said is not None else []
        faults += wrong
    return sorted(found, key=lambda each: each.written, reverse=True), faults


def _parts(text: str) -> Iterator[tuple[int, list[str]]]:
    """The commentaries of a file: the number of the first line of each, and its lines."""
    lines, start = LINE_END.split(text), 0
    for end, line in enumerate([*lines, BETWEEN]):
        if line.strip() == BETWEEN:
            part = lines[start:end]
            blank = next((at for at, each in enumerate(part) if each.strip()), len(part))
            yield start + min(blank, max(len(part) - 1, 0)) + 1, part[blank:]
            start = end + 1


def _one(lines: list[str], first: int, file: str, place: Place | None, today: date) -> tuple[Commentary | None, list[Finding]]:
    """One commentary, or None and its faults."""
    end = next((at for at, line in enumerate(lines) if not line.strip()), len(lines))
    said, at, faults = _head(lines[:end], first, file)
    if not faults:
        faults = [Finding(file, "commentary-head", f"has no {key}: {NEEDS}", first) for key in ("author", "date") if not said.get(key)]
    written, period = _day(said.get("date", "")), _period(said.get("period", ""))
    if not faults:
        wrong = {key: message for key, message in _wrong(said, written, period, place, today).items() if message}
        faults = [Finding(file, f"commentary-{key}", message, at[key]) for key, message in wrong.items()]
    paragraphs = tuple(" ".join(each.split()) for each in re.split(r"\n\s*\n", "\n".join(lines[end:])) if each.strip())
    if not faults and not paragraphs:
        message = "has no words below its head: write what you make of the measure, or take the file away"
        faults = [Finding(file, "commentary-words", message, first + max(end - 1, 0))]
    if faults or written is None:
        return None, faults
    return Commentary(said["author"], written, paragraphs, said.get("audience") == "public", said.get("neighbourhood", ""), period), []


def _head(lines: list[str], first: int, file: str) -> tuple[dict[str, str], dict[str, int], list[Finding]]:
    """What the lines of a head say, on which line each, and the lines that say nothing known or something twice."""
    said: dict[str, str] = {}
    at: dict[str, int] = {}
    faults = []
    for number, line in enumerate(lines, start=first):
        found = HEAD.fullmatch(line.strip())
        key = found[1].lower() if found else ""
        if found is None:
            faults.append(Finding(file, "commentary-head", f"is no line of a head: {NEEDS}", number))
            break
        if key not in KEYS:
            faults.append(
                Finding(file, "commentary-head", f"{found[1]}: isn't known{nearest(key, KEYS)}; a head has {', '.join(KEYS)}", number)
            )
        elif key in said:
            faults.append(
                Finding(file, "commentary-head", f"{key}: stands on line {at[key]} too; take one away, or part them by {BETWEEN}", number)
            )
        said[key], at[key] = found[2].strip(), number
    return said, at, faults


def _wrong(said: Mapping[str, str], written: date | None, period: Period | None, place: Place | None, today: date) -> dict[str, str]:
    """What is wrong with the values of a head, by key; blank where nothing is."""
    faults = dict.fromkeys(KEYS, "")
    if written is None:
        faults["date"] = f"date: {said['date']} is no day; write it like 2026-05-04"
    elif written > today:
        faults["date"] = f"date: {said['date']} is yet to come; write the day on which it was written"
    if said.get("audience", AUDIENCES[0]) not in AUDIENCES:
        faults["audience"] = f"audience: {said['audience']} isn't known; write public, or staff, which it is without the line"
    if "period" in said:
        faults["period"] = _wrong_period(said["period"], period, place)
    if "neighbourhood" in said and place is not None:
        known = [each.id for each in place.neighbourhoods]
        if said["neighbourhood"] not in known:
            what = f"neighbourhood: {said['neighbourhood']} isn't one of {place.name}"
            faults["neighbourhood"] = f"{what}{nearest(said['neighbourhood'], known)}; there are {', '.join(known)}"
    return faults


def _wrong_period(said: str, period: Period | None, place: Place | None) -> str:
    if period is None:
        return f"period: {said} is no month; write 2026-03, or 2025-04 to 2026-03"
    if place is None:
        return ""
    end = place.period.end
    first = add_months(end, -12 * YEARS)
    if period.start < first or period.end > end:
        return (
            f"period: {said} isn't within the months that are counted, {first:%Y-%m} to {add_months(end, -1):%Y-%m}; write months of these"
        )
    return ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        return None


def _period(text: str) -> Period | None:
    """The whole months that a head names; None where it names none."""
    found = MONTHS.fullmatch(text)
    if found is None:
        return None
    try:
        start = date(int(found[1]), int(found[2]), 1)
        last = date(int(found[3]), int(found[4]), 1) if found[3] else start
        return Period(start, add_months(last, 1))
    except ValueError:
        return None


def check_commentaries(folder: Path, place: Place | None = None, today: date | None = None) -> list[Finding]:
    """What is wrong with the commentaries of a place folder, those on measures that nobody knows among them."""
    if not (folder / FOLDER).is_dir():
        return []
    known = {measure.id for measure, _ in (*packaged(), *read_definitions(folder, "place")[0])}
    known |= {path.stem for path in (folder / FOLDER).glob("*.yml")}
    faults: list[Finding] = []
    for path in sorted((folder / FOLDER).iterdir()):
        if path.suffix.lower() in (".md", ".txt") and path.stem.lower() != "readme" and not path.name.startswith("."):
            faults += _check(folder, path, known, place, today)
    return faults


def _check(folder: Path, path: Path, known: Collection[str], place: Place | None, today: date | None) -> list[Finding]:
    file = f"{FOLDER}/{path.name}"
    if path.suffix != ".md":
        return [Finding(file, "commentary-name", f"is shown nowhere: name it {path.stem}.md", severity=Severity.WARNING)]
    text = read_text(folder, file, MOST_BYTES)
    if isinstance(text, Finding):
        return [text]
    stray = f"is a commentary on {path.stem}, and there is no such measure{nearest(path.stem, known)}: name it by the id of a measure"
    faults = [] if path.stem in known else [Finding(file, "commentary-measure", stray, 1)]
    return [*faults, *commentaries(text, file, place, today)[1]]
