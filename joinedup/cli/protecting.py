"""The verb of protection by hand: protect."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cli.shared import acting, example, key_option, open_place, open_store, place_argument, store_option

if TYPE_CHECKING:
    from joinedup.engine.store import Store
    from joinedup.kept.keys import KeyPlaces
    from joinedup.place.model import Place

MAY_PROTECT = ("ig_lead", "safety_officer", "coordinator", "care_team")
MAY_END = ("ig_lead",)
"""Ending is for one role: what was protected by mistake hurts nobody, and what is ended by mistake may."""


@click.command(
    epilog=example(
        "joinedup protect places/calderdale --person 7 --store demo/calderdale/store",
        "joinedup protect places/calderdale --person 7 --end --store demo/calderdale/store",
        "joinedup protect places/calderdale --by-number --store demo/calderdale/store --key-file demo/calderdale/invented-people.key",
        "joinedup protect places/calderdale --store demo/calderdale/store",
    )
)
@place_argument
@click.option("--person", type=int, help="The person_id of whom to protect; without it, how many are protected is said.")
@click.option("--by-number", is_flag=True, help="Ask for the NHS number instead, unseen, or read it from stdin; it needs the key.")
@click.option("--end", is_flag=True, help="No longer by hand; a list or flag goes on protecting whom it names. For the ig_lead.")
@store_option
@key_option
def protect(place_folder: Path, person: int | None, by_number: bool, end: bool, store_folder: Path | None, key_file: KeyPlaces) -> None:
    """Withhold somebody's address, practice and providers, at once.

    For somebody who can't wait for the next list of protected people. Records that the register joins to the person are protected too, now
    and after each landing. The reason is never asked and kept nowhere; that it was done is logged.
    """
    from joinedup.access.looking import log_of, look
    from joinedup.access.protected import protected_in
    from joinedup.errors import Refused
    from joinedup.kept.protected import protect as protect_by_hand
    from joinedup.kept.protected import protected_by_hand

    if by_number and person is not None:
        raise click.UsageError("say either --person or --by-number")
    place = open_place(place_folder)
    store, caller = open_store(place, store_folder), acting(place, "direct care", "protection")
    if person is None and not by_number:
        every, by_hand = len(protected_in(store)), len(protected_by_hand(store.kept))
        click.echo(f"{every:,} {'person is' if every == 1 else 'people are'} protected, {by_hand:,} by hand")
        return
    allowed = MAY_END if end and not place.invented else MAY_PROTECT
    if caller.role not in allowed:
        raise Refused(f"{caller.account} acts as {caller.role}; {'ending' if end else 'protecting'} is for {', '.join(allowed)}")
    people = known_as(place, store, person, key_file)
    what = "protection by hand, ended" if end else "protection by hand"
    log_of(store).append([look(caller, "people", what, "", people=people)])
    for each in people:
        protect_by_hand(store.kept, each, caller.account, ends=end)
    click.echo("no longer protected by hand" if end else "protected from now on, at every door", err=True)


def known_as(place: Place, store: Store, person: int | None, key_file: KeyPlaces) -> tuple[int, ...]:
    """The person_ids of one person, given one of them or, where there is none, by the number that is asked for; Refused where it is nobody.

    Who is protected by hand already counts as known, so that it can be ended.
    """
    from joinedup.errors import Refused
    from joinedup.kept.erasing import by_person
    from joinedup.kept.identity_register import open_register, register_place
    from joinedup.kept.protected import protected_by_hand

    where, found = register_place(store.kept), tuple[int, ...]()
    if person is None:
        return _by_number(place, store, key_file)
    if not isinstance(where, Path) or where.exists():
        register = open_register(where)
        try:
            with register.database.reading() as connection:
                found = by_person(connection, person).person_ids
        finally:
            register.close()
    if not found and person not in protected_by_hand(store.kept):
        raise Refused(f"nobody has that person_id in {store.root}, so nobody was protected; look for a mistyped digit, or use --by-number")
    return found or (person,)


def _by_number(place: Place, store: Store, key_file: KeyPlaces) -> tuple[int, ...]:
    """The person_ids of who has the number that is typed or comes from stdin, which is neither shown nor kept."""
    from joinedup.cli.forgetting import may_be_number
    from joinedup.errors import NothingPublished, Refused
    from joinedup.forget.erasing import Work
    from joinedup.kept.erasing import by_number
    from joinedup.kept.identity_register import open_register, register_place
    from joinedup.kept.keys import read_key

    where = register_place(store.kept)
    if isinstance(where, Path) and not where.exists():
        raise NothingPublished(f"nothing has been landed in {store.root}, so nobody is known there; name another --store")
    keys = read_key(key_file, outside=(place.folder, store.root))
    said = click.prompt("NHS number", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    digits = "".join(each for each in said if each.isdigit())
    if not may_be_number(digits):
        raise Refused("what was given is no NHS number: ten digits with the right check digit are expected; nobody was protected")
    register = open_register(where)
    try:
        register.check(keys, place.id)
        own = Work(place, store, register, keys).own_keys()
        with register.database.reading() as connection:
            found = by_number(connection, own, digits).person_ids
    finally:
        register.close()
    if not found:
        raise Refused("nobody is known by that number, so nobody was protected: land a list that has it, or protect another id of theirs")
    return found
