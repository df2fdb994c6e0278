"""The verb that asks at the doors: show."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from joinedup.cli.shared import acting, example, key_option, open_place, open_store, outside, place_argument, store_option

if TYPE_CHECKING:
    import pyarrow as pa

    from joinedup.access.disclosure import Audience
    from joinedup.access.sought import Sought
    from joinedup.engine.store import Store
    from joinedup.kept.keys import KeyPlaces, Keys
    from joinedup.place.model import Place

REASON = click.option("--reason", default="", help="Why, in a few words: it is logged.")


@click.command(
    epilog=example(
        "joinedup show places/calderdale emergency_bed_days --store demo/calderdale/store",
        "joinedup show places/calderdale emergency_admissions --by neighbourhood,sex --period quarter --store demo/calderdale/store",
        "joinedup show places/calderdale emergency_admissions --as chart --by place --store demo/calderdale/store",
        "joinedup show places/calderdale population --by neighbourhood,sex --format csv --store demo/calderdale/store",
        "joinedup show places/calderdale activity --by point_of_delivery --period 2025-10..2026-03 --store demo/calderdale/store",
        "joinedup show places/calderdale people --person 7 --reason 'ward round' --store demo/calderdale/store",
        "joinedup show places/calderdale people --find number --key-file ~/calderdale.key",
    )
)
@place_argument
@click.argument("name")
@click.option("--by", help="What to count by, separated by commas; neighbourhood stands for the area [all that the table has].")
@click.option("--period", help="Months of a table by month: 2026-03, or 2025-10..2026-03; of a measure month, quarter, year or rolling.")
@click.option("--variant", default="", help="Of a measure: the variant by its id [as it is defined].")
@click.option(
    "--as",
    "view",
    type=click.Choice(["values", "chart", "funnel", "inequality", "trend"]),
    default="values",
    show_default=True,
    help="Of a measure: its values, control charts, funnel of practices, inequality by deprivation, or trend.",
)
@click.option("--standardised", is_flag=True, help="Of a measure that says so: directly standardised, in the stead of the crude rate.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json", "parquet", "xlsx"]), default="table", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="A new file, for parquet and xlsx.")
@click.option(
    "--audience", type=click.Choice(["internal", "public"]), help="As for pack [internal of invented people, public of real ones]."
)
@click.option("--purpose", default=None, help="What for [planning; direct care for people].")
@key_option
@click.option("--within", help="Of people: a practice or neighbourhood, by its code or id.")
@click.option("--person", type=int, help="Of people: the person_id to look at; without it, those of your scope are listed.")
@click.option("--find", type=click.Choice(["number", "name"]), help="Of people: asks for an NHS number, or name and date of birth, unseen.")
@click.option("--after", type=int, help="Of people: the next page, of those after this person_id.")
@click.option("--most", type=int, help="Of people: how many a page holds [2000].")
@REASON
@store_option
def show(
    place_folder: Path,
    name: str,
    by: str | None,
    period: str | None,
    variant: str,
    view: str,
    standardised: bool,
    form: str,
    out: Path | None,
    audience: Audience | None,
    purpose: str | None,
    within: str | None,
    person: int | None,
    find: Literal["number", "name"] | None,
    after: int | None,
    most: int | None,
    key_file: KeyPlaces,
    reason: str,
    store_folder: Path | None,
) -> None:
    """A measure or table of the published build, as you ask for it.

    NAME is a measure, or one of population, deprivation, activity, costs, measures; of invented people, people too.
    """
    from joinedup.access.disclosure import usual_audience
    from joinedup.tabular import NOT_KNOWN, NOTHING, check_out, show_table, write_table

    place = open_place(place_folder)
    store = open_store(place, store_folder)
    if form in ("parquet", "xlsx") and out is None:
        raise click.UsageError(f"{form} is not for a terminal: name a file with --out")
    if out is not None:
        check_out(outside(place, out, "--out"))
    if name == "people":
        page = {"within": within, "after": after} | ({} if most is None else {"most": most})
        if person is not None and find is not None:
            raise click.UsageError("say either --person or --find")
        asked = person if find is None else find
        rows, notes = _people(place, store, purpose or "direct care", asked, page, key_file, reason)
    else:
        rows, notes = _counts(
            place,
            store,
            name,
            {"by": by, "period": period, "variant": variant, "view": view, "standardised": standardised},
            audience or usual_audience(place),
            purpose or "planning",
            reason,
        )
    for note in notes:
        click.echo(note, err=True)
    if out is not None:
        write_table(rows, out)
        click.echo(out)
    else:
        show_table(rows, form, sys.stdout, NOT_KNOWN if name == "people" else NOTHING)


def _people(
    place: Place,
    store: Store,
    purpose: str,
    asked: int | Literal["number", "name"] | None,
    page: dict[str, Any],
    key_file: KeyPlaces,
    reason: str,
) -> tuple[pa.Table, list[str]]:
    """A page of the caller's scope, or one of them; and what must be said with them."""
    from joinedup.access.people import open_people
    from joinedup.errors import Refused
    from joinedup.naming import names_from, seeks_in

    if not place.invented:
        raise Refused(f"{place.name} is not said to be invented, and real people are not shown on a terminal; use the web application")
    caller = acting(place, purpose, reason or "looking at invented people")
    keys = _keys(place, store, key_file)
    names, seeks = (None, None) if keys is None else (names_from(store, keys), seeks_in(store, keys))
    door = open_people(store, place, caller, names, seeks=seeks)
    if isinstance(asked, int):
        shown = door.person(caller, asked)
    else:
        shown = door.listed(caller, **page) if asked is None else door.found(caller, _sought(asked))
    return shown.rows, shown.notes


