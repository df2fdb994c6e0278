"""What verbs share: the options that many have, and the place, store and extracts that they name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from joinedup.access.caller import Caller
    from joinedup.engine.store import Store
    from joinedup.place.model import Place

Verb = TypeVar("Verb", bound=Callable[..., object])

AFTER_DEMO = "--extracts demo/calderdale/extracts --store demo/calderdale/store --key-file demo/calderdale/invented-people.key"


def example(*lines: str) -> str:
    """An epilogue of commands, kept as they are written."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


a_folder = click.Path(exists=True, file_okay=False, path_type=Path)
place_argument = click.argument("place_folder", metavar="PLACE", type=a_folder)
store_option = click.option(
    "--store", "store_folder", type=click.Path(path_type=Path), help="Where builds and registers lie [.joinedup/<id of the place>]."
)
extracts_option = click.option(
    "--extracts",
    "extracts_folder",
    type=a_folder,
    help="The folder that the files in sources.yml are relative to [PLACE/extracts].",
)


class KeyPlace(click.Path):
    """Where a key lies: a file, or keyring:NAME in the operating system's keyring."""

    name = "place"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str | Path:  # type: ignore[override]
        """A path, or the keyring's name as it is."""
        return value if str(value).startswith("keyring:") else Path(value).expanduser()


key_option = click.option(
    "--key-file",
    "--key",
    "key_file",
    type=KeyPlace(),
    metavar="FILE",
    multiple=True,
    help="The key of the identity register, a file or keyring:NAME; twice for its two halves "
    "[$JOINEDUP_KEY, $JOINEDUP_KEY_FILE or $JOINEDUP_KEY_KEYRING].",
)
quiet_option = click.option("--quiet", is_flag=True, help="No progress and no accounts, only results and errors.")


def _begin_journal(context: click.Context, option: click.Parameter, value: str | None) -> None:
    """Nothing; the verb's steps go to the journal that was named."""
    if value is not None:
        from joinedup.journal import begin

        begin(value, context.info_name or "")


journal_option = click.option(
    "--journal",
    metavar="FILE",
    expose_value=False,
    callback=_begin_journal,
    help="Write a line of JSON for each step to this file, - for standard error; no person is in it [$JOINEDUP_JOURNAL].",
)
wait_option = click.option(
    "--wait", type=click.FloatRange(0), default=0, metavar="SECONDS", help="How long to wait where another process holds the store [0]."
)


def working_options(verb: Verb) -> Verb:
    """The verb with the options of those that work in a store and may have to wait for it: --wait, --quiet, --journal."""
    return wait_option(quiet_option(journal_option(verb)))


a_file = click.Path(exists=True, dir_okay=False, path_type=Path)


def open_place(folder: Path) -> Place:
    """The place; its warnings are for `check` to show."""
    from joinedup.place.folder import read_place
    from joinedup.sources.contract import contracts

    return read_place(folder, contract_names=tuple(contracts()))


def acting(place: Place, purpose: str, reason: str = "") -> Caller:
    """For whom this account acts by the place's staff file; a note where it has a role only because the people are invented."""
    from joinedup.access.caller import caller_for, without_row

    caller = caller_for(place, purpose, reason=reason)
    if without_row(place, caller):
        click.echo(f"note: the people are invented, so {caller.account}, who has no row in staff.csv, acts as {caller.role}", err=True)
    return caller


def open_store(place: Place, folder: Path | None) -> Store:
    """The store of a place."""
    from joinedup.engine.store import Store

    return Store(outside(place, (folder or Path(".joinedup") / place.id).resolve(), "--store"))


def say_who_is_waited_for(store: Store, seconds: float) -> None:
    """Nothing; where another process holds the store and it is waited for, stderr says which."""
    if seconds and (held := store.held_by()):
        click.echo(f"waiting up to {seconds:g} seconds for {held}", err=True)


def outside(place: Place, folder: Path, option: str) -> Path:
    """The folder; a usage error when it lies in the place folder, which is copied and shared."""
    if folder.resolve().is_relative_to(place.folder.resolve()):
        raise click.BadParameter(f"{folder} lies in the place folder, which is copied and shared; choose another", param_hint=option)
    return folder


def extracts_of(place_folder: Path, folder: Path | None) -> Path:
    """Where a place's extracts lie; a usage error when there is no such folder."""
    extracts = folder or place_folder / "extracts"
    if not extracts.is_dir():
        raise click.UsageError(
            f"there is no folder {extracts}: say where the extracts lie with --extracts, or build what has landed with --no-land"
        )
    return extracts
