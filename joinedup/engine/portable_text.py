"""SQL as text with its tokens: what a fix looks at, and how it is applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from joinedup.engine.parse import Token, TokenType

OPENING, CLOSING = {"(", "[", "{"}, {")", "]", "}"}
NEVER_CALLS = frozenset({"over", "filter", "exists", "in", "any", "some", "all", "interval", "values", "using", "group", "as", "sets"})
"""Words before a bracket that is neither a call nor a value by itself."""
BEFORE_A_VALUE = frozenset({
    "select", "distinct", "where", "and", "or", "not", "on", "when", "then", "else", "case", "by", "having", "between", "like", "from",
    "filter", "union", "qualify",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edit:
    """From where to where the text is replaced, and by what."""

    start: int
    end: int
    text: str


def edited(sql: str, edits: Iterable[Edit]) -> str:
    """The text with its edits, which don't overlap; all else is as it was."""
    for edit in sorted(edits, key=lambda each: (each.start, each.end), reverse=True):
        sql = sql[: edit.start] + edit.text + sql[edit.end :]
    return sql


@dataclass(frozen=True, slots=True)
class Text:
    """SQL with its tokens; a token is named by its number, and one beyond the ends is nothing."""

    sql: str
    tokens: tuple[Token, ...]

    def at(self, start: int) -> int:
        """The number of the token that begins at a place, or holds it."""
        return next((index for index, token in enumerate(self.tokens) if token.end >= start), len(self.tokens))

    def word(self, index: int) -> str:
        """What a token says."""
        return str(self.tokens[index].text) if 0 <= index < len(self.tokens) else ""

    def source(self, index: int) -> str:
        """A token as it stands in the text, with its quotes."""
        return self.sql[self.start(index) : self.end(index)]

    def kind(self, index: int) -> TokenType | None:
        """What kind of token it is."""
        return self.tokens[index].token_type if 0 <= index < len(self.tokens) else None

    def start(self, index: int) -> int:
        """Where a token begins."""
        return int(self.tokens[index].start)

    def end(self, index: int) -> int:
        """Where what follows a token begins."""
        return int(self.tokens[index].end) + 1

    def instead(self, index: int, text: str) -> Edit:
        """A token replaced."""
        return Edit(self.start(index), self.end(index), text)

    def after(self, index: int, text: str) -> Edit:
        """Text put right behind a token."""
        return Edit(self.end(index), self.end(index), text)

    def spaced(self, index: int) -> bool:
        """Whether a space or line end follows a token."""
        return self.sql[self.end(index) : self.end(index) + 1].isspace()

    def written(self, first: int, last: int) -> str:
        """Tokens as they stand in the text."""
        return self.sql[self.start(first) : self.end(last)]

    def uncommented(self, first: int, last: int) -> bool:
        """Whether nothing but spaces stands between some tokens."""
        gaps = (self.sql[self.end(index) : self.start(index + 1)] for index in range(first, last))
        return not any(gap.strip() for gap in gaps)

    def closing(self, opening: int) -> int:
        """The bracket that closes one."""
        depth = 0
        for index in range(opening, len(self.tokens)):
            depth += (self.word(index) in OPENING and self.kind(index) is not TokenType.STRING) - self._closes(index)
            if depth == 0:
                return index
        return len(self.tokens)

    def arguments(self, opening: int) -> list[tuple[int, int]]:
        """The first and last token of each argument of a call, by its opening bracket."""
        close = self.closing(opening)
        if close >= len(self.tokens) or close == opening + 1:
            return []
        cuts, depth = [opening], 0
        for index in range(opening + 1, close):
            depth += (self.word(index) in OPENING and self.kind(index) is not TokenType.STRING) - self._closes(index)
            if depth == 0 and self.kind(index) is TokenType.COMMA:
                cuts.append(index)
        return [(before + 1, after - 1) for before, after in zip(cuts, [*cuts[1:], close], strict=True)]

    def _closes(self, index: int) -> bool:
        return self.word(index) in CLOSING and self.kind(index) is not TokenType.STRING

    def column(self, first: int, last: int) -> str | None:
        """The name of a column, in small letters, where some tokens are nothing but that; a table's name may stand before it."""
        words = [self.kind(index) for index in range(first, last + 1)]
        if words not in ([TokenType.VAR], [TokenType.VAR, TokenType.DOT, TokenType.VAR]):
            return None
        return self.word(last).lower()

    def is_operand(self, first: int, last: int) -> bool:
        """Whether some tokens are one value, whatever stands around them: a name, a number, a text, a call or a bracket."""
        return self.operand_before(last + 1) == first

    def operand_before(self, index: int) -> int | None:
        """The first token of the value that ends before a token: a name, a number, a text, a call or a bracket; None where it is none."""
        last, kind = index - 1, self.kind(index - 1)
        if kind in (TokenType.NUMBER, TokenType.STRING):
            before = self.word(last - 1).lower()
            return None if before.isidentifier() and before not in BEFORE_A_VALUE else last  # DATE '…' is one value of two tokens
        if kind is TokenType.VAR:
            return self._named(last)
        return self._bracketed(last) if kind is TokenType.R_PAREN else None

    def _named(self, last: int) -> int | None:
        """The first token of a name, with the name of its table."""
        first = last
        while self.word(first - 1) == "." and self.kind(first - 2) in (TokenType.VAR, TokenType.IDENTIFIER):
            first -= 2
        return None if self.word(first - 1) == "." else first

    def _bracketed(self, last: int) -> int | None:
        """The first token of a bracket, or of the call that it belongs to."""
        opening = next((index for index in range(last, -1, -1) if self.closing(index) == last and self.word(index) == "("), None)
        if opening is None:
            return None
        word = self.word(opening - 1).lower()
        if not word.isidentifier() or word in BEFORE_A_VALUE - {"filter"}:
            return opening
        return None if word in NEVER_CALLS or self.word(opening - 2) == "." else opening - 1
