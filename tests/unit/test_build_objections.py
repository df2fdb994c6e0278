"""A build in which a file of objections is missing would count whoever objects."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from joinedup.build import OBJECTIONS, refuse_without_objections
from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity
from joinedup.place.folder import read_place
from joinedup.sources.contract import contracts

REFUSED = Finding("objections.csv", "missing-column", "has no column OPT_OUT_KIND", severity=Severity.ERROR)


def landing(*files: tuple[str, str, bool]) -> SimpleNamespace:
    return SimpleNamespace(files=[SimpleNamespace(contract=c, file=f, refused=r) for c, f, r in files], findings=(REFUSED,))


def test_nothing_is_built_while_a_file_of_objections_could_not_be_used(root: Path) -> None:
    assert OBJECTIONS in contracts()
    invented = read_place(root / "places" / "calderdale", contract_names=tuple(contracts()))
    real = invented.model_copy(update={"invented": False})
    lost = landing((OBJECTIONS, "objections.csv", True), ("apc", "apc.csv", False))
    with pytest.raises(PlaceError, match="1 file of objections could not be used") as error:
        refuse_without_objections(real, lost)  # type: ignore[arg-type]
    assert error.value.findings == (REFUSED,)
    refuse_without_objections(invented, lost)  # type: ignore[arg-type]
    refuse_without_objections(real, landing((OBJECTIONS, "objections.csv", False), ("apc", "apc.csv", True)))  # type: ignore[arg-type]
