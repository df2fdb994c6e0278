"""The rules of portable SQL for words and signs, which its tree no longer tells apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from joinedup.engine.parse import Token, TokenType, place_of
from joinedup.engine.portable_context import Refusal
from joinedup.engine.portable_words import (
    FUNCTIONS,
    INSTEAD,
    ON_THE_LIST,
    PATTERN,
    PLAIN_TYPES,
    SIGNS,
    STRUCTURE,
    TEXT_TYPES,
    TYPE_NAMES,
)

CASTS = ("cast", "try_cast")
PARTS = {TokenType.FROM, TokenType.WHERE, TokenType.GROUP_BY, TokenType.HAVING, TokenType.ORDER_BY, TokenType.UNION, TokenType.EXCEPT}
ENDS = PARTS | {TokenType.R_PAREN, TokenType.INTERSECT, TokenType.SEMICOLON, None}
"""What may follow a list, or a condition, that is over."""
LOOKED_AT = {
    TokenType.STRING, TokenType.SLASH, TokenType.LIKE, TokenType.COMMA, TokenType.FILTER, TokenType.WHERE, TokenType.ISNULL,
    TokenType.NOTNULL, TokenType.STAR,
}  # fmt: skip
"""Tokens of which it hangs on their text, or on what stands beside them."""
A_NAME_IN_BRACKETS = [TokenType.L_PAREN, TokenType.VAR, TokenType.R_PAREN]


def token_refusals(tokens: tuple[Token, ...]) -> Iterator[Refusal]:
    """Refusals of words and signs, by their order in the text."""
    calls: list[str] = []
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.token_type is TokenType.L_PAREN:
            calls.append(before.text.lower() if before is not None else "")
        elif token.token_type is TokenType.R_PAREN and calls:
            calls.pop()
        named = before is not None and before.text.upper() == "AS"
        if named and calls and calls[-1] in CASTS:
            yield from _type(token, after)
        else:
            yield from _word(token, before, after, named)
        yield from _mark(tokens, index)


def _type(token: Token, after: Token | None) -> Iterable[Refusal]:
    """Refusals of a type's name that only one engine knows, and of lengths."""
    word, follows = " ".join(token.text.upper().split()), after.text.upper() if after is not None else ""
    if word in TEXT_TYPES:
        yield Refusal("text-type", f"{token.text} is not a type on both engines; write STRING", token.line, place_of(token))
    elif word in TYPE_NAMES:
        yield Refusal("type-name", f"{token.text} is not a type on both engines; write {TYPE_NAMES[word]}", token.line, place_of(token))
    elif word in PLAIN_TYPES and follows != ")":
        yield Refusal("type-name", f"{word} stands alone on both engines; leave out what follows it", token.line, place_of(token))


def _word(token: Token, before: Token | None, after: Token | None, named: bool) -> Iterable[Refusal]:
    """Refusals of a function that isn't on the list."""
    if after is None or token.token_type in (TokenType.STRING, TokenType.NUMBER, TokenType.IDENTIFIER):
        return
    called = after.token_type is TokenType.L_PAREN and token.text.isidentifier() and not named
    word = token.text.lower()
    if called and word not in FUNCTIONS | STRUCTURE and not (before is not None and before.token_type is TokenType.WITH):
        instead = INSTEAD.get(word) or (PATTERN if word.startswith("regexp") else ON_THE_LIST)
        yield Refusal("function", f"{word}() isn't portable; {instead}", token.line, place_of(token))


def _mark(tokens: tuple[Token, ...], index: int) -> Iterable[Refusal]:
    """Refusals of signs, such as :: and the semicolon, and of backslashes in text."""
    name = _sign(tokens, index)
    if name in SIGNS:
        yield Refusal(*SIGNS[name], tokens[index].line, place_of(tokens[index]))


def _sign(tokens: tuple[Token, ...], index: int) -> str:
    """What a token is called in the list of signs, if it is there."""
    token, kind = tokens[index], tokens[index].token_type
    if kind not in LOOKED_AT:
        return str(kind.name)
    then = [tokens[place].token_type if place < len(tokens) else None for place in range(index + 1, index + 5)]
    bracket = then[0] is TokenType.L_PAREN
    found = {
        "BACKSLASH": kind is TokenType.STRING and "\\" in token.text,
        "SLASHES": kind is TokenType.SLASH and index > 0 and tokens[index - 1].token_type is TokenType.SLASH,
        "DSTAR": kind is TokenType.STAR and index > 0 and tokens[index - 1].token_type is TokenType.STAR,
        "LIKE_SIGN": token.text == "~~",
        "LAST_COMMA": kind is TokenType.COMMA and then[0] in ENDS,
        "FILTER_ALONE": kind is TokenType.FILTER and bracket and then[1] is not TokenType.WHERE,
        "WHERE_BRACKET": kind is TokenType.WHERE and then[:3] == A_NAME_IN_BRACKETS and then[3] in ENDS,
        kind.name: kind in (TokenType.ISNULL, TokenType.NOTNULL) and not bracket,
    }
    return next((name for name, so in found.items() if so), "")
