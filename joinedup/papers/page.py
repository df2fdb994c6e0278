"""A page before it is rendered: its file, its template and what that shows; and the figures on it with their drawings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from joinedup.papers.drawer import Drawer
from joinedup.papers.drawing import Picture, begin
from joinedup.papers.figure import Figure, Table
from joinedup.papers.needs import MeasureSpec
from joinedup.papers.theme import NARROW, WIDE


@dataclass(frozen=True)
class Page:
    """One page: its file, template and what the template shows, with the tables that can be downloaded beside it."""

    file: str
    template: str
    title: str
    shows: Mapping[str, Any]
    tables: Mapping[str, Table] = field(default_factory=dict)
    area: str = ""
    crumbs: tuple[Mapping[str, str], ...] = ()
    files: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)
    """What else lies beside it, by name, and what makes it."""

    @property
    def home(self) -> bool:
        """Whether it is the overview, which bears the place's name already."""
        return self.file == "index.html"

    @property
    def root(self) -> str:
        """The way from it to the folder of all pages."""
        return "../" * self.file.count("/")


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure with its drawings, the file of its table and, for an indicator, its definition."""

    figure: Figure
    wide: Picture | Markup
    narrow: Picture | Markup
    csv: str
    spec: MeasureSpec | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where drawings are kept, who draws those that aren't there, and what is made for paper."""

    cache: Path | None = None
    drawer: Drawer | None = None
    printed: Collection[str] | None = ()
    """The neighbourhoods whose packs are made as PDF too, by their ids; None for all of them."""

    def prints(self, area: str) -> bool:
        """Whether the pack of a neighbourhood is made as PDF too."""
        return self.printed is None or area in self.printed


def shown(figure: Figure, page: str, desk: Desk, spec: MeasureSpec | None = None, *, linked: bool = False) -> Shown:
    """A figure on a page of that name; from now on its drawings are being made."""
    name, about = figure.finding, f"{figure.about}. {figure.key} The table below the picture has every number."
    wide, narrow = (
        Picture(begin(figure.charts[size], desk.cache, desk.drawer), f"{figure.id}-{size.name}", name, about, linked)
        if size in figure.charts
        else Markup("")
        for size in (WIDE, NARROW)
    )
    return Shown(figure, wide, narrow, f"{page}.{figure.id}.csv", spec)


def tables_of(figures: Sequence[Shown]) -> dict[str, Table]:
    """The tables of figures by the names of their files."""
    return {shown.figure.id: shown.figure.table for shown in figures if shown.figure.table is not None}
