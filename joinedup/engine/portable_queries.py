"""The rules of portable SQL for the parts of a query: SELECT, joins, ordering, windows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from joinedup.engine.parse import EXPLICIT
from joinedup.engine.portable_context import Context, Refusal

PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NAMED_WINDOW = Refusal("window", "a WINDOW clause isn't on the list; write the window out in OVER (…)")
RANKING = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead)
TIES_MATTER = (exp.RowNumber, exp.Lag, exp.Lead)


def select_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of a SELECT's parts that aren't on the list, and of FROM before SELECT."""
    if node.args.get("windows"):
        yield NAMED_WINDOW
    if node.args.get("into") or node.args.get("hint"):
        yield Refusal("select", "INTO and hints aren't portable; leave them out")
    source = node.args.get("from_")
    if source is not None and _start(source) < min(map(_start, node.expressions), default=0):
        yield Refusal("from-first", "FROM comes first, which is DuckDB's own; write SELECT … FROM …")
    if source is None and any(isinstance(column, exp.Star) for column in node.expressions):
        yield Refusal("from-first", "there is nothing to select from; write SELECT … FROM …")


def where_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of names in WHERE that the same SELECT gives, and nothing that it reads."""
    select = node.parent
    if context.columns is None or not isinstance(select, exp.Select):
        return
    given = {column.alias.lower() for column in select.expressions if isinstance(column, exp.Alias)}
    only_given = {name for name in given if context.givers[name] == {id(select)}} - context.columns
    for column in node.find_all(exp.Column):
        if not column.table and column.name.lower() in only_given and column.find_ancestor(exp.Select) is select:
            yield Refusal(
                "where-alias",
                f"Spark's WHERE doesn't know {column.name}, which this SELECT gives; write out what it stands for, or name it in a CTE",
            )


def _start(node: exp.Expression) -> int:
    """Where in the text a node starts, as far as its parts tell."""
    return min((part.meta["start"] for part in node.walk() if "start" in part.meta), default=0)


def name_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of quoted and odd names."""
    if node.args.get("quoted") or not PLAIN_NAME.fullmatch(node.this):
        yield Refusal("name", f"the name {node.this} is quoted or odd, which the engines read differently; use small letters, digits and _")


def star_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of a star anywhere but in count(*)."""
    if not isinstance(node.parent, exp.Count):
        yield Refusal("star", "SELECT * (or EXCLUDE) leaves open which columns there are; name each column")


def distinct_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of DISTINCT ON and of counting several columns at once."""
    if node.args.get("on"):
        yield Refusal("distinct-on", "DISTINCT ON is DuckDB's own; number the rows with row_number() OVER (…) in a CTE and keep number 1")
    if isinstance(node.parent, exp.Count) and len(node.expressions) > 1:
        yield Refusal("distinct", "count(DISTINCT a, b) isn't on both engines; count the rows of a SELECT DISTINCT a, b")


def table_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of whatever is read that isn't the plain name of a table."""
    if node.args.get("db"):
        yield Refusal("table", f"{node.name} isn't the plain name of a table; leave out what stands before it")


def join_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of joins that one engine doesn't know, and of those without a condition."""
    kind, method = (node.args.get("kind") or "").upper(), (node.args.get("method") or "").upper()
    if kind in ("SEMI", "ANTI"):
        word = "EXISTS" if kind == "SEMI" else "NOT EXISTS"
        yield Refusal("semi-join", f"{kind} JOIN isn't written alike on both engines; write WHERE {word} (SELECT 1 FROM … WHERE …)")
    elif kind not in ("", "INNER", "OUTER", "CROSS") or method:
        yield Refusal("join", f"{method or kind} JOIN isn't on the list; write JOIN … ON with the columns named")
    elif not (node.args.get("on") or node.args.get("using") or kind == "CROSS"):
        yield Refusal("join", "a join says on what; write JOIN … ON, or CROSS JOIN where every pair is meant")


