"""The verb review: pairs that matching leaves in doubt, judged by people."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from joinedup.cells import write_rows
from joinedup.cli.shared import example, key_option, open_place, open_store, place_argument, quiet_option, store_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joinedup.engine.store import Store
    from joinedup.kept.answers import Reviewer
    from joinedup.kept.identity_register import IdentityRegister
    from joinedup.kept.keys import KeyPlaces, Keys
    from joinedup.place.model import Place

WHAT = ("pairs", "next", "list", "history", "undo", "export")
AFTER_DEMO = "--store demo/calderdale/store --key-file demo/calderdale/invented-people.key"
ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,99}")
LOGGED_IN = Path("/proc/self/loginuid")
"""Who logged in, as Linux remembers it through sudo; nobody changes their own."""
COLUMNS = ("at", "pair", "contract", "who", "role", "said", "why")


@click.command(
    epilog=example(
        f"joinedup review places/calderdale list {AFTER_DEMO}",
        f"joinedup review places/calderdale {AFTER_DEMO}",
        f"joinedup review places/calderdale export {AFTER_DEMO}",
    )
)
@place_argument
@click.argument("what", type=click.Choice(WHAT), default="pairs")
@click.argument("pair", type=click.IntRange(1, 2**62), required=False)
@store_option
@key_option
@click.option("--of", "of_account", metavar="ACCOUNT", help="With undo: whose answer; only an information governance lead undoes others'.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--as", "as_account", metavar="ACCOUNT", help="Answer as this account: of invented people only, for trying out and tests.")
@quiet_option
def review(
    place_folder: Path,
    what: str,
    pair: int | None,
    store_folder: Path | None,
    key_file: KeyPlaces,
    of_account: str | None,
    form: str,
    as_account: str | None,
    quiet: bool,
) -> None:
    """Judge pairs that matching leaves in doubt.

    On the trusted host. Without WHAT, pairs are shown one after the other, on a terminal: the same person, different people, or can't
    say? Two people must agree; where they don't a third is asked; the next landing does as they say.

    \b
    next         one pair
    list         how many pairs there are, by contract, probability, state and age
    history      who said what when and why, and what landings made of it; of one PAIR, if given
    undo PAIR    takes an answer back
    export       the history, for a file

    Only pairs themselves show names, and whoever sees one is in the access log. For information governance leads and co-ordinators of the
    whole place, by staff.csv.
    """
    place = open_place(place_folder)
    with opened(place, open_store(place, store_folder), key_file, as_account) as desk:
        if what in {"pairs", "next"}:
            judge(desk, 1 if what == "next" else None, quiet)
        elif what == "undo":
            undo(desk, pair, of_account)
        elif what == "list":
            show_rows(counts(desk), ("contract", "probability", "state", "pairs", "oldest_days"), form)
        else:
            show_rows(acts(desk, pair), COLUMNS, "csv" if what == "export" and form == "table" else form)


@dataclass(frozen=True, slots=True)
class Desk:
    """What reviewing needs, opened: place, store, register and its key, and the account of whoever sits there."""

    place: Place
    store: Store
    register: IdentityRegister
    keys: Keys
    account: str

    def who(self) -> Reviewer:
        """Whoever reviews, by the staff file as it is now; Refused when they may not."""
        from datetime import date

        from joinedup.access.caller import staff_now
        from joinedup.identity.review import reviewer_for

        return reviewer_for(self.place, staff_now(self.place), self.account, date.today())


@contextmanager
def opened(place: Place, store: Store, key_file: KeyPlaces, as_account: str | None) -> Iterator[Desk]:
    """The desk; Refused, or KeyProblem, before anything is opened for somebody who may not."""
    from joinedup.access.caller import staff_now
    from joinedup.errors import NothingPublished, Refused
    from joinedup.kept.identity_register import open_register, register_place
    from joinedup.kept.keys import read_key

    if as_account is not None and not ACCOUNT.fullmatch(as_account):
        raise click.BadParameter("it is no name of an account", param_hint="--as")
    if as_account and not place.invented:
        raise Refused(f"--as is for invented people, and those of {place.name} are real; answers are those of whoever has logged in")
    where = register_place(store.kept)
    if isinstance(where, Path) and not where.exists():
        raise NothingPublished(f"nothing has been landed in {store.root}, so no pair is in doubt; land first, or name another --store")
    register = open_register(where)
    try:
        desk = Desk(place, store, register, read_key(key_file, outside=(place.folder, store.root)), as_account or account_of(place))
        desk.who()
        if place.invented and not as_account and desk.account not in {row.account for row in staff_now(place)}:
            click.echo(f"note: the people are invented, so {desk.account}, who has no row in staff.csv, may review", err=True)
        register.check(desk.keys, place.id)
        yield desk
    finally:
        register.close()


def account_of(place: Place) -> str:
    """The account that this runs under; who has logged in, where that account is nobody's, such as one that only owns the store."""
    import pwd

    from joinedup.access.caller import own_account, staff_now

    account = own_account()
    if any(row.account == account for row in staff_now(place)):
        return account
    try:
        logged_in = int(LOGGED_IN.read_text(encoding="ascii"))
        return pwd.getpwuid(logged_in).pw_name
    except (OSError, ValueError, KeyError, OverflowError):
        return account


