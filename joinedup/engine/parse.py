"""Reading SQL: its tokens, its tree and where each part stands. Nothing here writes SQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp, parser
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

EXPLICIT = "explicit_nulls"
BEGINNINGS = {TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN, TokenType.FROM, TokenType.VALUES}
"""What a query may begin with; the rest isn't read at all."""


BEGUN_BY_WORDS = (exp.Limit, exp.Offset, exp.Fetch, exp.Join, exp.With, exp.TableSample, exp.Distinct)
VALUES = {TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING, TokenType.NUMBER}
WORDS_OF = {
    exp.CurrentDate: TokenType.CURRENT_DATE,
    exp.CurrentTimestamp: TokenType.CURRENT_TIMESTAMP,
    exp.CurrentTime: TokenType.CURRENT_TIME,
    exp.Placeholder: TokenType.PLACEHOLDER,
    exp.Group: TokenType.GROUP_BY,
}
"""Parts of a query that are a word alone: where the first of them stands, as the tree doesn't say where each does."""


class Portable(Dialect):  # type: ignore[misc]  # sqlglot's types are not followed
    """sqlglot's own dialect, which also notes whether an ORDER BY says where its nulls go."""

    class Parser(parser.Parser):  # type: ignore[misc]
        """Keeps what sqlglot's parser forgets."""

        def _parse_ordered(self, parse_method: Callable[[], exp.Expression | None] | None = None) -> exp.Ordered | None:
            ordered: exp.Ordered | None = super()._parse_ordered(parse_method)
            if ordered is not None:
                said = [token.text.upper() for token in self._tokens[max(self._index - 2, 0) : self._index]]
                ordered.meta[EXPLICIT] = said in (["NULLS", "FIRST"], ["NULLS", "LAST"])
            return ordered


@dataclass(frozen=True, slots=True)
class Parsed:
    """One SQL text as read: tokens, the trees of its statements, and the fault that stopped the reading."""

    sql: str
    tokens: tuple[Token, ...]
    trees: tuple[exp.Expression, ...]
    fault: str | None = None
    fault_line: int | None = None


@lru_cache(maxsize=1024)
def parse(sql: str) -> Parsed:
    """The SQL as tokens and trees; what can't be read is said, not raised."""
    dialect = Portable()
    tokens: tuple[Token, ...] = ()
    try:
        tokens = tuple(dialect.tokenize(sql))
        if not tokens or tokens[0].token_type not in BEGINNINGS:
            return Parsed(sql, tokens, ())
        trees = tuple(tree for tree in dialect.parser().parse(list(tokens), sql) if tree is not None)
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        what = details[0].get("description") or str(error).splitlines()[0]
        return Parsed(sql, tokens, (), _plain(what), details[0].get("line"))
    except RecursionError:
        return Parsed(sql, tokens, (), "it is nested too deeply", 1)
    return Parsed(sql, tokens, trees)


def _plain(fault: str) -> str:
    """What the parser says, without its own classes and tokens."""
    fault = re.sub(r"<Token .*text: (.*?), line.*>", r"\1", fault)
    return re.sub(r" for <class.*>", "", fault).replace("SENTINEL", "the end").rstrip(".")


def line_of(node: exp.Expression) -> int | None:
    """The line on which a node stands: its own where sqlglot knows it, else of its first part, else of what it is part of."""
    lines = [part.meta["line"] for part in node.walk() if "line" in part.meta]
    if lines:
        return int(min(lines))
    return line_of(node.parent) if node.parent is not None else None


def line_at(sql: str, place: int) -> int:
    """The line on which a place of a text is."""
    return sql.count("\n", 0, place) + 1


def place_of(token: Token) -> tuple[int, int]:
    """From where to where a token stands."""
    return token.start, token.end + 1


def span_of(node: exp.Expression, parsed: Parsed) -> tuple[int, int] | None:
    """From where to where a node stands in its text: its parts, with the brackets and the name of a call around them."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    if not starts:
        words = WORDS_OF.get(type(node))
        return next((place_of(token) for token in parsed.tokens if token.token_type is words), None)
    ends = [part.meta["end"] for part in node.walk() if "end" in part.meta]
    tokens = parsed.tokens
    first = next(index for index, token in enumerate(tokens) if token.end >= min(starts))
    last = next(index for index, token in enumerate(tokens) if token.end >= max(ends))
    first = _with_words_before(node, tokens, first)
    open_ones = _open_after(tokens, first, last)
    calls = isinstance(node, exp.Cast | exp.Func)
    while last + 1 < len(tokens) and (open_ones or (calls and tokens[last + 1].token_type is TokenType.L_PAREN)):
        calls, last = False, last + 1
        open_ones = _open_after(tokens, first, last)
    return tokens[first].start, tokens[last].end + 1


def _with_words_before(node: exp.Expression, tokens: tuple[Token, ...], first: int) -> int:
    """The first token of a node, where that is a word that no part of it holds, such as CAST or LIMIT."""
    called = isinstance(node, exp.Func) and "start" not in node.meta and not isinstance(node, exp.Case | exp.Connector)
    if called and first > 1 and tokens[first - 1].token_type is TokenType.L_PAREN and tokens[first - 2].text.isidentifier():
        return first - 2
    while isinstance(node, BEGUN_BY_WORDS) and first and tokens[first - 1].token_type not in VALUES and tokens[first - 1].text[0].isalpha():
        first -= 1
    return first


def _open_after(tokens: tuple[Token, ...], first: int, last: int) -> int:
    """How many brackets are open after some tokens."""
    kinds = [token.token_type for token in tokens[first : last + 1]]
    return max(kinds.count(TokenType.L_PAREN) - kinds.count(TokenType.R_PAREN), 0)


@lru_cache(maxsize=1024)
def inputs_of_sql(sql: str) -> frozenset[str]:
    """The tables that a query reads, in lower case, without the names of its own CTEs; none when it can't be read."""
    return frozenset().union(*(_tables(tree, frozenset()) for tree in parse(sql).trees))


def _tables(node: exp.Expression, ctes: frozenset[str]) -> frozenset[str]:
    """Tables below `node`; a CTE sees those before it, so one that has a table's name may read that table."""
    found: frozenset[str] = frozenset()
    clause = node.args.get("with_")
    for cte in clause.expressions if clause is not None else ():
        found |= _tables(cte.this, ctes)
        ctes |= {cte.alias.lower()}
    if isinstance(node, exp.Table) and node.name and node.name.lower() not in ctes:
        found |= {node.name.lower()}
    for child in node.iter_expressions():
        if child is not clause:
            found |= _tables(child, ctes)
    return found


__all__ = ["EXPLICIT", "WORDS_OF", "Parsed", "Token", "TokenType", "inputs_of_sql", "line_at", "line_of", "parse", "place_of", "span_of"]
