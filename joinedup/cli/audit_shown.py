"""What the verbs of the access log show."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from joinedup.access.look_report import in_local_time
from joinedup.access.unusual import NOT_KNOWN
from joinedup.report import console_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from joinedup.access.look_report import LookReport
    from joinedup.access.unusual import Unusual
    from joinedup.kept.log_verifying import Verified

ROW = ("number", "at", "account", "name", "role", "purpose", "scope", "door", "what", "build_id", "person_id", "rows", "reason")
"""The columns of the report as CSV."""


def verified_in_words(found: Verified) -> list[str]:
    """What verifying found, as sentences."""
    sealed = f"sealed up to event {found.sealed_to:,} at {found.sealed_at:%Y-%m-%d %H:%M} UTC" if found.sealed_at else "not sealed yet"
    lines = [f"{found.events:,} looks, {found.seals:,} seals; {sealed}; {found.unsealed:,} looks since are not sealed"]
    lines += [f"{fault.what}: {fault.message}" for fault in found.faults]
    if not found.faults:
        lines.append("every sealed look is as it was sealed")
    if found.keyed and not found.checked_with_key:
        lines.append(
            f"{found.keyed:,} seals have a key, which was not given: that nobody made them again can't be told (JOINEDUP_SEAL_KEY_FILE)"
        )
    if not found.keyed and found.seals:
        lines.append("the seals have no key: whoever can write to the database and make seals could have made all of them again")
    if found.witnessed is None:
        lines.append("there are no counterfoils: of looks that aren't sealed yet the last ones could have been cut off")
    elif found.witnessed < found.events:
        lines.append(
            f"{found.events - found.witnessed:,} looks have no counterfoil: logged before there were any, or with another seal file"
        )
    if found.elsewhere is None:
        lines.append(
            "no seal file from elsewhere was given: looks removed from the end with their seals are not found without one (--seals)"
        )
    else:
        lines.append(f"compared with the {found.elsewhere:,} seals of the file")
    return lines


def verified_as_json(found: Verified) -> str:
    """The same as JSON."""

    return json.dumps(asdict(found) | {"as_sealed": not found.faults}, default=str, indent=1)


def show_report(made: LookReport, account: str | None, looks: Iterable[pa.Table]) -> None:
    """The report as tables: counts, then each of one account's `looks`, then what to ask about, and what no log can tell."""

    console = console_on(sys.stdout)
    table = Table("account", "role", "purpose", "door", "looks", "people", "rows", "first", "last", title="Who looked")
    for each in made.who:
        times = [f"{at:%Y-%m-%d %H:%M}" for at in (each.first, each.last)]
        table.add_row(*(plain(name) for name in each.name), f"{each.looks:,}", f"{each.people:,}", f"{each.rows:,}", *times)
    console.print(table)
    if account is not None:
        console.print(each_look(looks))
    console.print(unusual_table(made.unusual))
    if not made.scopes_checked:
        console.print("Where people belong is not known, since there is no build: looks outside a scope were not looked for.")
    console.print("What this report can't tell:")
    for sentence in NOT_KNOWN:
        console.print(f"- {sentence}")


def unusual_table(unusual: Sequence[Unusual]) -> Table:
    """What is unusual, latest first."""

    table = Table("day", "account", "role", "what", "why", "person_id", title="Unusual looking: to ask about, not a verdict")
    for each in unusual:
        table.add_row(str(each.day or ""), plain(each.account), each.role, each.rule, each.reason, str(each.person_id or ""))
    if not unusual:
        table.add_row("", "", "", "nothing", "no look stands out by the rules of docs/how-to/audit.md", "")
    return table


def each_look(looks: Iterable[pa.Table]) -> Table:
    """Every look of one account."""

    table = Table("at (UTC)", "door", "purpose", "what", "people", "reason", title="Each look")
    for row in (row for part in looks for row in part.to_pylist()):
        people = ", ".join(map(str, row["people"][:5])) + (f" and {len(row['people']) - 5:,} more" if len(row["people"]) > 5 else "")
        cells = [plain(row[name]) for name in ("door", "purpose", "what")]
        table.add_row(f"{row['at']:%Y-%m-%d %H:%M:%S}", *cells, people, plain(row["reason"]))
    return table


def plain(text: str) -> str:
    """A text of the log as a terminal may show it: nothing in it is a command to the terminal or a mark of style."""

    return escape("".join(letter if letter.isprintable() else "\ufffd" for letter in text))


def rows_of(made: LookReport, looks: Iterable[pa.Table]) -> Iterator[dict[str, object]]:
    """A row for each look and person looked at; one without person_id for a look at nobody by id."""
    for part in looks:
        for look in part.to_pylist():
            said = {**look, "at": look["at"].isoformat(), "name": made.names.get(look["account"], ""), "rows": look["row_count"]}
            for person in look["people"] or [""]:
                yield {**said, "person_id": person}


def report_as_json(made: LookReport, looks: Iterable[pa.Table]) -> Iterator[str]:
    """The whole report as the lines of one JSON value, a line for each look."""
    said = {
        "who": [asdict(each) for each in made.who],
        "by": {name: [asdict(each) for each in groups] for name, groups in made.by.items()},
        "unusual": [asdict(each) for each in made.unusual],
        "not_known": list(NOT_KNOWN),
        "scopes_checked": made.scopes_checked,
    }
    yield json.dumps(said, default=str, indent=1).removesuffix("\n}") + ',\n "looks": ['
    before = ""
    for part in looks:
        for row in in_local_time(part).drop_columns(["hour", "weekday"]).to_pylist():
            if before:
                yield f"{before},"
            before = f"  {json.dumps(row, default=str)}"
    yield f"{before}\n ]\n}}"
