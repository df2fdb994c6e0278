"""What the files of a place folder say, each part by itself and with its line: before anything is held against anything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel

from joinedup.engine.cluster import Cluster
from joinedup.findings import Finding, Severity
from joinedup.place.concepts import read_concepts
from joinedup.place.csv_file import Columns, Row, read_csv
from joinedup.place.located import Located, validated
from joinedup.place.model import (
    Agreement,
    AreaPeople,
    Contract,
    Frozen,
    Linking,
    LocalWord,
    LogId,
    Membership,
    Neighbourhood,
    Partner,
    Practice,
    PublicKey,
    RestrictedCode,
    Retention,
    SmallArea,
    Source,
    StaffMember,
    Threshold,
)
from joinedup.place.spark import read_spark
from joinedup.place.values import Code, Day, Slug, Text
from joinedup.place.yaml_file import Document, read_yaml, without

Model = TypeVar("Model", bound=BaseModel)
Many = tuple[Located[Model], ...]
Parts: TypeAlias = dict[str, Sequence[Any]]
Spotted: TypeAlias = tuple[str | int, ...]

SHARING = "sharing.yml"
TODO = "TODO"
"""How a value begins that `joinedup new` leaves for people to fill in."""

PARTNER = {"id": "partner_id", "name": "partner_name", "code": "partner_code"} | {
    name: name for name in ("roles", "start", "end", "succeeded_by")
}
PRACTICE = {"code": "practice_code", "name": "practice_name"} | {
    name: name for name in ("opened", "closed", "list_size", "list_aged_65_over", "succeeded_by", "status", "commissioner")
}
MEMBERSHIP = {"practice": "practice_code"} | {name: name for name in ("neighbourhood", "start", "end")}
AREA = {"code": "area_code", "name": "area_name"} | {name: name for name in list(SmallArea.model_fields)[2:]}

PARTNERS = Columns(tuple(PARTNER.values()), ("partner_id", "partner_name", "roles"))
PRACTICES = Columns(
    ("practice_code", "practice_name", "neighbourhood", "start", "end", *list(PRACTICE.values())[2:]),
    ("practice_code", "practice_name", "neighbourhood", "start", "end"),
)
AREAS = Columns(tuple(AREA.values()), ("area_code",))
AREA_GROUP = {"area": "area_code", "group": "group", "people": "people"}
STAFF_MEMBER = {name: name for name in StaffMember.model_fields} | {"scope_ids": "scope_id"}
STAFF = Columns(tuple(STAFF_MEMBER.values()), ("account", "name", "role"))
RESTRICTED_CODE = {name: name for name in RestrictedCode.model_fields}
RESTRICTED_CODES = Columns((*RESTRICTED_CODE, "why"), tuple(RESTRICTED_CODE))
AREA_PEOPLE = Columns(tuple(AREA_GROUP.values()), tuple(AREA_GROUP.values()))


MOST_OF_STAFF = 2_000_000
"""Bytes: some thirty thousand rows. The file is read at each look."""


class Head(Frozen):
    """What place.yml says of the place as a whole."""

    name: Text
    id: Slug | None = None
    invented: bool = False
    word: LocalWord = LocalWord()
    as_at: Day
    district_code: Code | None = None
    linking: Linking = Linking()
    retention: Retention = Retention()
    access_log: LogId = ""
    handed_over_by: PublicKey = ""
    sign_in: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Every part of a place that could be read, with its line."""

    heads: Many[Head] = ()
    neighbourhoods: Many[Neighbourhood] = ()
    contracts: Many[Contract] = ()
    thresholds: Many[Threshold] = ()
    partners: Many[Partner] = ()
    practices: Many[Practice] = ()
    practice_rows: Many[Practice] = ()
    memberships: Many[Membership] = ()
    areas: Many[SmallArea] = ()
    area_people: Many[AreaPeople] = ()
    sources: Many[Source] = ()
    staff: Many[StaffMember] = ()
    restricted_codes: Many[RestrictedCode] = ()
    agreements: Many[Agreement] = ()
    has_sharing: bool = False
    spark: tuple[Located[Cluster], ...] = ()
    """One, or none where there is no spark.yml."""
    today: date | None = None
    """The day on which the folder is read: agreements hold on it or don't."""
    unread: frozenset[str] = frozenset()
    """Files of which not every part could be read: what they don't name is no fault of who refers to it."""

    @property
    def as_at(self) -> date | None:
        """The day on which the place is looked at, where place.yml says it."""
        return self.heads[0].value.as_at if self.heads else None

    def neighbourhood(self) -> dict[str, Neighbourhood]:
        """The neighbourhoods by id."""
        return {found.value.id: found.value for found in self.neighbourhoods}

    def partner(self) -> dict[str, Partner]:
        """The partners by id."""
        return {found.value.id: found.value for found in self.partners}

    def practice(self) -> dict[str, Practice]:
        """The practices by code."""
        return {found.value.code: found.value for found in self.practices}


