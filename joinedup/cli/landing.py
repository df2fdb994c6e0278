"""The verb land: extracts read, checked, split and linked, on the trusted host."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cli.shared import (
    AFTER_DEMO,
    a_folder,
    example,
    extracts_of,
    extracts_option,
    key_option,
    open_place,
    open_store,
    outside,
    place_argument,
    say_who_is_waited_for,
    store_option,
    working_options,
)

if TYPE_CHECKING:
    from joinedup.engine.store import Store
    from joinedup.kept.keys import KeyPlaces
    from joinedup.place.model import Place


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
@working_options
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
    status = landing(place, extracts, store, key_file, quiet, truth, wait=wait)
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
