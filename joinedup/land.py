"""The story of a landing: read, check, split off identifiers, link, hand over without them, publish."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from joinedup.engine.duck import connect_encrypted
from joinedup.engine.measuring import Steps, Watch
from joinedup.engine.store import PRIVATE_FOLDER, Store, store_errors
from joinedup.engine.turns import turns_of_landings
from joinedup.errors import KeyProblem, NothingPublished, PlaceError, Refused, StoreProblem
from joinedup.findings import Finding, Severity
from joinedup.forget.erasing import Work, catch_up
from joinedup.forget.retention import findings as retention_findings
from joinedup.forget.retention import over_age
from joinedup.identity.handover import count_linked, counts_by_file, links_by_contract, write_landed
from joinedup.identity.judging import judge_links
from joinedup.identity.linking import link
from joinedup.identity.protecting import follow_protected
from joinedup.identity.rates import count_links
from joinedup.identity.staged import SourceFile, Staged, without_values
from joinedup.kept.answers import waiting_pairs
from joinedup.kept.decisions import decided_since
from joinedup.kept.identity_register import FORM, IdentityRegister, RegisterLanding, open_register, register_place
from joinedup.kept.keys import Keys
from joinedup.kept.sealed_ids import FOLDER as IDS
from joinedup.kept.sealed_ids import keep_ids, learn_again, taught_since
from joinedup.kept.staff import keep_staff
from joinedup.place.model import Place
from joinedup.place.sharing import refuse_unshared
from joinedup.progress import Progress, Step, belonging, silent
from joinedup.sources.accounts import MOST_ROWS_REJECTED, FileAccount, Staging
from joinedup.sources.contract import contracts
from joinedup.sources.counting import counted
from joinedup.sources.cross_checks import people_findings, place_findings
from joinedup.sources.landed import LandingRecord, RegisterVersion, SeenFile, publish_landing, read_landing
from joinedup.sources.landing import stage
from joinedup.sources.parting import numbered
from joinedup.sources.unchanged import see_again, signature, software

STAFF = "staff_person"
"""The contract of people who work for the partners."""
BEHIND = "register-behind"
NOTHING_CHANGED_BY_IT = "the last landing, if there was one, stays current"


@dataclass(frozen=True, slots=True)
class Landing:
    """The landing that is current, and whether it was there already because nothing has changed."""

    record: LandingRecord
    reused: bool
    waiting: int = 0
    """Pairs in doubt that wait for people's answers."""

    @property
    def landing_id(self) -> str:
        """Its id."""
        return self.record.landing_id

    @property
    def accounts(self) -> tuple[FileAccount, ...]:
        """What became of the rows of every file."""
        return self.record.files

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found wrong with the files; an error means that one was refused as a whole."""
        return self.record.findings


def land(  # noqa: PLR0913 - keyword-only where it isn't plain
    place: Place, extracts: Path, store: Store, keys: Keys, *, truth: Path | None = None, wait: float = 0, progress: Progress = silent
) -> Landing:
    """The landing that is current when it is done: the last one where nothing has changed that it was made from, else a new one.

    PlaceError with everything that was found when no file can be used. Killed at any instant the last landing stays
    current. Nothing is read of a place in which a source has no agreement in force today. With `truth`, the folder that says who is who of
    an invented place, it is counted how rightly rows were linked; Refused where people may be real.
    """
    refuse_unshared(place, date.today())
    if truth is not None and not place.invented:
        raise Refused(f"{place.name} may hold real people, of whom nobody has the whole truth: land it without --truth")
    with store.lock("landing", wait=wait):
        store.wipe_tmp()
        turn, before = turns_of_landings(store).next(), _last_landing(store)
        register = open_register(register_place(store.kept))
        try:
            found = _check_register(register, keys, place, before)
            if catch_up(Work(place, store, register, keys)):
                turn, before = turns_of_landings(store).next(), _last_landing(store)
            work = _Work(place, extracts, store, keys, register, progress, truth)
            same = None if before is None or found or _people_decided(register, keys, before) else _unchanged(work, before)
            kept_too_long = retention_findings(over_age(place, store, date.today()))
            record = same or _land_anew(work, [*found, *kept_too_long])
            with register.connected(keys) as connection:
                waiting = waiting_pairs(connection)
        finally:
            register.close()
        if record != before:
            _refuse_overtaken(store, before)
            publish_landing(store, record, turn)
        remove_landings(store)
    return Landing(record, same is not None, waiting)


def _people_decided(register: IdentityRegister, keys: Keys, before: LandingRecord) -> bool:
    """Whether reviewers have decided what the landing before doesn't go by, so that a new one must."""
    with register.connected(keys) as connection:
        return decided_since(connection, before.landing_id)


