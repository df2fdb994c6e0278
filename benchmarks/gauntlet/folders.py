"""Place folders that are broken or made to harm: each is a finding with file and line, and nothing outside the folder is read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.gauntlet.case import Case, expect
from benchmarks.gauntlet.ground import Ground

SECRET = "planted-secret-9f2c"
Plant = Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is broken in one way, and how `check` must end."""

    name: str
    broken: str
    plant: Plant
    file: str
    rule: str
    code: int = 1
    lines: tuple[str, ...] = ()


def edit(file: str, old: str, new: str) -> Plant:
    """Replaces a text that is there."""

    def plant(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        expect(old in text, f"{file} has no {old!r} to break")
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return plant


def write(file: str, text: str | bytes) -> Plant:
    """Writes a whole file."""
    return lambda folder: (folder / file).write_bytes(text.encode() if isinstance(text, str) else text)


def remove(file: str) -> Plant:
    """Takes a file away."""
    return lambda folder: (folder / file).unlink()


def link(file: str, target: str) -> Plant:
    """Puts a link in place of a file; a secret lies beside the folder."""

    def plant(folder: Path) -> None:
        (folder.parent / "secret").write_text(f"{SECRET}: {SECRET}\n{SECRET},{SECRET}\n", encoding="utf-8")
        (folder / file).unlink()
        (folder / file).symlink_to(target)

    return plant


def without_lines(file: str, word: str) -> Plant:
    """Takes the lines with a word away."""

    def plant(folder: Path) -> None:
        lines = (folder / file).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / file).write_text("".join(line for line in lines if word not in line), encoding="utf-8")

    return plant


