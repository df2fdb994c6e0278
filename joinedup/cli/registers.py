"""Verbs for whoever looks after keys and registers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cli.shared import KeyPlace, a_file, example, key_option, open_place, open_store, outside, place_argument, store_option

if TYPE_CHECKING:
    from joinedup.kept.keys import KeyPlaces


@click.command(
    "new-key",
    epilog=example(
        "joinedup new-key ~/calderdale.key",
        "export JOINEDUP_KEY_FILE=~/calderdale.key",
        "joinedup new-key keyring:calderdale",
        "joinedup new-key --split ~/first/half.key ~/second/half.key",
    ),
)
@click.argument("places", metavar="FILE", nargs=-1, required=True, type=KeyPlace())
@click.option("--split", is_flag=True, help="Two halves in two files, for two holders: neither can open the register alone.")
def new_key(places: tuple[str | Path, ...], split: bool) -> None:
    """Write a new key for the identity register.

    It goes to a new FILE, or to keyring:NAME in the operating system's keyring.

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


@click.command(
    epilog=example(
        "joinedup new-key ~/new.key",
        "joinedup rekey places/calderdale --store demo/calderdale/store --key-file demo/calderdale/invented-people.key "
        "--new-key-file ~/new.key",
    )
)
@place_argument
@store_option
@key_option
@click.option(
    "--new-key-file",
    "new_key_file",
    type=KeyPlace(),
    metavar="FILE",
    multiple=True,
    required=True,
    help="The key to come, a file or keyring:NAME; twice for its two halves.",
)
def rekey(place_folder: Path, store_folder: Path | None, key_file: KeyPlaces, new_key_file: KeyPlaces) -> None:
    """Close the identity register with another key.

    Everything that the old key closed is closed again in one transaction, and every person_id stays. Keep the old key as long as
    there are backups from before. Prints the new key's fingerprint.
    """
    import getpass

    from joinedup.kept.identity_register import open_register, register_place
    from joinedup.kept.keys import read_key
    from joinedup.kept.rotation import rekey as change_key

    place = open_place(place_folder)
    store = open_store(place, store_folder).create()
    outside = (place.folder, store.root)
    before, after = read_key(key_file, outside=outside), read_key(new_key_file, outside=outside)
    register = open_register(register_place(store.kept))
    try:
        register.database.verify()
        register.check(before, place.id)
        batches = change_key(register, before, after, account=getpass.getuser())
    finally:
        register.close()
    click.echo(
        f"closed {batches:,} batches of identifiers with key {after.fingerprint}; key {before.fingerprint} no longer opens them", err=True
    )
    click.echo(after.fingerprint)


@click.command(epilog=example("joinedup backup places/calderdale --store demo/calderdale/store --out ~/backups/registers.backup"))
@place_argument
@store_option
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The new file to write, outside PLACE and its store.")
def backup(place_folder: Path, store_folder: Path | None, out: Path) -> None:
    """Copy the kept registers into one file, as at one instant.

    The files beside them go with them: who is protected, staff, sealed ids, certificates.

    It needs no key: what is encrypted stays so. A landing that is under way is in it whole or not at all. Prints the path of the file.
    """
    from joinedup.kept.backup import backup as back_up
    from joinedup.kept.backup import said_of, said_of_files
    from joinedup.kept.copies import note_copy

    place = open_place(place_folder)
    store = open_store(place, store_folder)
    path = outside(place, out.expanduser(), "--out")
    if path.resolve().is_relative_to(store.root):
        raise click.BadParameter(f"{path} lies in the store, and would be lost with it; choose another folder", param_hint="--out")
    manifest = back_up(place.id, store.kept, path)
    note_copy(store.kept, "backup", path)
    for name, copy in manifest.registers.items():
        click.echo(f"{name}: {said_of(copy)}", err=True)
    for line in said_of_files(manifest):
        click.echo(line, err=True)
    click.echo(path)


@click.command(
    epilog=example("joinedup restore places/calderdale ~/backups/registers.backup --store demo/calderdale/store"),
)
@place_argument
@click.argument("file", type=a_file)
@store_option
@click.option("--replace", is_flag=True, help="Also where a register is another one, or holds what the backup doesn't, which is lost.")
def restore(place_folder: Path, file: Path, store_folder: Path | None, replace: bool) -> None:
    """Put the kept registers back as they were in FILE.

    The files beside them are put back too.

    Refused where a register is newer than FILE, unless told --replace; a damaged file of SQLite is moved aside. Needs no key. Land again
    afterwards: everyone keeps their person_id. Prints what became of each register.
    """
    from joinedup.kept.restore import restore as put_back
    from joinedup.land import register_behind
    from joinedup.report import show_findings

    place = open_place(place_folder)
    store = open_store(place, store_folder).create()
    for made in put_back(place.id, store.kept, file, replace=replace):
        stays = "left as it is, for it is newer or holds all of the backup"
        click.echo(f"{made.name}: {stays if made.kept_newer else f'{made.rows:,} {made.unit} restored'}")
        for said in (f"lost: {made.lost}" if made.lost else "", f"its damaged file is kept at {made.aside}" if made.aside else ""):
            if said:
                click.echo(f"    {said}")
    found = register_behind(store)
    show_findings([found] if found else [], sys.stderr)


OF_REGISTERS = (backup, restore, new_key, rekey)
"""The verbs of this module, in order of use."""
