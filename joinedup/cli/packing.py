"""The verb pack: the pages of the published build."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cli.shared import acting, example, journal_option, open_place, open_store, outside, place_argument, quiet_option, store_option

if TYPE_CHECKING:
    from collections.abc import Collection

    from joinedup.access.caller import Caller
    from joinedup.access.disclosure import Audience
    from joinedup.engine.store import Store
    from joinedup.place.model import Place
    from joinedup.progress import Progress


@click.command(
    epilog=example(
        "joinedup pack places/calderdale --store demo/calderdale/store --out demo/calderdale/pages",
        "joinedup pack places/calderdale --store demo/calderdale/store --audience public --out demo/calderdale/public",
    )
)
@place_argument
@store_option
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write pages to, outside PLACE.")
@click.option(
    "--audience",
    type=click.Choice(["internal", "public"]),
    help="internal: true counts, for staff by staff.csv, logged; public: 1 to 7 not shown, the rest rounded to 5 "
    "[internal of invented people, public of real ones].",
)
@click.option("--area", "areas", multiple=True, metavar="AREA", help="A neighbourhood whose pack is made as PDF [all]; may be repeated.")
@click.option("--pdf/--no-pdf", "as_pdf", default=True, help="Packs as PDF too; they need Pango of the operating system [yes].")
@click.option("--purpose", default="planning", show_default=True, help="What the pages are for.")
@quiet_option
@journal_option
def pack(
    place_folder: Path,
    store_folder: Path | None,
    out: Path,
    audience: Audience | None,
    areas: tuple[str, ...],
    as_pdf: bool,
    purpose: str,
    quiet: bool,
) -> None:
    """Pages of the published build, and packs as PDF.

    One page for each neighbourhood and measure, and a pack for each neighbourhood.

    Prints the path of the index.
    """
    from joinedup.access.asking import named
    from joinedup.access.caller import caller_for
    from joinedup.access.disclosure import usual_audience
    from joinedup.report import progress_on

    place = open_place(place_folder)
    known = [each.id for each in place.neighbourhoods]
    for area in areas:
        named(area, known, f"a {place.word.singular} of {place.name}")
    store = open_store(place, store_folder)
    audience = audience or usual_audience(place)
    caller = acting(place, purpose) if audience == "internal" else caller_for(place, purpose)
    with progress_on(sys.stderr, quiet) as progress:
        pages = write_pack(place, store, outside(place, out, "--out"), caller, audience, progress, (areas or None) if as_pdf else ())
    click.echo(pages[0])


def write_pack(
    place: Place, store: Store, out: Path, caller: Caller, audience: Audience, progress: Progress, printed: Collection[str] | None = ()
) -> list[Path]:
    """The pages, the index first; of the neighbourhoods in `printed`, or all for None, the packs as PDF too."""
    from joinedup.access.aggregates import open_aggregates
    from joinedup.papers.pages import write_pages

    aggregates = open_aggregates(store, place, caller, audience)
    return write_pages(aggregates, place, out, progress=progress, cache=store.root / "charts", printed=printed)
