"""The verb of protection by hand: protect."""

from __future__ import annotations

from pathlib import Path

import click

from joinedup.cli.shared import acting, example, open_place, open_store, place_argument, store_option

MAY_PROTECT = ("ig_lead", "safety_officer", "coordinator", "care_team")
MAY_END = ("ig_lead",)
"""Ending is for one role: what was protected by mistake hurts nobody, and what is ended by mistake may."""


@click.command(
    epilog=example(
        "joinedup protect places/calderdale --person 7 --store demo/calderdale/store",
        "joinedup protect places/calderdale --person 7 --end --store demo/calderdale/store",
        "joinedup protect places/calderdale --store demo/calderdale/store",
    )
)
@place_argument
@click.option("--person", type=int, help="The person_id of whom to protect; without it, how many are protected is said.")
@click.option("--end", is_flag=True, help="No longer by hand; a list or flag goes on protecting whom it names. For the ig_lead.")
@store_option
def protect(place_folder: Path, person: int | None, end: bool, store_folder: Path | None) -> None:
    """Withhold somebody's address, practice and providers, at once.

    For who can't wait for the next list of protected people. Why is never asked and nowhere kept; that it was done is logged.
    """
    from joinedup.access.looking import log_of, look
    from joinedup.access.protected import protected_in
    from joinedup.errors import Refused
    from joinedup.kept.protected import protect as protect_by_hand
    from joinedup.kept.protected import protected_by_hand

    place = open_place(place_folder)
    store, caller = open_store(place, store_folder), acting(place, "direct care", "protection")
    if person is None:
        every, by_hand = len(protected_in(store)), len(protected_by_hand(store.kept))
        click.echo(f"{every:,} {'person is' if every == 1 else 'people are'} protected, {by_hand:,} by hand")
        return
    allowed = MAY_END if end and not place.invented else MAY_PROTECT
    if caller.role not in allowed:
        raise Refused(f"{caller.account} acts as {caller.role}; {'ending' if end else 'protecting'} is for {', '.join(allowed)}")
    what = "protection by hand, ended" if end else "protection by hand"
    log_of(store).append([look(caller, "people", what, "", people=(person,))])
    protect_by_hand(store.kept, person, caller.account, ends=end)
    click.echo("no longer protected by hand" if end else "protected from now on, at every door", err=True)
