"""Verbs about builds that are kept: builds, collect."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cli.shared import (
    example,
    open_place,
    open_store,
    place_argument,
    say_who_is_waited_for,
    store_option,
    working_options,
)

if TYPE_CHECKING:
    from joinedup.engine.manifest import Manifest
    from joinedup.engine.store import Store
    from joinedup.place.model import Place


@click.command(
    epilog=example(
        "joinedup builds places/calderdale --store demo/calderdale/store",
        "joinedup builds places/calderdale --store demo/calderdale/store --format json",
    )
)
@place_argument
@store_option
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def builds(place_folder: Path, store_folder: Path | None, form: str) -> None:
    """The builds that are kept, and which of them is published.

    The latest first, in the order in which they were published. It tells of no person.
    """
    import pyarrow as pa

    from joinedup.engine.manifest import builds_by_number, read_manifest
    from joinedup.errors import NothingPublished
    from joinedup.tabular import show_table

    store = open_store(open_place(place_folder), store_folder)
    kept = builds_by_number(store)
    if not kept:
        raise NothingPublished(f"nothing has been built in {store.root} yet; run joinedup build")
    published = read_manifest(store).build_id
    rows = [
        {
            "build": build.build_id,
            "number": build.number,
            "published": build.built_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
            "engine": build.software,
            "tables": len(build.tables),
            "made": sum(not record.reused for record in build.tables.values()),
            "rows": sum(record.rows for record in build.tables.values()),
            "seconds": None if build.measured is None else build.measured.seconds,
            "now": "published" if build.build_id == published else "",
        }
        for build in reversed(kept)
    ]
    show_table(pa.Table.from_pylist(rows), form, sys.stdout)


@click.command(
    epilog=example(
        "joinedup collect places/calderdale --store demo/calderdale/store --dry-run",
        "joinedup collect places/calderdale --store demo/calderdale/store --days 30",
    )
)
@place_argument
@store_option
@click.option("--days", type=click.IntRange(0), help="For how long a build is kept once another is published [builds_days of place.yml].")
@click.option("--lake", metavar="ADDRESS", help="The lake of Spark's builds, where nobody may build now [that of PLACE/spark.yml].")
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@working_options
def collect(
    place_folder: Path, store_folder: Path | None, days: int | None, lake: str | None, dry_run: bool, wait: float, quiet: bool
) -> None:
    """Remove builds that are kept no longer, and files of no build.

    The published build and the current landing always stay, and whatever a build that is kept names. A build stays for an hour at
    least once another is published, for whoever is still reading it. A clock that leapt ahead by months is believed after a day, or
    with --days. Prints the builds that went.
    """
    from datetime import UTC, datetime

    from joinedup.engine.clock import believed
    from joinedup.engine.collecting import READERS_TIME, drop, older_than
    from joinedup.engine.manifest import builds_by_number
    from joinedup.land import remove_landings

    place = open_place(place_folder)
    store = open_store(place, store_folder)
    say_who_is_waited_for(store, wait)
    with store.lock("collection", wait=wait):
        now = datetime.now(UTC)
        going = older_than(store, place.retention.builds_days if days is None else days, now, sure=days is not None)
        ahead = now - believed(builds_by_number(store), now)
        removed = [] if dry_run else drop(store, going, spare=READERS_TIME)
        landings = [] if dry_run else remove_landings(store)
        lake = place.spark.lake if lake is None else lake
        of_lake = _collect_lake(place, lake, store, going, now, dry_run=dry_run) if lake else []
    for build in going:
        click.echo(build.build_id)
    if ahead and days is None:
        click.echo(
            f"note: the clock has leapt {ahead.days:,} days ahead of the build before; builds are counted as if it hadn't, until it has "
            "stood there for a day. If it is right, --days says how many days count now",
            err=True,
        )
    if not quiet:
        how = "would go" if dry_run else "went"
        files = "" if dry_run else f", {sum(path.suffix == '.parquet' for path in removed):,} files of tables, {len(landings):,} landings"
        lay = f", {len(of_lake):,} files of the lake" if lake else ""
        click.echo(f"{len(going):,} builds {how}{files}{lay}", err=True)


def _collect_lake(place: Place, address: str, store: Store, going: Sequence[Manifest], now: datetime, *, dry_run: bool) -> list[str]:
    """The files that went from a lake, or would go: what no build names that the store keeps."""
    from joinedup.engine.lake import open_lake
    from joinedup.engine.lake_collecting import drop_from_lake
    from joinedup.engine.manifest import builds_by_number

    kept = {build.build_id for build in builds_by_number(store)} - {build.build_id for build in going}
    return drop_from_lake(open_lake(address, place.id, place.spark.settings), kept, now, dry_run=dry_run)
