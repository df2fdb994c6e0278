"""Odd files as partners send them: other names, other codes, other dates, other encodings, for several contracts."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from joinedup.sources.synthetic.nhs_numbers import numbers

ROWS = 240
FIRST = date(2025, 4, 1)


@dataclass(frozen=True)
class Odd:
    """One odd file: its columns in order with what makes their values, and what should come of it."""

    file: str
    contract: str
    columns: dict[str, Callable[[int], object]]
    becomes: dict[str, str]
    """Column -> the field that it must be taken for."""
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    encoding: str = "utf-8"
    delimiter: str = ","
    title: str = ""
    secret: Sequence[str] = ()
    """Columns whose values must not be shown."""
    partner: str = ""


NHS = [str(number) for number in numbers(7)[:ROWS]]
FAMILIES = ("Ackroyd", "Okafor", "Nowak", "Sutcliffe", "Quibbleworth", "Zanzibarski", "Featherstonehaugh")


def day(style: str, first: date = FIRST, step: int = 1, within: int = 330) -> Callable[[int], str]:
    return lambda row: (first + timedelta(days=row * step % within)).strftime(style)


def born(style: str) -> Callable[[int], str]:
    return lambda row: date(1931 + row * 7 % 80, 1 + row % 12, 1 + row % 28).strftime(style)


def nhs(row: int) -> str:
    return f"{NHS[row][:3]} {NHS[row][3:6]} {NHS[row][6:]}"


def of(*values: object) -> Callable[[int], object]:
    return lambda row: values[row % len(values)]


def family(row: int) -> str:
    return FAMILIES[row % len(FAMILIES)] + (f"-{FAMILIES[row // 7 % 7]}" if row % 3 else "")


def postcode(row: int) -> str:
    return f"ZZ{row % 9 + 1} {row % 9}AB"


ODD = (
    Odd(
        "clinic list.csv",
        "outpatient",
        {
            "Attendance number": lambda row: f"OP{row:07d}",
            "Patient NHS No": nhs,
            "D.O.B": born("%d/%m/%Y"),
            "Patient Surname": family,
            "Gender": of("Male", "Female"),
            "GP Practice": of("INV01", "INV02", "INV03"),
            "Appointment Dt": day("%d/%m/%y"),
            "Attended": of("5", "6", "3"),
            "Outcome of attendance": of("1", "2", "3"),
            "Letter text": lambda row: f"Dear doctor, we saw this person, who told us story number {row} at length",
        },
        {"Attendance number": "ATTENDKEY", "Patient NHS No": "NHS_NUMBER", "Gender": "SEX", "Appointment Dt": "APPTDATE"},
        values={"SEX": {"Male": "1", "Female": "2"}},
        encoding="cp1252",
        delimiter=";",
        secret=("Patient NHS No", "D.O.B", "Patient Surname", "Letter text", "Attendance number"),
    ),
    Odd(
        "IP spells.txt",
        "apc",
        {
            "Episode key": lambda row: 700_000 + row,
            "NHS No": nhs,
            "Birth date": born("%Y-%m-%d"),
            "Sex": of("M", "F", "Not known"),
            "Date of admission": day("%d-%b-%Y"),
            "Method of admission": of("21", "11", "22"),
            "Date of discharge": day("%d-%b-%Y", FIRST + timedelta(days=2)),
            "Discharge method": of("1", "4"),
            "Diagnosis 1": of("I50.0", "J18.9", "S72.0"),
        },
        {
            "Episode key": "EPIKEY",
            "Date of admission": "ADMIDATE",
            "Method of admission": "ADMIMETH",
            "Date of discharge": "DISDATE",
            "Diagnosis 1": "DIAG_01",
        },
        values={"SEX": {"M": "1", "F": "2", "Not known": "X"}},
        delimiter="|",
        secret=("NHS No", "Birth date", "Episode key"),
    ),
    Odd(
        "AE_2026-03.tsv",
        "ecds",
        {
            "Attendance ID": lambda row: f"A{row:06d}",
            "NHS Number": nhs,
            "DOB": born("%d.%m.%Y"),
            "Arrived on": day("%Y-%m-%d"),
            "Arrival time": lambda row: f"{row % 24:02d}:{row % 60:02d}",
            "Departed on": day("%Y-%m-%d", FIRST + timedelta(days=1)),
            "Type of department": of("1", "3", "2"),
            "Attendance category": of("Unplanned, first", "Planned, follow-up"),
            "LSOA 2011": of("E01010875", "E01010876"),
        },
        {"Attendance ID": "EPIKEY", "Arrived on": "ARRIVAL_DATE", "Departed on": "DEPARTURE_DATE", "Type of department": "DEPARTMENT_TYPE"},
        values={"DEPARTMENT_TYPE": {"1": "01", "2": "02", "3": "03"}},
        encoding="utf-16",
        delimiter="\t",
        title="Attendances at the emergency department, March",
        secret=("NHS Number", "DOB", "Attendance ID"),
    ),
    Odd(
        "death notices.csv",
        "deaths",
        {
            "nhs_no": nhs,
            "born": born("%d %B %Y"),
            "Date died": day("%d %B %Y"),
            "Date registered": day("%d %B %Y", FIRST + timedelta(days=5)),
            "Where they died: place of death": of("Home", "Hospital", "Care home", "Hospice"),
            "Underlying cause (ICD10)": of("I219", "C349", "F03"),
        },
        {"Date died": "REG_DATE_OF_DEATH", "born": "PERSON_BIRTH_DATE"},
        secret=("nhs_no", "born"),
    ),
    Odd(
        "practice lists.csv",
        "register",
        {
            "NHS": nhs,
            "date birth": born("%m/%d/%Y"),
            "last name": family,
            "first name": of("Anna", "Ravi", "Moses"),
            "gender": of("Male", "Female"),
            "ethnicity": of("White British", "Pakistani", "Not stated"),
            "practice": of("INV01", "INV04"),
            "registered from": day("%m/%d/%Y"),
            "post code": postcode,
        },
        {"practice": "GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION", "registered from": "START_DATE_GMP_PATIENT_REGISTRATION"},
        values={"ETHNIC_CATEGORY": {"White British": "A", "Pakistani": "J", "Not stated": "Z"}},
        secret=("NHS", "date birth", "last name", "first name", "post code"),
    ),
    Odd(
        "adult social care return.csv",
        "cld",
        {
            "NHS number": nhs,
            "Birthdate": born("%d/%m/%Y"),
            "Sex": of("Male", "Female"),
            "Kind of event": of("Request", "Service", "Assessment", "Review"),
            "Event began": day("%d/%m/%Y"),
            "Event ended": day("%d/%m/%Y", FIRST + timedelta(days=30)),
            "Client kind": of("Service user", "Carer"),
            "Unit price": of("21.50", "18.00"),
        },
        {"Kind of event": "EVENT_TYPE", "Event began": "EVENT_START_DATE", "Event ended": "EVENT_END_DATE"},
        secret=("NHS number", "Birthdate"),
        partner="council",
    ),
    Odd(
        "Wellness hub – sign in.csv",
        "community_activity",
        {
            "Member": lambda row: f"WH-{row % 60:03d}",
            "Came on": day("%d/%m/%Y"),
            "Which session": of("Chair exercise", "Walking group", "Café"),
            "How long (minutes)": of(45, 60),
            "Came?": of("Yes", "No", "n/k"),
            "Remarks": lambda row: f"Told me about the knee, number {row}",
        },
        {"Came on": "ACTIVITY_DATE", "Which session": "KIND", "Member": "SOURCE_PSEUDONYM"},
        encoding="cp1252",
        secret=("Remarks",),
    ),
    Odd(
        "community contacts.parquet",
        "csds",
        {
            "care contact id": lambda row: f"CC{row:06d}",
            "nhs_number": nhs,
            "person_birth_date": born("%Y-%m-%d"),
            "contact date": day("%Y-%m-%d"),
            "contact time": lambda row: f"{8 + row % 9:02d}:15",
            "team type": of("01", "03"),
            "consultation mechanism": of("Face to face", "Telephone"),
            "duration of contact": of(20, 30, 45),
        },
        {"contact date": "CARE_CONTACT_DATE", "care contact id": "CARE_CONTACT_IDENTIFIER"},
        values={"CONSULTATION_MECHANISM": {"Face to face": "01", "Telephone": "02"}},
        secret=("nhs_number", "person_birth_date", "care contact id"),
    ),
)


def write(odd: Odd, folder: Path) -> Path:
    """The odd file, written."""
    path = folder / odd.file
    made = {name: [make(row) for row in range(ROWS)] for name, make in odd.columns.items()}
    if path.suffix == ".parquet":
        pq.write_table(pa.table({name: pa.array(np.array(values).astype(str)) for name, values in made.items()}), path)
        return path
    out = io.StringIO()
    if odd.title:
        out.write(f"{odd.title}\n\n")
    rows = csv.writer(out, delimiter=odd.delimiter)
    rows.writerow(made)
    rows.writerows(zip(*made.values(), strict=True))
    path.write_bytes(out.getvalue().encode(odd.encoding))
    return path
