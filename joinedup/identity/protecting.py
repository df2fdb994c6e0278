"""Protection by hand follows a person to another id: where the register says that two are one, and where a row of the list got a number."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from joinedup.findings import Finding
from joinedup.identity.list_rows import people_of_rows_that_were
from joinedup.identity.staged import Staged
from joinedup.kept.identity_register import RegisterLanding
from joinedup.kept.merges import ones_with
from joinedup.kept.protected import FILE, protect, protected_by_hand

ACTOR = "landing"
"""Whom the list by hand names as the account where nobody but a landing protects."""
OF_NOBODY = "protection-of-nobody"


def follow_protected(staged: Staged, entry: RegisterLanding, kept: Path) -> list[Finding]:
    """What was found; whoever is one with a person protected by hand is protected too.

    Before it `landed_person` is made, and the register has this landing's merges and splits.
    """
    said = protected_by_hand(kept)
    if not said:
        return []
    same = ones_with(entry.connection, said)
    reached = ones_with(entry.connection, _landed(staged, same))
    numbered = people_of_rows_that_were(staged, entry, same - reached)
    reached |= ones_with(entry.connection, (was for was, _ in numbered))
    for person in sorted((same | {now for _, now in numbered}) - said):
        protect(kept, person, ACTOR)
    nobody = said - reached
    if not nobody:
        return []
    message = (
        f"{len(nobody):,} of {len(said):,} people protected by hand are nobody whom this landing has, nor one with anybody, so nothing is "
        "withheld because of it: if they were given another NHS number, or the id was mistyped, protect them again (joinedup protect "
        "PLACE --by number); where they have left the place an ig_lead may end it"
    )
    return [Finding(FILE, OF_NOBODY, message, count=len(nobody), endangers="whose address and practice are withheld")]


def _landed(staged: Staged, people: Collection[int]) -> set[int]:
    """Those of the people whom this landing has."""
    query = "SELECT person_id FROM landed_person WHERE list_contains(?, person_id)"
    return {person for (person,) in staged.con.execute(query, [sorted(people)]).fetchall()}
