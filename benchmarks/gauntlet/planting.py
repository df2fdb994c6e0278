"""Small files of planted people, to be broken: sound rows first, and what becomes of them."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from joinedup.sources.synthetic.nhs_numbers import numbers

PLANTED = ("Quibbleworth", "Zanzibarski", "Featherstonehaugh")
"""Family names of planted people, which nothing that joinedup prints may hold."""
PEOPLE = 12
"""Rows of a file, each of somebody of its own."""
SEED = 20260
"""Of the one place, whose people have the first of the numbers that come from it; planted people have the last."""
FIRST = date(2026, 3, 14)
"""The day of the first row: none of the twelve can be read month first, and the last is near the as-at date."""
NHS = [str(number) for number in numbers(SEED)[-4000:]]
BORN = [date(1931 + 7 * person % 70, 1 + person % 12, 13 + person) for person in range(PEOPLE)]
Row = dict[str, str]
Rows = list[Row]


@dataclass(frozen=True, slots=True)
class Written:
    """A file: its name, without folder, and its bytes."""

    name: str
    content: bytes


def people(contract: str, key: str) -> Rows:
    """Sound rows of a contract; `key` says which file it is and begins the key of each row, so that no two files share keys or people."""
    make, first = MADE[contract], int(key[1:4]) * PEOPLE
    return [make(_person(first, at), f"{key}{at:03d}", FIRST + timedelta(days=at)) for at in range(PEOPLE)]


def _person(first: int, at: int) -> Row:
    return {"NHS_NUMBER": NHS[first + at], "PERSON_BIRTH_DATE": BORN[at].isoformat(), "PERSON_FAMILY_NAME": PLANTED[at % len(PLANTED)]}


def _apc(person: Row, key: str, day: date) -> Row:
    ends = (day + timedelta(days=3)).isoformat()
    stay = {"EPIKEY": key, "ADMIDATE": day.isoformat(), "ADMIMETH": "21", "DISDATE": ends, "EPISTART": day.isoformat(), "EPIEND": ends}
    return person | stay | {"PROCODE3": "RWY", "DIAG_01": "J440", "FINAL_PRICE": "1234.50"}


def _register(person: Row, key: str, day: date) -> Row:
    lives = {"POSTCODE_OF_USUAL_ADDRESS": "ZZ99 3VZ", "PERSON_GIVEN_NAME": "Ann", "PERSON_STATED_GENDER_CODE": "2"}
    practice = {"GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION": "INV01", "START_DATE_GMP_PATIENT_REGISTRATION": "2020-01-02"}
    return person | lives | practice


def _ecds(person: Row, key: str, day: date) -> Row:
    seen = {"EPIKEY": key, "ARRIVAL_DATE": day.isoformat(), "ARRIVAL_TIME": "10:15", "DEPARTURE_DATE": day.isoformat()}
    return person | seen | {"DEPARTURE_TIME": "13:45", "DEPARTMENT_TYPE": "01", "FINAL_PRICE": "210.00"}


def _cld(person: Row, key: str, day: date) -> Row:
    event = {"EVENT_TYPE": "Service", "EVENT_REFERENCE": key, "EVENT_START_DATE": day.isoformat(), "CLIENT_TYPE": "Service User"}
    cost = {"SERVICE_TYPE": "Long Term Support: Community", "UNIT_COST": "21.50", "COST_FREQUENCY_UNIT_TYPE": "Hourly"}
    return person | event | cost | {"PLANNED_UNITS_PER_WEEK": "7"}


def _deaths(person: Row, key: str, day: date) -> Row:
    return person | {"REG_DATE_OF_DEATH": day.isoformat(), "REG_DATE": (day + timedelta(days=4)).isoformat(), "DEC_SEX": "2"}


def _community(person: Row, key: str, day: date) -> Row:
    return person | {
        "ACTIVITY_ID": key,
        "ACTIVITY_DATE": day.isoformat(),
        "SERVICE": "Wellness hub",
        "KIND": "Walking group",
        "COST": "12.00",
    }


MADE: dict[str, Callable[[Row, str, date], Row]] = {
    "apc": _apc,
    "register": _register,
    "ecds": _ecds,
    "cld": _cld,
    "deaths": _deaths,
    "community_activity": _community,
}


def put(rows: Rows, column: str, *values: str) -> Rows:
    """The rows, the first of which hold these values in a column."""
    return [row | {column: values[at]} if at < len(values) else row for at, row in enumerate(rows)]


def all_put(rows: Rows, column: str, make: Callable[[str], str]) -> Rows:
    """The rows with another value in a column of each, made of what stood there."""
    return [row | {column: make(row[column])} for row in rows]


def renamed(rows: Rows, **names: str) -> Rows:
    """The rows with other names for some columns."""
    return [{names.get(name, name): value for name, value in row.items()} for row in rows]


def text(rows: Sequence[Row], *, delimiter: str = ",", end: str = "\n", header: bool = True) -> str:
    """The rows as delimited text, under a header."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    if header:
        writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return out.getvalue()


def packed(content: bytes) -> bytes:
    """Bytes packed by gzip, the same each time."""
    return gzip.compress(content, mtime=0)


def style(written: str) -> Callable[[str], str]:
    """What turns an ISO date into one of another style."""
    return lambda day: date.fromisoformat(day).strftime(written) if day else day


def serial(day: str) -> str:
    """The number by which spreadsheets count an ISO day."""
    return str((date.fromisoformat(day) - date(1899, 12, 30)).days)
