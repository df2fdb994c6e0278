"""What spreadsheets and statistical packages do to values on the way to a file, and what can be made good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from joinedup.engine.files_lines import Connection, quoted
from joinedup.engine.files_values import serial_sql, shortened_sql, values_sql
from joinedup.sources.contract import ContractField, FieldType
from joinedup.sources.rows import RowPlan, text_name

NUMBER_DIGITS = 10
"""Of an NHS number."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that happened to a column: its rule, the SQL that tells its rows among `file_rows`, and what follows "so many rows: "."""

    rule: str
    when: str
    message: str


def with_repairs(con: Connection, plan: RowPlan) -> RowPlan:
    """The plan that also makes good codes which lost their zeros, and takes numbers that lost digits as missing."""
    written = {field.name: field for field in plan.contract.fields if field.name in plan.columns.at}
    repairs = {name: found for name, field in written.items() if (found := codes_without_zeros(field))}
    tests = {name: f"{_text(written[name])} IN {values_sql(found)}" for name, found in repairs.items()}
    short = {name: shortened_sql(_text(field)) for name, field in written.items() if field.type is not FieldType.DATE} if plan.long else {}
    holding = _some_rows(con, [*tests.values(), *short.values()])
    return replace(
        plan,
        repairs={name: repairs[name] for name in tests if tests[name] in holding},
        shortened=frozenset(name for name in short if short[name] in holding),
    )


def codes_without_zeros(field: ContractField) -> dict[str, str]:
    """For each code that begins with zeros, what is left of it without them, where that can mean this one only."""
    bare: dict[str, list[str]] = {}
    for code in field.every_code:
        bare.setdefault(code.lstrip("0"), []).append(code)
    return {left: codes[0] for left, codes in bare.items() if left.isdigit() and len(codes) == 1 and left != codes[0]}


def damages(plan: RowPlan) -> Iterator[Damage]:
    """What happened to the columns of a file, as far as the plan knows; whether any row has it is to be counted."""
    fields = {field.name: field for field in plan.contract.fields}
    for name, codes in plan.repairs.items():
        yield Damage(
            "leading-zero-lost",
            f"{_text(fields[name])} IN {values_sql(codes)}",
            f"{name} has lost the zeros in front of its codes, as in spreadsheets; each can be one code only and was read as that",
        )
    for name in sorted(plan.shortened):
        yield Damage(
            "digits-lost",
            shortened_sql(_text(fields[name])),
            f"{name} holds long numbers that a spreadsheet has shortened, as 9.99E+09; their last digits are lost and they are taken as "
            "missing: ask for the column formatted as text",
        )
    for name, style in plan.styles.items():
        if style.serials:
            yield Damage(
                "dates-as-numbers",
                serial_sql(_text(fields[name]), style.serials),
                f"{name} holds dates as the numbers that spreadsheets count days by, and they were read so, 1 being 1 January 1900",
            )
    if "NHS_NUMBER" in plan.columns.at:
        text = _text(fields["NHS_NUMBER"])
        yield Damage(
            "too-short-a-number",
            f"regexp_full_match({text}, '\\d+') AND length({text}) < {NUMBER_DIGITS}",
            "NHS_NUMBER has fewer than ten digits, perhaps because a spreadsheet left out zeros in front; nobody is linked by it",
        )


def _text(field: ContractField) -> str:
    return quoted(text_name(field))


def _some_rows(con: Connection, tests: list[str]) -> set[str]:
    """Which of the tests hold for some row."""
    if not tests:
        return set()
    found = con.execute(f"SELECT {', '.join(f'coalesce(bool_or({test}), false)' for test in tests)} FROM file_rows").fetchall()[0]
    return {test for test, holds in zip(tests, found, strict=True) if holds}
