"""Makers of real places: the published files of a district, written as a place folder.

Practices, networks, lists, areas and deprivation are as published, oddities included; the people who are laid on them are
invented, and so the places say `invented: true`. Files and their oddities: FACTS.md of the open data.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from tests.place.places import text_of

AS_AT = date(2024, 1, 31)
"""The month of the organisation register; memberships of networks are those of a year before."""

Row = Mapping[str, str]
Cells = tuple[object, ...]


@dataclass(frozen=True)
class District:
    """What the published files call a district."""

    name: str
    code: str
    sub_icb: str
    began: str
    """When its commissioner took the code that it has now."""
    former: tuple[str, ...]
    trusts: tuple[str, ...]


DISTRICTS = {
    "Calderdale": District("Calderdale", "E08000033", "02T", "2013-04-01", (), ("RWY",)),
    "Kirklees": District("Kirklees", "E08000034", "X2C4Y", "2021-04-01", ("03A", "03J"), ("RWY", "RXF")),
}

AGES = {
    "Aged 15 years and under": "aged_0_15",
    "Aged 16 to 24 years": "aged_16_24",
    "Aged 25 to 34 years": "aged_25_34",
    "Aged 35 to 49 years": "aged_35_49",
    "Aged 50 to 64 years": "aged_50_64",
    "Aged 65 years and over": "aged_65_over",
}

SOURCES = """\
sources:
  - {name: register, partner: commissioner, contract: register, files: register.csv}
  - {name: apc, partner: trust-rwy, contract: apc, files: apc.csv}
  - {name: ecds, partner: trust-rwy, contract: ecds, files: ecds.csv}
  - {name: deaths, partner: council, contract: deaths, files: deaths.csv}
"""


@dataclass(frozen=True)
class Published:
    """The published rows that a place is made of."""

    practices: list[Row]
    members: list[Row]
    networks: list[Row]
    lists: Mapping[str, int]
    areas: list[Row]
    deprivation: Mapping[str, Row]
    residents: Mapping[str, int]
    groups: Mapping[tuple[str, str], int]
    """Residents of each area and group."""
    old: Mapping[str, int]
    """Patients aged 65 and over, by practice."""
    trusts: Mapping[str, str]


def make_place(shared: Path, district: str, folder: Path) -> Path:
    """A place folder made of the published files of a district, 'Calderdale' or 'Kirklees'; gives the folder."""
    place = DISTRICTS[district]
    found = published(shared / "open-data", place)
    folder.mkdir(parents=True)
    texts = {
        "place.yml": place_file(place, found),
        "partners.csv": text_of(partners(place, found)),
        "practices.csv": text_of(practices(found)),
        "areas.csv": text_of(areas(found)),
        "area_people.csv": text_of(area_people(found)),
        "sources.yml": SOURCES,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def published(data: Path, place: District) -> Published:
    """The rows of the published files that speak of a district."""
    codes = {place.sub_icb, *place.former}
    general = [row for row in rows(data / "practices/practices_epraccur_2024-01.csv") if row["prescribing_setting"] == "4"]
    ages = {(row["lsoa21_code"], AGES[row["age_group"]]): row for row in rows(data / "population/census2021_age_bands_by_lsoa21.csv")}
    ethnic = {
        (row["lsoa21_code"], row["ethnic_group"].split()[0].strip(",").lower()): row
        for row in rows(data / "population/census2021_ethnicity_by_lsoa21.csv")
    }
    residents: Counter[str] = Counter()
    for (area, _), row in ages.items():
        residents[area] += int(row["usual_residents"])
    lists = rows(data / "practices/qof_prevalence_2020-21_by_practice.csv")
    lists_of = {row["PRACTICE_CODE"]: int(row["PRACTICE_LIST_SIZE"]) for row in lists if row["PATIENT_LIST_TYPE"] == "TOTAL"}
    return Published(
        practices=[row for row in general if row["commissioner"] in codes],
        members=[row for row in rows(data / "practices/pcn_membership_2023-01.csv") if row["PCN Parent Sub ICB Loc Code"] in codes],
        networks=[row for row in rows(data / "practices/pcn_details_2023-01.csv") if row["Current Sub ICB Loc Code"] in codes],
        lists=lists_of,
        areas=[
            row for row in rows(data / "geography/lookup_lsoa21_msoa21_ward24_district_subicb_icb.csv") if row["ltla24_code"] == place.code
        ],
        deprivation={row["lsoa21_code"]: row for row in rows(data / "deprivation/imd2025_by_lsoa21.csv")},
        residents=residents,
        groups={at: int(row["usual_residents"]) for at, row in ages.items()} | {at: int(row["n"]) for at, row in ethnic.items()},
        old={
            row["PRACTICE_CODE"]: round(float(row["65perc"]) * lists_of[row["PRACTICE_CODE"]])
            for row in rows(data / "practices/practice_demographics_2020-04.csv")
            if row["PRACTICE_CODE"] in lists_of
        },
        trusts={row["nhs_trust22_code"]: row["nhs_trust22_name"] for row in rows(data / "geography/nhs_trusts_2022.csv")},
    )


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def place_file(place: District, found: Published) -> str:
    """place.yml: a neighbourhood for each network, its list the sum of its current members' lists."""
    lists: Counter[str] = Counter()
    for row in found.members:
        if not row["Practice to PCN Relationship End Date"]:
            lists[row["PCN Code"]] += found.lists.get(row["Partner Organisation Code"], 0)
    items = "\n".join(
        f"  - {{id: {slug(row['PCN Name'])}, name: {short(row['PCN Name']).title()!r}, code: {row['PCN Code']}, "
        f"start: {first_day(row['Open Date'])}, list_size: {lists[row['PCN Code']]}}}"
        for row in found.networks
    )
    return f"name: {place.name}\ninvented: true\nas_at: {AS_AT}\ndistrict_code: {place.code}\nneighbourhoods:\n{items}\n"


