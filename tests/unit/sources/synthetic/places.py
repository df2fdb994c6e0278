"""Places for these tests: plain ones, and one in which everything changes half-way."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from joinedup.place.model import Membership, Neighbourhood, Partner, Place, Practice, SmallArea, Source
from joinedup.sources.synthetic.synthesis import MAKERS

AS_AT = date(2026, 3, 31)

FILES = (
    Source(name="register", partner="board", contract="register", files=("register.csv",)),
    Source(name="apc", partner="trust", contract="apc", files=("apc.csv",)),
    Source(name="ecds", partner="trust", contract="ecds", files=("ecds.csv",)),
    Source(name="deaths", partner="council", contract="deaths", files=("deaths.csv",)),
)
PARTNERS = (
    Partner(id="board", name="Board", code="QZZ", roles=("commissioner",)),
    Partner(id="trust", name="Trust", code="RZZ", roles=("hospital",)),
    Partner(id="other-trust", name="Other trust", roles=("hospital",)),
    Partner(id="council", name="Council", roles=("council",)),
)


def areas(count: int, names: tuple[str, ...] = ()) -> tuple[SmallArea, ...]:
    """Areas of every deprivation decile in turn, in wards of ten."""
    return tuple(
        SmallArea(
            code=f"E0100{number:04d}",
            ward_code=f"W{number // 10}",
            deprivation_decile=number % 10 + 1,
            population=1_000 + 50 * (number % 7),
            neighbourhood=names[number % len(names)] if names else None,
        )
        for number in range(count)
    )


def plain_place(**changes: Any) -> Place:
    """Three neighbourhoods of two practices each, thirty areas."""
    names = ("east", "middle", "west")
    practices = tuple(Practice(code=f"X{number:05d}", name=f"Practice {number}", list_size=6_000 + 1_000 * number) for number in range(6))
    said: dict[str, Any] = {
        "id": "plain",
        "name": "Plain",
        "folder": Path("plain"),
        "invented": True,
        "as_at": AS_AT,
        "neighbourhoods": tuple(Neighbourhood(id=name, name=name.title()) for name in names),
        "partners": PARTNERS,
        "practices": practices,
        "memberships": tuple(Membership(practice=each.code, neighbourhood=names[at % 3]) for at, each in enumerate(practices)),
        "areas": areas(30, names),
        "sources": FILES,
    }
    return Place(**(said | changes))


def changing_place(**changes: Any) -> Place:
    """Nine neighbourhoods, one split and one without practices; practices that close, open, move and belong nowhere; no list sizes."""
    whole = tuple(Neighbourhood(id=f"n{number}", name=f"N{number}") for number in range(6))
    split = Neighbourhood(id="old", name="Old", end=date(2025, 10, 1), succeeded_by=("new-a", "new-b"))
    halves = tuple(Neighbourhood(id=name, name=name, start=date(2025, 10, 1)) for name in ("new-a", "new-b"))
    practices = (
        *(Practice(code=f"Y{number:05d}", name=f"Practice {number}") for number in range(10)),
        Practice(code="Y10000", name="Closes, with an heir", closed=date(2025, 7, 1), succeeded_by="Y00000"),
        Practice(code="Y20000", name="Closes, without one", closed=date(2024, 12, 1)),
        Practice(code="Y30000", name="Opens", opened=date(2025, 4, 1)),
        Practice(code="Y40000", name="Belongs nowhere"),
    )
    memberships = (
        *(Membership(practice=f"Y{number:05d}", neighbourhood=f"n{number % 5}") for number in range(8)),
        Membership(practice="Y00008", neighbourhood="old", end=date(2025, 10, 1)),
        Membership(practice="Y00008", neighbourhood="new-a", start=date(2025, 10, 1)),
        Membership(practice="Y00009", neighbourhood="old", end=date(2025, 10, 1)),
        Membership(practice="Y00009", neighbourhood="new-b", start=date(2025, 10, 1)),
        Membership(practice="Y10000", neighbourhood="n1"),
        Membership(practice="Y20000", neighbourhood="n2"),
        Membership(practice="Y30000", neighbourhood="n3"),
    )
    return plain_place(
        neighbourhoods=(*whole, split, *halves),
        practices=practices,
        memberships=memberships,
        areas=areas(40, ("n0", "old", "n3", "n5", "gone")),
        **changes,
    )


def everything(place: Place) -> Place:
    """The place with a source for every contract that can be invented."""
    more = tuple(
        Source(name=name, partner="trust", contract=name, files=(f"{name}.csv",))
        for name in MAKERS
        if name not in {source.contract for source in place.sources}
    )
    return place.model_copy(update={"sources": (*place.sources, *more)})