def _last_landing(store: Store) -> LandingRecord | None:
    """The current landing; None when there is none, or none that this version can read, and a new one replaces it."""
    try:
        return read_landing(store)
    except (NothingPublished, StoreProblem):
        return None


def _refuse_overtaken(store: Store, before: LandingRecord | None) -> None:
    """Nothing where the landing `before` is still the current one; StoreProblem where another host, which no lock reaches, has landed."""
    current = _last_landing(store)
    if (current and current.landing_id) != (before and before.landing_id):
        raise StoreProblem(
            f"landing {current.landing_id if current else 'none'} is current in {store.root}, and this one was begun on "
            f"{before.landing_id if before else 'none'}: another host, which the lock of this folder doesn't reach, lands there too; "
            "it stays current: land again, from one host at a time"
        )


def _check_register(register: IdentityRegister, keys: Keys, place: Place, before: LandingRecord | None) -> list[Finding]:
    """A warning when the register doesn't know the last landing; KeyProblem when that, or the register, has another key.

    StoreProblem when the register is damaged or of another place.
    """
    register.database.verify()
    register.check(keys, place.id)
    if before is None or register.knows_landing(before.landing_id):
        return []
    if not _same_ids(register, keys, before):
        raise KeyProblem(
            f"the landing in this store was made with key {before.key_fingerprint}, and {keys.fingerprint} was given with a register that "
            "doesn't know that landing, which would change every person_id; nothing was written: give that key, restore the register from "
            "a backup, or begin a new store"
        )
    return [Finding("identity register", BEHIND, not_known(before.landing_id), severity=Severity.WARNING)]


def _learn_again(work: _Work, entry: RegisterLanding, found: list[Finding]) -> list[Finding]:
    """What was found, with what became of a register that is behind: what the store keeps of later landings' ids, it has again."""
    if not any(finding.rule == BEHIND for finding in found):
        return found
    before = _last_landing(work.store)
    assert before is not None
    taught = taught_since(work.store.kept, before.landing_id, entry)
    if taught is None:
        became = (
            f"everyone has been landed again, without what {work.store.kept / IDS} should hold of the ids since: who is known by a number "
            "of their own has the same id, others may have another; restore a newer backup if there is one"
        )
    else:
        people, events = learn_again(entry, taught)
        became = (
            f"it has learnt again what the store keeps of ids since ({people:,} people, {events:,} merges and splits), and everyone has "
            "been landed again under the same ids; what reviewers have answered since has to be asked again"
        )
    return [replace(each, message=f"{each.message}; {became}") if each.rule == BEHIND else each for each in found]


def _same_ids(register: IdentityRegister, keys: Keys, before: LandingRecord) -> bool:
    """Whether the same people get the same person_id as in the landing before."""
    if before.register_version is not None:
        return register.ids_fingerprint(keys) == before.register_version.ids_fingerprint
    return before.key_fingerprint == keys.fingerprint or register.had_key(before.key_fingerprint)


def not_known(landing_id: str) -> str:
    """That the register doesn't know a landing, in words."""
    return f"it doesn't know landing {landing_id}, which is current: it is new, or was restored from an earlier copy"