def read_facts(folder: Path, today: date | None = None) -> tuple[Facts, list[Finding]]:
    """Everything that the files of a folder say, and what is wrong with how they say it."""
    parts: dict[str, Any] = {}
    findings: list[Finding] = []
    for read in READERS:
        found, faults = read(folder)
        parts |= {name: tuple(values) for name, values in found.items()}
        findings += faults
    assert set(parts) <= {part.name for part in fields(Facts)}
    has_sharing = (folder / SHARING).is_symlink() or (folder / SHARING).exists()
    return Facts(**parts, has_sharing=has_sharing, today=today, unread=frozenset(finding.file for finding in findings)), findings


def read_place_file(folder: Path) -> tuple[Parts, list[Finding]]:
    """The head, neighbourhoods, contracts and thresholds of place.yml."""
    document, findings = read_yaml(folder, "place.yml")
    if findings and not document.content:
        return {}, findings
    listed = {"neighbourhoods": Neighbourhood, "contracts": Contract, "thresholds": Threshold}
    read: dict[str, tuple[list[Any], list[Finding]]] = {name: document.items(name, model) for name, model in listed.items()}
    read["heads"] = validated(Head, without(document.content, listed), document.spot(), known=(*Head.model_fields, *listed))
    return {name: values for name, (values, _) in read.items()}, findings + [fault for _, faults in read.values() for fault in faults]


def read_sources(folder: Path) -> tuple[Parts, list[Finding]]:
    """The sources of sources.yml."""
    document, findings = read_yaml(folder, "sources.yml")
    if findings and not document.content:
        return {}, findings
    sources, faults = document.items("sources", Source)
    _, strays = validated(Frozen, without(document.content, ["sources"]), document.spot(), known=("sources",))
    if "sources" not in document.content:
        strays.append(document.spot().fault("value-missing", "sources is missing: list each partner's extract below the line 'sources:'"))
    return {"sources": sources}, findings + strays + faults


def read_sharing(folder: Path) -> tuple[Parts, list[Finding]]:
    """The agreements of sharing.yml, a file that an invented place may do without; one still to be written is warned of and left out."""
    document, findings = read_yaml(folder, SHARING)
    if findings and not document.content:
        return {}, [finding for finding in findings if finding.rule != "file-missing"]
    listed = document.content.get("agreements") or []
    drafts = {i: list(to_be_written(item, ("agreements", i))) for i, item in enumerate(listed if isinstance(listed, list) else ())}
    agreements, faults = document.items("agreements", Agreement, leave=[i for i, todo in drafts.items() if todo])
    _, strays = validated(Frozen, without(document.content, ["agreements"]), document.spot(), known=("agreements",))
    if "agreements" not in document.content:
        strays.append(document.spot().fault("value-missing", "agreements is missing: list the agreements below the line 'agreements:'"))
    unwritten = [draft(document, todo) for todo in drafts.values() if todo]
    return {"agreements": agreements}, findings + strays + unwritten + faults


def to_be_written(content: Any, path: Spotted) -> Iterator[Spotted]:  # noqa: ANN401 - whatever YAML holds
    """Where a part of an agreement still says TODO."""
    if isinstance(content, dict):
        for name, part in content.items():
            yield from to_be_written(part, (*path, name))
    elif isinstance(content, list):
        for i, part in enumerate(content):
            yield from to_be_written(part, (*path, i))
    elif isinstance(content, str) and content.lstrip().startswith(TODO):
        yield path


