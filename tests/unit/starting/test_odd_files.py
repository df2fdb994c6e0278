"""Files as hospices, schools, ambulance and mental health services send them: what is guessed of each, and that no doubt is left unsaid."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import xlsxwriter

from joinedup.findings import errors
from joinedup.report import show_added
from joinedup.sources.naming_people import telling
from joinedup.starting.adding import Added, Asked, add_source, advice
from tests.unit.starting.odd import born, day, family, nhs, of, postcode

ROWS = 60
NUMBERED: Callable[[int], object] = lambda row: f"C{row:05d}"  # noqa: E731
TIMED: Callable[[int], object] = lambda row: f"{row % 24:02d}:{row % 60:02d}"  # noqa: E731
DAY, BORN = day("%d/%m/%Y"), born("%d/%m/%Y")


@dataclass(frozen=True)
class Sent:
    """A file, who sent it, and what must be guessed of it."""

    file: str
    partner: str
    contract: str
    columns: Mapping[str, Callable[[int], object]]
    becomes: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    said: Sequence[str] = ()
    """What the remarks must speak of."""
    never: Sequence[str] = ()
    """Columns that must not be taken for any field."""


SENT = [
    Sent(
        "Hospice caseload 2025.xlsx",
        "voluntary-action-calderdale",
        "community_activity",
        {"NHS No": nhs, "Surname": family, "DOB": BORN, "Postcode": postcode, "Visit date": DAY,
         "Type of visit": of("Home visit", "Day therapy"),
         "Outcome": of("Attended", "Cancelled"), "Keyworker": of("Ann", "Ben")},
        {"Visit date": "ACTIVITY_DATE", "Type of visit": "KIND", "Outcome": "OUTCOME"},
        never=("Keyworker",),
    ),
    Sent(
        "111_export_march.csv",
        "",
        "urgent_call",
        {"Call ID": NUMBERED, "NHS Number": nhs, "Date of Birth": BORN, "Call Date": DAY, "Call Time": TIMED,
         "Symptom Group": of("Fever", "Rash"),
         "Disposition Code": of("DX012", "DX08"), "Case Type": of("111 call", "Out of hours visit")},
        {"Call ID": "CASE_REF", "Call Date": "CALL_DATE", "Disposition Code": "FINAL_DX_CODE", "Case Type": "CASE_TYPE"},
        said=("nobody said who sent the file",),
    ),
    Sent(
        "CAD extract.csv",
        "ambulance-trust",
        "ambulance",
        {"CAD No": NUMBERED, "Call Connect": day("%d/%m/%Y 10:%M"), "Cat": of("C1", "C2", "C3"), "Chief Complaint": of("Falls", "Stroke"),
         "Callsign": of("A123", "B456"), "Arrived Scene": TIMED, "Left Scene": TIMED, "Destination Hospital": of("RWY01", "RWY02"),
         "Patient NHS": nhs,
         "Patient DOB": BORN, "Outcome": of("See & Treat", "Conveyed to ED", "Hear & Treat")},
        {"CAD No": "CALL_NUMBER", "Call Connect": "CALL_DATE", "Cat": "RESPONSE_CATEGORY", "Outcome": "RESPONSE_OUTCOME"},
        {"ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER": "RX8"},
        never=("Callsign",),
    ),
    Sent(
        "school_hub_attendance.csv",
        "voluntary-action-calderdale",
        "community_activity",
        {"Child First Name": of("Ann", "Piotr"), "Child Surname": family, "Date of Birth": BORN, "School": of("Ash Green", "Beech Hill"),
         "Year": of(3, 4, 5, 6), "Session Date": DAY, "Session": of("Breakfast club", "Counselling"), "Attended?": of("Y", "N"),
         "UPN": NUMBERED},
        {"Session Date": "ACTIVITY_DATE", "Session": "KIND", "UPN": "SOURCE_PSEUDONYM"},
        never=("Year",),
    ),
    Sent(
        "wheelchair service activity.csv",
        "locala",
        "community_activity",
        {"Patient ID": lambda row: f"W{row % 40}", "NHS Number": nhs, "DOB": BORN, "Referral Received": DAY, "Assessment Date": DAY,
         "Handover Date": DAY,
         "Level of Need": of("Low", "High"), "Equipment": of("Manual chair", "Buggy"), "Equipment Cost": of("200.00", "1000.00")},
        {"Assessment Date": "ACTIVITY_DATE", "Equipment Cost": "COST"},
    ),
    Sent(
        "MHS201_CareContact.csv",
        "mental-health-trust",
        "mhsds",
        {"CareContactId": NUMBERED, "ServiceRequestId": NUMBERED, "NHSNumber": nhs, "PersonBirthDate": BORN, "CareContDate": DAY,
         "OrgIDProv": of("RXG"),
         "AttendStatus": of("5", "6", "3"), "ConsMechanismMH": of("01", "02"), "ActLocTypeCode": of("A01", "E01")},
        {"CareContDate": "CARE_CONTACT_DATE", "AttendStatus": "ATTENDANCE_STATUS"},
        {"RECORD_TYPE": "CONTACT"},
        said=("no column is RECORD_TYPE: every row is taken to have CONTACT ('contact' stands in the file's name",),
    ),
    Sent(
        "contacts.csv",
        "mental-health-trust",
        "mhsds",
        {"Contact ID": NUMBERED, "NHS Number": nhs, "Date of Birth": BORN, "Contact Date": DAY, "Team Type": of("A06", "A02", "C02"),
         "Attendance": of("5", "6", "3"), "Contact Medium": of("01", "02"), "Provider": of("RXG"), "Duration": of(30, 45)},
        {"Team Type": "SERVICE_OR_TEAM_TYPE_REFERRED_TO_MENTAL_HEALTH", "Contact Date": "CARE_CONTACT_DATE"},
        {"RECORD_TYPE": "CONTACT"},
        said=("RECORD_TYPE",),
    ),
    Sent(
        "contacts.csv",
        "locala",
        "csds",
        {"Contact ID": NUMBERED, "NHS Number": nhs, "Date of Birth": BORN, "Contact Date": DAY, "Team Type": of("12", "14", "01"),
         "Attendance": of("5", "6", "3"), "Provider": of("NLX"), "Duration": of(30, 45)},
        {"Team Type": "SERVICE_OR_TEAM_TYPE_REFERRED_TO_COMMUNITY_CARE", "Contact Date": "CARE_CONTACT_DATE"},
    ),
    Sent(
        "MHS501_HospProvSpell.csv",
        "mental-health-trust",
        "mhsds",
        {"HospProvSpellID": NUMBERED, "ServiceRequestId": NUMBERED, "NHSNumber": nhs, "PersonBirthDate": BORN,
         "StartDateHospProvSpell": DAY,
         "DischDateHospProvSpell": day("%d/%m/%Y", step=1), "OrgIDProv": of("RXG"), "MethOfDischMHHospProvSpell": of("1", "2")},
        {"StartDateHospProvSpell": "START_DATE_HOSPITAL_PROVIDER_SPELL", "HospProvSpellID": "HOSPITAL_PROVIDER_SPELL_IDENTIFIER"},
        {"RECORD_TYPE": "SPELL"},
        said=("RECORD_TYPE",),
    ),
    Sent(
        "Talking therapies appointments.csv",
        "mental-health-trust",
        "mhsds",
        {"Appointment ID": NUMBERED, "NHS Number": nhs, "DOB": BORN, "Appointment Date": DAY, "Appointment Type": of("01", "02", "03"),
         "Attendance": of("5", "6", "3"), "PHQ9": lambda row: row % 28, "GAD7": lambda row: row % 22,
         "Therapist band": of("5", "6", "7")},
        {"Appointment Date": "CARE_CONTACT_DATE", "PHQ9": "PHQ9_SCORE"},
        {"RECORD_TYPE": "TALKING THERAPY", "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER": "RXG"},
        said=("RECORD_TYPE", "the code of mental-health-trust"),
        never=("Therapist band",),
    ),
    Sent(
        "booking list maternity.csv",
        "acute-trust",
        "maternity",
        {"Pregnancy ID": NUMBERED, "NHS Number": nhs, "DOB": BORN, "Booking date": DAY, "EDD": DAY,
         "Gestation at booking": lambda row: 6 + row % 14,
         "Midwife team": of("Blue", "Red")},
        {"Booking date": "ACTIVITY_DATE", "EDD": "ESTIMATED_DATE_OF_DELIVERY_AGREED"},
        {"RECORD_TYPE": "MSD101"},
        said=("MSD101",),
    ),
    Sent(
        "DNA list.csv",
        "acute-trust",
        "community_activity",
        {"Hosp No": lambda row: f"X{row:04d}", "NHS Number": nhs, "DOB": BORN, "Clinic": of("CARD1", "ORTH2"),
         "Specialty": of("320", "110"), "Appt Date": DAY,
         "Appt Type": of("New", "Follow-up"), "Outcome": of("DNA", "Cancelled")},
        {"Appt Date": "ACTIVITY_DATE", "Outcome": "OUTCOME"},
        said=("outpatient fits better, but needs ATTENDKEY",),
        never=("Hosp No", "Clinic"),
    ),
    Sent(
        "emis_appts.csv",
        "north-halifax-pcn",
        "community_activity",
        {"Appointment date": DAY, "Slot type": of("GP", "Nurse"), "NHS Number": nhs, "Date of Birth": BORN,
         "Practice code": of("B84001", "B84002"),
         "Appointment status": of("Attended", "DNA"), "Mode": of("Face-to-face", "Telephone")},
        {"Appointment date": "ACTIVITY_DATE"},
        said=("gp_appointment fits better, but needs APPOINTMENT_ID",),
    ),
    Sent(
        "NCTR daily list.xlsx",
        "acute-trust",
        "discharge_ready",
        {"NHS number": nhs, "Ward": of("6A", "7B"), "Admitted": DAY, "No criteria to reside from": DAY, "Discharged": DAY,
         "Reason for delay": of("C1", "H4"),
         "Responsible": of("NHS", "Social care")},
        {"Admitted": "START_DATE_HOSPITAL_PROVIDER_SPELL", "No criteria to reside from": "DISCHARGE_READY_DATE"},
        never=("Ward",),
    ),
    Sent(
        "CHC packages.csv",
        "west-yorkshire-icb",
        "continuing_care",
        {"Client ref": NUMBERED, "NHS No.": nhs, "Date of birth": BORN, "Package type": of("CHC", "FNC", "Joint"), "Start date": DAY,
         "Weekly cost": of("£1,200.00", "£250.00")},
        {"Start date": "START_DATE_CARE_PACKAGE", "Weekly cost": "CARE_PACKAGE_WEEKLY_COST"},
    ),
]  # fmt: skip


def written(sent: Sent, folder: Path) -> Path:
    path = folder / sent.file
    rows = [[make(row) for make in sent.columns.values()] for row in range(ROWS)]
    if path.suffix == ".xlsx":
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["What we did, April to March"])
        for at, cells in enumerate([list(sent.columns), *rows], 2):
            sheet.write_row(at, 0, cells)
        book.close()
    else:
        with path.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([list(sent.columns), *rows])
    return path


@pytest.fixture(scope="module")
def place(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(root / "places" / "calderdale", tmp_path_factory.mktemp("odd") / "place"))


def shown(added: Added) -> str:
    out = io.StringIO()
    show_added(added, advice(added.guess), out)
    return out.getvalue() + added.text


@pytest.mark.parametrize("sent", SENT, ids=[f"{sent.file} of {sent.partner or 'somebody'}" for sent in SENT])
def test_what_is_guessed_of_an_odd_file_and_what_is_said_of_it(sent: Sent, place: Path, tmp_path: Path) -> None:
    added = add_source(place, Asked(written(sent, tmp_path), partner=sent.partner, write=False))
    mapped = {each.column.name: each.field.name for each in added.guess.mapped}
    assert added.guess.contract.contract == sent.contract
    assert sent.becomes.items() <= mapped.items()
    assert not set(sent.never) & set(mapped)
    assert sent.constants.items() <= added.guess.constants.items()
    for words in sent.said:
        assert any(words in remark for remark in added.remarks), words
    assert not [remark for remark in added.remarks if f"{sent.contract} fits" in remark]
    assert not added.guess.missing
    assert added.checked is not None
    assert not errors(added.checked.findings)
    assert [(file.rows_read, file.rejected) for file in added.checked.files] == [(ROWS, 0)]
    for name, value in sent.constants.items():
        assert added.entry.source().constants[name] == value
        assert f"{name}: {value} # supposed: " in added.text.replace('"', "")


def test_what_somebody_says_is_not_supposed(place: Path, tmp_path: Path) -> None:
    sent = next(sent for sent in SENT if sent.file.startswith("MHS201"))
    added = add_source(
        place, Asked(written(sent, tmp_path), partner=sent.partner, constants={"record_type": "TALKING THERAPY"}, write=False)
    )
    assert added.entry.source().constants == {"RECORD_TYPE": "TALKING THERAPY"}
    assert "supposed" not in added.text
    assert not [remark for remark in added.remarks if "RECORD_TYPE" in remark]


def test_names_of_columns_that_may_be_peoples_are_neither_shown_nor_written(place: Path, tmp_path: Path) -> None:
    clients = ["J Smith", "A.B.", "Mary K", "P Nowak", "D.O.", "Quibbleworth", "C.R."]
    columns = {"Date": DAY, **{client: of("Y", "N", "") for client in clients}}
    added = add_source(place, Asked(written(Sent("matrix.csv", "", "", columns, {}), tmp_path), write=False))
    assert not [client for client in clients if client in shown(added) or client.upper().replace(" ", "_") in shown(added)]
    assert "7 of its columns have names that may be of people" in shown(added)
    assert "a row for each client and day" in shown(added)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["NHS number", "Date", "Ward", "GP", "Session", "Equipment cost"], set()),
        (["Date", "J Smith"], {1}),
        (["Date", "Fatima", "Weight"], {1}),
        (["Date", "999 000 0018"], {1}),
        (["Date", "AB", "CD"], set()),
        (["Date", "A.B.", "C.D.", "E F", "Zanzibarski"], {1, 2, 3, 4}),
        (["Date", "Quibbleworth", "Zanzibarski"], set()),
        (["", "Date"], set()),
        (["IMD04C", "IMD04I", "ALCDIAG_4", "CANNET", "CANREG"], set()),
    ],
)
def test_which_names_of_columns_may_be_peoples(names: list[str], found: set[int]) -> None:
    assert telling(names, {"WARD"}) == found
