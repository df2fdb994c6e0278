"""The files of a place folder, as text, and the folder made of them at once or not at all."""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from joinedup.cells import write_rows
from joinedup.errors import PlaceError
from joinedup.findings import Finding
from joinedup.place.facts import AREA, PARTNER, PRACTICE
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic.synthesis import MAKERS
from joinedup.starting.agreements import sharing_text

Cells = Mapping[str, object]
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _.,()/&'*%+-]*")
WORDS_OF_YAML = {"y", "n", "yes", "no", "true", "false", "on", "off", "null", "none", "nan"}
ROLE_OF_SECTOR = {
    "acute": "acute_provider",
    "urgent care": "acute_provider",
    "community": "community_provider",
    "mental health": "mental_health_provider",
    "maternity": "acute_provider",
    "adult social care": "social_care_provider",
    "children": "social_care_provider",
    "voluntary": "voluntary_sector",
    "registration of deaths": "council",
}
"""Which kind of partner is likely to send the extracts of a sector; the commissioner sends the others."""
HALF = "neighbourhood"
PRACTICE_COLUMNS = ("practice_code", "practice_name", HALF, "start", "end", *list(PRACTICE.values())[2:], "note")
PARTNER_COLUMNS = (*PARTNER.values(), "note")
AREA_COLUMNS = (*AREA.values(), "note")


@dataclass(frozen=True)
class Head:
    """What place.yml says of the place as a whole."""

    name: str
    as_at: date
    invented: bool = False
    district_code: str = ""
    word: tuple[str, str] | None = None
    """What people call a neighbourhood, and several of them."""


@dataclass(frozen=True)
class Folder:
    """A place folder before it is written: rows by file, each cell by its column."""

    head: Head
    neighbourhoods: Sequence[Cells]
    partners: Sequence[Cells]
    practices: Sequence[Cells]
    areas: Sequence[Cells]
    came_from: Sequence[str]
    """Sentences that say where it all came from."""
    findings: Sequence[Finding] = field(default_factory=tuple)


