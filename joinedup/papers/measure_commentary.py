"""Commentaries as pages show them: who wrote each, when, of which neighbourhood and months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from joinedup.outcomes.measure_commentary import Commentary, read_commentary
from joinedup.papers.facts import Area
from joinedup.papers.numbers import day, span
from joinedup.place.model import Place


@dataclass(frozen=True, slots=True)
class Said:
    """One commentary as a page shows it; or what is wrong with a file, which staff alone are told."""

    by: str = ""
    paragraphs: tuple[str, ...] = ()
    fault: str = ""


def said(place: Place, measure: str, *, internal: bool, area: Area | None = None) -> Sequence[Said]:
    """The commentaries on a measure that this audience may read, the latest first: of an area those on it and on the place as a whole."""
    found, faults = read_commentary(place, measure)
    shown = [each for each in found if internal or each.public]
    of = [each for each in shown if area is None or each.neighbourhood in ("", area.id)]
    told = [Said(_by(place, each), each.paragraphs) for each in of]
    return [*told, *(Said(fault=f"{each.where}: {each.message}") for each in faults if internal)]


def _by(place: Place, commentary: Commentary) -> str:
    """Author, day, and what it is about where that isn't all: "Dr A, 4 May 2026, on Central, 1 to 31 March 2026"."""
    names = {each.id: each.name for each in place.neighbourhoods}
    about = [names.get(commentary.neighbourhood, "")]
    if commentary.period is not None:
        about.append(span((commentary.period.start, commentary.period.end)))
    on = ", ".join(each for each in about if each)
    return f"{commentary.author}, {day(commentary.written)}" + (f", on {on}" if on else "")
