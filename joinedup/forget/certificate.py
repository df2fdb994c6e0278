"""The certificate of an erasure: what was searched, found and removed, in counts; what remains elsewhere, and why; signed.

It holds nothing of the person but the reference of their request. Its signature is keyed with the register's secret, so that whoever
holds the key can tell that it says what it said.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from joinedup.engine.store import PRIVATE_FOLDER, atomic_write, store_errors
from joinedup.errors import StoreProblem
from joinedup.forget.erasing import Work
from joinedup.forget.searching import Searched, still_kept_out
from joinedup.kept.access_log import log_place, open_access_log
from joinedup.kept.copies import copies
from joinedup.kept.erased_tables import TOLD_SCHEME, lookup_hash
from joinedup.kept.erasing import Erasure, Subject, keys_of

FORMAT = "joinedup certificate of erasure 1"
LABEL = "certificate of erasure"
REASONS: Mapping[str, str] = {
    "not needed": "no longer necessary for what it was collected for (Article 17(1)(a))",
    "consent withdrawn": "consent was withdrawn, and there is no other ground (Article 17(1)(b))",
    "objection": "the person objects, and nothing overrides it (Article 17(1)(c))",
    "unlawful": "it was processed unlawfully, or is of somebody who was never meant (Article 17(1)(d))",
    "duty": "a legal obligation asks for it (Article 17(1)(e))",
    "wrong person": "the record was made by mistake and stands for nobody",
}
"""Why people are erased (UK GDPR, Article 17); there is no free text, for names would end up in it."""


def looks_at(work: Work, subject: Subject) -> int:
    """How many looks at the person the access log holds."""
    where = log_place(work.store.kept)
    if isinstance(where, Path) and not where.exists():
        return 0
    log = open_access_log(where)
    try:
        return sum(log.looks(person_id=person).num_rows for person in subject.person_ids)
    finally:
        log.close()


def remaining(work: Work, erasure: Erasure) -> list[dict[str, Any]]:
    """What this erasure doesn't reach, with how much of it and why."""
    found = erasure.found
    said: list[dict[str, Any]] = [
        {
            "what": f"source file {each['file']} of {each['source']}",
            "count": each["rows"],
            "why": "a partner's file, not the store's, with so many rows when it was landed: have the source leave them out, or delete it",
        }
        for each in found.get("files", ())
    ]
    logged = {"what": "access log: looks at the person, under a pseudonym", "count": found.get("looks", 0)}
    said.append(
        logged
        | {
            "why": "kept to account for who saw what (Article 17(3)(b) and (e)); sealed, so that nothing can be taken out. Nothing that is "
            "kept or derived leads from the pseudonym to the person any more; whoever holds the key and the NHS number can work it out"
        }
    )
    if pairs := found.get("register", {}).get("pairs", 0):
        why = "who answered when stays, to account for it; what they were about is gone"
        said.append({"what": "answers to pairs in doubt", "count": pairs, "why": why})
    with work.register.database.reading() as connection:
        kept_out = still_kept_out(connection, erasure.number)
    why = "keyed hashes, so that a file landed again, or a register restored, doesn't bring the person back"
    said.append({"what": "list of erasures", "count": kept_out, "why": why})
    said.append({"what": "rows linked to nobody", "count": None, "why": what_of_nobodys_rows(work, erasure)})
    why = "counts of groups, made before, in which nobody is told apart; the next landing that reads files makes them anew"
    said.append({"what": "linkage_rate, linkage_run, linkage_weight and the months of files", "count": None, "why": why})
    for each in copies(work.store.kept):
        if each.kind == "hand-over":
            why = "written anew or removed where it still was; copies of it, and stores that took it over, take over the next hand-over"
        elif each.kind == "backup":
            why = "can't be changed: destroy it when its time is over; where it is restored the erasure is made again by the next landing"
        elif each.kind == "lake":
            why = "holds what was landed and built under the pseudonym: remove the folder there, and build anew"
        else:
            why = "rows under pseudonyms of their own that lead back to nobody; tell whoever received it (Article 19)"
        said.append({"what": f"{each.kind} of {each.made_at}", "path": each.path, "count": None, "why": why})
    if not work.register.database.is_sqlite:
        why = "its write-ahead log, replicas and archives keep what was, until they are recycled: ask whoever runs the server"
        said.append({"what": "PostgreSQL", "count": None, "why": why})
    why = "what a disk freed can be read from it until it is written over; encrypted disks close that gap"
    return [*said, {"what": "the disk itself", "count": None, "why": why}]


