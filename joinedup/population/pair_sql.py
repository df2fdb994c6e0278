"""What is wrong with the SQL of a pair before any row is read: by line, with what to write instead."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from sqlglot import exp

from joinedup.engine.misspelt import misspelt
from joinedup.engine.multiplying import multiplies
from joinedup.engine.order import inputs_of, order_findings
from joinedup.engine.parse import line_of, parse
from joinedup.engine.portable import findings_of
from joinedup.engine.sources_of import outputs
from joinedup.engine.specs import TableSpec
from joinedup.findings import Finding, Severity
from joinedup.place.sentences import nearest

INSTEAD = {
    "activity": "place_activity",
    "spell": "place_spell",
    "diagnosis": "listed_entry",
    "coded_field": "listed_entry",
    "person": "person_year",
    "registration": "person_year",
    "listed_person": "person_year",
    "neighbourhood_spell": "person_year_days",
    "condition_evidence": "condition",
}
"""What holds whoever objects, too, and what to read instead."""


def sql_findings(spec: TableSpec, specs: Mapping[str, TableSpec], listed: str) -> list[Finding]:
    """Unknown tables, misspelt columns, SQL that isn't portable, columns in another form than wanted, and a warning of what may multiply.

    `listed` is what the .yml calls its list: steps, or segments.
    """
    known = {**specs, spec.table: spec}
    unreadable = findings_of(spec.sql or "", spec.sql_file)
    if any(finding.rule in ("syntax", "one-select") for finding in unreadable):
        return unreadable
    unknown = [_on_line(finding, spec) for finding in order_findings(known) if finding.file == spec.sql_file]
    if unknown:
        return unknown
    reads = {name: specs[name] for name in sorted(inputs_of(spec) & specs.keys())}
    wrong = misspelt(spec.sql or "", spec.sql_file, reads)
    found = [*wrong, *people_findings(spec), *findings_of(spec.sql or "", spec.sql_file, reads), *_form(spec, listed)]
    return found or list(_may_multiply(spec, specs))


def people_findings(spec: TableSpec) -> Iterator[Finding]:
    """Where the SQL reads what holds people who object, too, by line, with what leaves them out."""
    for tree in parse(spec.sql or "").trees:
        for table in tree.find_all(exp.Table):
            instead = INSTEAD.get(table.name.lower()) or ("a table made of it" if table.name.lower().startswith("landed_") else None)
            if instead:
                message = f"{table.name} holds people who object to being counted, too: read {instead}, which leaves them out"
                yield Finding(spec.sql_file, "pair-people", message, line=line_of(table))


def literal_findings(spec: TableSpec, names: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    """A warning for each text that a column is compared with and never has, such as a misspelt condition, by line.

    `names` has the texts that each such column may have: list_id, group_id, condition_id, score_id, sector.
    """
    for tree in parse(spec.sql or "").trees:
        for column, literal in _compared(tree):
            known = names.get(column)
            if known is not None and literal.name not in known:
                message = (
                    f"compares {column} with {literal.name!r}, which it never is{nearest(literal.name, known)}: that would hold for nobody"
                )
                yield Finding(spec.sql_file, "unknown-name", message, line=line_of(literal), severity=Severity.WARNING)


def _compared(tree: exp.Expression) -> Iterator[tuple[str, exp.Literal]]:
    """The columns that are said to be, or to be among, texts, with each text."""
    for each in tree.find_all(exp.EQ, exp.NEQ, exp.In):
        column = each.this
        texts = each.expressions if isinstance(each, exp.In) else [each.expression]
        if isinstance(column, exp.Column):
            yield from ((column.name.lower(), text) for text in texts if isinstance(text, exp.Literal) and text.is_string)


def _on_line(finding: Finding, spec: TableSpec) -> Finding:
    """The finding of an unknown table on the line that names it."""
    for tree in parse(spec.sql or "").trees:
        for table in tree.find_all(exp.Table):
            if f" {table.name.lower()}," in finding.message:
                return Finding(finding.file, finding.rule, finding.message.split(", or add ")[0], line=line_of(table))
    return finding


def _form(spec: TableSpec, listed: str) -> Iterator[Finding]:
    """Whether the last SELECT gives the key, a column for each of the list in its order, and the index date where there is one."""
    for tree in parse(spec.sql or "").trees:
        select = tree if isinstance(tree, exp.Select) else tree.find(exp.Select)
        if select is None or select.is_star:
            continue
        given, wanted = outputs(select), spec.names
        if given == wanted:
            continue
        lacking, more = [n for n in wanted if n not in given], [n for n in given if n not in wanted]
        said = [f"lacks {', '.join(lacking)}"] if lacking else []
        said += [f"gives {', '.join(more)}, which the .yml doesn't list" if more else ""] if more else []
        said = said or [f"gives its columns in the order {', '.join(given)}"]
        line = line_of(select.expressions[-1])
        message = f"{' and '.join(said)}; wanted are, in this order, {', '.join(wanted)}: the key, then the {listed} of the .yml"
        yield Finding(spec.sql_file, "pair-form", message, line=line)


def _may_multiply(spec: TableSpec, specs: Mapping[str, TableSpec]) -> Iterator[Finding]:
    found = multiplies(spec.sql or "", spec.key, specs)
    if found is not None:
        message = f"may give more than one row for a person and year: {found.message}"
        yield Finding(spec.sql_file, "may-multiply", message, line=found.line, severity=Severity.WARNING)


def with_fault(spec: TableSpec, specs: Mapping[str, TableSpec]) -> TableSpec:
    """The table, saying what in its SQL may repeat a key: the build says it when it has happened."""
    found = multiplies(spec.sql or "", spec.key, specs)
    if found is None:
        return spec
    return spec.model_copy(update={"at_fault": f"line {found.line}: {found.message}" if found.line else found.message})
