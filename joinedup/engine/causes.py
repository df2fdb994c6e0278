"""Why a table is made anew: what of it the build before had otherwise; and, through the tables that it reads, where that began."""

from __future__ import annotations

from collections.abc import Mapping

from joinedup.engine.manifest import FORM, Because, Manifest
from joinedup.engine.objects import definition, major
from joinedup.engine.specs import TableSpec


def because(spec: TableSpec, made_from: Mapping[str, str], software: str, before: Manifest | None) -> Because:
    """Why a table, made from what has these digests, can't be that of the build before."""
    known = None if before is None else before.tables.get(spec.table)
    if before is None or known is None:
        return Because(first=True)
    digests = _digests(before)
    others = tuple(name for name in sorted(made_from) if name in known.inputs and digests.get(name) != made_from[name])
    engine = major(before.software) != major(software)
    changed = bool(known.definition) and known.definition != definition(spec)
    found = Because(engine=engine, definition=changed, inputs=others)
    if found != Because():
        return found
    return Because(damaged=True) if known.definition and before.form == FORM else Because(definition=True)


def _digests(manifest: Manifest) -> dict[str, str]:
    """The digest of every table of a build."""
    return {name: record.digest for records in (manifest.inputs, manifest.tables) for name, record in records.items()}


def began_with(manifest: Manifest, table: str) -> tuple[str, ...]:
    """Where the making of a table began: tables of the place or of a landing that were others, and tables made for a cause of their own.

    The table itself is among them where it has such a cause. A table that was taken over from a build before the last is one, too.
    """
    found: dict[str, None] = {}
    waiting, seen = [table], {table}
    while waiting:
        name = waiting.pop()
        why = manifest.tables[name].because if name in manifest.tables else None
        if why is None or why.first or why.engine or why.definition or why.damaged:
            found[name] = None
        new = [each for each in (why.inputs if why else ()) if each not in seen]
        waiting += new
        seen |= {*new}
    return tuple(sorted(found))
