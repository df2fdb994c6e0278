"""Sources come from partners, follow contracts, and fill each column once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from joinedup.findings import Finding, Severity
from joinedup.place.facts import Facts
from joinedup.place.file_name import COVERING, kinds
from joinedup.place.sentences import nearest
from joinedup.place.spans import last_day


def there_are_sources(facts: Facts) -> Iterator[Finding]:
    """A place without extracts, from which nothing can be built."""
    if not facts.sources and "sources.yml" not in facts.unread:
        message = "names no extract, so there is nothing to build: joinedup add-source looks into a file and adds it"
        yield Finding("sources.yml", "no-sources", message, line=1, severity=Severity.WARNING, endangers="everything")


def sources_name_partners(facts: Facts) -> Iterator[Finding]:
    """A source of an organisation that is no partner, or no longer one."""
    known = facts.partner()
    for found in facts.sources if "partners.csv" not in facts.unread else ():
        partner = known.get(found.value.partner)
        if partner is None:
            message = f"source {found.value.name} comes from {found.value.partner}, which is not in partners.csv"
            yield found.fault("unknown-partner", message + (nearest(found.value.partner, known) or ": write a partner_id"), "partner")
        elif partner.end and facts.as_at and partner.end <= facts.as_at:
            message = f"source {found.value.name} comes from {partner.id}, which ended ({last_day(partner.end)}): name who sends it now"
            yield found.warning("partner-ended", message, "partner")


def unknown_contracts(facts: Facts, names: Collection[str]) -> Iterator[Finding]:
    """A source that follows no contract of joinedup."""
    for found in facts.sources:
        if found.value.contract not in names:
            hint = nearest(found.value.contract, names) or f": known are {', '.join(sorted(names))}"
            message = f"source {found.value.name} follows the contract {found.value.contract}, which joinedup doesn't know{hint}"
            yield found.fault("unknown-contract", message, "contract")


def columns_are_filled_once(facts: Facts) -> Iterator[Finding]:
    """A column of the contract that two renames, or a rename and a constant, fill."""
    for found in facts.sources:
        filled = Counter([*found.value.rename.values(), *found.value.constants])
        for column in (column for column, times in filled.items() if times > 1):
            message = f"source {found.value.name} fills {column} {filled[column]} times: keep one of its renames or constants"
            yield found.fault("column-filled-twice", message, "rename")


def files_belong_to_one_source(facts: Facts) -> Iterator[Finding]:
    """A file that two sources of one contract read, so that its rows would count twice."""
    first: dict[tuple[str, str], str] = {}
    for found in facts.sources:
        for file in dict.fromkeys(found.value.files):
            other = first.setdefault((found.value.contract, file), found.value.name)
            if other != found.value.name:
                message = f"{file} is read by source {other} under the same contract: its rows would count twice; take it out of one"
                yield found.fault("file-read-twice", message, "files")


def lists_have_days(facts: Facts) -> Iterator[Finding]:
    """A source of lists whose file names don't say of which day each list is, so that nobody's leaving could be dated."""
    for found in facts.sources:
        dayless = [template for template in found.value.file_name if "day" not in kinds(template)]
        if found.value.sends == "snapshot" and (dayless or not found.value.file_name):
            which = f"file_name {dayless[0]}" if len(found.value.file_name) > 1 else "file_name"
            message = (
                f"source {found.value.name} sends a snapshot of a day, and {which} doesn't say where the day stands in the names of its "
                "files: write it, such as file_name: list_{day:%Y-%m-%d}.csv"
            )
            yield found.fault("list-without-day", message, "file_name" if found.value.file_name else "sends")


def months_are_named(facts: Facts) -> Iterator[Finding]:
    """A source that sends months, and of whose templates one names something else."""
    for found in facts.sources:
        without = [template for template in found.value.file_name if not COVERING & set(kinds(template))]
        if found.value.sends == "months" and without:
            which = f"its file_name {without[0]}" if len(found.value.file_name) > 1 else "its file_name"
            message = (
                f"source {found.value.name} sends months, and {which} names none, so a file covers the reporting period that its "
                "rows give, if its contract has one: write a part such as {month:%Y-%m}, or {from:%Y-%m} and {to:%Y-%m}"
            )
            yield found.warning("months-not-named", message, "file_name")


TOGETHER = {
    "sent": "names that don't say when they were sent are read before all that do",
    "part": "a file without one replaces nothing of those that have one, nor they of it",
}
"""Parts that all templates of a source need once one has it, and why."""


def templates_agree(facts: Facts) -> Iterator[Finding]:
    """A source of which some templates say when a file was sent, or which part it is, and others don't."""
    for found in facts.sources:
        for part, effect in TOGETHER.items():
            without = [template for template in found.value.file_name if part not in kinds(template)]
            if 0 < len(without) < len(found.value.file_name):
                message = (
                    f"source {found.value.name} has {{{part}}} in some of its file_name, not in {without[0]}: {effect}; write it into all"
                )
                yield found.warning("templates-disagree", message, "file_name")


RULES = (
    there_are_sources,
    sources_name_partners,
    columns_are_filled_once,
    files_belong_to_one_source,
    lists_have_days,
    months_are_named,
    templates_agree,
)
