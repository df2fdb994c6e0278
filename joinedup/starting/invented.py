"""A place from a few answers; where its people are to be invented, so are its practices, partners and small areas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from joinedup.starting.spoken import slug
from joinedup.starting.writing import Cells, Folder, Head

PRACTICES_EACH, AREAS_EACH, AREAS_OF_WARD = 3, 10, 5
RESIDENTS = 1_700  # people of a small area, about the mean of mid-2020
FIRST = (
    "Copper",
    "Juniper",
    "Harvest",
    "Silver",
    "Bramble",
    "Windmill",
    "Amber",
    "Cobble",
    "Swallow",
    "Marigold",
    "Pebble",
    "Thistle",
    "Candle",
)
SECOND = ("Kettle", "Otter", "Lantern", "Heron", "Bobbin", "Acorn", "Hare", "Teapot", "Badger", "Fox", "Swan")
KINDS = ("Surgery", "Medical Practice", "Group Practice", "Health Centre")
PARTNERS = (
    ("council", "Council", "council;public_health;social_care_provider"),
    ("commissioner", "Integrated Care Board", "commissioner"),
    ("acute-trust", "Hospitals", "acute_provider"),
    ("community-trust", "Community Health and Mental Health", "community_provider;mental_health_provider"),
    ("ambulance", "Ambulance Service", "ambulance_provider"),
    ("hospice", "Hospice", "hospice"),
    ("voluntary-action", "Voluntary Action", "voluntary_sector"),
)


def from_answers(head: Head, neighbourhoods: Sequence[str]) -> Folder:
    """The folder of a place of these neighbourhoods: complete where it is invented, else with what its people must fill in left blank."""
    items = [{"id": id, "name": name} for id, name in _ids(neighbourhoods)]
    if not head.invented:
        came_from = [
            f"Name, date and {len(items)} neighbourhoods are answers that were given to joinedup new.",
            "Practices, small areas and extracts are not in it yet: fill in practices.csv and areas.csv, then joinedup add-source.",
        ]
        council, board = (
            ({"partner_id": id, "partner_name": name, "roles": roles}) for id, name, roles in _partners(head.name, PARTNERS[:2])
        )
        return Folder(head, items, [council, board], [], [], came_from)
    ids = [item["id"] for item in items]
    came_from = [
        "Everything in it is made up by joinedup new: neighbourhoods as they were named, practices, partners and small areas invented."
    ]
    partners = [{"partner_id": id, "partner_name": name, "roles": roles} for id, name, roles in _partners(head.name, PARTNERS)]
    return Folder(head, [*_with_tiles(items)], partners, [*_practices(ids)], [*_areas(ids)], came_from)


def _ids(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    taken: set[str] = set()
    for at, name in enumerate(names, 1):
        made = slug(name) or f"neighbourhood-{at}"
        made = f"{made}-{at}" if made in taken else made
        taken.add(made)
        yield made, name


def _partners(place: str, partners: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    return ((id, f"{place} {name}", roles) for id, name, roles in partners)


def _with_tiles(items: Sequence[dict[str, str]]) -> Iterator[Cells]:
    """The neighbourhoods laid out on the tile map, in a block as wide as it is high."""
    width = max(1, round(len(items) ** 0.5))
    for at, item in enumerate(items):
        yield item | {"tile": {"row": at // width + 1, "column": at % width + 1}}


def _practices(neighbourhoods: Sequence[str]) -> Iterator[Cells]:
    """Three practices in each neighbourhood, of unlike size; no code or name is a real one's."""
    number = 0
    for place in neighbourhoods:
        for _ in range(PRACTICES_EACH):
            name = f"The {FIRST[number % len(FIRST)]} {SECOND[number % len(SECOND)]} {KINDS[number % len(KINDS)]}"
            code, size = f"INV{number + 1:02d}", 4_000 + number * 2_711 % 9_000
            number += 1
            yield {"practice_code": code, "practice_name": name, "neighbourhood": place, "list_size": size, "note": "invented"}


def _areas(neighbourhoods: Sequence[str]) -> Iterator[Cells]:
    """Ten small areas in each neighbourhood, over all tenths of deprivation, by codes that no area has."""
    every = len(neighbourhoods) * AREAS_EACH
    for at in range(every):
        home, within = divmod(at, AREAS_EACH)
        decile = (within + home * 3) % 10 + 1
        ward = at // AREAS_OF_WARD
        yield {
            "area_code": f"E01998{at:03d}",
            "area_name": f"Invented area {at + 1}",
            "ward_code": f"E05998{ward:03d}",
            "ward_name": f"Invented ward {ward + 1}",
            "deprivation_index": "invented",
            "deprivation_rank": ((decile - 1) * 3_284) + 100 + at,
            "deprivation_decile": decile,
            "population": RESIDENTS + (at * 137) % 400 - 200,
            "neighbourhood": neighbourhoods[home],
        }
