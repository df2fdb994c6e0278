"""Codes of each system: one plain form on both sides, and slips of the pen told from codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.build import all_specs
from joinedup.population.code_forms import coded_fields, plain_icd, plain_read, snomed_fault, systems, verhoeff_holds


def test_python_and_sql_agree_on_the_plain_form():
    expected = {
        (row["system"], row["code"]): row["plain"] for case in all_specs()["code_seen"].cases for row in case.expect if "plain" in row
    }
    assert len(expected) > 10
    assert {key: systems()[key[0]].plain(key[1]) for key in expected} == expected


@pytest.mark.parametrize(
    ("written", "plain"),
    [("E11.-", "E11"), ("e11", "E11"), (" M45 X0", "M45"), ("A17.0†", "A170"), ("G01*", "G01"), ("A170D", "A170"), ("R54X", "R54")],
)
def test_icd_codes_as_lists_write_them(written, plain):
    assert plain_icd(written) == plain
    assert systems()["ICD-10"].fault(written) is None


def test_capitals_and_small_letters_of_read_codes_differ():
    assert plain_read("13lL.") == "13lL" != plain_read("13LL.")


# The first two are examples of a concept and a description in SNOMED International, Technical Implementation Guide, 2014.
@pytest.mark.parametrize("number", ["100005", "100014", "22298006", "73211009", "900000000000207008"])
def test_numbers_of_snomed_ct_hold_by_their_check_digit(number):
    assert verhoeff_holds(number)


@given(st.integers(10**4, 10**12), st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number, at, change):
    digits = next(f"{number}{check}" for check in range(10) if verhoeff_holds(f"{number}{check}"))
    place = at % len(digits)
    wrong = digits[:place] + str((int(digits[place]) + change) % 10) + digits[place + 1 :]
    assert not verhoeff_holds(wrong)


@pytest.mark.parametrize(
    ("system", "code", "says"),
    [
        ("ICD-10", "11E", "letter and two or three digits"),
        ("ICD-10", "E91.0", "its categories of E end with E90"),
        ("ICD-10", "T99", "its categories of T end with T98"),
        ("ICD-10", "E11.912", "more after the fourth character"),
        ("SNOMED CT", "4.4E+07", "a spreadsheet may have written it as"),
        ("SNOMED CT", "44054007", "check digit is wrong"),
        ("SNOMED CT", "100014", "number of a description"),
        ("Read v2", "C10F00", "not followed by the two of a term's number"),
        ("Read v2", "44054006", "more than five characters"),
        ("CTV3", "X40-J", "no Read code"),
        ("BNF", "601022B0", "cut its first nought"),
        ("cld.client_type", "UNPAID CARE", "did you mean UNPAID CARER?"),
    ],
)
def test_what_no_system_has_is_told_with_what_to_do(system, code, says):
    assert says in systems()[system].fault(code)


@pytest.mark.parametrize("code", ["E9", "E90", "T98.3", "C97", "Z99", "U07.1", "Y9"])
def test_the_last_categories_and_their_beginnings_may_be_listed(code):
    assert systems()["ICD-10"].fault(code) is None


@pytest.mark.parametrize("code", ["06", "0601", "060102", "0601022", "0601022B0", "0601022B0AA", "0601022B0AAABAB"])
def test_every_part_of_a_bnf_code_may_be_listed(code):
    assert systems()["BNF"].fault(code) is None


def test_numbers_of_descriptions_are_no_concepts():
    assert snomed_fault("22298006") is None


def test_coded_fields_are_those_of_the_table_and_each_is_of_its_contract():
    assert {"cld.primary_support_reason", "children_social_care.record_type", "community_activity.kind"} <= coded_fields().keys()
    assert "LEARNING DISABILITY SUPPORT" in coded_fields()["cld.primary_support_reason"].codes
    assert systems()["community_activity.kind"].fault("befriending") is None
    retired = [(name, code) for name, field in coded_fields().items() for code, dated in field.dated.items() if dated.becomes]
    assert all("was replaced by" in (systems()[name].fault(code) or "") for name, code in retired)
