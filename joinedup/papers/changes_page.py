"""The page of what changed between two builds: one of a place's pages, or alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from joinedup.access.changes import Changes
from joinedup.papers import changed
from joinedup.papers.alone import write_alone
from joinedup.papers.needs import MeasureSpec
from joinedup.papers.numbers import moment
from joinedup.papers.page import Desk, Page, shown, tables_of
from joinedup.place.model import Place


def write_changes(found: Changes, place: Place, specs: Mapping[str, MeasureSpec], out: Path) -> Path:
    """The page written to `out` with its style sheets, pictures and tables, and no other page beside it.

    Raises AssetsMissing and StoreProblem as `write_pages` does.
    """
    return write_alone(of_changes(found, place, specs, Desk()), place, {"alone": True, "compared": moment(datetime.now(UTC))}, out)


def of_changes(
    found: Changes, place: Place, specs: Mapping[str, MeasureSpec], desk: Desk, crumbs: tuple[Mapping[str, str], ...] = ()
) -> Page:
    """The page: each measure that changed with a picture, the causes, and the tables."""
    pictures = [shown(figure, "changes", desk) for figure in changed.figures(found, place, specs)]
    shows = {**changed.in_template(found, place, specs), "measured": pictures}
    tables = {**tables_of(pictures), "numbers": shows["numbers"], "tables": shows["tables_changed"]}
    return Page("changes.html", "changes.jinja", "What changed", shows, tables, crumbs=crumbs)
