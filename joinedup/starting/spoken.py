"""Names in capitals as people write them, and as ids."""

from __future__ import annotations

import re

UPPER = {"nhs", "pcn", "gp", "gps", "ne", "nw", "se", "sw", "uk", "ii", "iii"}
LOWER = {"and", "of", "the", "in", "on", "for", "with", "upon", "le", "by"}


def spoken(name: str) -> str:
    """A name in capitals as people write it."""
    if name != name.upper():
        return name.strip()
    words = name.lower().split()
    return " ".join(
        word.upper()
        if word in UPPER
        else word
        if word in LOWER and at
        else re.sub(r"(^|[-(/.])([a-z])", lambda m: m[1] + m[2].upper(), word)
        for at, word in enumerate(words)
    )


def slug(name: str) -> str:
    """A name as an id: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.replace("&", " and ").replace("'", "").lower()).strip("-")[:60].strip("-")