def write_folder(path: Path, folder: Folder) -> None:
    """Nothing; the folder is there with all its files, or not at all. PlaceError where something is there already."""
    refuse_what_is_there(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        for name, text in files_of(folder).items():
            (work / name).write_text(text, encoding="utf-8")
        work.chmod(0o755)
        work.rename(path)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def refuse_what_is_there(path: Path) -> None:
    """Nothing, or PlaceError: what somebody has written is never written over."""
    if path.is_symlink() or path.exists():
        raise PlaceError(f"{path} is there already, and nothing is written over it: name another folder, or move this one away first")


def files_of(folder: Folder) -> dict[str, str]:
    """The text of each file of the folder."""
    return {
        "place.yml": place_text(folder),
        "partners.csv": csv_text(PARTNER_COLUMNS, folder.partners),
        "practices.csv": csv_text(PRACTICE_COLUMNS, folder.practices),
        "areas.csv": csv_text(AREA_COLUMNS, folder.areas),
        "sources.yml": sources_text(folder),
        "sharing.yml": sharing_text(senders(folder) if folder.head.invented else (), invented=folder.head.invented),
        "README.md": readme_text(folder),
    }


def place_text(folder: Folder) -> str:
    """place.yml."""
    head = folder.head
    lines = [f"# {head.name}. Where this came from:", *(f"#   {sentence}" for sentence in folder.came_from)]
    lines += ["# Every end is the first day on which the thing no longer holds; a start or end that is left out is open.", ""]
    lines += [f"name: {yaml_text(head.name)}"]
    lines += ["invented: true # made-up people only: every page and chart says so"] if head.invented else []
    lines += [f"as_at: {head.as_at} # the last day that the record is to cover: move it on with each month's extracts"]
    lines += [f"district_code: {head.district_code} # Office for National Statistics"] if head.district_code else []
    if head.word:
        singular, plural = head.word
        lines += [
            "",
            "word: # what people here call a neighbourhood",
            f"  singular: {yaml_text(singular)}",
            f"  plural: {yaml_text(plural)}",
        ]
    lines += ["", "neighbourhoods:" if folder.neighbourhoods else "neighbourhoods: []"]
    for item in folder.neighbourhoods:
        said = [f"{key}: {yaml_text(value)}" for key, value in item.items() if value not in ("", None)]
        lines += [f"  - {said[0]}", *(f"    {each}" for each in said[1:])]
    return "\n".join(lines) + "\n"


def sources_text(folder: Folder) -> str:
    """sources.yml: for invented people an extract of every contract that can be invented, else none yet."""
    lines = [
        "# Where each partner's extract lies, below the folder of extracts, and which contract it follows.",
        "# joinedup add-source looks into a file, guesses its contract and columns, and adds it here for you to review.",
    ]
    if not folder.head.invented:
        return "\n".join([*lines, "sources: []", ""])
    lines.append("sources:")
    for name, partner in senders(folder):
        lines += [f"  - name: {name}", f"    partner: {partner}", f"    contract: {name}", f"    files: {name}.csv"]
    return "\n".join([*lines, ""])


def senders(folder: Folder) -> list[tuple[str, str]]:
    """The extracts of invented people and who is likely to send each."""
    return [(name, str(partner_for(contracts()[name].sector, folder.partners))) for name in MAKERS]


def partner_for(sector: str, partners: Sequence[Cells]) -> object:
    """The id of the partner that is likely to send a sector's extracts."""
    role = ROLE_OF_SECTOR.get(sector, "commissioner")
    current = [partner for partner in partners if not partner.get("end")]
    for wanted in (role, "commissioner"):
        for partner in current:
            if wanted in str(partner["roles"]).split(";"):
                return partner["partner_id"]
    return current[0]["partner_id"]


def readme_text(folder: Folder) -> str:
    """README.md: what is where, what was decided and what was found."""
    head = folder.head
    people = "**Every person in it is invented.** " if head.invented else ""
    practices = len({row["practice_code"] for row in folder.practices})
    found = [f"- `{finding.file}`, {finding.rule}: {finding.message}." for finding in folder.findings]
    return "\n".join(
        [
            f"# {head.name}",
            "",
            f"{people}The folder of a place: its own people read and edit it. `joinedup check` lists everything that is wrong with it.",
            "",
            "| file | holds |",
            "|---|---|",
            f"| `place.yml` | name, as-at date, {len(folder.neighbourhoods)} neighbourhoods |",
            f"| `partners.csv` | {len(folder.partners)} organisations, their roles, from when to when |",
            f"| `practices.csv` | {practices} practices, and the neighbourhood that each belongs to, with dates |",
            f"| `areas.csv` | {len(folder.areas)} small areas: ward, deprivation, residents |",
            "| `sources.yml` | where each partner's extract lies and which contract it follows |",
            "| `sharing.yml` | what partners have agreed to share, for which purposes and why that is lawful |",
            "",
            "## Where it came from",
            "",
            *(f"- {sentence}" for sentence in folder.came_from),
            *(["", "## What was found on the way", "", *found] if found else []),
            "",
        ]
    )


def csv_text(columns: Sequence[str], rows: Iterable[Cells]) -> str:
    """Rows as CSV, without the columns that none of them fills; what a file must have stays."""
    listed = list(rows)
    must = {*PRACTICE_COLUMNS[:5]} if columns is PRACTICE_COLUMNS else {*columns[:4]} if columns is PARTNER_COLUMNS else {*columns[:1]}
    kept = [name for name in columns if not listed or name in must or any(row.get(name) not in ("", None) for row in listed)]
    kept = kept if listed else [name for name in columns if name != "note"]
    out = io.StringIO()
    write_rows(out, kept, listed)
    return out.getvalue()


def yaml_text(value: object) -> str:
    """A value as YAML writes it on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | date):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {yaml_text(each)}" for key, each in value.items()) + "}"
    text = str(value)
    plain = PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in WORDS_OF_YAML and not re.search(r"[,]\s*$", text)
    return text if plain else json.dumps(text, ensure_ascii=False)
