"""Every file, column, key and role of a place folder stands in the guide to describing a place."""

from __future__ import annotations

import pytest

from joinedup.place.facts import AREA_PEOPLE, AREAS, PARTNERS, PRACTICES, STAFF, Head
from joinedup.place.folder import READ
from joinedup.place.model import Agreement, Contract, LegalBasis, Linking, LocalWord, Neighbourhood, Source, Threshold, Tile
from joinedup.place.rules.organisations import ROLES

MODELS = (Head, Linking, LocalWord, Neighbourhood, Tile, Contract, Threshold, Source, Agreement, LegalBasis)
NAMES = {name for model in MODELS for name in model.model_fields} | {
    "neighbourhoods",
    "contracts",
    "thresholds",
    "sources",
    "agreements",
    *ROLES,
}


@pytest.mark.parametrize("name", sorted(NAMES.union(PARTNERS.known, PRACTICES.known, AREAS.known, AREA_PEOPLE.known, STAFF.known)))
def test_a_name_is_documented(root, name):
    assert f"`{name}`" in (root / "docs" / "how-to" / "describe-a-place.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", READ)
def test_a_file_is_documented(root, file):
    assert f"\n## {file}\n" in (root / "docs" / "how-to" / "describe-a-place.md").read_text(encoding="utf-8")
