"""The page of a check: what partners sent and what is wrong with it, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from joinedup.findings import Finding
from joinedup.papers import deliveries
from joinedup.papers.alone import write_alone
from joinedup.papers.deliveries import Deliveries
from joinedup.papers.numbers import day, moment
from joinedup.papers.page import Desk, Page, shown, tables_of
from joinedup.place.model import Place
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import contracts
from joinedup.sources.restricted import for_others


def write_check(place: Place, files: Sequence[FileAccount], findings: Sequence[Finding], out: Path) -> Path:
    """The page of a check, written to `out` with its style sheets and tables; it needs no build.

    Raises AssetsMissing and StoreProblem as `write_pages` does.
    """
    page = of_deliveries(Deliveries(place, contracts(), tuple(map(for_others, files)), findings), "check", "Check", Desk())
    return write_alone(page, place, {"checked": moment(datetime.now(UTC)), "as_at": day(place.as_at)}, out)


def of_deliveries(sent: Deliveries, name: str, title: str, desk: Desk, crumbs: tuple[Mapping[str, str], ...] = ()) -> Page:
    """A page about files: `name` is that of its file and template."""
    picture = shown(deliveries.freshness(sent), name, desk)
    shows = {"sent": {"freshness": picture, **deliveries.in_template(sent)}}
    return Page(f"{name}.html", f"{name}.jinja", title, shows, {**tables_of([picture]), **deliveries.tables(sent)}, crumbs=crumbs)