def draft(document: Document, todo: Sequence[Spotted]) -> Finding:
    """That an agreement is still to be written, on the line of its first TODO."""
    said = ", ".join(dict.fromkeys(str(path[2]) for path in todo if len(path) > 2)) or "all of it"
    message = f"this agreement is still to be written ({said}), so it isn't in force: fill in what says {TODO}"
    return document.spot(*todo[0]).fault("agreement-to-be-written", message, severity=Severity.WARNING, endangers="the use of its sources")


def read_partners(folder: Path) -> tuple[Parts, list[Finding]]:
    """The partners of partners.csv."""
    rows, findings = read_csv(folder, "partners.csv", PARTNERS)
    partners, faults = each(Partner, rows, PARTNER)
    return {"partners": partners}, findings + faults


def read_areas(folder: Path) -> tuple[Parts, list[Finding]]:
    """The small areas of areas.csv, a file that a place may do without."""
    rows, findings = read_csv(folder, "areas.csv", AREAS)
    areas, faults = each(SmallArea, rows, AREA)
    return {"areas": areas}, [finding for finding in findings if finding.rule != "file-missing"] + faults


def read_area_people(folder: Path) -> tuple[Parts, list[Finding]]:
    """The residents of small areas by group, of area_people.csv, a file that a place may do without."""
    rows, findings = read_csv(folder, "area_people.csv", AREA_PEOPLE)
    people, faults = each(AreaPeople, rows, AREA_GROUP)
    return {"area_people": people}, [finding for finding in findings if finding.rule != "file-missing"] + faults


def read_staff(folder: Path) -> tuple[Parts, list[Finding]]:
    """For whom accounts act, of staff.csv, a file that a place may do without."""
    rows, findings = read_csv(folder, "staff.csv", STAFF, MOST_OF_STAFF)
    staff, faults = each(StaffMember, rows, STAFF_MEMBER)
    return {"staff": staff}, [finding for finding in findings if finding.rule != "file-missing"] + faults


def read_restricted_codes(folder: Path) -> tuple[Parts, list[Finding]]:
    """The codes of restricted_codes.csv and restricted_concepts.txt, which a place may do without: what it keeps out of its record
    beside what the law does."""
    rows, findings = read_csv(folder, "restricted_codes.csv", RESTRICTED_CODES)
    codes, faults = each(RestrictedCode, rows, RESTRICTED_CODE)
    concepts, more = read_concepts(folder)
    return {"restricted_codes": [*codes, *concepts]}, [finding for finding in findings if finding.rule != "file-missing"] + faults + more


def read_practices(folder: Path) -> tuple[Parts, list[Finding]]:
    """The practices of practices.csv, each once, and their memberships, one a row."""
    rows, findings = read_csv(folder, "practices.csv", PRACTICES)
    practices, faults = each(Practice, rows, PRACTICE)
    members = [row for row in rows if "neighbourhood" in row.cells]
    memberships, more = each(Membership, members, MEMBERSHIP)
    first: dict[str, Located[Practice]] = {}
    for found in practices:
        first.setdefault(found.value.code, found)
    undated = "has a start or end but no neighbourhood: write the neighbourhood it belonged to"
    dangling = [row.spot.fault("no-neighbourhood", undated) for row in rows if dated(row)]
    parts: Parts = {"practices": list(first.values()), "practice_rows": practices, "memberships": memberships}
    return parts, [*findings, *dict.fromkeys(faults + more), *dangling]


def dated(row: Row) -> bool:
    """Whether a row dates a membership without naming its neighbourhood."""
    return "neighbourhood" not in row.cells and bool({"start", "end"} & set(row.cells))


def each(model: type[Model], rows: list[Row], names: Mapping[str, str]) -> tuple[list[Located[Model]], list[Finding]]:
    """The rows as values of a model, whose fields have the given columns."""
    read = [validated(model, row.under(names), row.spot, names) for row in rows]
    return list(chain.from_iterable(values for values, _ in read)), list(chain.from_iterable(faults for _, faults in read))


def read_spark_file(folder: Path) -> tuple[Parts, list[Finding]]:
    """Where Spark runs, of spark.yml, a file that a place may do without."""
    clusters, findings = read_spark(folder)
    return {"spark": clusters}, findings


READERS = (
    read_place_file,
    read_partners,
    read_practices,
    read_areas,
    read_area_people,
    read_sources,
    read_sharing,
    read_staff,
    read_restricted_codes,
    read_spark_file,
)
"""What reads the files of a folder, each by itself."""
