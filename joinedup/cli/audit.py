"""Verbs of the access log: audit prepare, seal, verify, report and history."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cells import write_rows
from joinedup.cli.shared import a_file, example, key_option, open_place, open_store, place_argument, store_option
from joinedup.errors import NothingPublished, Refused

if TYPE_CHECKING:
    from joinedup.engine.store import Store
    from joinedup.kept.access_log import AccessLog
    from joinedup.place.model import Place

AFTER_DEMO = "--store demo/calderdale/store"
A_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(
    epilog=example(
        f"joinedup audit verify places/calderdale {AFTER_DEMO}",
        f"joinedup audit report places/calderdale {AFTER_DEMO}",
        f"joinedup audit seal places/calderdale {AFTER_DEMO}",
    )
)
def audit() -> None:
    """The access log: sealed, verified, and who saw whom."""


@audit.command(epilog=example(f"joinedup audit seal places/calderdale {AFTER_DEMO}"))
@place_argument
@store_option
def seal(place_folder: Path, store_folder: Path | None) -> None:
    """Seal every look that isn't sealed yet, and bring the seal file up to date.

    The doors seal a thousand looks at once, or what is ten minutes old when the next look comes; run this at the end of the day
    too, and send the seal file to somebody who can't write to the log. Prints the path of the seal file. Ends with 5 where it can't
    be written.
    """
    log = opened(open_store(open_place(place_folder), store_folder))
    made = log.seal()
    events = sum(each.event_count for each in made)
    click.echo(f"{len(made):,} seals made, of {events:,} looks; seals {'have a key' if log.key else 'have no key'}", err=True)
    click.echo(log.seal_file or "no seal file: name one in JOINEDUP_SEALS")


@audit.command(
    epilog=example(
        f"joinedup audit verify places/calderdale {AFTER_DEMO}",
        f"joinedup audit verify places/calderdale {AFTER_DEMO} --seals demo/calderdale/store/kept/access_log.seals.jsonl",
    )
)
@place_argument
@store_option
@click.option("--seals", type=a_file, help="A copy of the seal file that lay where nobody with the log could change it.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def verify(place_folder: Path, store_folder: Path | None, seals: Path | None, form: str) -> None:
    """Whether every look is as it was sealed; names the first that was altered, removed, inserted or moved.

    Ends with 0 when all is as it was sealed, 1 when something isn't, 5 when the log can't be read, 6 when nothing was logged yet.
    That looks and their seals were removed from the end is found only with --seals; looks that aren't sealed yet are checked for gaps
    alone.
    """
    from joinedup.cli.audit_shown import verified_as_json, verified_in_words
    from joinedup.kept.access_log import open_access_log
    from joinedup.kept.log_verifying import verify as checked

    store = open_store(open_place(place_folder), store_folder)
    try:
        log = opened(store)
    except NothingPublished:
        if seals is None:
            raise
        log = open_access_log("sqlite://", {})  # there was one, as its seals say
    found = checked(log, seals)
    click.echo(verified_as_json(found) if form == "json" else "\n".join(verified_in_words(found)))
    sys.exit(1 if found.faults else 0)


@audit.command(
    epilog=example(
        f"joinedup audit report places/calderdale {AFTER_DEMO}",
        f"joinedup audit report places/calderdale {AFTER_DEMO} --from 2026-03-01 --to 2026-03-31 --format csv",
    )
)
@place_argument
@store_option
@click.option("--from", "first", type=A_DAY, help="The first day [of the log].")
@click.option("--to", "last", type=A_DAY, help="The last day [of the log].")
@click.option("--account", help="One account alone; what is usual is learnt from all.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def report(
    place_folder: Path, store_folder: Path | None, first: datetime | None, last: datetime | None, account: str | None, form: str
) -> None:
    """Who saw whom, by role, purpose and door, and what is unusual.

    For the information governance lead, by staff.csv; the report is itself logged. As a table: counts and what to ask about; as CSV
    each look, a row for each person looked at; as JSON all of it. People are told by person_id.
    """
    from joinedup.access.look_report import belongs_of, look_report
    from joinedup.cli.audit_shown import ROW, report_as_json, rows_of, show_report

    place = open_place(place_folder)
    store = open_store(place, store_folder)
    account_of_auditor = auditor(place)
    log = opened(store)
    since, until = span_of(first, last)
    made = look_report(log.sets(since=since, until=until), place, account=account, belongs=belongs_of(store))
    tell(log, account_of_auditor, "report", rows=made.looks)
    looks = log.sets(since=since, until=until, account=account, last=made.last)
    if form == "table":
        show_report(made, account, looks)
    elif form == "json":
        for line in report_as_json(made, looks):
            click.echo(line)
    else:
        write_rows(sys.stdout, ROW, rows_of(made, looks))


@audit.command(
    epilog=example(
        "joinedup audit history places/calderdale --person 1234567890123",
        "joinedup audit history places/calderdale --nhs-number --key-file ~/calderdale.key",
    )
)
@place_argument
@store_option
@key_option
@click.option("--person", "person_id", type=int, help="The person_id.")
@click.option("--nhs-number", "by_number", is_flag=True, help="Asks for the NHS number, unseen; on the trusted host, with the key.")
@click.option("--with-accounts", is_flag=True, help="Say which account each look was; decide first whether the person may be told.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def history(
    place_folder: Path,
    store_folder: Path | None,
    key_file: Path | None,
    person_id: int | None,
    by_number: bool,
    with_accounts: bool,
    form: str,
) -> None:
    """Everyone who looked at one person, in plain words, for the person who asks.

    For the information governance lead, by staff.csv; the answer is itself logged as a look. Staff are told by role unless asked
    otherwise. A person whose records were merged has the looks at each of their ids when asked for by NHS number.
    """
    from dataclasses import asdict

    import pyarrow as pa

    from joinedup.access.history import in_words, own_history

    place = open_place(place_folder)
    store = open_store(place, store_folder)
    account = auditor(place)
    if by_number == (person_id is not None):
        raise click.UsageError("say either --person or --nhs-number")
    people = people_asked(place, store, key_file) if person_id is None else [person_id]
    log = opened(store)
    looks = pa.concat_tables([log.looks(person_id=each) for each in people])
    numbers = looks["number"].to_pylist()
    looks = looks.take([numbers.index(number) for number in sorted(set(numbers))])
    tell(log, account, "history", people=tuple(people), rows=looks.num_rows)
    told = own_history(looks, place)
    if form == "text":
        click.echo("\n".join(in_words(told, with_accounts=with_accounts)))
        return
    without = () if with_accounts else ("account", "name")
    click.echo(json.dumps([{k: v for k, v in asdict(each).items() if k not in without} for each in told], default=str, indent=1))


@audit.command(
    epilog=example("JOINEDUP_LOG=postgresql+psycopg://owner@/looks joinedup audit prepare places/calderdale --role joinedup_doors")
)
@place_argument
@store_option
@click.option("--role", required=True, help="The role of PostgreSQL under which the doors will write.")
def prepare(place_folder: Path, store_folder: Path | None, role: str) -> None:
    """Make the log in PostgreSQL, and grant a role what the doors need: to read and to add, no more.

    Run it as the owner of the database, whom the doors never use. On SQLite it makes the log; there are no roles there.
    """
    log = opened(open_store(open_place(place_folder), store_folder), new=True)
    log.prepare(role)
    on_sqlite = log.engine.dialect.name == "sqlite"
    click.echo("made; SQLite has no roles" if on_sqlite else f"{role} may read the log and add to it, and nothing else", err=True)


@audit.command(epilog=example(f"joinedup audit pin places/calderdale {AFTER_DEMO}"))
@place_argument
@store_option
def pin(place_folder: Path, store_folder: Path | None) -> None:
    """Say which access log is the place's, as a line for place.yml.

    With that line the doors stay shut wherever they find another log, or a new one. Makes the log's first line where there is none yet.
    """
    place = open_place(place_folder)
    log = opened(open_store(place, store_folder), new=True)
    if not log.log_id:
        tell(log, auditor(place), "log begun")
    click.echo(f"access_log: {log.log_id}")


def opened(store: Store, *, new: bool = False) -> AccessLog:
    """The log of a store, or the one that JOINEDUP_LOG names; NothingPublished where there is none yet."""
    from joinedup.kept.access_log import log_place, open_access_log

    where = log_place(store.kept)
    if isinstance(where, Path) and not new and not where.exists():
        raise NothingPublished(f"nothing has been logged yet: there is no {where}; a door makes it at the first look")
    return open_access_log(where)


def auditor(place: Place) -> str:
    """The account that asks; Refused where staff.csv doesn't make it the information governance lead, of real people."""
    from joinedup.access.caller import caller_for, without_row

    caller = caller_for(place, "planning")
    if without_row(place, caller):
        click.echo(f"note: the people are invented, so {caller.account}, who has no row in staff.csv, acts as ig_lead", err=True)
    elif caller.role != "ig_lead":
        raise Refused(
            f"staff.csv makes {caller.account} {caller.role}, and who looked at whom is for the role ig_lead; "
            "ask the information governance lead"
        )
    return caller.account


