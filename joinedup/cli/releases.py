"""The verb that lists what left, and says that something of it was withdrawn or destroyed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from joinedup.cli.shared import example, open_place, open_store, place_argument, store_option


@click.command(
    epilog=example(
        "joinedup releases places/calderdale --store demo/calderdale/store",
        "joinedup releases places/calderdale --end 12 --reason 'file destroyed, certificate 7' --store demo/calderdale/store",
    )
)
@place_argument
@store_option
@click.option("--end", type=int, help="The number of a release that was withdrawn or destroyed: later ones aren't held against it.")
@click.option("--reason", default="", help="Why it ends; kept with it.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def releases(place_folder: Path, store_folder: Path | None, end: int | None, reason: str, form: str) -> None:
    """What has left: public figures, and rows of people.

    For the information governance lead, by staff.csv; asking is itself logged.
    """
    import pyarrow as pa

    from joinedup.access.looking import log_of
    from joinedup.cli.audit import auditor, tell
    from joinedup.kept.releases import open_releases, releases_place
    from joinedup.tabular import show_table

    place = open_place(place_folder)
    store = open_store(place, store_folder)
    account = auditor(place)
    register = open_releases(releases_place(store.kept))
    try:
        rows = list(register.rows())
        tell(log_of(store, place), account, "releases" if end is None else f"release {end} ended", rows=len(rows))
        if end is not None:
            register.end(end, account=account, reason=reason)
            click.echo(f"release {end} has ended", err=True)
            return
    finally:
        register.close()
    if not rows:
        click.echo("nothing was released yet", err=True)
        return
    show_table(pa.Table.from_pylist(rows), form, sys.stdout)
