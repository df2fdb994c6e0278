"""What the verb sql shows: lessons with their line, and a table explained."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from difflib import unified_diff

from joinedup.engine.explaining import Given, Read
from joinedup.engine.portable_context import Refusal
from joinedup.engine.portable_lessons import RUNS, example_of
from joinedup.engine.specs import TableSpec
from joinedup.engine.teaching import Explained, Lesson, Plan

WIDTH, USED_SHOWN = 110, 12


def lesson_lines(file: str, sql: str, lessons: Iterable[Lesson]) -> Iterator[str]:
    """Each thing that isn't portable: its line with the place marked, what to write instead, and what --fix would write."""
    for lesson in lessons:
        refusal = lesson.refusal
        yield f"{file}:{refusal.line or 1}: {refusal.rule}"
        yield from marked(sql, refusal)
        yield f"    {refusal.message}"
        if lesson.fix is not None:
            yield f"    --fix writes: {lesson.fix.shown or '(nothing)'}"
        else:
            yield from _example(refusal)
        yield ""


def _example(refusal: Refusal) -> Iterator[str]:
    """A pair of examples of what only a person can decide, and what comes of the refused one."""
    example = example_of(refusal)
    if example is not None:
        yield f"    for example, instead of  {example.refused}"
        yield f"                     write  {example.portable}"
        yield f"    left to you: of the example, {RUNS[example.runs]}"


def marked(sql: str, refusal: Refusal) -> Iterator[str]:
    """The line of a refusal and, beneath it, signs under its place; of a place over several lines the first is marked to its end."""
    lines = sql.split("\n")
    begin, end = refusal.span or (0, 0)
    number = sql.count("\n", 0, begin) + 1 if refusal.span else refusal.line or 1
    line = lines[number - 1].rstrip() if number <= len(lines) else ""
    column = begin - (sql.rfind("\n", 0, begin) + 1) if refusal.span else len(line) - len(line.lstrip())
    wide = max(min(end - begin, len(line) - column), 1) if refusal.span else len(line.strip())
    yield f"    {number:>4} | {line}"
    before = "".join(sign if sign == "\t" else " " for sign in line[:column])
    yield f"         | {before}{'^' * wide}"


def changed_lines(file: str, before: str, after: str) -> Iterator[str]:
    """The lines that --fix changed, as they were and as they are."""
    yield from unified_diff(before.splitlines(), after.splitlines(), f"{file}, as it was", f"{file}, as it is now", lineterm="", n=0)


def explained_lines(explained: Explained) -> Iterator[str]:
    """A table in words: what it is, reads and gives, what keeps its grain, its cases and its plans."""
    spec = explained.spec
    yield f"{spec.table}: {spec.title or 'a table that no .yml describes yet'}" + (f" (version {spec.version})" if spec.title else "")
    yield from _wrapped(spec.about, "  ")
    yield ""
    yield from _reads(explained.reads)
    yield "Gives"
    yield from _columns(explained.gives)
    yield from _grain(explained)
    yield from _cases(explained)
    for plan in explained.plans:
        yield from plan_lines(plan)


def source_lines(spec: TableSpec, readers: Iterable[str]) -> Iterator[str]:
    """A table that no SQL makes, in words."""
    kind = "reference data, from a .csv beside its .yml" if spec.csv is not None else "landed, or of the place: no SQL makes it"
    yield f"{spec.table}: {spec.title} ({kind})"
    yield from _wrapped(spec.about, "  ")
    yield ""
    yield "Holds"
    yield from _columns([Given(c.name, str(c.type), c.meaning, c.unit, c.required) for c in spec.columns])
    yield f"Grain: {spec.grain}; its key is {', '.join(spec.key)}"
    yield f"Source: {spec.source}"
    yield from reader_lines(readers)


def reader_lines(readers: Iterable[str]) -> Iterator[str]:
    """Who reads it."""
    named = ", ".join(readers)
    yield from _wrapped(f"Read by: {named or 'no other table'}", "")


def _reads(reads: Iterable[Read]) -> Iterator[str]:
    yield "Reads"
    told = list(reads)
    if not told:
        yield "  no table: its rows are written in the query"
    for read in told:
        yield f"  {read.spec.table}: {read.spec.title} ({read.kind}; {read.spec.grain})"
        more = f" and {len(read.columns) - USED_SHOWN} more" if len(read.columns) > USED_SHOWN else ""
        if read.columns:
            yield from _wrapped(f"uses {', '.join(read.columns[:USED_SHOWN])}{more}", "      ")
    yield ""


def _columns(gives: Iterable[Given]) -> Iterator[str]:
    for column in gives:
        about = [column.type, *([column.unit] if column.unit else []), *(["never missing"] if column.required else [])]
        passed = f" (it is {column.passed_on} as it stands)" if column.passed_on else ""
        yield from _wrapped(f"{column.name} ({', '.join(about)}): {column.meaning or 'nobody has said what it means'}{passed}", "  ")
    yield ""


def _grain(explained: Explained) -> Iterator[str]:
    spec = explained.spec
    if not spec.key:
        yield f"Grain: nobody has said it. Write {spec.table}.yml beside the .sql; to begin with, with … for what only you know:"
        yield ""
        yield from (f"    {line}" for line in draft_lines(explained))
        yield ""
        return
    yield f"Grain: {spec.grain}; its key is {', '.join(spec.key)}"
    yield from _wrapped(f"Why: {explained.grain}.", "  ")
    yield "  Each build asks this, and stops when the answer isn't 0:"
    yield from (f"      {line}" for line in explained.check.split("\n"))
    yield ""


def draft_lines(explained: Explained) -> Iterator[str]:
    """The beginning of a description of a table that has none."""
    yield from (
        f"table: {explained.spec.table}",
        "title: …",
        "grain: one row per …",
        "key: [" + ", ".join(explained.grouped_by or ("…",)) + "]",
    )
    yield from ("owner: …", "source: …", "columns:")
    for column in explained.gives:
        yield f"  - {{name: {column.name}, type: {column.type}, meaning: {json.dumps(column.meaning or '…', ensure_ascii=False)}}}"
    yield from ("cases:", "  - name: …", "    given: {" + ", ".join(f"{read.spec.table}: [{{…}}]" for read in explained.reads) + "}")
    yield "    expect: [{…}]"


def _cases(explained: Explained) -> Iterator[str]:
    if not explained.cases:
        yield "Cases: none; a case in the .yml gives a few rows and says what is expected of them"
    else:
        good = sum(not differs for _, differs in explained.cases)
        yield f"Cases: {good} of {len(explained.cases)} give on DuckDB what is expected"
    for name, differs in explained.cases:
        if differs:
            yield f"  {name}:"
            yield from (f"      {line}" for line in differs)
    yield ""


def plan_lines(plan: Plan) -> Iterator[str]:
    """A plan in words, its last step first."""
    called = {"duckdb": "DuckDB", "spark": "Spark"}.get(plan.engine, plan.engine)
    if plan.why_not:
        yield f"Plan on {called}: none, as {plan.why_not}"
    else:
        yield f"Plan on {called}: each step takes what the steps further in, below it, give; so the last line is done first"
    for step in plan.steps:
        yield f"  {'  ' * step.depth}{step.words}" + ("  <- look here first if it is slow" if step.slow else "")
    yield ""


def _wrapped(text: str, indent: str) -> Iterator[str]:
    yield from textwrap.wrap(" ".join(text.split()), WIDTH, initial_indent=indent, subsequent_indent=indent + "    ")
