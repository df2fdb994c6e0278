"""The story of `joinedup new`: a place folder from a few answers or from published files, and what was decided on the way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from joinedup.engine.duck import connect
from joinedup.engine.files_lines import Connection
from joinedup.errors import PlaceError
from joinedup.findings import Finding
from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.progress import Progress, silent
from joinedup.sources.contract import contracts
from joinedup.starting.district import District, find_district
from joinedup.starting.invented import from_answers
from joinedup.starting.networks import Network, Networks, find_networks
from joinedup.starting.practices import Commissioner, GeneralPractice, find_practices
from joinedup.starting.published import Shelf, files_below, kinds, shelf_of, texts
from joinedup.starting.published_rows import Reading, Told
from joinedup.starting.spoken import slug
from joinedup.starting.writing import Cells, Folder, Head, refuse_what_is_there, write_folder

BOARDS_BEGAN = date(2022, 7, 1)
"""Integrated care boards took over commissioning from clinical commissioning groups (Health and Care Act 2022)."""
NAMED = {
    "--practices": ("practices",),
    "--pcn-members": ("members", "map"),
    "--pcns": ("networks",),
    "--lists": ("registered", "qof", "totals", "payments"),
    "--lookup": ("areas",),
    "--deprivation": ("deprivation",),
    "--population": ("residents", "population", "answered"),
}
"""The options that name one published file -> the kinds that it must be one of."""


@dataclass(frozen=True)
class Answers:
    """What is asked of whoever starts a place."""

    as_at: date
    name: str = ""
    district: str = ""
    sub_icb: str = ""
    word: str = ""
    neighbourhoods: tuple[str, ...] = ()
    invented: bool = False
    former: tuple[str, ...] = ()
    trusts: tuple[str, ...] = ()
    published: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    """Option -> the published file that it names."""


@dataclass(frozen=True)
class Started:
    """A place that was started: what was decided and found on the way, and what a check of its folder finds."""

    place: Place
    decided: tuple[str, ...]
    findings: tuple[Finding, ...]


def start_place(path: Path, answers: Answers, progress: Progress = silent) -> Started:
    """The place whose folder is now at `path`; PlaceError where something is there, or where the answers don't make a place."""
    refuse_what_is_there(path)
    told = Told()
    folder = _published(answers, told, progress) if answers.published or answers.files else _answered(answers)
    write_folder(path, replace(folder, findings=tuple(told.findings)))
    place = read_place(path, contract_names=tuple(contracts()))
    return Started(place, tuple(told.decided), (*told.findings, *place.warnings))


def end_of_last_month(today: date) -> date:
    """The last day of the month before the one that a day lies in."""
    return today.replace(day=1) - timedelta(days=1)


def words(said: str) -> tuple[str, str] | None:
    """The local word and its plural, from 'team' or 'team/teams'; None for joinedup's own."""
    singular, _, plural = (part.strip() for part in said.partition("/"))
    if not singular or singular == "neighbourhood":
        return None
    if not plural:
        plural = singular[:-1] + "ies" if singular.endswith("y") and singular[-2:-1] not in "aeiou" else singular + "s"
    return singular, plural


def _answered(answers: Answers) -> Folder:
    if not answers.name or not answers.neighbourhoods:
        raise PlaceError(
            "a place needs a name and its neighbourhoods: say --name and --neighbourhoods, or --published for a folder of published files"
        )
    return from_answers(_head(answers, answers.name, answers.district), answers.neighbourhoods)


def _head(answers: Answers, name: str, code: str) -> Head:
    return Head(name=name, as_at=answers.as_at, invented=answers.invented, district_code=code, word=words(answers.word))


def _published(answers: Answers, told: Told, progress: Progress) -> Folder:
    """The folder of a place whose organisations and areas are as published."""
    con = connect()
    try:
        with tempfile.TemporaryDirectory(prefix="published-") as scratch:
            shelf = _shelf(con, answers, Path(scratch), progress)
        told.findings += shelf.findings
        work = Reading(con, shelf, answers.as_at, told)
        district = find_district(work, answers.district or None, answers.sub_icb or None)
        practices, commissioners = find_practices(work, district, answers.former)
        networks, practices = find_networks(work, commissioners, practices)
        trusts = _trusts(work, answers.trusts)
    finally:
        con.close()
    if not practices:
        raise PlaceError(
            f"no published file names a general practice of {district.name}: give the list of practices (epraccur) with --practices"
        )
    head = _head(answers, answers.name or district.name, district.code)
    whole = slug(head.name) if not networks.networks else ""
    neighbourhoods: list[Cells] = [_neighbourhood(each) for each in networks.networks] or [{"id": whole, "name": head.name}]
    return Folder(
        head,
        neighbourhoods,
        [*_partners(head, district, commissioners, networks, trusts)],
        [*_practice_rows(practices, networks, whole)],
        [*_area_rows(district)],
        told.decided,
    )


