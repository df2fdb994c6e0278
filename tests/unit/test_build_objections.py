"""A build in which a file of objections is missing would count whoever objects, and one of a list cut short lack whom it lacks."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from joinedup.build import refuse_unconfirmed, refuse_without_objections
from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity
from joinedup.place.folder import read_place
from joinedup.place.model import Place, Source
from joinedup.sources.contract import contracts
from joinedup.sources.leaving import MANY_LEFT
from joinedup.sources.objections import many_ended_rule

OBJECTIONS = "opt_out"
REFUSED = Finding("objections.csv", "missing-column", "has no column OPT_OUT_KIND", severity=Severity.ERROR)


def landing(*files: tuple[str, str, bool], findings: tuple[Finding, ...] = (REFUSED,)) -> SimpleNamespace:
    """A landing of files, given as contract, name, and whether they were refused; the source of objections is `opt_out`."""
    return SimpleNamespace(files=[SimpleNamespace(contract=c, source=c, file=f, refused=r) for c, f, r in files], findings=findings)


def test_nothing_is_built_while_a_file_of_objections_could_not_be_used(root: Path) -> None:
    assert OBJECTIONS in contracts()
    invented = read_place(root / "places" / "calderdale", contract_names=tuple(contracts()))
    real = invented.model_copy(update={"invented": False})
    lost = landing((OBJECTIONS, "objections.csv", True), ("apc", "apc.csv", False))
    with pytest.raises(PlaceError, match="1 file of objections could not be used") as error:
        refuse_without_objections(real, lost)  # type: ignore[arg-type]
    assert error.value.findings == (REFUSED,)
    refuse_without_objections(invented, lost)  # type: ignore[arg-type]
    given = ((OBJECTIONS, "objections.csv", False), ("protected_person", "protected.csv", False), ("apc", "apc.csv", True))
    refuse_without_objections(real, landing(*given))  # type: ignore[arg-type]
    with pytest.raises(PlaceError, match="no file of protected_person has landed"):
        refuse_without_objections(real, landing(given[0]))  # type: ignore[arg-type]


def real_place(root: Path, **told: object) -> Place:
    """The example place as if its people were real, with one source of objections."""
    invented = read_place(root / "places" / "calderdale", contract_names=tuple(contracts()))
    objections = Source(**{"name": OBJECTIONS, "partner": "icb", "contract": OBJECTIONS, "files": ("objections.csv",)} | told)
    return invented.model_copy(update={"invented": False, "sources": (objections,)})


def test_nothing_is_built_while_a_source_of_objections_has_no_file(root: Path) -> None:
    with pytest.raises(PlaceError, match="no file of opt_out has landed"):
        refuse_without_objections(real_place(root), landing(("apc", "apc.csv", False)))  # type: ignore[arg-type]


@pytest.mark.parametrize(("confirmed", "built"), [({}, False), ({"objections.csv": 11}, False), ({"objections.csv": 12}, True)])
def test_nothing_is_built_while_nobody_has_confirmed_that_many_objections_end(root: Path, confirmed: dict[str, int], built: bool) -> None:
    ended = Finding("objections.csv", many_ended_rule("objections"), "12 objections end", severity=Severity.WARNING, count=12)
    found = landing((OBJECTIONS, "objections.csv", False), findings=(ended,))
    place = real_place(root, ended_confirmed=confirmed)
    if built:
        refuse_unconfirmed(place, found)  # type: ignore[arg-type]
        return
    with pytest.raises(PlaceError, match="12 objections end and nobody has confirmed it") as error:
        refuse_unconfirmed(place, found)  # type: ignore[arg-type]
    assert error.value.findings == (ended,)


@pytest.mark.parametrize(("confirmed", "built"), [({}, False), ({"register.csv": 1105}, False), ({"register.csv": 1106}, True)])
def test_nor_while_nobody_has_confirmed_that_a_list_loses_so_many(root: Path, confirmed: dict[str, int], built: bool) -> None:
    lost = Finding("register.csv", MANY_LEFT, "it lists 894 where the list before had 2,000", severity=Severity.WARNING, count=1106)
    found = landing(("register", "register.csv", False), findings=(lost,))
    place = real_place(root, name="register", contract="register", files=("register.csv",), ended_confirmed=confirmed)
    refuse_unconfirmed(place.model_copy(update={"invented": True}), found)  # type: ignore[arg-type]
    if built:
        refuse_unconfirmed(place, found)  # type: ignore[arg-type]
        return
    with pytest.raises(PlaceError, match="1,106 records of lists end and nobody has confirmed it") as error:
        refuse_unconfirmed(place, found)  # type: ignore[arg-type]
    assert error.value.findings == (lost,)