def set_operation_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of what may not follow UNION, EXCEPT and INTERSECT."""
    if node.args.get("by_name"):
        yield Refusal("union", "BY NAME is DuckDB's own; name the columns in the same order in both parts")


def with_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of recursion."""
    if node.args.get("recursive"):
        yield Refusal("recursive", "WITH RECURSIVE isn't on the list; read the steps from a table, such as a calendar")


def cte_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of MATERIALIZED."""
    if node.args.get("materialized") is not None:
        yield Refusal("with", "MATERIALIZED is DuckDB's own, and changes no row; leave it out")


def group_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of a grain that isn't written out."""
    if node.args.get("all"):
        yield Refusal("group", "GROUP BY ALL leaves the grain open; name the columns")
    if any(isinstance(each, exp.Tuple) for each in node.expressions):
        yield Refusal("group", "GROUP BY (a, b) groups by a struct on Spark; write GROUP BY a, b")


def in_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of IN of nothing, and of IN with a subquery where its null would show."""
    if node.args.get("query") is None:
        if not node.expressions:
            yield Refusal("in", "IN () is DuckDB's own; write the condition that is meant, or leave it out")
    elif not _only_keeps_rows(node):
        yield Refusal(
            "in",
            "IN (SELECT …) of a null is null on DuckDB and false on Spark, unless WHERE asks it; write EXISTS (SELECT 1 FROM … WHERE …)",
        )


def _only_keeps_rows(node: exp.Expression) -> bool:
    """Whether a condition is one of those that WHERE joins by AND; or by OR, if it isn't denied."""
    above = []
    holder = node.parent
    while isinstance(holder, exp.And | exp.Or | exp.Not | exp.Paren):
        above.append(type(holder))
        holder = holder.parent
    denied, chosen = above.count(exp.Not), exp.Or in above
    return isinstance(holder, exp.Where) and isinstance(holder.parent, exp.Select) and denied + chosen <= 1


def ordered_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of an ORDER BY that doesn't say where its nulls go."""
    if not node.meta.get(EXPLICIT):
        yield Refusal("null-order", "the engines put nulls at different ends; add NULLS FIRST or NULLS LAST to each column of ORDER BY")


def window_rule(node: exp.Expression, context: Context) -> Iterator[Refusal]:
    """Refusals of windows whose answer depends on the engine or on the order in which rows come."""
    function = node.this.this if isinstance(node.this, exp.Filter) else node.this
    order, frame = node.args.get("order"), node.args.get("spec")
    if frame is not None and frame.args.get("exclude"):
        yield Refusal("frame", "EXCLUDE is DuckDB's own; take what is to be left out off the result, as in sum(x) OVER (…) - x")
    if isinstance(function.this, exp.Distinct):
        yield Refusal("window", "Spark counts nothing DISTINCT along a window; count it by GROUP BY in a CTE, and join that")
    if node.args.get("alias"):
        yield NAMED_WINDOW
    elif isinstance(function, RANKING):
        yield from _ranking(function, order, frame, context)
    elif order is not None and (frame is None or frame.args.get("kind") != "ROWS"):
        yield Refusal("frame", "a running aggregate needs its rows said; write ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW")


def _ranking(function: exp.Expression, order: exp.Expression | None, frame: exp.Expression | None, context: Context) -> Iterator[Refusal]:
    offset = function.args.get("offset")
    if offset is not None and not isinstance(offset.this if isinstance(offset, exp.Neg) else offset, exp.Literal):
        yield Refusal("offset", "Spark's lag and lead take a written number of rows; write lag(x, 1)")
    if frame is not None:
        yield Refusal("frame", "row_number, rank, lag and lead take no frame; leave out ROWS …")
    if order is None:
        yield Refusal(
            "window-order", "without an order the rows are numbered as they come; add ORDER BY … NULLS LAST, ending in a column of the key"
        )
    elif isinstance(function, TIES_MATTER) and not _ends_in_key(order.expressions[-1].this, context):
        yield Refusal(
            "window-order", "ties come in any order; end the window's ORDER BY in a column of the key, such as source_row NULLS LAST"
        )


def _ends_in_key(last: exp.Expression, context: Context) -> bool:
    return isinstance(last, exp.Column) and (context.keys is None or last.name.lower() in context.keys)
