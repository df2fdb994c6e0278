"""Who may review, and what of a pair is shown: what differs, in words that help, and nothing that isn't needed."""

from __future__ import annotations

from datetime import date

import pytest

from joinedup.errors import Refused
from joinedup.identity.review import clean, compared, provenance, reviewer_for, warnings
from joinedup.kept.answers import Reviewer
from joinedup.place.model import StaffMember
from tests.unit.access.test_caller import a_place

TODAY = date(2026, 1, 31)
INVENTED = a_place(invented=True)
REAL = a_place(invented=False)


def pair(**fields: tuple[str, str]) -> dict[str, str]:
    sides = {side + name: text for name, both in fields.items() for side, text in zip(("r_", "p_"), both, strict=True)}
    return {name: text for name, text in sides.items() if text}


def shown(**fields: tuple[str, str]) -> tuple[str, str, str, str]:
    [found] = compared(pair(**fields))
    return found.record, found.person, found.verdict, found.note


@pytest.mark.parametrize(
    ("field", "record", "person", "expected"),
    [
        ("person_family_name", "SMITH", "Smith", ("SMITH", "Smith", "same", "")),
        ("person_family_name", "Smyth", "Smith", ("Smyth", "Smith", "differs", "one letter")),
        ("person_given_name", "J", "Joan", ("J", "Joan", "differs", "an initial")),
        ("person_given_name", "Jo", "Joan", ("Jo", "Joan", "differs", "one begins the other")),
        ("given", "", "Joan", ("not given", "given", "one side only", "")),
        ("person_given_name", "Jaon", "Joan", ("Jaon", "Joan", "differs", "one letter")),
        ("person_birth_date", "1950-05-04", "1950-05-04", ("", "", "same", "")),
        ("person_birth_date", "1950-01-01", "1950-01-01", ("", "", "same", "1 January 1950: often written where the day isn't known")),
        ("born", "1950-05-04", "1950-04-05", ("1950-05-04", "1950-04-05", "differs", "day and month the other way round")),
        ("born", "1950-05-04", "1950-05-14", ("1950-05-04", "1950-05-14", "differs", "same month")),
        ("born", "1950-05-04", "1978-05-04", ("1950-05-04", "1978-05-04", "differs", "same day, 28 years apart")),
        ("born", "1950-05-04", "1950-08-04", ("1950-05-04", "1950-08-04", "differs", "one digit differs")),
        ("born", "1986-09-24", "1986-10-09", ("1986-09-24", "1986-10-09", "differs", "15 days apart")),
        ("born", "1986-09-24", "1966-10-13", ("1986-09-24", "1966-10-13", "differs", "20 years apart")),
        ("born", "not a day", "1950-08-04", ("not a day", "1950-08-04", "differs", "")),
        ("postcode", "ZZ99 3VZ", "zz993vz", ("", "", "same", "")),
        ("postcode", "ZZ99 3VZ", "ZZ99 3VY", ("••••••Z", "••••••Y", "differs", "1 of 7 places differ; same postcode district")),
        ("postcode", "ZZ99 3VZ", "ZZ99 1AB", ("", "", "differs", "same postcode district")),
        ("postcode", "ZZ99 3VZ", "HX1 1AA", ("", "", "differs", "unlike")),
        ("practice", "B84001", "B84002", ("", "", "differs", "unlike")),
        ("postcode", "ZZ99 3VZ", "", ("given", "not given", "one side only", "")),
        ("nhs_number", "9990000018", "9990000018", ("", "", "same", "")),
        ("nhs_number", "999 000 0081", "9990000018", ("••••••••81", "••••••••18", "differs", "two of them the other way round")),
        ("nhs_number", "9990000118", "9990000018", ("•••••••1••", "•••••••0••", "differs", "1 of 10 places differ")),
        ("nhs_number", "9991234567", "9990000018", ("", "", "differs", "unlike")),
        ("local_patient_identifier", "A17", "A18", ("••7", "••8", "differs", "1 of 3 places differ")),
        ("sex", "1", "2", ("1", "2", "differs", "no evidence by itself")),
    ],
)
def test_a_field_is_shown_as_far_as_it_is_needed(field: str, record: str, person: str, expected: tuple[str, ...]) -> None:
    assert shown(**{field: (record, person)}) == expected


