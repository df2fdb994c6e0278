"""Neighbourhoods from primary care networks: who belongs to which, from when to when, and with how many patients."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from joinedup.engine.files_values import values_sql
from joinedup.place.spans import Span
from joinedup.starting.belonging import Belonging, sound
from joinedup.starting.list_sizes import list_sizes
from joinedup.starting.practices import GENERAL_PRACTICE, Commissioner, GeneralPractice
from joinedup.starting.published import texts
from joinedup.starting.published_rows import Reading, after, day_sql
from joinedup.starting.spoken import slug, spoken

FEWEST = 30_000
"""People that a network was meant to have at least (NHS England, Network Contract Directed Enhanced Service, 2019: 30,000 to 50,000)."""


@dataclass(frozen=True)
class Network:
    """A primary care network that becomes a neighbourhood."""

    code: str
    name: str
    id: str
    start: date | None = None
    end: date | None = None
    list_size: int | None = None


@dataclass(frozen=True)
class Networks:
    """Neighbourhoods, memberships and list sizes."""

    networks: tuple[Network, ...]
    belonging: tuple[Belonging, ...]
    lists: Mapping[str, int]
    """Practice -> registered patients."""
    lists_from: str = ""


def find_networks(
    work: Reading, commissioners: Sequence[Commissioner], practices: Sequence[GeneralPractice]
) -> tuple[Networks, list[GeneralPractice]]:
    """The networks of some commissioners, and the practices, with those of networks that the list of practices doesn't have under them."""
    codes = [each.code for each in commissioners]
    raw = _memberships(work, codes, practices)
    networks = _networks(work, codes, raw)
    known = {network.code for network in networks}
    for each in (each for each in raw if each.network not in known):
        work.told.warn(
            "practices.csv",
            "network-of-elsewhere",
            f"practice {each.practice} belongs to network {each.network}, which is another commissioner's: that membership is left out",
            "neighbourhood populations",
        )
    members = [each for each in raw if each.network in known]
    everyone = [*practices, *_from_elsewhere(work, members, practices)]
    lives = {each.code: Span.of(each.opened, each.closed) for each in everyone}
    belonging = tuple(sound(work, members, lives, {each.code: Span.of(each.start, each.end) for each in networks}))
    lists, lists_from = list_sizes(work, everyone)
    sized = tuple(_sized(work, networks, belonging, lists))
    _tell_of_practices(work, everyone, belonging, lists)
    return Networks(sized, belonging, lists, lists_from), everyone


def _memberships(work: Reading, codes: Sequence[str], practices: Sequence[GeneralPractice]) -> list[Belonging]:
    """The published memberships of the practices, and of any practice in a network of these commissioners."""
    dated = work.shelf.of("members")
    undated = work.shelf.of("map")
    if not dated and not undated:
        work.told.warn(
            "place.yml",
            "no-networks",
            "no file says which practice belongs to which primary care network: the whole place is one neighbourhood",
        )
        return []
    file = sorted(dated or undated, key=lambda each: each.file.name)[-1]
    if dated:
        work.told.decide(f"Memberships, with their dates, are those of {file.file.name}; its last days are written as the first day after.")
    else:
        work.told.warn(
            "practices.csv",
            "undated-memberships",
            f"memberships are those of {file.file.name}, which gives no dates: they are taken to hold always",
            "neighbourhood trends",
        )
    ours = [f"{file.column('practice')} IN {values_sql([each.code for each in practices] or [''])}"]
    commissioner = "network_commissioner" if "network_commissioner" in file.at else "commissioner"
    if commissioner in file.at:
        ours.append(f"{file.column(commissioner)} IN {values_sql(codes)}")
    start, end = (day_sql(file.column(role)) if role in file.at else "CAST(NULL AS DATE)" for role in ("start", "end"))
    rows = texts(
        work.con,
        f"""
        SELECT DISTINCT {file.column("practice")}, {file.column("network")}, {start} AS start, {end} AS ended, {file.column("name")}
        FROM {file.file.table}
        WHERE ({" OR ".join(ours)}) AND {file.column("practice")} IS NOT NULL AND {file.column("network")} LIKE 'U%' ORDER BY 1, 3, 4, 2
    """,
    )
    return [Belonging(practice, network, begins, after(ends), name or "") for practice, network, begins, ends, name in rows]


def _networks(work: Reading, codes: Sequence[str], members: Sequence[Belonging]) -> list[Network]:
    """The networks of these commissioners, each with an id and a name of its own."""
    found: dict[str, tuple[str, date | None, date | None]] = {}
    for file in work.shelf.of("networks"):
        opened, closed = day_sql(file.column("opened")), day_sql(file.column("closed"))
        rows = texts(
            work.con,
            f"""
            SELECT {file.column("network")}, min({file.column("name")}), min({opened}), max({closed})
            FROM {file.file.table} WHERE {file.column("commissioner")} IN {values_sql(codes)} GROUP BY 1 ORDER BY 2
        """,
        )
        found |= {code: (name, opened, after(closed)) for code, name, opened, closed in rows}
        work.told.decide(f"Networks and when they began are those of {file.file.name}.")
    for file in [*work.shelf.of("members"), *work.shelf.of("map")]:
        commissioner = "network_commissioner" if "network_commissioner" in file.at else "commissioner"
        if commissioner in file.at and (not found or file.kind == "members"):
            rows = texts(
                work.con,
                f"""
                SELECT {file.column("network")}, min({file.column("network_name")}) FROM {file.file.table}
                WHERE {file.column(commissioner)} IN {values_sql(codes)} AND {file.column("network")} LIKE 'U%' GROUP BY 1 ORDER BY 2
            """,
            )
            for code, name in rows:
                found.setdefault(code, (name, None, None))
    used = {each.network for each in members}
    for code in sorted(set(found) - used):
        work.told.warn("place.yml", "network-without-practices", f"network {code} ({found[code][0]}) never had a practice: it is left out")
    return list(_named({code: said for code, said in found.items() if code in used}))