def tell(log: AccessLog, account: str, what: str, *, people: tuple[int, ...] = (), rows: int = 0) -> None:
    """Nothing; that the log was read is in the log, before anything of it is shown."""
    from joinedup.kept.access_log import Look

    log.append([Look(datetime.now(UTC), account, "ig_lead", "audit", "place", "audit", what, "", people, rows)])


def span_of(first: datetime | None, last: datetime | None) -> tuple[datetime | None, datetime | None]:
    """From the beginning of one day up to the end of another, by the place's clocks."""
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from joinedup.access.look_report import LOCAL_TIME

    def begin(day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(LOCAL_TIME))

    return (begin(first.date()) if first else None, begin(last.date() + timedelta(days=1)) if last else None)


def people_asked(place: Place, store: Store, key_file: Path | None) -> list[int]:
    """The ids of whoever has the NHS number that is typed in, unseen; Refused where nobody has."""
    from joinedup.identity.asking import person_ids_of
    from joinedup.kept.identity_register import open_register, register_place
    from joinedup.kept.keys import read_key

    keys = read_key(key_file, outside=(place.folder, store.root))
    number = "".join(click.prompt("NHS number", hide_input=True, err=True).split())
    found = person_ids_of(open_register(register_place(store.kept)), keys, number)
    if not found:
        raise Refused("nobody in the identity register has that NHS number; see that it was typed right")
    return found
