"""The verb why: the evidence behind one number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cli.shared import acting, example, open_place, open_store, outside, place_argument, store_option

if TYPE_CHECKING:
    from joinedup.access.disclosure import Audience


@click.command(
    epilog=example(
        "joinedup why places/calderdale emergency_bed_days --area central-halifax --store demo/calderdale/store",
        "joinedup why places/calderdale costs/neighbourhood/central-halifax/acute --store demo/calderdale/store --format json",
        "joinedup why places/calderdale activity --area place --period 2026-03 --store demo/calderdale/store",
    )
)
@place_argument
@click.argument("key")
@click.option("--area", help="A neighbourhood by its id, place for the whole, or none for people in no neighbourhood.")
@click.option("--period", help="Of what is by month: the month, such as 2026-03.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--picture", type=click.Path(path_type=Path), help="Write the flow as a picture (SVG) to this file, too, outside PLACE.")
@click.option(
    "--audience", type=click.Choice(["internal", "public"]), help="As for pack [internal of invented people, public of real ones]."
)
@click.option("--purpose", default="planning", show_default=True, help="What for: it is logged.")
@store_option
def why(
    place_folder: Path,
    key: str,
    area: str | None,
    period: str | None,
    form: str,
    picture: Path | None,
    audience: Audience | None,
    purpose: str,
    store_folder: Path | None,
) -> None:
    """The evidence behind one published number.

    KEY is a measure or table, then what tells the number apart, with slashes between: pages have it with each number. What is left off
    at its end is taken together. It tells the definition, the tables and columns, the code lists, the sources with their files, and what
    of it the build before had otherwise.
    """
    from joinedup.access.aggregates import open_aggregates
    from joinedup.access.caller import caller_for
    from joinedup.access.disclosure import usual_audience
    from joinedup.access.why import why as evidence_of
    from joinedup.papers.why_picture import drawn
    from joinedup.papers.why_text import text

    place = open_place(place_folder)
    audience = audience or usual_audience(place)
    caller = acting(place, purpose) if audience == "internal" else caller_for(place, purpose)
    if picture is not None:
        outside(place, picture, "--picture")
    door = open_aggregates(open_store(place, store_folder), place, caller, audience)
    found = evidence_of(door, _whole(key, area, period))
    click.echo(json.dumps(found.json(), indent=1, ensure_ascii=False) if form == "json" else text(found))
    if picture is not None:
        picture.write_text(drawn(found.behind), encoding="utf-8")
        click.echo(picture, err=form == "json")


def _whole(key: str, area: str | None, period: str | None) -> str:
    """The key with the area and month that were named beside it."""
    if area is not None:
        kind = area if area in ("place", "none") else "neighbourhood"
        key = f"{key}/{kind}/{area}"
    return key if period is None else f"{key}/{period}"
