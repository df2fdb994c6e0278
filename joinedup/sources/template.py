"""Templates: a spreadsheet or CSV file with a contract's columns, for somebody who keeps a list to fill in."""

from __future__ import annotations

from pathlib import Path

import xlsxwriter

from joinedup.cells import write_rows
from joinedup.errors import StoreProblem
from joinedup.sheets import workbook
from joinedup.sources.columns import PERSON_FIELDS
from joinedup.sources.contract import ContractField, ContractSpec, FieldType

ROWS = "rows"
MEANINGS = "meanings"
LONGEST_CHOICE = 255
"""Signs that a spreadsheet lets a list of choices have."""
FORMATS = {FieldType.DATE: "yyyy-mm-dd", FieldType.TIME: "@", FieldType.TEXT: "@", FieldType.CODE: "@", FieldType.MONEY: "0.00"}
"""How the cells of a column are written: text stays text, so that a number keeps its zeros in front."""
WIDEST = 60


def write_template(contract: ContractSpec, path: Path) -> Path:
    """The path, of a new file: a row of headings to fill in below, and in a spreadsheet a second sheet that says what they mean.

    StoreProblem where the file is there already, is neither .xlsx nor .csv, or can't be written.
    """
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise StoreProblem(f"a template ends in .xlsx or .csv, and {path.name} doesn't")
    if path.exists():
        raise StoreProblem(f"{path} is there already, and may have been filled in: choose another name, or move it away")
    try:
        (_write_workbook if path.suffix.lower() == ".xlsx" else _write_csv)(contract, path)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise StoreProblem(f"{path} can't be written: {error}") from None
    return path


def headings(contract: ContractSpec) -> list[str]:
    """The columns of a template: what every row needs first, then who it is about, then the rest."""
    needed = [field.name for field in contract.fields if field.required]
    return list(dict.fromkeys([*needed, *PERSON_FIELDS, *(field.name for field in contract.fields)]))


def _write_csv(contract: ContractSpec, path: Path) -> None:
    with path.open("x", newline="", encoding="utf-8") as file:
        write_rows(file, headings(contract), ())


def _write_workbook(contract: ContractSpec, path: Path) -> None:
    fields = {field.name: field for field in contract.fields}
    with workbook(path) as book:
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        rows, meanings = book.add_worksheet(ROWS), book.add_worksheet(MEANINGS)
        for at, name in enumerate(headings(contract)):
            style = book.add_format({"num_format": FORMATS.get(fields[name].type, "General")})
            rows.set_column(at, at, max(len(name) + 2, 12), style)
            rows.write_string(0, at, name, bold)
            if choices := _choices(fields[name]):
                # a hint rather than a rule: another value is a finding when the file is read
                rows.data_validation(1, at, 1_048_575, at, {"validate": "list", "source": choices, "error_type": "information"})
        rows.freeze_panes(1, 0)
        for at, (title, width) in enumerate(
            (("column", 34), ("needed", 10), ("what it means", WIDEST), ("values", WIDEST), ("other names", WIDEST))
        ):
            meanings.set_column(at, at, width, wrapped)
            meanings.write_string(0, at, title, bold)
        for row, name in enumerate(headings(contract), 1):
            for at, text in enumerate(_told(fields[name])):
                meanings.write_string(row, at, text)
        meanings.freeze_panes(1, 1)


def _choices(field: ContractField) -> list[str]:
    """The values to choose from; none where there are too many for a spreadsheet."""
    codes = list(field.codes)
    return codes if len(",".join(codes)) <= LONGEST_CHOICE else []


def _told(field: ContractField) -> tuple[str, str, str, str, str]:
    """What the second sheet says of a column."""
    if field.required:
        needed = "yes"
    elif field.name in PERSON_FIELDS:
        needed = "one of " + ", ".join(PERSON_FIELDS)
    else:
        needed = ""
    unit = f" ({field.unit})" if field.unit else ""
    values = "; ".join(f"{code}: {meaning}" for code, meaning in field.codes.items())
    return field.name, needed, field.meaning + unit, values, ", ".join(field.also)
