"""Verbs from extracts to pages: check, synth, land, build, pack and demo."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cli.clusters import cluster_of, cluster_options, note_lake
from joinedup.cli.shared import (
    AFTER_DEMO,
    a_folder,
    acting,
    example,
    extracts_of,
    extracts_option,
    journal_option,
    key_option,
    open_place,
    open_store,
    outside,
    place_argument,
    quiet_option,
    say_who_is_waited_for,
    store_option,
    wait_option,
)
from joinedup.errors import NothingPublished, PlaceError, StoreProblem

if TYPE_CHECKING:
    from joinedup.access.caller import Caller
    from joinedup.access.disclosure import Audience
    from joinedup.engine.store import Store
    from joinedup.kept.keys import KeyPlaces
    from joinedup.place.model import Place
    from joinedup.progress import Progress
    from joinedup.sources.check import Checked


@click.command(
    epilog=example(
        "joinedup check places/calderdale",
        "joinedup check places/calderdale --extracts demo/calderdale/extracts --format csv",
        "joinedup check places/calderdale --extracts demo/calderdale/extracts --out demo/check",
    )
)
@place_argument
@extracts_option
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Write a page and its tables to this folder, too, outside PLACE.")
@click.option("--errors-only", is_flag=True, help="End with 0 where there are warnings and no errors.")
@quiet_option
@journal_option
def check(place_folder: Path, extracts_folder: Path | None, form: str, out: Path | None, errors_only: bool, quiet: bool) -> None:
    """Everything wrong with a place's folder and extracts, at once.

    Rows are named by number and never shown. Without --extracts, and where PLACE has no folder extracts, only PLACE is checked. Ends with 0
    when clean, 1 with findings, warnings too unless told --errors-only, 2 when a folder isn't there.
    """
    from joinedup.findings import errors
    from joinedup.report import progress_on, show_check, write_findings

    with progress_on(sys.stderr, quiet) as progress:
        found = checked(place_folder, extracts_folder or place_folder / "extracts", progress)
    if form == "table":
        show_check(found, sys.stdout)
    else:
        write_findings(found.findings, form, sys.stdout)
    if out is not None:
        click.echo(check_page(place_folder, found, out), err=form != "table")
    sys.exit(1 if (errors(found.findings) if errors_only else found.findings) else 0)


def check_page(place_folder: Path, found: Checked, out: Path) -> Path:
    """The page of a check; a usage error where so much is wrong with the folder that there is no place to speak of."""
    from joinedup.papers.pages import write_check

    if found.place is None:
        raise click.UsageError(f"{place_folder} has no place.yml that can be read, so there is no page to write: see the findings above")
    return write_check(found.place, found.files, found.findings, outside(found.place, out, "--out"))


def checked(place_folder: Path, extracts: Path, progress: Progress) -> Checked:
    """What is wrong with folder and extracts, or with the folder alone where there are no extracts."""
    from joinedup.place.sharing import findings
    from joinedup.sources.check import Checked, check

    if extracts.is_dir():
        return check(place_folder, extracts, progress)
    click.echo(f"there is no folder {extracts}, so the place folder alone is checked; --extracts names another", err=True)
    try:
        place = open_place(place_folder)
        return Checked((), (*place.warnings, *findings(place, date.today())), place)
    except PlaceError as error:
        return Checked((), error.findings)


@click.command(
    epilog=example(
        "joinedup synth places/calderdale --people 20000 --seed 1 --out demo/calderdale/extracts",
        "joinedup synth places/calderdale --people 5000 --break --out demo/broken",
    )
)
@place_argument
@click.option("--people", type=click.IntRange(1), default=20_000, show_default=True, help="How many people are registered.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same rows.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write the extracts to.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes; the rows don't depend on it.")
@click.option(
    "--noise", type=click.FloatRange(0), default=1.0, show_default=True, help="How often faults come, beside ordinary rates; 0: never."
)
@click.option("--years", type=click.IntRange(1, 20), default=2, show_default=True, help="How many years up to the last day.")
@click.option("--monthly", is_flag=True, help="A file a month from each source; OUT/sources.yml names them.")
@click.option("--own-ways", is_flag=True, help="Each source in codes, dates, columns and months of its own; OUT/sources.yml says which.")
@click.option("--break", "broken", is_flag=True, help="Files with every fault that landing knows too, in OUT/broken.")
@quiet_option
@journal_option
def synth(
    place_folder: Path,
    people: int,
    seed: int,
    out: Path,
    workers: int,
    noise: float,
    years: int,
    monthly: bool,
    own_ways: bool,
    broken: bool,
    quiet: bool,
) -> None:
    """Invented extracts for a place, in the contracts' own formats.

    With --break each rule of each contract is broken in the rows of a file in OUT/broken, and other files there are broken as a whole;
    OUT/truth/broken.parquet says which, where and how often.
    """
    from joinedup.report import progress_on
    from joinedup.sources.synthetic import synthesise
    from joinedup.sources.synthetic.broken import break_extracts

    place = open_place(place_folder)
    with progress_on(sys.stderr, quiet) as progress:
        files = synthesise(
            place, people, seed, out, noise=noise, years=years, monthly=monthly, own_ways=own_ways, workers=workers, progress=progress
        )
        for path in files:
            click.echo(path)
    for path in break_extracts(place, people, seed, out) if broken else ():
        click.echo(path)


@click.command(
    epilog=example(
        f"joinedup land places/calderdale {AFTER_DEMO}",
        f"joinedup land places/calderdale {AFTER_DEMO} --hand-over demo/handed-over",
        f"joinedup land places/calderdale {AFTER_DEMO} --truth demo/calderdale/extracts/truth",
    )
)
@place_argument
@extracts_option
@store_option
@key_option
@click.option("--hand-over", type=click.Path(path_type=Path), help="A folder to write what a build elsewhere needs into, no identifiers.")
@click.option("--truth", type=a_folder, help="Of an invented place: the folder that says who is who, to count right and wrong links.")
@wait_option
@quiet_option
@journal_option
def land(
    place_folder: Path,
    extracts_folder: Path | None,
    store_folder: Path | None,
    key_file: KeyPlaces,
    hand_over: Path | None,
    truth: Path | None,
    wait: float,
    quiet: bool,
) -> None:
    """Read a place's extracts and link people (on the trusted host).

    Every row is checked and accounted for, and identifiers are split off to the identity register. With --hand-over a new folder in that
    one holds what `joinedup build --landed` takes elsewhere, without identifiers; its path is printed. Ends with 1 when a file was refused;
    the others have landed.
    """
    from joinedup.kept.copies import note_copy
    from joinedup.sources.handing import hand_over as hand_landing_over
    from joinedup.sources.signing import public_key

    extracts, place = extracts_of(place_folder, extracts_folder), open_place(place_folder)
    store = open_store(place, store_folder)
    status = landing(place, extracts, store, key_file, quiet, truth)
    if hand_over is not None:
        secret = _signing_secret(place, store, key_file)
        folder = hand_landing_over(store, outside(place, hand_over, "--hand-over"), secret)
        note_copy(store.kept, "hand-over", folder)
        click.echo(folder)
        if place.handed_over_by != (key := public_key(secret)):
            click.echo(f"note: signed; for place.yml, so that nothing else is taken over: handed_over_by: {key}", err=True)
    sys.exit(status)


def _signing_secret(place: Place, store: Store, key_file: KeyPlaces) -> bytes:
    """What the trusted host signs with."""
    from joinedup.kept.identity_register import open_register, register_place
    from joinedup.kept.keys import read_key

    register = open_register(register_place(store.kept))
    try:
        return register.signing_secret(read_key(key_file, outside=(place.folder, store.root)))
    finally:
        register.close()


def landing(
    place: Place, extracts: Path, store: Store, key_file: KeyPlaces, quiet: bool, truth: Path | None = None, *, wait: float = 0
) -> int:
    """1 when a file could not be used, else 0; the account of the landing is shown."""
    from joinedup.findings import errors
    from joinedup.kept.keys import read_key
    from joinedup.land import land as land_extracts
    from joinedup.report import progress_on, show_findings, show_landing

    key = read_key(key_file, outside=(place.folder, store.root))
    say_who_is_waited_for(store, wait)
    with progress_on(sys.stderr, quiet) as progress:
        landed = land_extracts(place, extracts, store, key, truth=truth, progress=progress, wait=wait)
    if quiet:
        show_findings(errors(landed.findings), sys.stderr)
    else:
        show_landing(landed, sys.stderr)
    return 1 if errors(landed.findings) else 0


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
@wait_option
@quiet_option
@journal_option
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
    from joinedup.errors import Refused
    from joinedup.report import progress_on, show_build
    from joinedup.sources.handing import take_over

    extracts = None if no_land or landed else extracts_of(place_folder, extracts_folder)
    place = open_place(place_folder)
    cluster = cluster_of(place, engine, master, lake, settings)
    store = open_store(place, store_folder)
    if landed:
        if not (place.invented or place.handed_over_by):
            raise Refused(
                f"place.yml of {place.name} doesn't say whose hand-overs are trusted, and anybody could have written {landed}: write "
                "handed_over_by there, which joinedup land --hand-over prints on the trusted host"
            )
        take_over(landed, place.id, store, place.handed_over_by)
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
    if profiled:
        show_profile(store, wait, quiet)
    click.echo(manifest.build_id)
    sys.exit(status)


def show_profile(store: Store, wait: float, quiet: bool) -> None:
    """Nothing; the query profiles of the published build are in the store, and the plans of the slowest tables on stderr."""
    from joinedup.build import profile
    from joinedup.engine.profiles import in_words
    from joinedup.report import progress_on

    with progress_on(sys.stderr, quiet) as progress:
        made = profile(store, wait=wait, progress=progress)
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
@click.option("--purpose", default="planning", show_default=True, help="What the pages are for.")
@quiet_option
@journal_option
def pack(place_folder: Path, store_folder: Path | None, out: Path, audience: Audience | None, purpose: str, quiet: bool) -> None:
    """Pages of the published build, one per neighbourhood.

    Prints the path of the index.
    """
    from joinedup.access.caller import caller_for
    from joinedup.access.disclosure import usual_audience
    from joinedup.report import progress_on

    place = open_place(place_folder)
    store = open_store(place, store_folder)
    audience = audience or usual_audience(place)
    caller = acting(place, purpose) if audience == "internal" else caller_for(place, purpose)
    with progress_on(sys.stderr, quiet) as progress:
        pages = write_pack(place, store, outside(place, out, "--out"), caller, audience, progress)
    click.echo(pages[0])


def warn_of_sharing(place: Place) -> None:
    """Nothing; what is to be known of the place's agreements is on stderr, such as that one ends soon."""
    from joinedup.place.sharing import findings
    from joinedup.report import show_findings

    show_findings([*(each for each in place.warnings if each.file == "sharing.yml"), *findings(place, date.today())], sys.stderr)