def test_nothing_but_identifiers_is_ever_shown() -> None:
    assert compared(pair(diagnosis=("F32", "F32"), ward=("7", "8"), provider=("RWY", "RWY"), note=("x", "y"))) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann\x1b[2J\x1b]0;title\x07", "Ann�[2J�]0;title�"),
        ("Ann\u202eeoD", "Ann�eoD"),
        ("Ann\x9b31m", "Ann�31m"),
        ("An\nn\tDoe\r", "An n Doe"),
        ("Zoë", "Zoë"),
        ("O’Neill-Ó Súilleabháin", "O’Neill-Ó Súilleabháin"),
        ("張偉", "張偉"),
        ("A" * 200, "A" * 79 + "…"),
    ],
)
def test_a_name_moves_no_cursor(text: str, expected: str) -> None:
    assert clean(text) == expected


HOME = {"person_family_name": ("Hill", "Hill"), "postcode": ("ZZ99 3VZ", "ZZ99 3VZ")}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (HOME | {"person_given_name": ("Amy", "Zara"), "born": ("2020-05-04", "2020-05-04")}, "are these twins?"),
        (HOME | {"person_given_name": ("John", "John"), "born": ("1950-05-04", "1980-07-01")}, "are these parent and child?"),
        (HOME | {"person_given_name": ("J", "John"), "born": ("1950-05-04", "1980-07-01")}, "are these parent and child?"),
        ({"nhs_number": ("9991234567", "9990000018")}, "whose is it?"),
        ({"person_family_name": ("Ali", "Khan"), "person_given_name": ("Khan", "Ali"), "local": ("7", "")}, "the other way round"),
    ],
)
def test_what_could_be_got_wrong_is_said(fields: dict[str, tuple[str, str]], said: str) -> None:
    [warning] = warnings(pair(**fields))
    assert said in warning


def test_others_of_one_address_and_other_pairs_are_warned_of() -> None:
    said = {"p_twins": "1", "p_namesakes": "2", "r_local": "7"}
    assert warnings(said, rivals=1) == [
        "another person of this family name lives at one of these postcodes, born on the same day: the record may be theirs",
        "2 others of this family name live at one of these postcodes, with a similar given name: the record may be theirs",
        "the same record may be another person: those pairs are in doubt too",
    ]
    assert warnings(pair(**HOME, person_given_name=("Amy", "Amy"), born=("2020-05-04", "2020-05-04"))) == []


def test_a_record_that_says_little_is_told() -> None:
    names = {"person_family_name": ("Hill", "Hill"), "born": ("1950-05-04", "1950-05-04")}
    [warning] = warnings(pair(**names, postcode=("", "HX1 1AA")))
    assert "the record says little" in warning
    assert warnings(pair(**names, postcode=("HX1 1AA", "HX1 1AA"))) == []


def test_sources_and_their_age_are_said() -> None:
    said = {"r_source": "visits", "r_date": "2023-01-05", "p_source": "list", "p_date": "2026-01-01"}
    assert provenance(said, TODAY) == [("Record", "visits, to 2023-01-05 (3 years old)"), ("Person", "list, to 2026-01-01")]
    assert provenance({}, TODAY) == []


def staff(account: str, role: str = "coordinator", name: str = "", **more: object) -> StaffMember:
    return StaffMember.model_validate({"account": account, "name": name or account, "role": role, **more})


def test_staff_with_the_right_review_and_accounts_of_one_name_are_one_person() -> None:
    rows = [staff("ada", name="Ada  King"), staff("ada.admin", "ig_lead", "ADA KING"), staff("ben", "analyst")]
    assert reviewer_for(REAL, rows, "ada", TODAY) == Reviewer("ada", "coordinator", ("ada", "ada.admin"))
    assert reviewer_for(REAL, rows, "ada.admin", TODAY).role == "ig_lead"


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [staff("ada", "analyst")],
        [staff("ada", ends=date(2026, 1, 31))],
        [staff("ada", starts=date(2026, 2, 1))],
        [staff("ada", scope_kind="neighbourhood", scope_ids="north")],
        [staff("Ada")],
    ],
)
def test_nobody_else_does(rows: list[StaffMember]) -> None:
    with pytest.raises(Refused, match=r"gives ada neither role today; ask whoever keeps that file"):
        reviewer_for(REAL, rows, "ada", TODAY)


def test_of_invented_people_whoever_has_no_row_may() -> None:
    assert reviewer_for(INVENTED, [], "ada", TODAY) == Reviewer("ada", "coordinator", ("ada",))
    with pytest.raises(Refused):
        reviewer_for(INVENTED, [staff("ada", "analyst")], "ada", TODAY)
