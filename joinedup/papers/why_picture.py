"""The flow behind a number as a small picture: files, landed tables, lists, the record, the counts. An SVG without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from joinedup.access.behind import Behind, Step
from joinedup.papers.theme import AREA, INK, PAPER, QUIET
from joinedup.papers.words import lines, many

WIDTH, PAD, LINE, GAP, HEAD = 340, 10, 17, 26, 20
"""Pixels: of the picture, inside a band, of a line of words, between bands, of a band's name."""
LETTERS = 47
"""That fit a line of a band."""


@dataclass(frozen=True, slots=True)
class Band:
    """One stage of the flow: its name, its tables in words, and what falls out after it."""

    name: str
    words: str
    lost: str = ""
    fill: str = PAPER


def drawn(behind: Behind) -> str:
    """The picture of the flow, as a whole SVG document that needs nothing else."""
    parts, top = [], 2.0
    stages = list(bands(behind))
    for at, band in enumerate(stages):
        said, height = _band(band, top)
        parts.append(said)
        top += height
        if at + 1 < len(stages):
            parts.append(_arrow(top, band.lost))
            top += GAP
    name = escape(f"How {behind.title} comes about: " + ", then ".join(band.name.lower() for band in stages))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 2:.0f}" width="{WIDTH}" role="img">'
    return f'{head}<title>{name}</title><g font-family="Arial,sans-serif" font-size="12">{"".join(parts)}</g></svg>'


def bands(behind: Behind) -> Iterator[Band]:
    """The stages that there are, from files to the number."""
    files = [file for source in behind.sources for file in source.files]
    partners = sorted({source.partner for source in behind.sources})
    if behind.sources:
        told = f"{many(len(files), 'file', 'files')}, {sum(file.rows_read for file in files):,} rows read, of " if files else ""
        superseded, rejected = (sum(getattr(file, name) for file in files) for name in ("superseded", "rejected"))
        lost = f"less {superseded:,} superseded and {rejected:,} rejected" if files else ""
        yield Band("Extracts", told + ", ".join(partners), lost)
    kinds = {"landed": "As landed", "place": "The place folder", "reference": "Code lists and definitions"}
    last = behind.steps[-1] if behind.steps else None
    for kind, name in kinds.items():
        found = [step for step in behind.steps if step.kind == kind]
        if found:
            yield Band(name, _tables(found), fill="#f0f4f5" if kind != "landed" else PAPER)
    derived = [step for step in behind.steps if step.kind == "derived" and step is not last]
    near = [step for step in derived if last is not None and step.table in last.reads]
    rest = [step for step in derived if step not in near]
    for name, found in (("The record", rest), ("Counted", near)):
        if found:
            yield Band(name, _tables(found))
    if last is not None:
        yield Band("Published", f"{behind.title}: {_tables([last])}", fill="#e8edee")


def _tables(steps: Sequence[Step]) -> str:
    return ", ".join(step.table + (f" {step.rows:,}" if step.rows is not None else "") for step in steps)


def _band(band: Band, top: float) -> tuple[str, float]:
    """A band's shapes and its height."""
    told = lines(band.words, LETTERS)
    height = HEAD + LINE * len(told) + PAD
    box = (
        f'<rect x="1" y="{top:.0f}" width="{WIDTH - 2}" height="{height}" rx="4" fill="{band.fill}" stroke="{QUIET}"/>'
        f'<text x="{PAD}" y="{top + HEAD - 4:.0f}" font-weight="bold" fill="{INK}">{escape(band.name)}</text>'
    )
    words = [
        f'<text x="{PAD}" y="{top + HEAD + LINE * (at + 1) - 5:.0f}" fill="{INK}">{escape(line)}</text>' for at, line in enumerate(told)
    ]
    return box + "".join(words), height


def _arrow(top: float, lost: str) -> str:
    """An arrow down, with what falls out beside it."""
    x = 24
    head = f'<path d="M{x} {top + 2:.0f}V{top + GAP - 4:.0f}m-5 -6l5 6l5 -6" fill="none" stroke="{AREA}" stroke-width="2"/>'
    said = f'<text x="{x + 16}" y="{top + GAP - 9:.0f}" fill="{INK}" font-style="italic">{escape(lost)}</text>' if lost else ""
    return head + said