def write_pack(place: Place, store: Store, out: Path, caller: Caller, audience: Audience, progress: Progress) -> list[Path]:
    """The pages, the index first."""
    from joinedup.access.aggregates import open_aggregates
    from joinedup.papers.pages import write_pages

    aggregates = open_aggregates(store, place, caller, audience)
    return write_pages(aggregates, place, out, progress=progress, cache=store.root / "charts")


@click.command(
    epilog=example(
        "joinedup demo places/calderdale --out demo/calderdale", "joinedup demo places/calderdale --people 2000 --out demo/small --no-serve"
    )
)
@place_argument
@click.option("--people", type=click.IntRange(1), default=20_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder for extracts, key, store and pages.")
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve the pages on 127.0.0.1 afterwards.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The next free one is taken when it is in use."
)
@quiet_option
@journal_option
def demo(place_folder: Path, people: int, seed: int, out: Path, serve: bool, port: int, quiet: bool) -> None:
    """The whole path on invented people: extracts, record, pages.

    Invents extracts, lands and builds them as they were a month before and as they are, tells what changed, writes the pages and serves
    them. Prints the path of the index, then its address.
    """
    from joinedup.demo import make, serve_pages
    from joinedup.report import progress_on

    place = open_place(place_folder)
    with progress_on(sys.stderr, quiet) as progress:
        index = make(place, people, seed, outside(place, out, "--out"), progress)
    click.echo(index)
    if serve:
        serve_pages(index.parent, port)
