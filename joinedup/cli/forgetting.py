"""The verb forget: one person on request, and whatever is kept beyond its time."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from joinedup.cli.shared import a_file, example, key_option, open_place, open_store, outside, place_argument, quiet_option, store_option
from joinedup.errors import JoinedupError, NothingPublished, Refused

if TYPE_CHECKING:
    from joinedup.forget.erasing import Work
    from joinedup.kept.erasing import Act, Erasure, Subject
    from joinedup.kept.keys import KeyPlaces
    from joinedup.place.model import Place

AFTER_DEMO = "--store demo/calderdale/store --key-file demo/calderdale/invented-people.key"
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{1,99}")
REASON_NAMES = ("not needed", "consent withdrawn", "objection", "unlawful", "duty", "wrong person")


@click.command(
    epilog=example(
        f"joinedup forget places/calderdale --list {AFTER_DEMO}",
        f"joinedup forget places/calderdale --expired {AFTER_DEMO}",
        f"joinedup forget places/calderdale --again {AFTER_DEMO}",
        f"joinedup forget places/calderdale --reference DPO-17 --reason objection {AFTER_DEMO} < number.txt",
        f"joinedup forget places/calderdale --reference DPO-17 --reason objection --yes {AFTER_DEMO}",
        f"joinedup forget places/calderdale --details --reference DPO-17 --reason objection --yes {AFTER_DEMO} < told.txt",
        f"joinedup forget places/calderdale --verify erasure-0f3a.json {AFTER_DEMO}",
    )
)
@place_argument
@store_option
@key_option
@click.option("--by", type=click.Choice(["number", "person-id"]), default="number", show_default=True, help="What is asked for.")
@click.option("--details", is_flag=True, help="Ask also for names, date of birth, postcodes and other numbers: for rows linked to nobody.")
@click.option("--reference", help="Of the person's request: letters, digits and - . / only, and nothing that names anybody.")
@click.option("--reason", type=click.Choice(REASON_NAMES), help="Why the person is erased.")
@click.option("--yes", is_flag=True, help="Do it; without it only what would go is said.")
@click.option("--alone", is_flag=True, help="One person's word is enough; the certificate says so. Invented people need no second one.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder for the certificate [kept/erasures of the store].")
@click.option("--build/--no-build", "builds", default=True, show_default=True, help="Build again afterwards, where there was a build.")
@click.option("--verify", "certificate", type=a_file, help="Search again for whom this certificate (.json) is about.")
@click.option("--expired", is_flag=True, help="What is kept beyond its time, by place.yml and sharing.yml; with --yes it goes.")
@click.option("--again", is_flag=True, help="Finish what was begun, and erase again what was restored from before.")
@click.option("--list", "lists", is_flag=True, help="The erasures that were made.")
@click.option("--let-in", metavar="REFERENCE", help="No longer keep out whom this request was about: the next landing takes them in.")
@quiet_option
def forget(
    place_folder: Path,
    store_folder: Path | None,
    key_file: KeyPlaces,
    by: str,
    details: bool,
    reference: str | None,
    reason: str | None,
    yes: bool,
    alone: bool,
    out: Path | None,
    builds: bool,
    certificate: Path | None,
    expired: bool,
    again: bool,
    lists: bool,
    let_in: str | None,
    quiet: bool,
) -> None:
    """Erase one person, with a certificate.

    On the trusted host. Asks for the NHS number on the terminal, or reads it from stdin, and never takes it as an argument. Says what is
    held where, in counts; with --yes it goes from the identity register, landings, builds and what was handed over, and keyed hashes keep
    the person out of later landings. Of real people two information governance leads must give the same command. Prints the certificate's
    path. --verify ends with 1 where something is found.
    """
    with opened(place_folder, store_folder, key_file) as work:
        if lists:
            show_list(work)
        elif expired:
            show_expired(work, yes=yes)
        elif again:
            click.echo(f"{finish(work)} erasures were done again or finished")
        elif certificate is not None:
            sys.exit(verify(work, certificate))
        elif let_in is not None:
            click.echo(f"{let_in_again(work, let_in)} keys no longer keep anybody out; land again")
        else:
            act = act_of(reference, reason)
            subject = subject_of(work, by)
            if details:
                subject = told_of(work, subject)
            erasure = erase(work, subject, act, yes=yes, alone=alone)
            if erasure is not None:
                if details:
                    click.echo("rows linked to nobody go with the next landing: run joinedup land, then joinedup build", err=True)
                elif builds and erasure.found.get("builds"):
                    build_again(work, quiet)
                click.echo(certify(work, erasure, out))


@contextmanager
def opened(place_folder: Path, store_folder: Path | None, key_file: KeyPlaces) -> Iterator[Work]:
    """What an erasure works on; Refused before anything is opened for somebody who may not."""
    from joinedup.access.caller import staff_now
    from joinedup.forget.asking import accounts_of
    from joinedup.forget.erasing import Work
    from joinedup.kept.identity_register import open_register, register_place
    from joinedup.kept.keys import read_key

    place = open_place(place_folder)
    store = open_store(place, store_folder)
    accounts_of(place, staff_now(place), account_now(place), date.today())
    where = register_place(store.kept)
    if isinstance(where, Path) and not where.exists():
        raise NothingPublished(f"nothing has been landed in {store.root}, so nobody is known there; name another --store")
    keys = read_key(key_file, outside=(place.folder, store.root))
    register = open_register(where)
    try:
        register.database.verify()
        register.check(keys, place.id)
        yield Work(place, store.create(), register, keys)
    finally:
        register.close()


def account_now(place: Place) -> str:
    """The account of whoever has signed in; else of whoever runs this."""
    from joinedup.access.caller import own_account, who_asks
    from joinedup.cli.review import account_of

    account = who_asks(place)
    return account_of(place) if account == own_account() else account


def act_of(reference: str | None, reason: str | None) -> Act:
    """Who erases and why, so far; a usage error without reference or reason."""
    from joinedup.kept.erasing import Act

    if not reference or not reason or not REFERENCE.fullmatch(reference):
        raise click.UsageError("say --reference (of the request; letters, digits, - . and / only) and --reason")
    if re.search(r"\d{3}[ -]?\d{3}[ -]?\d{4}", reference):
        raise click.UsageError("the reference looks like an NHS number, and it stands in the certificate; use one that names nobody")
    return Act(reference, reason, "")


def subject_of(work: Work, by: str) -> Subject:
    """Whom it is about, by what is typed or comes from stdin, which is neither shown nor kept; Refused where it can be nobody."""
    from joinedup.kept.erasing import by_number, by_person

    what = "NHS number" if by == "number" else "person_id"
    said = click.prompt(what, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    digits = "".join(each for each in said if each.isdigit())
    if by == "number" and not may_be_number(digits):
        raise Refused("what was given is no NHS number: ten digits with the right check digit are expected; nothing was done")
    if by == "person-id" and not (digits and int(digits) < 2**63):
        raise Refused("what was given is no person_id; nothing was done")
    with work.register.database.reading() as connection:
        found = by_number(connection, work.own_keys(), digits) if by == "number" else by_person(connection, int(digits))
    if not found.keys:
        raise Refused("the register knows nobody with that person_id; nothing was done")
    return found


def told_of(work: Work, subject: Subject) -> Subject:
    """The subject with what else is told of the person, on the terminal unseen or in further lines of stdin; none of it is kept."""
    from joinedup.forget.details import ASKED, read_details, with_details

    if sys.stdin.isatty():
        answers = [(name, click.prompt(what, hide_input=True, err=True, default="", show_default=False)) for name, what in ASKED.items()]
        lines = [f"{name}: {said}" for name, said in answers]
    else:
        lines = sys.stdin.read().splitlines()
    return with_details(work, subject, read_details(lines))


def may_be_number(digits: str) -> bool:
    """Whether these are ten digits with the right check digit (NHS Data Model and Dictionary, NHS number)."""
    if len(digits) != 10 or len(set(digits)) == 1:
        return False
    return sum(int(digit) * weight for digit, weight in zip(digits, range(10, 0, -1), strict=True)) % 11 == 0


def erase(work: Work, subject: Subject, act: Act, *, yes: bool, alone: bool) -> Erasure | None:
    """The erasure; None where it was only said what would go, or a second person has still to agree."""
    from dataclasses import replace

    from joinedup.access.caller import staff_now
    from joinedup.forget.asking import accounts_of, agreed
    from joinedup.forget.certificate import looks_at
    from joinedup.forget.erasing import catch_up, forget, held

    account = account_now(work.place)
    act = replace(act, account=account)
    with work.store.lock("erasure"):
        catch_up(work)
        found = held(work, subject) | {"looks": looks_at(work, subject), "told": len(subject.told_of)}
        show_held(subject, found)
        if not yes:
            click.echo("nothing was changed; --yes erases", err=True)
            return None
        if not (alone or work.place.invented):
            both = agreed(work, subject, act, accounts_of(work.place, staff_now(work.place), account, date.today()))
            if both is None:
                click.echo(
                    f"{act.reference} is asked for by {account}; nothing goes until a second person gives the same command", err=True
                )
                return None
            act = both
        work.store.wipe_tmp()
        return forget(work, subject, act, found=found)


def show_held(subject: Subject, found: dict[str, Any]) -> None:
    """Nothing; what is held of the person is on stderr, in counts."""
    click.echo(f"the identity register: {len(subject.person_ids)} ids, {len(subject.keys)} keys", err=True)
    for name, what in (("landed", "landed"), ("built", "built")):
        for table, rows in found[name].items():
            click.echo(f"{what} {table.partition('-')[0]}: {rows:,} rows", err=True)
    for each in found["files"]:
        click.echo(f"not ours, and to be dealt with at the source: {each['file']} of {each['source']}, {each['rows']:,} rows", err=True)
    click.echo(f"builds that go as a whole: {', '.join(found['builds']) or 'none'}", err=True)
    click.echo(f"looks in the access log, which stay: {found['looks']:,}", err=True)


def build_again(work: Work, quiet: bool) -> None:
    """Nothing; there is a build again, or it is said why not."""
    from joinedup.build import build
    from joinedup.report import progress_on

    try:
        with progress_on(sys.stderr, quiet) as progress:
            build(work.place, work.store, progress=progress)
    except JoinedupError as error:
        click.echo(f"the person is erased, but there is no build now: {error}; then run joinedup build", err=True)


def certify(work: Work, erasure: Erasure, out: Path | None) -> Path:
    """The path of the certificate, written after searching again."""
    from joinedup.forget.certificate import certificate, write_certificate
    from joinedup.forget.searching import search
    from joinedup.papers.erasure import html, markdown

    searched = search(work, erasure.number)
    said = certificate(work, erasure, searched)
    folder = outside(work.place, out, "--out") if out is not None else work.store.kept / "erasures"
    paths = write_certificate(said, folder, {".md": markdown(said), ".html": html(said)})
    if left := sum(each.found for each in searched):
        click.echo(f"{left:,} rows or ids of the person are still there: see what was searched in {paths[0]}", err=True)
    return paths[0]


def verify(work: Work, path: Path) -> int:
    """0 where a certificate is as it was signed and nothing of the person is found, else 1; what was searched is on stdout."""
    from joinedup.forget.certificate import read_certificate
    from joinedup.forget.searching import in_words, search

    said = read_certificate(path, work)
    searched = search(work, said["erasure"])
    for line in in_words(searched):
        click.echo(line)
    left = sum(each.found for each in searched)
    click.echo("nothing of the person is there" if not left else f"{left:,} found: run joinedup forget PLACE --again")
    return 1 if left else 0


def show_expired(work: Work, *, yes: bool) -> None:
    """Nothing; what is kept beyond its time is on stdout, a line each; with `yes` what is the store's has gone."""
    from joinedup.forget.retention import over_age, over_age_in_register, remove_over_age

    today = date.today()
    with work.store.lock("retention"):
        over = over_age(work.place, work.store, today) + over_age_in_register(work, today)
        for each in over:
            what = ("removed" if yes else "would go") if each.goes else each.todo
            click.echo(f"{each.kind}\t{each.what}\tsince {each.since}\tuntil {each.until}\t{each.size:,} {each.unit}\t{what}")
        if yes:
            remove_over_age(work, over, today)
    if not over:
        click.echo("nothing is kept beyond its time", err=True)
    elif not yes:
        click.echo("nothing was changed; --yes removes what would go", err=True)


