"""Notebooks that begin where the folder ends: questions that its tables can answer, in Python and in R, ready to run there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from joinedup.hand_off.described import Table
from joinedup.hand_off.terms import Terms
from joinedup.periods import twelve_months_to

BEGINS = "%% "
"""How a cell begins: what it is, and the columns (table.column) without which it isn't written."""
R_NEEDS = frozenset(
    {
        *(f"person.{name}" for name in ("neighbourhood_id", "birth_year", "deprivation_fifth")),
        *(f"activity.{name}" for name in ("starts", "sector", "admission_method", "cost_pence")),
    }
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a notebook, and what it needs."""

    kind: str
    needs: tuple[str, ...]
    text: str


def write_examples(terms: Terms, tables: Sequence[Table], folder: Path) -> list[str]:
    """The names of the notebook and the R script that were written: none where the folder has no table that they ask."""
    there = {f"{table.name}.{each.name}" for table in tables for each in table.fields}
    cells = [cell for cell in _cells() if set(cell.needs) <= there]
    names = []
    if any(cell.needs for cell in cells) and tables[0].files[0].form != "xlsx":
        (folder / "questions.ipynb").write_text(_notebook(terms, cells), encoding="utf-8")
        names.append("questions.ipynb")
        if there >= R_NEEDS:
            (folder / "questions.R").write_text(_filled(_text("example.R"), terms), encoding="utf-8")
            names.append("questions.R")
    return names


def _cells() -> Iterator[Cell]:
    for part in _text("python.cells").split(f"\n{BEGINS}"):
        head, _, text = part.removeprefix(BEGINS).partition("\n")
        kind, *needs = head.split()
        yield Cell(kind, tuple(needs), text.rstrip("\n"))


def _notebook(terms: Terms, cells: Collection[Cell]) -> str:
    """A notebook as Jupyter reads it (nbformat 4.5), nothing run yet."""
    made = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "cells": [_cell(each, terms) for each in cells],
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _cell(cell: Cell, terms: Terms) -> dict[str, object]:
    text = _filled(cell.text, terms)
    made = {
        "id": hashlib.sha256(cell.text.encode()).hexdigest()[:8],
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    if cell.kind == "text":
        return {"cell_type": "markdown", **made}
    return {"cell_type": "code", "execution_count": None, "outputs": [], **made}


def _filled(text: str, terms: Terms) -> str:
    """The text, with the folder's own place and days."""
    period = twelve_months_to(terms.as_at)
    said = f"{terms.place}{' (invented people)' if terms.invented else ''}, as at {terms.as_at}. Purpose: {terms.purpose}."
    last = period.end - timedelta(days=1)
    return text.replace("{said}", said).replace("{as_at}", f"{last}").replace("{since}", f"{period.start}")


def _text(name: str) -> str:
    return (files("joinedup.hand_off") / "questions" / name).read_text(encoding="utf-8")