def partners(place: District, found: Published) -> Iterable[Cells]:
    """partners.csv: header and rows."""
    yield ("partner_id", "partner_name", "partner_code", "roles", "start", "end", "succeeded_by")
    yield ("council", f"{place.name} Council", "", "council;public_health", "", "", "")
    yield ("commissioner", f"NHS West Yorkshire ICB - {place.sub_icb}", place.sub_icb, "commissioner", place.began, "", "")
    for code in place.former:
        yield (
            f"commissioner-{code.lower()}",
            f"Former commissioner {code}",
            code,
            "commissioner",
            "2013-04-01",
            place.began,
            "commissioner",
        )
    for code in place.trusts:
        yield (f"trust-{code.lower()}", found.trusts[code], code, "acute_provider", "", "", "")
    for row in found.networks:
        yield (
            f"{slug(row['PCN Name'])}-pcn",
            row["PCN Name"],
            row["PCN Code"],
            "primary_care_network",
            first_day(row["Open Date"]),
            "",
            "",
        )


def practices(found: Published) -> Iterable[Cells]:
    """practices.csv: header, and a row for each practice and membership, or for a practice that never belonged to a network."""
    membership, lists = ("neighbourhood", "start", "end"), ("list_size", "list_aged_65_over")
    yield ("practice_code", "practice_name", *membership, "opened", "closed", *lists, "status", "commissioner")
    for row in found.practices:
        code = row["code"]
        status = "dormant" if row["status"] == "D" else "active"
        sizes = (found.lists.get(code, ""), found.old.get(code, ""))
        about = (first_day(row["open_date"]), day_after(row["close_date"]), *sizes, status, row["commissioner"])
        for spell in [member for member in found.members if member["Partner Organisation Code"] == code]:
            start, end = spell["Practice to PCN Relationship Start Date"], spell["Practice to PCN Relationship End Date"]
            yield (code, row["name"], slug(spell["PCN Name"]), first_day(start), day_after(end), *about)
        if code not in {member["Partner Organisation Code"] for member in found.members}:
            yield (code, row["name"], "", "", "", *about)


def areas(found: Published) -> Iterable[Cells]:
    """areas.csv: header and rows; no file says in which network's neighbourhood an area lies."""
    yield ("area_code", "area_name", "ward_code", "ward_name", "deprivation_index", "deprivation_rank", "deprivation_decile", "population")
    for row in found.areas:
        code, index = row["lsoa21_code"], found.deprivation[row["lsoa21_code"]]
        ward = (row["lsoa21_name"], row["ward24_code"], row["ward24_name"])
        yield (code, *ward, "IMD 2025", index["IMD_rank"], index["IMD_decile"], found.residents[code])


def area_people(found: Published) -> Iterable[Cells]:
    """area_people.csv: header and rows."""
    yield ("area_code", "group", "people")
    here = {row["lsoa21_code"] for row in found.areas}
    yield from ((area, group, people) for (area, group), people in found.groups.items() if area in here)


def short(name: str) -> str:
    """A network's name without what says that it is one."""
    return name.removesuffix(" PCN")


def slug(name: str) -> str:
    return "-".join(short(name).replace("&", "and").lower().split())


def first_day(written: str) -> str:
    """20191001 as 2019-10-01; blank stays blank."""
    return datetime.strptime(written, "%Y%m%d").date().isoformat() if written.strip() else ""


def day_after(written: str) -> str:
    """Registers give the last day; a place folder gives the first day after it."""
    return (datetime.strptime(written, "%Y%m%d").date() + timedelta(days=1)).isoformat() if written.strip() else ""
