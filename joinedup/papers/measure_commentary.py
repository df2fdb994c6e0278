"""What people of a place say about a measure: `measures/<id>.md` of the place folder, with who wrote it and when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from joinedup.findings import Finding
from joinedup.papers.numbers import day
from joinedup.place.model import Place
from joinedup.place.text import read_text

FOLDER = "measures"
MOST_BYTES = 20_000
"""A commentary is read on a page beside its chart; what is longer belongs in a paper."""
HEAD = re.compile(r"(author|date|audience): *(.*)")
NEEDS = "begin it with lines author: and date: (like 2026-05-04), and audience: public where the public may read it; then an empty line"


@dataclass(frozen=True, slots=True)
class Commentary:
    """A commentary: who wrote it, when, for whom, and its paragraphs; or what is wrong with the file."""

    author: str = ""
    written: str = ""
    public: bool = False
    paragraphs: tuple[str, ...] = ()
    fault: str = ""


def commentary(place: Place, measure: str, *, internal: bool) -> Commentary | None:
    """The commentary on a measure; None where there is none that this audience may read. What is wrong with a file is told to staff."""
    file = f"{FOLDER}/{measure}.md"
    if not (place.folder / file).exists():
        return None
    text = read_text(place.folder, file, MOST_BYTES)
    found = Commentary(fault=text.message) if isinstance(text, Finding) else read(text)
    if found.fault:
        return Commentary(fault=f"{file}: {found.fault}") if internal else None
    return found if internal or found.public else None


def read(text: str) -> Commentary:
    """A file's text as a commentary: lines of a head, an empty line, paragraphs. Its words are shown as they stand, not as markup."""
    head, _, body = text.replace("\r\n", "\n").strip().partition("\n\n")
    lines = [HEAD.fullmatch(line.strip()) for line in head.split("\n")]
    said = {line[1]: line[2].strip() for line in lines if line}
    if not all(lines) or not said.get("author") or not said.get("date"):
        return Commentary(fault=NEEDS)
    try:
        written = date.fromisoformat(said["date"])
    except ValueError:
        return Commentary(fault=f"date: {said['date']} is no day; write it like 2026-05-04")
    paragraphs = tuple(" ".join(each.split()) for each in re.split(r"\n\s*\n", body) if each.strip())
    if not paragraphs:
        return Commentary(fault="has no words below its head; write what you make of the measure, or remove the file")
    return Commentary(said["author"], day(written), said.get("audience") == "public", paragraphs)
