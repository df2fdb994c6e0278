"""What the doors refuse: other tables and columns, purposes and roles that don't fit, SQL in every argument."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks.gauntlet.case import Case, expect
from benchmarks.gauntlet.ground import Ground
from joinedup.access.caller import caller_for
from joinedup.access.records import open_records
from joinedup.errors import Refused

SQL, PURPOSES, FINE = "doors: SQL through every argument", "doors: purposes that don't fit", "doors: birth month, LSOA and sex"
DROP = "person; DROP TABLE person"
OUT = "OUT"
"""Stands for a new file."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked at a door, and how it must be refused."""

    name: str
    broken: str
    words: tuple[str, ...]
    codes: tuple[int, ...] = (7,)
    says: str = ""
    lines: tuple[str, ...] = ()


def _export(*words: str, purpose: str = "planning") -> tuple[str, ...]:
    return ("export", *words, "--purpose", purpose, "--out", OUT)


ASKED: tuple[Asked, ...] = (
    Asked(
        "singling-out",
        "birth month, small area and sex in one release",
        _export("activity", "--columns", "birth_month,area_code,sex"),
        lines=(FINE,),
    ),
    Asked("nhs-number", "a column of NHS numbers", _export("person", "--columns", "nhs_number")),
    Asked("landed-table", "rows of a landed table", _export("landed_person")),
    Asked("objections", "who objects", _export("objection")),
    Asked("manifest", "a file of the store by its path", _export("../manifest")),
    Asked("sql-table", "SQL for a table's name", _export(DROP), lines=(SQL,)),
    Asked("sql-column", "SQL for a column", _export("person", "--columns", "sex; DROP TABLE person"), lines=(SQL,)),
    Asked("sql-where", "SQL for a condition", _export("person", "--where", "1=1) OR (1=1"), (2, 7), lines=(SQL,)),
    Asked(
        "sql-value",
        "SQL for a value, which is a value that nobody has",
        _export("person", "--where", "sex = 1' OR '1'='1"),
        (7,),
        lines=(SQL,),
    ),
    Asked("few", "rows of fewer than ten people", _export("person", "--where", "birth_year < 1901"), (7,)),
    Asked("sql-measure", "SQL for a measure", ("show", DROP), (2, 7), lines=(SQL,)),
    Asked("sql-by", "SQL for what to count by", ("show", "population", "--by", "sex) FROM person --"), (2, 7), lines=(SQL,)),
    Asked("sql-period", "SQL for a period", ("show", "activity", "--period", "2025-10' OR '1"), (2, 7), lines=(SQL,)),
    Asked("sql-purpose", "SQL for a purpose", ("show", "population", "--purpose", "planning' --"), (2, 7), lines=(SQL, PURPOSES)),
    Asked("sql-why", "SQL for a measure whose evidence is asked", ("why", DROP), (2, 7), lines=(SQL,)),
    Asked("by-person", "counts by person", ("show", "population", "--by", "person_id"), (2, 7)),
    Asked("curiosity", "a purpose that is none", ("show", "population", "--purpose", "curiosity"), (2, 7), lines=(PURPOSES,)),
    Asked("care-for-rows", "rows for direct care", _export("person", purpose="direct care"), (2, 7), lines=(PURPOSES,)),
    Asked("people-for-planning", "people for planning", ("show", "people", "--purpose", "planning"), (2, 7), lines=(PURPOSES,)),
    Asked("parquet-on-terminal", "a Parquet file on a terminal", ("show", "population", "--format", "parquet"), (2,)),
)


def cases() -> Iterator[Case]:
    """A case for each question that is refused."""
    for asked in ASKED:
        expected = f"refused with {' or '.join(map(str, asked.codes))}, in one sentence and without a file"
        yield Case(f"door/{asked.name}", asked.broken, expected, partial(_refused, asked), asked.lines)
    yield Case(
        "door/role-changed",
        "an analyst whose role changed a minute ago, with the door still open",
        "no row is given any more",
        _role,
        ("doors: a role that changed a minute ago",),
    )
    yield Case("door/real-people", "a folder that says that its people are real now", "true counts and people stay shut", _real)
    yield Case("door/existing-file", "an export over a file that is there", "ends with 5; the file stays", _existing)
    yield Case("door/into-the-place", "an export into the place folder, which is copied and shared", "ends with 2", _inside)


def _refused(asked: Asked, ground: Ground) -> str:
    out = ground.work / f"{asked.name}.csv"
    verb, *words = (str(out) if word == OUT else word for word in asked.words)
    said = ground.verb(verb, *words)
    expect(said.code in asked.codes and not out.exists(), f"exit {said.code}: {said.all[-400:]}")
    expect("fault of its own" not in said.all, said.all[-400:])
    return said.ended(said.code, asked.says)


def _role(ground: Ground) -> str:
    copy = ground.copy("role")
    staff = copy.place_folder / "staff.csv"
    whole = staff.read_text(encoding="utf-8")
    staff.write_text(f"{whole}{getpass.getuser()},Invented Tester,analyst,place,,2025-04-01,,\n", encoding="utf-8")
    caller = caller_for(copy.place, "planning")
    door = open_records(copy.store, copy.place, caller)
    expect(door.rows(caller, "person").num_rows > 0, "the door was shut before")
    staff.write_text(f"{whole}{getpass.getuser()},Invented Tester,board,place,,2025-04-01,,\n", encoding="utf-8")
    try:
        door.rows(caller, "person")
    except Refused as error:
        return str(error)
    expect(False, "rows were given")
    return ""


def _real(ground: Ground) -> str:
    copy = ground.copy("real")
    place = copy.place_folder / "place.yml"
    place.write_text(place.read_text(encoding="utf-8").replace("invented: true", "invented: false"), encoding="utf-8")
    copy.verb("show", "people").ended(7)
    return copy.verb("show", "population", "--audience", "internal").ended(7)


def _existing(ground: Ground) -> str:
    out = ground.work / "mine.csv"
    out.write_text("mine", encoding="utf-8")
    said = ground.verb("export", "person", "--purpose", "planning", "--out", out)
    expect(out.read_text(encoding="utf-8") == "mine", "the file was written over")
    return said.ended(5, "nothing is written over it")


def _inside(ground: Ground) -> str:
    return ground.verb("export", "person", "--purpose", "planning", "--out", ground.place_folder / "rows.csv").ended(2)