def register_behind(store: Store) -> Finding | None:
    """A warning when the register, where it lies within reach, doesn't know the current landing. It needs no key."""
    where, before = register_place(store.kept), _last_landing(store)
    if before is None or (isinstance(where, Path) and not where.exists()):
        return None
    register = open_register(where)
    try:
        known = register.knows_landing(before.landing_id)
    finally:
        register.close()
    message = f"{not_known(before.landing_id)}; what is built on that landing has people whom the register doesn't know: land again"
    return None if known else Finding("identity register", BEHIND, message, severity=Severity.WARNING)


@dataclass(frozen=True, slots=True)
class _Work:
    """What one new landing is made from, and where it goes."""

    place: Place
    extracts: Path
    store: Store
    keys: Keys
    register: IdentityRegister
    progress: Progress
    truth: Path | None = None


def _unchanged(work: _Work, before: LandingRecord) -> LandingRecord | None:
    """The landing before, if a new one would hold the same and its tables are there."""
    seen = see_again(work.place, work.extracts, before)
    there = all((work.store.root / file).exists() for table in before.tables.values() for file in table.files)
    there = there and (work.truth is None or ("linkage_truth" in before.tables and before.tables["linkage_truth"].rows > 0))
    if seen is None or not there or signature(work.place, seen) != before.signature:
        return None
    return before.model_copy(update={"seen": seen})


def _land_anew(work: _Work, found: list[Finding]) -> LandingRecord:
    """A new landing, which also tells what was `found` before it: its people are in the register, its tables on disk."""
    con = connect_encrypted(work.store.tmp)
    try:
        with without_values("landing"):
            landing_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
            watch, steps = Watch(), Steps(belonging(work.progress, landing_id))
            work = replace(work, progress=steps)
            staging = stage(con, work.place, work.extracts, work.progress)
            staged = Staged(con, _source_files(work.place, staging))
            beside = place_findings(con, work.place, contracts(), staging.files)
            version, findings = _link(staged, work, staging, landing_id, [*found, *staging.findings, *beside])
            record = _hand_over(staged, work, staging, landing_id, findings)
            of_register = {"register_version": version, "erased": version.erased}
            cost = {"steps": tuple(steps.kept), "measured": watch.process()}
            return record.model_copy(update={**of_register, **cost})
    finally:
        con.close()
        work.store.wipe_tmp()


def _source_files(place: Place, staging: Staging) -> list[SourceFile]:
    """The files that were not refused as a whole; PlaceError when there is none."""
    namespaces = {source.name: source.pseudonym or source.name for source in place.sources}
    senders = {source.name: source.partner for source in place.sources}
    usable = [
        SourceFile(account.file_id, account.source, account.contract, account.file, namespaces[account.source], senders[account.source])
        for account in staging.files
        if not account.refused
    ]
    if not usable:
        which = f"none of {len(staging.files)} files" if staging.files else "no file"
        raise PlaceError(f"{which} of extracts can be used; {NOTHING_CHANGED_BY_IT}", staging.findings)
    return usable


def _link(staged: Staged, work: _Work, staging: Staging, landing_id: str, found: list[Finding]) -> tuple[RegisterVersion, list[Finding]]:
    """The register's version, and what was found before and now; every staged row has a status, and the register everyone."""
    began = time.perf_counter()
    of_people = people_findings(staged.con, contracts(), staging.files)
    work.progress(Step("check", "people across files", 1, 1, time.perf_counter() - began))
    with work.register.landing(landing_id, work.keys, work.place.id) as entry:
        found = _learn_again(work, entry, found)
        findings = [*found, *of_people, *link(staged, entry, work.progress, invented=work.place.invented, linking=work.place.linking)]
        began = time.perf_counter()
        count_links(staged, work.place)
        findings += follow_protected(staged, entry, work.store.kept)
        judge_links(staged, work.truth)
        count_linked(staged)
        counts = counts_by_file(staged).values()
        loaded, linked = sum(rows for rows, _ in counts), sum(rows for _, rows in counts)
        if not loaded:
            raise PlaceError(f"no row of {len(staged.files)} files can be used; {NOTHING_CHANGED_BY_IT}", findings)
        keep_ids(work.store.kept, entry)
    if STAFF in staged.columns:
        who = f"SELECT DISTINCT person_id, account FROM linked_{STAFF} WHERE person_id > 0 AND account IS NOT NULL"
        keep_staff(work.store.kept, staged.con.execute(who).fetchall())
    rows = {"linked": linked, "linked to nobody": loaded - linked, "new people": entry.counts["people"]}
    work.progress(Step("link", "rows to people", 1, 1, time.perf_counter() - began, rows))
    return _version(entry), findings