def _sought(what: Literal["number", "name"]) -> Sought:
    """Whom to look for, typed unseen: it is in no list of commands and on no screen."""
    from datetime import date

    from joinedup.access.sought import by_name, by_number
    from joinedup.errors import Refused

    def typed(asked: str, default: str | None = None) -> str:
        return str(click.prompt(asked, hide_input=True, err=True, default=default, show_default=False))

    if what == "number":
        return by_number(typed("NHS number"))
    family, given, born = typed("Family name"), typed("Given name, or its first letters, or nothing", ""), typed("Born (YYYY-MM-DD)")
    try:
        return by_name(family, date.fromisoformat(born.strip()), given)
    except ValueError:
        raise Refused("the date of birth that was typed is no date; type it as 1950-12-31") from None


def _keys(place: Place, store: Store, key_file: KeyPlaces) -> Keys | None:
    """The key of the identity register, where one is given; without one people are shown by pseudonym."""
    from joinedup.kept.keys import read_key

    if not key_file and not any(value for name, value in os.environ.items() if name.startswith("JOINEDUP_KEY")):
        return None
    return read_key(key_file, outside=(place.folder, store.root))


def _counts(
    place: Place, store: Store, name: str, asked: dict[str, Any], audience: Audience, purpose: str, reason: str
) -> tuple[pa.Table, list[str]]:
    """A table of the aggregates door, summed by what is asked; and for whom its counts are."""
    from joinedup.access.aggregates import open_aggregates
    from joinedup.access.caller import caller_for
    from joinedup.access.showing import table_of

    caller = acting(place, purpose, reason) if audience == "internal" else caller_for(place, purpose, reason=reason)
    door = open_aggregates(store, place, caller, audience)
    by = asked.pop("by")
    names = None if by is None else [each.strip() for each in by.split(",") if each.strip()]
    said = "internal: true counts, not for publication" if audience == "internal" else "public: 1 to 7 not shown, others rounded to 5"
    return table_of(door, name, names, **asked), [f"{said}; build {door.stamp.build_id}"]