def _shelf(con: Connection, answers: Answers, scratch: Path, progress: Progress) -> Shelf:
    """The published files: those that are named, and those in the folder of the kinds that no named file is of."""
    named = list(answers.files.items())
    paths = [path for _, path in named]
    others = [path for path in files_below(answers.published) if path not in paths] if answers.published else []
    shelf = shelf_of(con, [*paths, *others], scratch, progress)
    settled: dict[str, str] = {}
    for option, path in named:
        found = [each.kind for each in shelf.found if each.file.path == path]
        wanted = [kind for kind in NAMED[option] if kind in found]
        if not wanted:
            looks = ", ".join(kinds()[kind].title for kind in found) or "none of the published files that joinedup knows"
            raise PlaceError(f"{path} is not what {option} names ({kinds()[NAMED[option][0]].title}): it looks like {looks}")
        settled |= dict.fromkeys(NAMED[option], path.name)
    kept = tuple(each for each in shelf.found if settled.get(each.kind, each.file.name) == each.file.name)
    if not kept:
        raise PlaceError(
            f"no file below {answers.published} is a published file that joinedup knows: a list of practices, memberships of networks, a "
            "lookup of small areas"
        )
    return Shelf(kept, tuple(each for each in shelf.findings if each.file in {path.name for path in paths}))


def _trusts(work: Reading, codes: Sequence[str]) -> list[tuple[str, str]]:
    """The trusts that were asked for, with their published names."""
    known: dict[str, str] = {}
    for file in work.shelf.of("trusts"):
        known |= dict(texts(work.con, f"SELECT {file.column('code')}, {file.column('name')} FROM {file.file.table}"))
    for code in codes:
        if code.upper() not in known:
            work.told.warn("partners.csv", "trust-without-name", f"no published file names the trust {code.upper()}: write its name")
    return [(code.upper(), known.get(code.upper(), f"Trust {code.upper()}")) for code in codes]


def _neighbourhood(network: Network) -> Cells:
    return {
        "id": network.id,
        "name": network.name,
        "code": network.code,
        "start": network.start,
        "end": network.end,
        "list_size": network.list_size,
    }


def _partners(
    head: Head, district: District, commissioners: Sequence[Commissioner], networks: Networks, trusts: Sequence[tuple[str, str]]
) -> Iterator[Cells]:
    ids = {each.code: "commissioner" if at == 0 else f"commissioner-{each.code.lower()}" for at, each in enumerate(commissioners)}
    yield {
        "partner_id": "council",
        "partner_name": f"{head.name} Council",
        "roles": "council;public_health;social_care_provider",
        "note": "check its name, and who provides social care",
    }
    for each in commissioners:
        name = each.name or f"Commissioner {each.code}"
        note = "started when most of its practices joined it" if each.start else ""
        row = {
            "partner_id": ids[each.code],
            "partner_name": name,
            "partner_code": each.code,
            "roles": "commissioner",
            "start": each.start,
            "end": each.end,
            "note": note,
        }
        yield row | {"succeeded_by": ids.get(each.followed_by, "") if each.end else ""}
    if district.icb:
        code, name = district.icb
        yield {
            "partner_id": "icb",
            "partner_name": name,
            "partner_code": code,
            "roles": "commissioner",
            "start": BOARDS_BEGAN,
            "note": f"{district.lookup}; boards began on 1 July 2022",
        }
    for code, name in trusts:
        yield {
            "partner_id": f"trust-{code.lower()}",
            "partner_name": name,
            "partner_code": code,
            "roles": "acute_provider",
            "note": "check what it provides",
        }
    for network in networks.networks:
        yield {
            "partner_id": f"{network.id}-pcn"[:60],
            "partner_name": f"{network.name} Primary Care Network",
            "partner_code": network.code,
            "roles": "primary_care_network",
            "start": network.start,
            "end": network.end,
        }


def _practice_rows(practices: Sequence[GeneralPractice], networks: Networks, whole: str) -> Iterator[Cells]:
    """A row for each practice and membership; in a place without networks every practice belongs to the one neighbourhood."""
    ids = {network.code: network.id for network in networks.networks}
    for practice in practices:
        about = {
            "practice_code": practice.code,
            "practice_name": practice.name,
            "opened": practice.opened,
            "closed": practice.closed,
            "list_size": networks.lists.get(practice.code),
            "status": "dormant" if practice.dormant else "active",
            "commissioner": practice.commissioner,
        }
        mine = [each for each in networks.belonging if each.practice == practice.code]
        for each in mine:
            yield about | {"neighbourhood": ids[each.network], "start": each.start, "end": each.end, "note": f"network {each.network}"}
        if not mine:
            yield about | {"neighbourhood": whole, "note": "" if whole else "in no network in the published files"}


def _area_rows(district: District) -> Iterator[Cells]:
    for at, area in enumerate(district.areas):
        yield {
            "area_code": area.code,
            "area_name": area.name,
            "ward_code": area.ward,
            "ward_name": area.ward_name,
            "deprivation_index": area.index,
            "deprivation_rank": area.rank,
            "deprivation_decile": area.decile,
            "population": area.residents,
            "note": f"areas and wards: {district.lookup}; see README.md" if at == 0 else "",
        }
