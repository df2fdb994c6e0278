"""Verbs for whoever looks after keys and registers."""

from __future__ import annotations

from pathlib import Path

import click

from joinedup.cli.shared import KeyPlace, example


@click.command(
    "new-key",
    epilog=example(
        "joinedup new-key ~/calderdale.key",
        "export JOINEDUP_KEY_FILE=~/calderdale.key",
        "joinedup new-key keyring:calderdale",
        "joinedup new-key --split /media/first/half.key /media/second/half.key",
    ),
)
@click.argument("places", metavar="FILE", nargs=-1, required=True, type=KeyPlace())
@click.option("--split", is_flag=True, help="Two halves in two files, for two holders: neither can open the register alone.")
def new_key(places: tuple[str | Path, ...], split: bool) -> None:
    """Write a new key for the identity register to a new file, or to keyring:NAME.

    Keep it apart from place, store and their backups: whoever holds the register and the key can tell who is who, and without the
    key the register can't be read. docs/how-to/keys.md says who should hold what.
    """
    from joinedup.kept.keys import write_new_halves, write_new_key

    if len(places) != (2 if split else 1):
        raise click.UsageError("--split takes two files, one for each half" if split else "one file is expected; two halves need --split")
    if split:
        fingerprint = write_new_halves(*places)
        click.echo(f"two halves of key {fingerprint}: give each to its holder, and keep no copy of both in one place", err=True)
    else:
        write_new_key(places[0])
    for place in places:
        click.echo(place)
