"""Every way in which rows of a contract can be broken: what is written, and by which rule landing should find it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from joinedup.engine.files_text import plain
from joinedup.sources.columns import PERSON_FIELDS
from joinedup.sources.contract import ContractField, ContractSpec, FieldType, Rule
from joinedup.sources.damage import codes_without_zeros
from joinedup.sources.leaving import DELETION, SAME_KEY
from joinedup.sources.synthetic.targets import Target

NO_SUCH_CODES = ("ZQ", "QZ", "Q7Z")
"""What no list of codes holds."""
UNREADABLE = {
    FieldType.INTEGER: "three",
    FieldType.DECIMAL: "a half",
    FieldType.MONEY: "twelve",
    FieldType.DATE: "2025-02-30",
    FieldType.TIME: "25:61",
}
"""What is written where a value of a type should stand."""
SHORTENED = "1.04803E+15"
"""A long number as spreadsheets shorten it."""
ROUNDED = "12.345"
"""Pounds with a fraction of a penny."""
CONTROL = "\x07"
"""A byte that no text holds, whatever its encoding."""
SHIFTED = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(?: ([+-]) (\d+))?")


@dataclass(frozen=True, slots=True)
class Shift:
    """The value of another field of the row, or the as-at date, and so many days more (of a time: minutes; of a number: units)."""

    of: str
    more: int


@dataclass(frozen=True, slots=True)
class Break:
    """One way to break rows: the rule that finds it, the field it is about, and what becomes of such a row."""

    rule: str
    effect: str
    """rejected; kept, with a finding; superseded; or unlinked, which is kept but about nobody."""
    field: str | None = None
    values: Mapping[str, str | Shift] = dataclasses.field(default_factory=dict)
    """Field -> what stands there instead, as the contract writes it; blank for nothing."""
    written: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Field -> the very text that the file has there."""
    line: Callable[[str, str], str] | None = None
    """What becomes of the line of such a row, from the line and the delimiter."""
    twice: bool = False
    """Whether the row stands in the file a second time."""
    again: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Field -> the text that the second has there, by which it takes out the first and itself."""


def breaks_of(target: Target) -> Iterator[Break]:
    """Every way to break rows of a file: each rule of its contract, then those by which landing judges the rows of any contract."""
    contract, fields = target.contract, {field.name: field for field in target.fields}
    yield from (_of_rule(contract, rule) for rule in contract.rules if set(_fields_of(rule)) <= set(fields))
    for each in fields.values():
        yield from _of_field(target, each)
    yield from _of_identity(fields)
    if set(contract.key[:1]) <= set(fields) | set(PERSON_FIELDS):
        yield Break(SAME_KEY, "superseded", twice=True)
        if contract.deleted_by and contract.deleted_by.field in fields:
            yield Break(DELETION, "superseded", twice=True, again={contract.deleted_by.field: contract.deleted_by.codes[0]})
    if not target.parquet:
        yield from _of_text(next(iter(fields)))
    yield Break("blank-row", "rejected", written=dict.fromkeys(fields, ""))


def _fields_of(rule: Rule) -> tuple[str, ...]:
    return tuple(plain(name) for name in rule.broken_by)


def _of_rule(contract: ContractSpec, rule: Rule) -> Break:
    values = {plain(name): _value(contract, text) for name, text in rule.broken_by.items()}
    return Break(rule.name, "rejected" if rule.effect == "reject" else "kept", values=values)


def _value(contract: ContractSpec, text: str) -> str | Shift:
    """What `broken_by` says of one field."""
    found = SHIFTED.fullmatch(text)
    if found and (found[1] == "as_at" or found[1] in {field.name for field in contract.fields}):
        return Shift(found[1], int(f"{found[2] or '+'}{found[3] or 0}"))
    return text


def _of_field(target: Target, each: ContractField) -> Iterator[Break]:
    """What can be wrong with the values of one field."""
    typed = UNREADABLE.get(each.type)
    if each.required:
        yield Break("required-value-missing", "rejected", each.name, values={each.name: ""}, written={each.name: ""})
    if typed:
        rule, effect = ("unreadable-required-value", "rejected") if each.required else ("unreadable-value", "kept")
        yield Break(rule, effect, each.name, values={each.name: ""}, written={each.name: typed})
    if each.codes:
        code = next(
            code for code in NO_SUCH_CODES if code not in {*each.every_code, *each.null_values, *target.source.values.get(each.name, {})}
        )
        yield Break("unknown-code", "kept", each.name, values={each.name: code}, written={each.name: code})
        for left, whole in [*codes_without_zeros(each).items()][:1]:
            if left not in target.source.values.get(each.name, {}):
                yield Break("leading-zero-lost", "kept", each.name, values={each.name: whole}, written={each.name: left})
    if each.type in (FieldType.CODE, FieldType.TEXT) and not (
        each.required or each.identifier or each.codes or each.name in target.contract.key
    ):
        yield Break("digits-lost", "kept", each.name, values={each.name: ""}, written={each.name: SHORTENED})
    if each.type is FieldType.MONEY:
        yield Break("fractions-of-a-penny", "kept", each.name, values={each.name: ROUNDED}, written={each.name: ROUNDED})


def _of_identity(fields: Mapping[str, ContractField]) -> Iterator[Break]:
    """Rows about nobody who can be told."""
    present = [name for name in PERSON_FIELDS if name in fields]
    if not any(fields[name].required for name in present):
        yield Break("no-nhs-number", "unlinked", values=dict.fromkeys(present, ""), written=dict.fromkeys(present, ""))
    if "NHS_NUMBER" in fields:
        yield Break("nhs-number-check-digit", "unlinked", values={"NHS_NUMBER": Shift("NHS_NUMBER", 1)})


def _of_text(first: str) -> Iterator[Break]:
    """Lines that can't be split into fields, or hold what is no text; `first` is a field that the file has."""
    yield Break("damaged-text", "rejected", written={first: CONTROL})
    yield Break("too-many-fields", "rejected", line=lambda line, delimiter: f"{line}{delimiter}one more")
    yield Break("too-few-fields", "rejected", line=lambda line, delimiter: line.rsplit(delimiter, 1)[0])
    yield Break("broken-quotes", "rejected", line=lambda line, delimiter: f'"closed" too early{delimiter}{line.split(delimiter, 1)[1]}')
    yield Break("broken-quotes", "rejected", line=lambda line, delimiter: f'"never closed{delimiter}{line.split(delimiter, 1)[1]}')
