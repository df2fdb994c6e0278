"""What exactly was another for a cause, in words that name tables and files and nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from joinedup.access.changes import Cause
from joinedup.access.differing import OF_ROWS, PERIOD, Differing
from joinedup.sources.contract import contracts
from joinedup.sources.same_rows import CORRECTION, LINKAGE, NEW, POPULATION, READING

WHAT = {
    READING: "read otherwise",
    LINKAGE: "linked to other people, or in another way",
    CORRECTION: "corrected or taken back",
    POPULATION: "that came, went or changed",
    NEW: "that came",
}


def told(cause: Cause, of: Differing) -> list[str]:
    """What was another."""
    if cause is Cause.SOFTWARE:
        return [*_software(of), *_rows(of, READING if of.reader is cause else "")]
    if cause is Cause.PLACE:
        tables = [name for name in of.place if not (of.moves_on and name in PERIOD)]
        return [*_tables(of, tables), *_rows(of, READING if of.reader is cause else "")]
    if cause is Cause.CODES:
        return [*_lists(of), *_tables(of, [name for name in of.code_lists if not name.startswith("code_list")])]
    if cause is Cause.DEFINITION:
        return list(_definitions(of))
    rows = next(each for each, other in OF_ROWS.items() if other is cause)
    period = ["the period moved on with them"] if cause is Cause.NEW and of.moves_on else []
    return [*_rows(of, rows), *period]


def _software(of: Differing) -> Iterator[str]:
    then, now = of.before, of.after
    if then.software != now.software:
        yield f"engine: {then.software}, now {now.software}"
    landed = [str(one.about.get("landing", {}).get("software", "")) for one in (then, now)]
    if landed[0] != landed[1]:
        yield f"landed by {landed[0]}, now by {landed[1]}"


def _tables(of: Differing, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        then, now = of.before.inputs.get(name), of.after.inputs.get(name)
        known = now or then
        assert known is not None
        version = f", version {then.version}, now {now.version}" if then and now and then.version != now.version else ""
        rows = f"{then.rows if then else 0:,} rows, now {now.rows if now else 0:,}"
        yield f"{known.title or name} ({name}): {rows}{version}"


def _lists(of: Differing) -> Iterator[str]:
    then, now = (one.about.get("code_lists") or {} for one in (of.before, of.after))
    for list_id, known in sorted({**then, **now}.items()):
        before, after = then.get(list_id), now.get(list_id)
        if before is None or after is None:
            yield f"{known['title']} ({list_id}): {'came' if before is None else 'is gone'}"
        elif before != after:
            version = f", version {before['version']}, now {after['version']}" if before["version"] != after["version"] else ""
            yield f"{known['title']} ({list_id}): {before['codes']:,} codes, now {after['codes']:,}{version}"


def _definitions(of: Differing) -> Iterator[str]:
    for name in of.redefined:
        then, now = of.before.tables.get(name), of.after.tables.get(name)
        known = now or then
        assert known is not None
        what = "new" if then is None else "no longer made" if now is None else "declared otherwise"
        version = f", version {then.version}, now {now.version}" if then and now and then.version != now.version else ""
        yield f"{known.title or name} ({name}): {what}{version}"
    for name in of.measured_otherwise:
        yield f"measure {name}: defined otherwise"


def _rows(of: Differing, cause: str) -> Iterator[str]:
    if of.mixing is None or not cause:
        return
    for name, counts in of.mixing.counts.items():
        if counts.get(cause):
            yield f"{contracts()[name].title} ({name}): {counts[cause]:,} {'row' if counts[cause] == 1 else 'rows'} {WHAT[cause]}"