def what_of_nobodys_rows(work: Work, erasure: Erasure) -> str:
    """What became of rows that were linked to nobody and may be the person's."""
    if not erasure.found.get("told"):
        return (
            "nobody can tell whose they are, for landings and builds hold no name or number; nothing was told by which the next landing "
            "would know them in the files (joinedup forget --details)"
        )
    with work.register.database.reading() as connection:
        keys = sum(scheme == TOLD_SCHEME for scheme, _ in keys_of(connection, erasure.number))
    record = work.landing()
    since = record is not None and erasure.done_at is not None and record.landed_at > erasure.done_at.replace(tzinfo=UTC)
    when = f"landing {record.landing_id} has left out" if since and record else "they stay until the next landing, which leaves out"
    return (
        f"{when} those that say what was told of the person ({keys:,} keyed hashes of date of birth with names and postcode, and of "
        "numbers), and every later one does; others say too little for anybody to tell whose they are"
    )


def certificate(work: Work, erasure: Erasure, searched: Sequence[Searched]) -> dict[str, Any]:
    """The certificate as it is written, signed."""
    record, act = work.landing(), erasure.act
    said = {
        "format": FORMAT,
        "place": work.place.id,
        "place_name": work.place.name,
        "invented": work.place.invented,
        "erasure": erasure.number,
        "erasure_id": erasure.erasure_id,
        "reference": act.reference,
        "reason": act.reason,
        "reason_in_words": REASONS[act.reason],
        "by": [account for account in (act.account, act.second_account) if account],
        "begun_at": erasure.begun_at.replace(tzinfo=UTC).isoformat(timespec="seconds"),
        "done_at": erasure.done_at.replace(tzinfo=UTC).isoformat(timespec="seconds") if erasure.done_at else None,
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": f"joinedup {version('joinedup')}",
        "landing": record.landing_id if record else None,
        "removed": {name: erasure.found.get(name) for name in ("register", "landed", "built", "builds", "landings")},
        "searched_again": [asdict(each) for each in searched],
        "remains": remaining(work, erasure),
    }
    return said | {"signature": signature(work, said)}


def signature(work: Work, said: Mapping[str, Any]) -> str:
    """The signature of what a certificate says."""
    text = json.dumps({name: value for name, value in said.items() if name != "signature"}, sort_keys=True, ensure_ascii=False)
    return lookup_hash(work.own_keys(), LABEL, text).hex()


def write_certificate(said: Mapping[str, Any], folder: Path, pages: Mapping[str, str]) -> list[Path]:
    """The files that were written: the certificate as JSON, and its `pages` by their suffix, named by the erasure."""
    with store_errors(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    texts = {".json": json.dumps(said, indent=1, ensure_ascii=False), **pages}
    paths = [folder / f"erasure-{said['erasure_id']}{suffix}" for suffix in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        atomic_write(path, text.encode())
    return paths


def read_certificate(path: Path, work: Work) -> dict[str, Any]:
    """What a certificate says; StoreProblem when it is none, is of another place, or isn't as it was signed."""
    try:
        said: dict[str, Any] = json.loads(path.read_bytes())
        ours = said.get("format") == FORMAT and isinstance(said.get("erasure"), int)
    except (OSError, ValueError, AttributeError):
        ours = False
    if not ours:
        raise StoreProblem(f"{path} is no certificate of erasure that this version can read; give the .json file of one")
    if said.get("place") != work.place.id:
        raise StoreProblem(f"{path} is a certificate of the place {said.get('place')}, and this place is {work.place.id}")
    if not hmac.compare_digest(str(said.get("signature")), signature(work, said)):
        raise StoreProblem(
            f"{path} isn't as it was signed, or was signed under another register's secret; ask whoever gave it for the original"
        )
    return said
