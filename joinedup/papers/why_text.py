"""The evidence behind one number as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from joinedup.access.behind import Behind, Changed, SourceBehind
from joinedup.access.why import Evidence
from joinedup.papers.numbers import day, limits, rate, span
from joinedup.papers.words import many, reason

HASH = 12
"""Letters of a hash that are shown; JSON has it whole."""
MOST_ROWS = 12
"""Rows of a table shown; JSON has them all."""


def text(evidence: Evidence) -> str:
    """All of it, a paragraph for each part."""
    return "\n".join(_lines(evidence))


def _lines(evidence: Evidence) -> Iterator[str]:
    behind = evidence.behind
    yield f"{behind.title}  [{evidence.key}]"
    yield from (f"  {line}" for line in _number(evidence))
    yield ""
    yield "What it is"
    yield f"  {behind.what}"
    yield f"  Statistic: {behind.statistic}"
    yield f"  Of whom: {behind.population}"
    yield f"  Period: {span(behind.period)}; people as on {day(behind.as_at)}"
    if behind.definition is not None:
        yield f"  Definition: version {behind.definition.version}, from {day(behind.definition.valid_from)}; {behind.definition.owner}"
        yield f"  Source: {behind.definition.source}"
    yield f"  Build: {behind.build.build_id}, joinedup {behind.build.version}, {behind.build.engine}"
    yield from _files(evidence)
    yield from _behind(behind)
    yield from (f"  {line}" for line in _moved(evidence))


def _files(evidence: Evidence) -> Iterator[str]:
    """The files whose records stand in the number."""
    if evidence.files:
        yield "\nFiles behind this number"
        for each in evidence.files:
            whole = f"of the file {each.rows_read:,} rows read, {each.superseded:,} superseded, {each.rejected:,} rejected"
            yield f"  {each.file}, SHA-256 {(each.sha256 or 'not known')[:HASH]}: {many(each.records, 'record', 'records')} of it; {whole}"
        yield "  Whose rows were superseded or rejected isn't kept, so they are told by file."


def _moved(evidence: Evidence) -> Iterator[str]:
    """What each cause did to the number since the build before."""
    for each in evidence.changed:
        shares = ", ".join(f"{cause} {_said(share)}" for cause, share in each["shares"].items() if share)
        yield f"{each['count']}: {_said(each['before'])}, now {_said(each['after'])}{f'; of that {shares}' if shares else ''}"


def _number(evidence: Evidence) -> Iterator[str]:
    """The number itself, and the counts that it is made of."""
    behind = evidence.behind
    for row in evidence.rows[:MOST_ROWS]:
        if "value" in row and "unit" in row and "lower" in row:
            shown = f"{rate(row['value'])} {row['unit']}, 95% limits {limits(row['lower'], row['upper'])}"
            yield shown if row["value"] is not None else f"no value: {reason(row['reason'])}"
            yield from _division(row, behind)
        yield ", ".join(f"{name} {_said(value)}" for name, value in row.items() if name not in ("title", "unit") and value is not None)
    if len(evidence.rows) > MOST_ROWS:
        yield f"and {many(len(evidence.rows) - MOST_ROWS, 'more row', 'more rows')}"
    if not evidence.rows and evidence.behind.steps:
        yield "no row: nothing of the kind was counted"
    if evidence.counts:
        yield "together: " + ", ".join(f"{name} {_said(value)}" for name, value in evidence.counts.items())
    if evidence.links:
        of = evidence.links
        share = f" = {100 * of['by_probability'] / of['numerator']:.1f}%" if of["numerator"] and of["by_probability"] is not None else ""
        yield f"links by probability bring {_said(of['by_probability'])} of {_said(of['numerator'])} counted{share}, all months together"


def _division(row: Mapping[str, Any], behind: Behind) -> Iterator[str]:
    """How a measure's value comes of its counts, for who may have these as they are; the public's are rounded, each by itself."""
    parts = (row.get("numerator"), row.get("denominator"), row.get("value"))
    if behind.definition is not None and behind.audience == "internal" and None not in parts and parts[1]:
        counted, of, value = map(_said, parts)
        yield f"{counted} ÷ {of} × {behind.definition.per:,.0f} = {value}"


def _said(value: object) -> str:
    if value is None:
        return "not shown"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _behind(behind: Behind) -> Iterator[str]:
    if behind.code_lists:
        yield "\nCode lists"
        yield from (f"  {each.table}, version {each.version}: {each.title}; {each.source}" for each in behind.code_lists)
    if behind.sources:
        yield "\nSources of these tables"
        for source in behind.sources:
            yield from _source(source)
    if behind.linked_by:
        yield "\nHow their rows were linked"
        yield from (f"  {contract}: {_counted(counts)}" for contract, counts in behind.linked_by.items())
    if behind.steps:
        yield "\nTables, each after what it reads"
        for step in behind.steps:
            rows = f", {step.rows:,} rows" if step.rows is not None else ""
            yield f"  {step.table} ({step.kind}{rows}): {', '.join(step.columns) or 'which rows there are'}"
    yield from _changed(behind.changed)


def _source(source: SourceBehind) -> Iterator[str]:
    reach = f", to {day(source.data_to)}" if source.data_to else ""
    yield f"  {source.title}, {source.partner}{reach}"
    if source.agreements:
        yield f"    agreed: {'; '.join(source.agreements)}"
    for file in source.files:
        account = f"{file.rows_read:,} read = {file.loaded:,} loaded + {file.superseded:,} superseded + {file.rejected:,} rejected"
        yield f"    {file.file}, SHA-256 {(file.sha256 or 'not known')[:HASH]}: {account}"
        yield from (
            f"      {word}: {_counted(by)}" for word, by in (("superseded", file.superseded_by), ("rejected", file.rejected_by)) if by
        )


def _counted(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_said(count)}" for name, count in counts.items())


def _changed(changed: Changed | None) -> Iterator[str]:
    yield "\nSince the build before"
    if changed is None:
        yield "  there is none to compare with"
    elif not (changed.inputs or changed.tables):
        yield f"  nothing of the {changed.compared} tables differs from build {changed.since}"
    else:
        differ = (*changed.inputs, *changed.tables)
        yield f"  {len(differ)} of the {changed.compared} tables differ from build {changed.since}: {', '.join(differ)}"
