"""What is kept beyond its time: found by what place.yml and sharing.yml say, told with its size, and removed where it is the store's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from joinedup.engine.collecting import collect
from joinedup.engine.manifest import read_manifest
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished, StoreProblem
from joinedup.findings import Finding, Severity
from joinedup.forget.erasing import Work, handed_over, landing_folders
from joinedup.kept.copies import copies
from joinedup.kept.erased_tables import REQUEST
from joinedup.kept.erasing import old_identifiers, remove_old_identifiers, tidy
from joinedup.kept.identity_register import LANDING
from joinedup.kept.pairs import PAIR, empty_pairs
from joinedup.periods import add_months
from joinedup.place.model import Place
from joinedup.place.sharing import covering
from joinedup.sources.landed import read_landing

RULE = "kept-too-long"
TO_ANSWER = timedelta(days=30)
"""Within how long a request for erasure is answered: a month (UK GDPR, Article 12(3))."""


@dataclass(frozen=True, slots=True)
class Over:
    """Something kept beyond its time: of which kind, what, since when, until when it might be, its size, and whether `--yes` removes it."""

    kind: str
    what: str
    since: date
    until: date
    size: int
    unit: str
    goes: bool
    todo: str = ""


def over_age(place: Place, store: Store, today: date) -> list[Over]:
    """What the store's files tell of: builds, hand-overs, backups, partners' files. It needs no key."""
    found = [*_builds(place, store), *_handed_over(place, store), *_backups(place, store), *_files(place, store)]
    return [each for each in found if each.until < today]


def _builds(place: Place, store: Store) -> Iterator[Over]:
    """Builds that aren't published, and the one that is."""
    try:
        published = read_manifest(store).build_id
    except (NothingPublished, StoreProblem):
        published = ""
    for path in sorted(store.builds.glob("*.json")):
        with suppress(ValueError, KeyError, OSError):
            said = json.loads(path.read_bytes())
            made = datetime.fromisoformat(said["built_at"]).date()
            size = sum(table["size"] for table in said["tables"].values())
            goes = said["build_id"] != published
            todo = "" if goes else "it is the published one: land and build again, and it goes the next time"
            until = made + timedelta(days=place.retention.builds_days)
            yield Over("build", said["build_id"], made, until, size, "bytes", goes, todo)


def _handed_over(place: Place, store: Store) -> Iterator[Over]:
    made = {copy.path: copy.made_at for copy in copies(store.kept) if copy.kind == "hand-over"}
    for folder in handed_over(store):
        since = datetime.fromisoformat(made[str(folder)]).date()
        size = sum(path.stat().st_size for path in folder.glob("*"))
        until = since + timedelta(days=place.retention.handed_over_days)
        yield Over("hand-over", str(folder), since, until, size, "bytes", goes=True)


def _backups(place: Place, store: Store) -> Iterator[Over]:
    for copy in copies(store.kept):
        if copy.kind == "backup" and Path(copy.path).is_file():
            since = datetime.fromisoformat(copy.made_at).date()
            until = since + timedelta(days=place.retention.backups_days)
            todo = "a file outside the store: destroy it, with every copy of it"
            yield Over("backup", copy.path, since, until, Path(copy.path).stat().st_size, "bytes", goes=False, todo=todo)


def _files(place: Place, store: Store) -> Iterator[Over]:
    """Files of partners that are landed, and older than the longest term that an agreement gives for their source."""
    try:
        record = read_landing(store)
    except (NothingPublished, StoreProblem):
        return
    for file in record.files:
        purposes = ("direct care", "planning", "payment", "research")
        terms = {each.retention_months for purpose in purposes for each in covering(place, file.source, purpose, date.today())}
        if terms and file.mtime_ns is not None and not file.refused:
            since = datetime.fromtimestamp(file.mtime_ns / 1e9, UTC).date()
            todo = "take it out of the extracts, or end the source, and land again: its rows then leave the record"
            yield Over("file", file.file, since, add_months(since, max(terms)), file.loaded, "rows", goes=False, todo=todo)


