"""The verb cohort: who is in one, how they come to be in it, and how they stand beside the rest."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from joinedup.cli.shared import acting, example, open_place, open_store, outside, place_argument, store_option

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pyarrow as pa

    from joinedup.access.aggregates import Aggregates
    from joinedup.access.cohorts import Cohort
    from joinedup.access.disclosure import Audience
    from joinedup.place.model import Place

HEADINGS = {
    "flow": "How people come to be in it",
    "profile": "Beside the rest (a standardised difference beyond 0.1 either way is worth a look; Austin 2009)",
    "overlap": "Also in other cohorts",
    "use": "Use and cost by sector, for each person-year, beside the rest",
    "areas": "By neighbourhood and by deprivation, with 95% limits",
    "change": "What became of people from year to year",
    "spend": "Pounds a month for each person observed, a year before and after the index date: descriptive, no estimate of an effect",
}
"""What stands above each part on a terminal."""
DIFFERENCE = "standardised_difference"


@click.command(
    epilog=example(
        "joinedup cohort places/calderdale --store demo/calderdale/store",
        "joinedup cohort places/calderdale care_home_residents --store demo/calderdale/store",
        "joinedup cohort places/calderdale care_home_residents --year 2024-25 --part profile --format csv --store demo/calderdale/store",
        "joinedup cohort places/calderdale care_home_residents --out cohort.xlsx --store demo/calderdale/store",
    )
)
@place_argument
@click.argument("name", required=False)
@click.option("--part", "parts", multiple=True, help=f"Of {', '.join(HEADINGS)} only these; may be given again [all].")
@click.option("--year", help="The year, as 2025-26 or by its first day [the latest].")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json", "xlsx"]), default="table", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path), help="A new file, outside PLACE: .xlsx with a sheet a part, .json, or .csv of one part."
)
@click.option(
    "--audience", type=click.Choice(["internal", "public"]), help="As for pack [internal of invented people, public of real ones]."
)
@click.option("--purpose", default="planning", show_default=True, help="What for: it is logged.")
@click.option("--reason", default="", help="Why, in a few words: it is logged.")
@store_option
def cohort(
    place_folder: Path,
    name: str | None,
    parts: tuple[str, ...],
    year: str | None,
    form: str,
    out: Path | None,
    audience: Audience | None,
    purpose: str,
    reason: str,
    store_folder: Path | None,
) -> None:
    """A cohort: the way into it, and how it stands beside the rest.

    NAME is a cohort of joinedup or of cohorts/ in PLACE; without it they are listed with their numbers. Counts only: people are not named.
    Of whom something isn't known that a cohort asks for, they are out of it and counted as not known.
    """
    from joinedup.access.disclosure import usual_audience
    from joinedup.tabular import check_out

    place = open_place(place_folder)
    if out is not None:
        check_out(outside(place, out, "--out"))
        form = out.suffix.removeprefix(".")
    elif form == "xlsx":
        raise click.UsageError("xlsx is not for a terminal: name a file with --out")
    door = _door(place, store_folder, audience or usual_audience(place), purpose, reason)
    click.echo(f"{_said(door)}; build {door.stamp.build_id}", err=True)
    if name is None:
        _give({"cohorts": _listed(door, place, year)}, form, out)
        return
    found = door.cohort(name, _year(place, year))
    tables = _asked(found, parts)
    if form == "table":
        _tell(found, tables, place)
    else:
        _give(tables, form, out)


def _door(place: Place, store_folder: Path | None, audience: Audience, purpose: str, reason: str) -> Aggregates:
    from joinedup.access.aggregates import open_aggregates
    from joinedup.access.caller import caller_for

    caller = acting(place, purpose, reason) if audience == "internal" else caller_for(place, purpose, reason=reason)
    return open_aggregates(open_store(place, store_folder), place, caller, audience)


def _said(door: Aggregates) -> str:
    if door.audience == "internal":
        return "internal: true counts, not for publication"
    return "public: 1 to 7 not shown, others rounded to 5"


def _year(place: Place, asked: str | None) -> date | None:
    """The first day of the year that is asked for; a usage error that names those there are."""
    from joinedup.periods import year_name
    from joinedup.place.tables import years

    known = {year_name(year): year.start for year in years(place.period)}
    known |= {str(day): day for day in known.values()}
    if asked is not None and asked not in known:
        raise click.BadParameter(f"'{asked}' is no year of this place; there are {', '.join(known)}", param_hint="--year")
    return None if asked is None else known[asked]


def _listed(door: Aggregates, place: Place, year: str | None) -> pa.Table:
    """The cohorts with their numbers, of one year or of all."""
    import pyarrow.compute as pc

    day, found = _year(place, year), door.cohorts()
    return found if day is None else found.filter(pc.equal(found["year_starts"], day))


def _asked(found: Cohort, parts: tuple[str, ...]) -> dict[str, pa.Table]:
    from joinedup.access.asking import named

    wanted = [named(part, found.parts, "a part of a cohort") for part in parts] or list(found.parts)
    return {part: found.parts[part] for part in wanted}


def _give(tables: Mapping[str, pa.Table], form: str, out: Path | None) -> None:
    """Nothing; the tables are in a new file, or on stdout."""
    from joinedup.tabular import show_table, write_table, write_tables

    if form in ("csv", "parquet") and len(tables) > 1:
        raise click.UsageError(f"{form} holds one table: say which, as --part {next(iter(tables))}; there are {', '.join(tables)}")
    only = next(iter(tables.values()))
    if out is not None:
        write_table(only, out) if len(tables) == 1 else write_tables(tables, out)
        click.echo(out)
    elif form == "json" and len(tables) > 1:
        click.echo(json.dumps({name: table.to_pylist() for name, table in tables.items()}, default=str, indent=1))
    else:
        show_table(only, form, sys.stdout)


def _tell(found: Cohort, tables: Mapping[str, pa.Table], place: Place) -> None:
    """Nothing; the cohort is told on stdout, part by part."""
    from joinedup.periods import year_name
    from joinedup.place.tables import years
    from joinedup.tabular import show_table

    named = {year.start: year_name(year) for year in years(place.period)}
    about = found.about
    click.echo(f"{about['title']}, {named[found.year]} ({about['cohort_id']}, version {about['version']}, {about['owner']})")
    click.echo(f"{about['about']}\nSource: {about['source']}")
    click.echo(f"In it: {', '.join(f'{_count(people)} in {named[day]}' for day, people in found.sizes.items())}")
    for part, table in tables.items():
        click.echo(f"\n{HEADINGS[part]}")
        if table.num_rows:
            show_table(_in_short(table, part, found.year), "table", sys.stdout)
        else:
            click.echo("nothing to show")


def _count(people: int | None) -> str:
    return "too few to be shown" if people is None else f"{people:,}"


def _in_short(table: pa.Table, part: str, year: date) -> pa.Table:
    """A part as a terminal shows it: the flow of the year alone, and standardised differences to two decimals."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if part == "flow":
        return table.filter(pc.equal(table["year_starts"], year)).drop_columns(["year_starts"])
    if part == "profile":
        at = table.column_names.index(DIFFERENCE)
        texts = [None if value is None else f"{value:+.2f}" for value in table[DIFFERENCE].to_pylist()]
        return table.set_column(at, DIFFERENCE, pa.array(texts, pa.string()))
    return _before_and_after(table) if part == "spend" else table


def _before_and_after(table: pa.Table) -> pa.Table:
    """Months before, of and after the index date together: pounds a month for each person observed, by sector."""
    import pyarrow as pa

    rows, made = table.to_pylist(), []
    for sector in dict.fromkeys(row["sector"] for row in rows):
        mine = [row for row in rows if row["sector"] == sector]
        spans = {
            "before": [row for row in mine if row["month_from_index"] < 0],
            "index_month": [row for row in mine if row["month_from_index"] == 0],
            "after": [row for row in mine if row["month_from_index"] > 0],
        }
        rates = {f"{side}_{span}": _per_month(found, side) for side in ("cohort", "comparison") for span, found in spans.items()}
        made.append({"sector": sector, **rates})
    return pa.Table.from_pylist(made)


def _per_month(rows: list[dict[str, Any]], side: str) -> float | None:
    """Pounds a month for each person observed, over several months; None where none of them is shown."""
    shown = [(row[f"{side}_observed"], row[f"{side}_pounds_per_month"]) for row in rows if row[f"{side}_pounds_per_month"] is not None]
    observed = sum(people for people, _ in shown)
    return sum(people * pounds for people, pounds in shown) / observed if observed else None