def _named(found: Mapping[str, tuple[str, date | None, date | None]]) -> Iterator[Network]:
    taken: set[str] = set()
    for code, (name, start, end) in found.items():
        shown = spoken(re.sub(r"\s+(PCN|PRIMARY CARE NETWORK)\s*$", "", name or code, flags=re.IGNORECASE))
        made = slug(shown)
        if made in taken or not made:
            shown, made = f"{shown} ({code})", f"{made}-{code.lower()}".strip("-")
        taken.add(made)
        yield Network(code, shown, made, start, end)


def _from_elsewhere(work: Reading, members: Sequence[Belonging], practices: Sequence[GeneralPractice]) -> list[GeneralPractice]:
    """Practices that belong to a network of the place and are in the list under another commissioner, or not in it at all."""
    known = {each.code for each in practices}
    wanted = sorted({each.practice for each in members} - known)
    if not wanted:
        return []
    listed: dict[str, GeneralPractice] = {}
    for file in work.shelf.of("practices"):
        rows = texts(
            work.con,
            f"""
            SELECT {file.column("code")}, {file.column("name")}, {file.column("postcode")}, {day_sql(file.column("opened"))},
                {day_sql(file.column("closed"))}, upper({file.column("status")}), {file.column("commissioner")}, {file.column("setting")}
            FROM {file.file.table} WHERE {file.column("code")} IN {values_sql(wanted)} ORDER BY 1
        """,
        )
        for code, name, postcode, opened, closed, status, commissioner, setting in rows:
            listed[code] = GeneralPractice(code, name or code, postcode or "", opened, after(closed), status == "D", commissioner or "")
            why = "no general practice there" if setting != GENERAL_PRACTICE else f"commissioned by {commissioner or 'nobody'} there"
            work.told.warn(
                file.file.name,
                "practice-of-elsewhere",
                f"practice {code} belongs to a network of the place and is {why}: it is kept",
                "every count of the place",
            )
    names = {each.practice: each.name for each in members}
    for code in (code for code in wanted if code not in listed):
        if practices:
            work.told.warn(
                "practices.csv",
                "practice-not-listed",
                f"practice {code} belongs to a network of the place and is not in the list of practices: it is kept, without dates of its "
                "own",
            )
        listed[code] = GeneralPractice(code, names[code] or code, "", None, None, False, "")
    return [listed[code] for code in wanted]


def _sized(work: Reading, networks: Sequence[Network], belonging: Sequence[Belonging], lists: Mapping[str, int]) -> Iterator[Network]:
    """The networks with the lists of the practices that belong to them on the as-at date."""
    for network in networks:
        current = [each.practice for each in belonging if each.network == network.code and work.as_at in Span.of(each.start, each.end)]
        people = sum(lists.get(practice, 0) for practice in current)
        if lists and current and people < FEWEST:
            work.told.warn(
                "place.yml",
                "small-network",
                f"{network.name} ({network.code}) has {people:,} registered people: networks were meant to have {FEWEST:,} or more; "
                "is it a neighbourhood of its own?",
                "rates of that neighbourhood",
            )
        yield replace(network, list_size=people or None)


def _tell_of_practices(
    work: Reading, practices: Sequence[GeneralPractice], belonging: Sequence[Belonging], lists: Mapping[str, int]
) -> None:
    """Nothing; what is odd about practices and that a check of the folder can't see is work.told."""
    current = {each.practice for each in belonging if work.as_at in Span.of(each.start, each.end)}
    ended = {each.practice: each.end for each in belonging if each.end}
    for each in practices:
        if each.code in current and each.code not in lists and "HAVEN" in each.name.upper():
            work.told.warn(
                "practices.csv",
                "safe-haven",
                f"practice {each.code} is a safe haven, which has few patients by its nature and no list here: it is kept as the member "
                "that it is",
            )
        heir = next((other for other in practices if other.code != each.code and _took_over(each, other, ended.get(each.code))), None)
        if heir:
            work.told.warn(
                "practices.csv",
                "perhaps-succeeded",
                f"practice {each.code} seems to have come back as {heir.code}, at the same postcode and from the day that it ended: write "
                "succeeded_by "
                f"and closed of {each.code} if so"
                + (f", and its list_size for {heir.code}" if each.code in lists and heir.code not in lists else ""),
                "people still registered there",
            )


def _took_over(each: GeneralPractice, other: GeneralPractice, left: date | None) -> bool:
    """Whether another practice opened where this one was, on the day after it ended or left its network."""
    ends = each.closed or left
    return bool(ends and other.opened == ends and each.postcode and each.postcode.replace(" ", "") == other.postcode.replace(" ", ""))