def over_age_in_register(work: Work, today: date) -> list[Over]:
    """What the register keeps beyond its time: identifiers of people who are in no file any more, pairs in doubt, requests."""
    retention, found = work.place.retention, []
    before = add_months(today, -retention.identifiers_months)
    with work.register.database.reading() as connection:
        there = set(sa.inspect(connection).get_table_names())
        if LANDING.name in there and (rows := old_identifiers(connection, work.keys, _midnight(before), _people_now(work))):
            found.append(Over("identifiers", "of people who are in no file any more", before, before, rows, "rows", goes=True))
        day = today - timedelta(days=retention.pairs_days)
        if PAIR.name in there and (pairs := connection.scalar(sa.select(sa.func.count()).where(_old_pairs(day)))):
            found.append(Over("pairs", "in doubt, and seen by no landing since", day, day, pairs, "pairs", goes=True))
        for row in connection.execute(sa.select(REQUEST)) if REQUEST.name in there else ():
            asked = row.asked_at.date()
            if asked + TO_ANSWER < today:
                todo = "a second person gives the same command, or the request is refused and answered"
                found.append(Over("request", row.reference, asked, asked + TO_ANSWER, 1, "requests", goes=False, todo=todo))
    return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _old_pairs(day: date) -> sa.ColumnElement[bool]:
    """Of a pair: whether it says something, and no landing since then has had it in doubt."""
    old = sa.select(LANDING.c.landing).where(LANDING.c.landed_at < _midnight(day))
    return sa.and_(PAIR.c.ciphertext != b"", PAIR.c.seen.in_(old))


def _people_now(work: Work) -> pa.Array:
    """Everyone of the current landing."""
    record = work.landing()
    if record is None:
        return pa.array([], pa.int64())
    paths = [work.store.root / file for file in record.tables["landed_person"].files]
    return pc.unique(pq.read_table(paths, columns=["person_id"], partitioning=None)["person_id"].combine_chunks())


def remove_over_age(work: Work, over: Sequence[Over], today: date) -> None:
    """Nothing; what may go of what was found has gone. The caller holds the store's lock."""
    going = {each.kind for each in over if each.goes}
    for each in over:
        if each.goes and each.kind == "build":
            (work.store.builds / f"{each.what}.json").unlink(missing_ok=True)
        if each.goes and each.kind == "hand-over":
            shutil.rmtree(each.what, ignore_errors=True)
    if "build" in going:
        collect(work.store, keep=len(list(work.store.builds.glob("*.json"))))
        _drop_unnamed_landings(work)
    if going & {"identifiers", "pairs"}:
        retention = work.place.retention
        with work.register.database.writing("retention") as connection:
            before = _midnight(add_months(today, -retention.identifiers_months))
            remove_old_identifiers(connection, work.keys, before, _people_now(work))
            empty_pairs(connection, _old_pairs(today - timedelta(days=retention.pairs_days)))
        tidy(work.register.database)


def _drop_unnamed_landings(work: Work) -> None:
    """Nothing; landings that are neither current nor named by a build that is kept are gone."""
    record = work.landing()
    named = [json.loads(path.read_bytes()).get("about", {}) for path in work.store.builds.glob("*.json")]
    kept = {about.get("landing", {}).get("landing_id") for about in named} | {record.landing_id if record else ""}
    for folder in landing_folders(work.store):
        if folder.name not in kept:
            shutil.rmtree(folder)


def findings(over: Sequence[Over]) -> list[Finding]:
    """A warning for each kind of thing that is kept beyond its time, for landing, build and pages."""
    found = []
    for kind in dict.fromkeys(each.kind for each in over):
        own = [each for each in over if each.kind == kind]
        todo = next((each.todo for each in own if each.todo), "joinedup forget PLACE --expired says what would go, and --yes removes it")
        message = f"{len(own):,} kept beyond their time, the oldest since {min(each.since for each in own)}: {todo}"
        found.append(Finding(f"retention of {kind}s", RULE, message, severity=Severity.WARNING, count=len(own)))
    return found
