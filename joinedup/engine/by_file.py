"""Whether a table that says `by_file` is: each of its rows from rows of one file, as far as its SQL tells.

What reads a table by file keeps the file apart: whatever is grouped, numbered or joined there is so within one file. A column holds the
file where it is file_id, or the only column of such a table's key, for a key is made of its file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from joinedup.engine.lineage import ColumnOf, behind, made_of
from joinedup.engine.lying import PERSON
from joinedup.engine.order import inputs_of
from joinedup.engine.parse import parse
from joinedup.engine.parts import FILE
from joinedup.engine.specs import TableSpec
from joinedup.findings import Finding


def by_file_findings(spec: TableSpec, specs: Mapping[str, TableSpec]) -> Iterator[Finding]:
    """What stands against making a table by file, or keeping it so."""
    if not (spec.apart and spec.derived):
        return
    if FILE not in {column.name for column in spec.columns if column.required}:
        yield _finding(spec, f"has no column {FILE} that is never null, by which its rows would be told apart")
        return
    if not any(_holds_file(spec, column, specs) for column in spec.key):
        yield _finding(spec, f"has a key ({', '.join(spec.key)}) of which no column is made of {FILE}, so that two files may share one")
    if not spec.by_file:
        return
    read = {name: specs[name] for name in inputs_of(spec) & specs.keys() if specs[name].apart}
    if not read:
        yield _finding(spec, "reads no table that is by file")
        return
    tree = parse(spec.sql or "").trees[0]
    holding = {FILE, *(each.key[0] for each in read.values() if len(each.key) == 1)}
    yield from (_finding(spec, what) for what in _crossing(tree, set(read), holding, FILE))


def by_person_findings(spec: TableSpec, specs: Mapping[str, TableSpec]) -> Iterator[Finding]:
    """What stands against making the rows of some people of a part anew."""
    if not (spec.by_person and spec.derived):
        return
    if not spec.by_file:
        yield _finding(spec, "isn't by_file, so that it has no part to keep", "by_person")
        return
    read = {name for name in inputs_of(spec) & specs.keys() if PERSON in specs[name].names}
    if PERSON not in spec.names or not read:
        yield _finding(spec, f"has no column {PERSON}, or reads no table that has one", "by_person")
        return
    known = {name: made_of(each, specs) for name, each in specs.items() if each.derived}
    if not any(each.column == PERSON for each in behind(known, spec.table, (PERSON,)) - {ColumnOf(spec.table, PERSON)}):
        yield _finding(spec, f"has a {PERSON} that isn't one of those that it reads", "by_person")
    tree = parse(spec.sql or "").trees[0]
    yield from (_finding(spec, what, "by_person") for what in _crossing(tree, read, {PERSON}, PERSON))


def _finding(spec: TableSpec, what: str, said: str = "") -> Finding:
    said = said or ("by_file" if spec.by_file else "kept_by_file")
    kept = "people" if said == "by_person" else "files"
    message = f"{spec.table} is said to be {said}, but {what}; keep {kept} apart there, or take {said} out of its .yml"
    return Finding(spec.sql_file, said.removeprefix("kept_").replace("_", "-"), message)


def _holds_file(spec: TableSpec, column: str, specs: Mapping[str, TableSpec]) -> bool:
    """Whether a column of a key is the file or is made of it."""
    if column == FILE:
        return True
    known = {name: made_of(each, specs) for name, each in specs.items() if each.derived}
    return any(each.column == FILE for each in behind(known, spec.table, (column,)) - {ColumnOf(spec.table, FILE)})


def _crossing(tree: exp.Expression, read: set[str], holding: set[str], by: str) -> Iterator[str]:
    """Where a query may bring rows of several files, or people, together; `read` are the tables that have them, and parts of the query."""
    for part in tree.find_all(exp.CTE):
        if _reads(part.this, read):
            read.add(part.alias)
    for query in tree.find_all(exp.Select):
        sources = [*_sources(query)]
        own = [each for each in sources if _reads(each, read)]
        if own:
            yield from _in_select(query, own, read, holding, by)
    for each in tree.find_all(exp.SetOperation):
        if (each.args.get("distinct") or not isinstance(each, exp.Union)) and _reads(each, read):
            yield "puts rows together by UNION, INTERSECT or EXCEPT, which compare rows of all"


def _sources(query: exp.Select) -> Iterator[exp.Expression]:
    begin = query.args.get("from_") or query.args.get("from")
    if begin is not None:
        yield begin.this
    for join in query.args.get("joins") or ():
        yield join.this


def _reads(node: exp.Expression, names: set[str]) -> bool:
    return any(table.name.lower() in names for table in node.find_all(exp.Table))


def _in_select(query: exp.Select, own: list[exp.Expression], read: set[str], holding: set[str], by: str) -> Iterator[str]:
    """The same of one SELECT that reads tables by file, or of people."""
    group = query.args.get("group")
    grouped = {column.name for each in (group.expressions if group else ()) for column in [each] if isinstance(column, exp.Column)}
    summed = any(_own(each, query) and not each.find_ancestor(exp.Window) for each in query.find_all(exp.AggFunc))
    if (group or summed) and not grouped & holding:
        yield f"sums or groups rows without {by} among the columns that it groups by"
    if query.args.get("distinct") and by not in {each.alias_or_name for each in query.expressions}:
        yield f"has a DISTINCT without {by}"
    if query.args.get("limit"):
        yield "has a LIMIT"
    for window in (each for each in query.find_all(exp.Window) if _own(each, query)):
        if not {each.name for each in window.args.get("partition_by") or () if isinstance(each, exp.Column)} & holding:
            yield f"has a window that isn't of one {'file' if by == FILE else 'person'}: put {by} into its PARTITION BY"
    for join in (query.args.get("joins") or ())[:]:
        if len(own) > 1 and _reads(join.this, read) and not _same_file(join, holding):
            yield f"joins two tables without {by} of one equal to that of the other"
    for inner in query.find_all(exp.Exists, exp.In):
        if _own(inner, query) and inner.find(exp.Select) and _reads(inner, read):
            yield "looks rows up among those of all"


def _own(node: exp.Expression, query: exp.Select) -> bool:
    return node.find_ancestor(exp.Select) is query


def _same_file(join: exp.Join, holding: set[str]) -> bool:
    """Whether a join holds the file of one side equal to that of the other."""
    using = {each.name for each in join.args.get("using") or ()}
    on = join.args.get("on")
    terms = on.flatten() if isinstance(on, exp.And) else [on] if on is not None else []
    return bool(using & holding) or any(
        isinstance(term, exp.EQ)
        and all(isinstance(side, exp.Column) and side.name in holding for side in (term.left, term.right))
        and term.left.name == term.right.name
        for term in terms
    )
