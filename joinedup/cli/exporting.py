"""The verb that lets rows leave: one table to a file, or several to a folder with all that describes them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cli.shared import acting, example, journal_option, open_place, open_store, outside, place_argument, quiet_option, store_option

if TYPE_CHECKING:
    from joinedup.access.asking import Condition
    from joinedup.access.disclosure import Audience
    from joinedup.access.handing import AskedTable
    from joinedup.engine.store import Store
    from joinedup.hand_off.described import Table
    from joinedup.hand_off.folder import HandOff
    from joinedup.hand_off.forms import Form
    from joinedup.place.model import Place

DEMO = "--purpose planning --store demo/calderdale/store"


@click.command(
    epilog=example(
        f"joinedup export places/calderdale activity {DEMO} --out demo/activity.parquet",
        f"joinedup export places/calderdale activity {DEMO} --columns starts,sector --where 'starts >= 2025-04-01' --out stays.csv",
        f"joinedup export places/calderdale --tables person,activity,diagnosis,area_month {DEMO} --dry-run",
        f"joinedup export places/calderdale --tables person,activity,diagnosis,area_month {DEMO} --format csv --out demo/folder",
        f"joinedup export places/calderdale --tables person,activity,measure_value {DEMO} --format star --out demo/star",
        f"joinedup export places/calderdale --tables area_population,area_month {DEMO} --for public --format xlsx --out demo/public",
    )
)
@place_argument
@click.argument("table", required=False)
@click.option(
    "--tables", help="Several tables, for a folder: names separated by commas. A wrong name is answered with the list of those there are."
)
@click.option("--purpose", required=True, help="planning, payment or research; people who object to it are left out.")
@click.option(
    "--columns",
    help="Names separated by commas; with --tables table.column [birth year, sex, neighbourhood, deprivation fifth, and the table's own].",
)
@click.option(
    "--where",
    multiple=True,
    help="A column, an operator (= != < <= > >= in, is missing, is given) and a value; may be repeated. With --tables as table.column, "
    "or a column alone for every table.",
)
@click.option(
    "--format", "form", type=click.Choice(["parquet", "csv", "xlsx", "star"]), default="parquet", show_default=True, help="With --tables."
)
@click.option(
    "--for",
    "audience",
    type=click.Choice(["internal", "public"]),
    default="internal",
    show_default=True,
    help="With --tables of counts: true, or rounded.",
)
@click.option("--out", type=click.Path(path_type=Path), help="A new file (.csv, .parquet, .json or .xlsx), or with --tables a new folder.")
@click.option("--dry-run", is_flag=True, help="With --tables: say which tables, columns and rows would leave, and write nothing.")
@click.option("--reason", default="", help="Why, in a few words: it is logged.")
@store_option
@quiet_option
@journal_option
def export(
    place_folder: Path,
    table: str | None,
    tables: str | None,
    purpose: str,
    columns: str | None,
    where: tuple[str, ...],
    form: Form,
    audience: Audience,
    out: Path | None,
    dry_run: bool,
    reason: str,
    store_folder: Path | None,
    quiet: bool,
) -> None:
    """Pseudonymised rows of one table or several, to files.

    One table goes to a file; several, with counts, to a folder that says what it holds.

    For analysts, by staff.csv. It is logged as a release with pseudonyms of its own: tables of one folder join by person_id, and with
    those of no other release. A folder has a data dictionary, datapackage.json and README.txt. Prints the path of the file or folder.
    """
    if (table is None) == (tables is None):
        raise click.UsageError("name one table, or several with --tables")
    if out is None and not (dry_run and tables):
        raise click.UsageError("say where to write with --out; without, --tables and --dry-run say what would leave")
    place = open_place(place_folder)
    if out is not None:
        outside(place, out, "--out")
    if table is not None:
        assert out is not None
        if dry_run or audience != "internal":
            raise click.UsageError("--dry-run and --for are for a folder: name the table with --tables")
        _one(place, open_store(place, store_folder), table, purpose, reason, columns, where, out)
        return
    from joinedup.hand_off.folder import HandOff
    from joinedup.report import progress_on

    asked = _asked([name.strip() for name in (tables or "").split(",") if name.strip()], columns, where)
    with progress_on(sys.stderr, quiet) as progress:
        store = open_store(place, store_folder)
        _folder(HandOff(place, store, acting(place, purpose, reason), asked, audience, progress), form, out, dry_run)


def _one(place: Place, store: Store, table: str, purpose: str, reason: str, columns: str | None, where: tuple[str, ...], out: Path) -> None:
    """Nothing; the rows of one table are in a new file."""
    from joinedup.access.asking import parsed
    from joinedup.access.records import open_records
    from joinedup.kept.copies import note_copy
    from joinedup.tabular import check_out, write_table

    caller = acting(place, purpose, reason)
    check_out(out)
    door = open_records(store, place, caller)
    names = None if columns is None else [name.strip() for name in columns.split(",") if name.strip()]
    rows = door.rows(caller, table, columns=names, where=[parsed(each) for each in where], to=out.name)
    write_table(rows, out)
    note_copy(store.kept, "release", out)
    click.echo(out)


def _folder(asked: HandOff, form: Form, out: Path | None, dry_run: bool) -> None:
    """Nothing; the folder is written and its path printed, or it is said what would be in it."""
    from joinedup.hand_off import folder

    if dry_run:
        for each in folder.dry_run(folder.for_form(asked, form)):
            click.echo(would_leave(each))
        return
    assert out is not None
    click.echo(folder.hand_off(asked, form, out))


def would_leave(table: Table) -> str:
    """A table of a dry run in a line."""
    people = "" if table.people is None else f" of {table.people:,} people"
    return f"{table.name}: {table.rows:,} rows{people} ({table.door}): {', '.join(each.name for each in table.fields)}"


def _asked(names: list[str], columns: str | None, where: tuple[str, ...]) -> tuple[AskedTable, ...]:
    """What is asked of each table, by columns and conditions that name it, and conditions that name none."""
    from joinedup.access.handing import AskedTable
    from joinedup.hand_off.folder import known_tables

    known_tables(names)
    chosen: dict[str, list[str]] = {}
    for each in (columns or "").split(","):
        if each.strip():
            table, _, name = each.strip().partition(".")
            if not name or table not in names:
                raise click.UsageError(
                    f"of a folder a column is named with its table, such as {names[0]}.{name or table}; found {each.strip()}"
                )
            chosen.setdefault(table, []).append(name)
    conditions = [_of_table(each, names) for each in where]
    return tuple(
        AskedTable(name, tuple(chosen[name]) if name in chosen else None, tuple(c for table, c in conditions if table in (name, None)))
        for name in names
    )


def _of_table(text: str, names: list[str]) -> tuple[str | None, Condition]:
    """A condition, and the table that it is of; None where it is of every table."""
    from joinedup.access.asking import parsed

    table, dot, rest = text.strip().partition(".")
    return (table, parsed(rest)) if dot and table in names else (None, parsed(text))
