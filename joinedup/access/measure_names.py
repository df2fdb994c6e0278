"""What the areas and groups of measures are called."""

from __future__ import annotations

from joinedup.place.model import Place

GROUPS = {
    ("sex", "1"): "Male",
    ("sex", "2"): "Female",
    ("all", "all"): "Everybody",
    ("deprivation", "1"): "1 (most deprived)",
    ("deprivation", "5"): "5 (least deprived)",
    **{("ethnic_group", name): name.capitalize() for name in ("white", "mixed", "asian", "black", "other")},
    **{("age", str(at)): f"{5 * at}-{5 * at + 4}" for at in range(18)},
    ("age", "18"): "90 or over",
}


def area_names(place: Place) -> dict[tuple[str, str], str]:
    """What each area and group is called, by its kind and id."""
    names = {("place", "place"): place.name, ("none", "none"): "In no neighbourhood"}
    names |= {("neighbourhood", each.id): each.name for each in place.neighbourhoods}
    names |= {("pcn", each.code): each.name for each in place.neighbourhoods if each.code}
    names |= {("practice", each.code): each.name for each in place.practices}
    names |= {("ward", each.ward_code): each.ward_name or each.ward_code for each in place.areas if each.ward_code}
    return GROUPS | names