def judge(desk: Desk, most: int | None, quiet: bool) -> None:
    """Nothing; pairs were shown and answered on a terminal. A usage error without one: names go to no file and no pipe."""
    from joinedup.access.looking import log_of
    from joinedup.access.protected import protected_in
    from joinedup.cli.reviewing import Session, own_screen
    from joinedup.kept.answers import waiting

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "pairs are shown on a terminal only, so that no name gets into a file; list and export have none and go anywhere"
        )
    log = log_of(desk.store, desk.place)
    try:
        with own_screen() as terminal:
            session = Session(desk.register, desk.keys, desk.who, log, terminal, most)
            session.is_protected = lambda person_id: bool((protected_in(desk.store) == person_id).any())
            answered = session.run()
    finally:
        log.close()
    with desk.register.connected(desk.keys) as connection:
        left = len(waiting(connection, desk.who()))
    if not quiet:
        click.echo(f"{answered} answered; {left} still wait for you. What is agreed acts at the next landing.", err=True)


def undo(desk: Desk, pair: int | None, of_account: str | None) -> None:
    """Nothing; an answer was taken back."""
    from joinedup.kept.answers import take_back

    if pair is None:
        raise click.UsageError("undo needs the number of a pair; history lists them")
    with desk.register.connected(desk.keys, writes=True) as connection:
        used = take_back(connection, pair, desk.who(), of=of_account)
    after = "a landing has gone by it already: the next one parts what is no longer agreed" if used else "no landing had gone by it"
    click.echo(f"the answer to pair {pair} is taken back; {after}")


def counts(desk: Desk) -> list[dict[str, Any]]:
    """Pairs by contract, band of probability and state, with the days since the oldest came in doubt."""
    from collections import Counter

    from joinedup.kept.answers import overview
    from joinedup.kept.merges import now

    with desk.register.connected(desk.keys) as connection:
        rows = [(row["contract"], band(row["probability"]), row["state"], (now() - row["since"]).days) for row in overview(connection)]
    found, oldest = Counter(row[:3] for row in rows), {row[:3]: row[3] for row in sorted(rows, key=lambda row: row[3])}
    return [
        {"contract": contract, "probability": probability, "state": state, "pairs": found[key], "oldest_days": oldest[key]}
        for key in sorted(found)
        for contract, probability, state in [key]
    ]


BANDS = (0.95, 0.9, 0.75, 0.5)


def band(probability: float) -> str:
    """The band of probability that one lies in."""
    above = [1.0, *BANDS]
    return next((f"{low} to {high}" for high, low in zip(above, BANDS, strict=False) if probability >= low), f"below {BANDS[-1]}")


def acts(desk: Desk, pair: int | None) -> list[dict[str, Any]]:
    """Who said what when and why."""
    from joinedup.kept.answers import history

    with desk.register.connected(desk.keys) as connection:
        rows = history(connection, pair)
    return [row | {"at": f"{row['at']:%Y-%m-%dT%H:%M:%SZ}", "pair": row["pair"] or ""} for row in rows]


def show_rows(rows: Sequence[dict[str, Any]], columns: Sequence[str], form: str) -> None:
    """Nothing; the rows are on stdout. In CSV no cell begins as a formula does."""
    import json

    from rich.markup import escape
    from rich.table import Table

    from joinedup.report import console_on

    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif form == "csv":
        write_rows(sys.stdout, columns, ([str(row[name]) for name in columns] for row in rows))
    else:
        table = Table(*(name.replace("_", " ") for name in columns), box=None)
        for row in rows:
            table.add_row(*(escape(str(row[name])) for name in columns))
        console_on(sys.stdout).print(table)
