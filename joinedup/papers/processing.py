"""The record of processing activities (UK GDPR, Article 30), as a table: one row for each agreement and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import xlsxwriter

from joinedup.cells import write_rows
from joinedup.errors import StoreProblem
from joinedup.papers.agreed import names
from joinedup.place.model import Agreement, Place, Source
from joinedup.place.sharing import state
from joinedup.sheets import workbook
from joinedup.sources.contract import ContractSpec

SUBJECTS = "people registered with the place's general practices, and people whom its services have seen"
TRANSFERS = "none: nothing is sent anywhere by joinedup"
SECURITY = (
    "identifiers split off at landing and kept encrypted under a key outside the place; the build holds pseudonyms; files private to their "
    "owner; three doors by role and purpose; an append-only access log; see docs/explanation/information-governance.md"
)
WIDEST = 60


def processing(place: Place, contracts: Mapping[str, ContractSpec], today: date) -> list[dict[str, str]]:
    """The fields of Article 30(1), by agreement and source; a source without any agreement has a row that says so."""
    sources = {source.name: source for source in place.sources}
    found = [
        _row(place, contracts, sources[name], agreement, today)
        for agreement in place.agreements
        for name in agreement.sources
        if name in sources
    ]
    covered = {name for agreement in place.agreements for name in agreement.sources}
    return found + [_row(place, contracts, source, None, today) for source in place.sources if source.name not in covered]


def _row(place: Place, contracts: Mapping[str, ContractSpec], source: Source, agreement: Agreement | None, today: date) -> dict[str, str]:
    contract, partners = contracts.get(source.contract), names(place)

    def said(ids: Sequence[str]) -> str:
        return "; ".join(partners.get(id, id) for id in ids)

    row = {
        "source": source.name,
        "given_by": said((source.partner,)),
        "categories_of_personal_data": f"{contract.title}: {contract.grain}" if contract else source.contract,
        "special_category": f"health and care ({contract.sector})" if contract else "not known",
        "identifiers": "; ".join(field.name for field in contract.identifiers) if contract else "not known",
        "data_items": str(len(contract.fields) - len(contract.identifiers)) if contract else "not known",
        "categories_of_data_subjects": SUBJECTS,
    }
    always = {"transfers": TRANSFERS, "security": SECURITY}
    if agreement is None:
        return dict.fromkeys(COLUMNS, "") | {"agreement": "none", "state": "missing"} | row | always
    return {
        "agreement": agreement.id,
        "state": state(agreement, today),
        **row,
        "title": agreement.title,
        "purposes": "; ".join(agreement.purposes),
        "controllers": said(agreement.controllers),
        "processor": said((agreement.processor,)) if agreement.processor else "",
        "contact": agreement.contact,
        "recipients": said(agreement.recipients),
        "article_6": agreement.legal_basis.article_6,
        "article_9": agreement.legal_basis.article_9,
        "common_law_basis": agreement.legal_basis.common_law,
        "approval": agreement.approval or "",
        "reference": agreement.reference,
        "starts": agreement.starts.isoformat(),
        "ends": agreement.ends.isoformat(),
        "retention_months": str(agreement.retention_months),
        **always,
    }


COLUMNS = (
    *("agreement", "state", "source", "given_by", "categories_of_personal_data", "special_category", "identifiers", "data_items"),
    *("categories_of_data_subjects", "title", "purposes", "controllers", "processor", "contact", "recipients", "article_6", "article_9"),
    *("common_law_basis", "approval", "reference", "starts", "ends", "retention_months", "transfers", "security"),
)


def write_processing(rows: Sequence[Mapping[str, str]], path: Path) -> Path:
    """The path, of a .csv or .xlsx file with the rows; StoreProblem where it is something else or can't be written."""
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise StoreProblem(f"a record of processing activities ends in .xlsx or .csv, and {path.name} doesn't")
    try:
        (_write_workbook if path.suffix.lower() == ".xlsx" else _write_csv)(rows, path)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise StoreProblem(f"{path} can't be written: {error}") from None
    return path


def _write_csv(rows: Sequence[Mapping[str, str]], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        write_rows(file, COLUMNS, rows)


def _write_workbook(rows: Sequence[Mapping[str, str]], path: Path) -> None:
    with workbook(path) as book:
        bold, sheet = book.add_format({"bold": True}), book.add_worksheet("processing")
        sheet.freeze_panes(1, 1)
        for at, name in enumerate(COLUMNS):
            widest = max([len(name), *(len(row[name]) for row in rows)])
            sheet.set_column(at, at, min(widest + 2, WIDEST))
            sheet.write_string(0, at, name, bold)
            for line, row in enumerate(rows, start=1):
                sheet.write_string(line, at, row[name])
