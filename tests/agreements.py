"""Agreements for test places: real people need one for every source."""

from __future__ import annotations

from datetime import date
from typing import Any

from joinedup.place.model import PURPOSES, Agreement, LegalBasis, Place


def agreement(**says: Any) -> Agreement:
    """An agreement over everything, in force for many years, but for what is said."""
    usual: dict[str, Any] = {
        "id": "everything",
        "title": "Everything",
        "controllers": ("trust",),
        "recipients": ("icb",),
        "sources": ("list", "hospital"),
        "purposes": PURPOSES,
        "legal_basis": LegalBasis(article_6="6(1)(e)", article_9="9(2)(a)", common_law="explicit consent"),
        "starts": date(2020, 1, 1),
        "ends": date(2150, 1, 1),
        "retention_months": 96,
        "reference": "DSA-1",
        "contact": "ig@trust.example",
    }
    return Agreement(**usual | says)


def shared(place: Place, *agreements: Agreement) -> dict[str, Any]:
    """What a place of these agreements is changed in; without any, one that covers all its sources."""
    names = tuple(source.name for source in place.sources)
    return {"has_sharing": True, "agreements": agreements or (agreement(sources=names),)}
