"""The verb build: the linked record of what has been landed, published."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cli.clusters import cluster_of, cluster_options, note_lake
from joinedup.cli.landing import landing
from joinedup.cli.shared import (
    AFTER_DEMO,
    a_folder,
    example,
    extracts_of,
    extracts_option,
    key_option,
    open_place,
    open_store,
    place_argument,
    say_who_is_waited_for,
    store_option,
    working_options,
)
from joinedup.errors import NothingPublished, StoreProblem

if TYPE_CHECKING:
    from joinedup.engine.store import Store
    from joinedup.kept.keys import KeyPlaces
    from joinedup.place.model import Place


@click.command(
    epilog=example(
        f"joinedup build places/calderdale {AFTER_DEMO}",
        "joinedup build places/calderdale --no-land --store demo/calderdale/store",
        "joinedup build places/calderdale --no-land --store demo/calderdale/store --engine spark",
        "joinedup build places/calderdale --no-land --store /analysis/store --engine spark --master spark://host:7077 --lake s3a://bucket/jup",
        "joinedup build places/calderdale --landed demo/handed-over/20260401T080000Z-a1b2c3 --store analysis/store",
    )
)
@place_argument
@extracts_option
@store_option
@key_option
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True)
@cluster_options
@click.option("--jobs", type=click.IntRange(1), help="Threads [all cores].")
@click.option("--no-land", is_flag=True, help="Build on what has been landed, without looking at the extracts.")
@click.option("--landed", type=a_folder, help="Build on what was handed over in this folder; it needs no extracts and no key.")
@click.option("--verify", is_flag=True, help="Read every file again instead of trusting its remembered hash.")
@click.option(
    "--profile", "profiled", is_flag=True, help="Then make each table once more by itself, and keep DuckDB's profile of its query."
)
@working_options
def build(
    place_folder: Path,
    extracts_folder: Path | None,
    store_folder: Path | None,
    key_file: KeyPlaces,
    engine: str,
    master: str | None,
    lake: str | None,
    settings: dict[str, str],
    jobs: int | None,
    no_land: bool,
    landed: Path | None,
    verify: bool,
    profiled: bool,
    wait: float,
    quiet: bool,
) -> None:
    """Make the linked record of a place and publish it.

    Lands the extracts first, as `joinedup land` does, unless told --no-land or --landed. What was landed is looked into first: where it
    may identify anyone nothing is built. Prints the id of the published build. What was made before and
    hasn't changed is used again.
    """
    from joinedup.build import build as build_place
    from joinedup.build import measure_findings
    from joinedup.report import progress_on, show_build, show_findings

    extracts = None if no_land or landed else extracts_of(place_folder, extracts_folder)
    place = open_place(place_folder)
    cluster = cluster_of(place, engine, master, lake, settings)
    store = open_store(place, store_folder)
    if landed:
        take_over_from(landed, place, store)
    status = warned_of_register(store) if extracts is None else landing(place, extracts, store, key_file, quiet, wait=wait)
    before = published_id(store)
    if engine == "spark":
        note_lake(store, cluster)
    say_who_is_waited_for(store, wait)
    with progress_on(sys.stderr, quiet) as progress:
        manifest = build_place(place, store, engine=engine, jobs=jobs, verify=verify, wait=wait, progress=progress, cluster=cluster)
    if not quiet:
        show_build(manifest, sys.stderr, unchanged=manifest.build_id == before)
        warn_of_sharing(place)
        show_findings(measure_findings(place, store), sys.stderr)
    if profiled:
        show_profile(place, store, wait, quiet)
    click.echo(manifest.build_id)
    sys.exit(status)


def take_over_from(folder: Path, place: Place, store: Store) -> None:
    """Nothing; the landing handed over in a folder is the store's. Refused where the place doesn't say whose hand-overs it trusts."""
    from joinedup.errors import Refused
    from joinedup.sources.handing import take_over

    if not (place.invented or place.handed_over_by):
        raise Refused(
            f"place.yml of {place.name} doesn't say whose hand-overs are trusted, and anybody could have written {folder}: write "
            "handed_over_by there, which joinedup land --hand-over prints on the trusted host"
        )
    take_over(folder, place.id, store, place.handed_over_by)


def show_profile(place: Place, store: Store, wait: float, quiet: bool) -> None:
    """Nothing; the query profiles of the published build are in the store, and the plans of the slowest tables on stderr."""
    from joinedup.build import profile
    from joinedup.engine.profiles import in_words
    from joinedup.report import progress_on

    with progress_on(sys.stderr, quiet) as progress:
        made = profile(place, store, wait=wait, progress=progress)
    if not quiet:
        click.echo(f"{in_words(made)}\nprofiles of all tables: {store.profiles / made.build_id}", err=True)


def warned_of_register(store: Store) -> int:
    """0; a warning is shown when the identity register is here and doesn't know the landing that is built on.

    StoreProblem where people were erased since that landing, who may be in it.
    """
    from joinedup.forget.erasing import refuse_before_erasure
    from joinedup.land import register_behind
    from joinedup.report import show_findings

    refuse_before_erasure(store)
    found = register_behind(store)
    show_findings([found] if found else [], sys.stderr)
    return 0


def published_id(store: Store) -> str | None:
    """The id of the build that is published; None when there is none, or one that can't be read and is about to be replaced."""
    from joinedup.engine.manifest import read_manifest

    try:
        return read_manifest(store).build_id
    except (NothingPublished, StoreProblem):
        return None


def warn_of_sharing(place: Place) -> None:
    """Nothing; what is to be known of the place's agreements is on stderr, such as that one ends soon."""
    from joinedup.place.sharing import findings
    from joinedup.report import show_findings

    show_findings([*(each for each in place.warnings if each.file == "sharing.yml"), *findings(place, date.today())], sys.stderr)