def finish(work: Work) -> int:
    """How many erasures were finished or made again."""
    from joinedup.forget.erasing import catch_up

    with work.store.lock("erasure"):
        work.store.wipe_tmp()
        return catch_up(work)


def show_list(work: Work) -> None:
    """Nothing; the erasures are on stdout, a line each, tabs between."""
    from joinedup.kept.erasing import erasures

    with work.register.database.reading() as connection:
        for each in erasures(connection):
            state = "done" if each.done_at else "begun"
            by = " and ".join(account for account in (each.act.account, each.act.second_account) if account)
            click.echo(
                f"{each.number}\t{each.begun_at:%Y-%m-%d}\t{each.act.reference}\t{each.act.reason}\t{by}\t{state}\t{each.erasure_id}"
            )


def let_in_again(work: Work, reference: str) -> int:
    """How many keys no longer keep anybody out; the next landing reads the files again."""
    from joinedup.kept.erasing import erasures, let_in_again
    from joinedup.sources.landed import publish_landing

    with work.store.lock("erasure"):
        with work.register.database.writing("erasure") as connection:
            numbers = [each.number for each in erasures(connection) if each.act.reference == reference]
            if not numbers:
                raise Refused(f"there is no erasure with the reference {reference}; joinedup forget PLACE --list names them")
            keys = sum(let_in_again(connection, number) for number in numbers)
        record = work.landing()
        if record is not None:
            publish_landing(work.store, record.model_copy(update={"signature": ""}))
    return keys
