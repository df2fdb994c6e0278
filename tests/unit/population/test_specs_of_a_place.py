"""The tables of a place beside those of the package."""

from __future__ import annotations

from joinedup.build import all_specs
from joinedup.place.folder import read_place


def test_a_place_without_cohorts_of_its_own_has_the_packages_tables_to_the_letter(root):
    of_place = all_specs(read_place(root / "places" / "calderdale"))
    assert {name: spec.sql for name, spec in all_specs().items()} == {name: spec.sql for name, spec in of_place.items()}
