"""The verb that makes a word to sign in by."""

from __future__ import annotations

from pathlib import Path

import click

from joinedup.cli.shared import example, open_place, outside, place_argument


@click.command("sign-in", epilog=example("joinedup sign-in places/calderdale jsmith --out jsmith.word"))
@place_argument
@click.argument("account")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new file for the word, for its owner alone.")
def sign_in(place_folder: Path, account: str, out: Path) -> None:
    """Make a word to sign in by, for people who share one account.

    Prints what the row of ACCOUNT in staff.csv is to say in the column sign_in: a hash, from which nobody learns the word. Who asks
    then names themselves in JOINEDUP_ACTOR and gives the word in JOINEDUP_ACTOR_WORD or JOINEDUP_ACTOR_WORD_FILE. The word proves who
    knows it: people who share an account can read each other's files, so keep it where they can't, or better give each an account.
    """
    import os

    from joinedup.access.signing_in import new_word
    from joinedup.engine.store import PRIVATE_FILE, store_errors
    from joinedup.errors import Refused

    place = open_place(place_folder)
    if all(member.account != account for member in place.staff):
        raise Refused(f"staff.csv has no row for {account!r}; write one first, with role and scope")
    word, said = new_word()
    with store_errors(outside(place, out, "--out")):
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{word}\n")
    click.echo(said)
