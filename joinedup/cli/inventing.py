"""Verbs of invented people: synth, demo."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from joinedup.cli.shared import example, journal_option, open_place, outside, place_argument, quiet_option


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