def _version(entry: RegisterLanding) -> RegisterVersion:
    """The register as the landing left it."""
    return RegisterVersion(
        register_id=entry.register_id,
        form=FORM,
        landing=entry.number,
        key_fingerprint=entry.keys.fingerprint,
        ids_fingerprint=entry.keys.ids_fingerprint,
        erased=entry.erased,
    )


def _hand_over(staged: Staged, work: _Work, staging: Staging, landing_id: str, findings: list[Finding]) -> LandingRecord:
    """The record of the landing, with its tables written without identifiers."""
    folder = work.store.landed / landing_id
    with store_errors(folder):
        folder.mkdir(mode=PRIVATE_FOLDER)
    began, counted_now, before = time.perf_counter(), _file_records(staging, staged, work.place.as_at), _last_landing(work.store)
    files = numbered(counted_now, before.files if before else ())
    by_staging = {staged_as.file_id: file for staged_as, file in zip(counted_now, files, strict=True)}
    tables = write_landed(staged, by_staging, contracts(), work.store, folder, as_at=work.place.as_at)
    rows = {kind: sum(getattr(file, kind) for file in files) for kind in ("loaded", "superseded", "rejected")}
    work.progress(Step("write", "landed tables", 1, 1, time.perf_counter() - began, rows))
    seen = tuple(
        SeenFile(source=a.source, file=a.file, size=a.size, mtime_ns=a.mtime_ns, sha256=a.sha256) for a in staging.files if a.sha256
    )
    return LandingRecord(
        landing_id=landing_id,
        landed_at=datetime.now(UTC),
        place_id=work.place.id,
        software=software(),
        signature=signature(work.place, seen),
        key_fingerprint=work.keys.fingerprint,
        tables=tables,
        files=files,
        seen=seen,
        missing_contracts=tuple(sorted({name for name, each in contracts().items() if not each.stays} - _contracts_used(staged, findings))),
        links=links_by_contract(staged),
        findings=tuple(findings),
    )


def _contracts_used(staged: Staged, findings: Iterable[Finding]) -> set[str]:
    """The contracts of which some file was not refused, in linking either."""
    refused = {finding.file for finding in findings if finding.rule == MOST_ROWS_REJECTED}
    return {file.contract for file in staged.files if file.file not in refused}


def _file_records(staging: Staging, staged: Staged, as_at: date) -> tuple[FileAccount, ...]:
    """The account of every file after linking, which may have rejected rows that staging had loaded."""
    counts = counts_by_file(staged)
    now: dict[int, FileAccount] = {}
    for name in (*staged.columns, *staged.left_out):
        own = [account for account in staging.files if account.contract == name]
        now |= {account.file_id: account for account in counted(staged.con, contracts()[name], own, as_at)}
    return tuple(replace(now.get(account.file_id, account), linked=counts.get(account.file_id, (0, 0))[1]) for account in staging.files)


def remove_landings(store: Store) -> list[str]:
    """The landings that were removed: killed ones, and those that are neither current nor named by a build that is kept.

    None where no landing is current, or none that can be read.
    """
    named = [json.loads(path.read_bytes()) for path in store.builds.glob("*.json")]
    current = _last_landing(store)
    if current is None:
        return []
    kept = {current.landing_id, *(build["about"].get("landing", {}).get("landing_id") for build in named)}
    gone = sorted(path.name for path in store.landed.iterdir() if path.is_dir() and path.name not in kept)
    with store_errors(store.landed):
        for name in gone:
            shutil.rmtree(store.landed / name)
    return gone