FIRST = "INV01,The Singing Kettle Surgery,upper-calder-valley,2019-10-01,,14870"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
LINKS, GIANT, OUTSIDE = "doors: place folders with links", "doors: giant YAML", "doors: place folders with ../"
FOLDERS: tuple[Folder, ...] = (
    Folder(
        "misspelt-key",
        "name is misspelt in place.yml",
        edit("place.yml", "name: Calderdale\n", "nmae: Calderdale\n"),
        "place.yml",
        "unknown-key",
    ),
    Folder("no-date", "an as-at date that is none", edit("place.yml", "as_at: 2026-03-31", "as_at: tomorrow"), "place.yml", "wrong-date"),
    Folder("no-place", "no place.yml", remove("place.yml"), "place.yml", "file-missing"),
    Folder("no-partners", "no partners.csv", remove("partners.csv"), "partners.csv", "file-missing"),
    Folder("no-practices", "no practices.csv", remove("practices.csv"), "practices.csv", "file-missing"),
    Folder("no-sources", "no sources.yml", remove("sources.yml"), "sources.yml", "file-missing"),
    Folder("blank-file", "an empty practices.csv", write("practices.csv", b""), "practices.csv", "file-blank"),
    Folder(
        "utf-16",
        "a partners.csv that Excel saved as Unicode text",
        write("partners.csv", "partner_id,name".encode("utf-16")),
        "partners.csv",
        "wrong-encoding",
    ),
    Folder("nul-bytes", "NUL bytes in areas.csv", write("areas.csv", b"a,b\n\0\0"), "areas.csv", "not-text"),
    Folder(
        "no-header",
        "an extract in the place of practices.csv",
        write("practices.csv", "9990000018,Quibbleworth,1950-01-01\n"),
        "practices.csv",
        "no-header",
    ),
    Folder(
        "not-yaml",
        "YAML whose lines don't stand under one another",
        edit("sources.yml", "contract: apc\n", "contract: apc\n     x: [\n"),
        "sources.yml",
        "not-yaml",
    ),
    Folder(
        "practice-nowhere",
        "a practice in no neighbourhood",
        edit("practices.csv", FIRST, FIRST.replace("upper-calder-valley", "")),
        "practices.csv",
        "no-neighbourhood",
        lines=("record: practice in no neighbourhood",),
    ),
    Folder(
        "practice-not-yet",
        "a practice that joins its neighbourhood after it opened",
        edit("practices.csv", FIRST, FIRST.replace(",,", ",2024-01-01,")),
        "practices.csv",
        "practice-in-no-neighbourhood",
        lines=("record: practice in no neighbourhood", "record: closed practice"),
    ),
    Folder(
        "unknown-neighbourhood",
        "a practice in a neighbourhood that isn't there",
        edit("practices.csv", "upper-calder-valley", "upper-calder-vally"),
        "practices.csv",
        "unknown-neighbourhood",
    ),
    Folder(
        "nobody",
        "a neighbourhood without a practice",
        without_lines("practices.csv", "north-halifax"),
        "place.yml",
        "neighbourhood-with-nobody",
        lines=("record: neighbourhood with nobody",),
    ),
    Folder(
        "two-neighbourhoods",
        "a practice in two neighbourhoods at once",
        edit("practices.csv", FIRST, f"{FIRST}\n{FIRST.replace('upper-calder-valley', 'north-halifax')}"),
        "practices.csv",
        "overlapping-memberships",
    ),
    Folder("repeated-partner", "two partners with one id", edit("partners.csv", "locala,", "council,"), "partners.csv", "repeated-id"),
    Folder(
        "unknown-contract",
        "a source of a contract that isn't there",
        edit("sources.yml", "contract: apc", "contract: apcs"),
        "sources.yml",
        "unknown-contract",
    ),
    Folder(
        "unknown-partner",
        "a source of a partner that isn't there",
        edit("sources.yml", "partner: acute-trust", "partner: acute-trus"),
        "sources.yml",
        "unknown-partner",
    ),
    Folder(
        "one-file-twice",
        "one file for two sources",
        edit("sources.yml", "contract: ecds\n  files: ecds.csv", "contract: apc\n  files: apc.csv"),
        "sources.yml",
        "file-read-twice",
    ),
    Folder(
        "no-list-day",
        "lists whose names say no day",
        edit("sources.yml", "files: apc.csv", "files: apc.csv\n  sends: snapshot"),
        "sources.yml",
        "list-without-day",
    ),
    Folder(
        "above",
        "a source that names ../../../../etc/passwd",
        edit("sources.yml", "files: apc.csv", "files: ../../../../etc/passwd"),
        "sources.yml",
        "wrong-value",
        lines=(OUTSIDE,),
    ),
    Folder(
        "absolute",
        "a source that names /etc/passwd",
        edit("sources.yml", "files: apc.csv", "files: /etc/passwd"),
        "sources.yml",
        "wrong-value",
        lines=(OUTSIDE,),
    ),
    Folder(
        "id-above",
        "an id that leads out of the store",
        edit("place.yml", "name: Calderdale\n", "name: Calderdale\nid: ../../escaped\n"),
        "place.yml",
        "wrong-value",
        lines=(OUTSIDE,),
    ),
    Folder("link-outside", "a link to a file outside", link("partners.csv", "../secret"), "partners.csv", "file-elsewhere", lines=(LINKS,)),
    Folder("link-to-itself", "a link to itself", link("practices.csv", "practices.csv"), "practices.csv", "file-", lines=(LINKS,)),
    Folder("link-to-device", "a link to a device that never ends", link("areas.csv", "/dev/zero"), "areas.csv", "file-", lines=(LINKS,)),
    Folder("bomb", "YAML whose anchors unfold to millions of values", write("place.yml", BOMB), "place.yml", "", lines=(GIANT,)),
    Folder("brackets", "YAML of 50,000 open brackets", write("place.yml", "name: " + "[" * 50_000), "place.yml", "", lines=(GIANT,)),
    Folder("giant", "YAML of three million signs", write("place.yml", "x" * 3_000_000), "place.yml", "", lines=(GIANT,)),
    Folder(
        "python-in-yaml",
        "YAML that runs Python",
        write("place.yml", "name: !!python/object/apply:os.system ['touch planted']\n"),
        "place.yml",
        "",
        lines=(GIANT,),
    ),
    Folder("giant-table", "an areas.csv of 30 MB of nothing", write("areas.csv", bytes(30_000_000)), "areas.csv", "file-too-large"),
    Folder("no-agreement", "a source that no agreement covers", without_lines("sharing.yml", "- apc"), "sharing.yml", "no-agreement"),
    Folder(
        "marketing",
        "an agreement for marketing",
        edit("sharing.yml", "- direct care", "- marketing"),
        "sharing.yml",
        "wrong-value",
        lines=("doors: purposes that don't fit",),
    ),
    Folder(
        "unfit-basis",
        "an agreement whose legal basis doesn't fit its purpose",
        edit("sharing.yml", "common_law: section 251", "common_law: implied consent"),
        "sharing.yml",
        "basis-does-not-fit",
        lines=("doors: purposes that don't fit",),
    ),
    Folder(
        "staff-role",
        "a role that isn't one in staff.csv",
        edit("staff.csv", "analyst,place", "superuser,place"),
        "staff.csv",
        "wrong-value",
    ),
)


def cases() -> Iterator[Case]:
    """A case for each broken folder."""
    for each in FOLDERS:
        expected = f"check ends with {each.code} and says {each.rule or 'what is wrong'} of {each.file}"
        yield Case(f"folder/{each.name}", each.broken, expected, partial(_checked, each), each.lines)


def _checked(broken: Folder, ground: Ground) -> str:
    """What check says of the folder, once it has been broken; where it is no longer a place, neither landing nor build begin."""
    folder = ground.folder(f"folder-{broken.name}") / "place"
    shutil.copytree(ground.place_folder, folder)
    broken.plant(folder)
    checked = ground.cli("check", folder, "--format", "csv")
    told = [line for line in checked.out.splitlines() if f",{broken.file}," in line and broken.rule in line]
    expect(checked.code == broken.code and bool(told), f"exit {checked.code}: {checked.all[:500]}")
    expect(SECRET not in checked.all, "a file outside the folder was read")
    expect(not (folder / "planted").exists() and not Path("planted").exists(), "code in the folder was run")
    return f"exit {checked.code}: {told[0][:200]}"
