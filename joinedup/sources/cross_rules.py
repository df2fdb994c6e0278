"""What can be wrong between files, and between them and the place: each rule a query of the rows at fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

PRACTICE = "general_medical_practice_code_patient_registration"
STARTS, ENDS = "start_date_gmp_patient_registration", "end_date_gmp_patient_registration"
EVENTS = {"apc": "admidate", "ecds": "arrival_date"}
"""Contract -> the day on which the person of a row was certainly alive."""
PROVIDERS = {"apc": "coalesce(procode3, procodet)", "ecds": "provider_code"}
POPULATION, BY_NEIGHBOURHOOD = "population of neighbourhoods", "population of neighbourhoods, every measure by neighbourhood"


@dataclass(frozen=True, slots=True)
class CrossRule:
    """Rows at fault, as a query of file_id, source_row and a code (or null), and what follows "so many rows: "."""

    name: str
    message: str
    endangers: str
    rows: str


def place_rules(as_at: date) -> Iterator[CrossRule]:
    """What can be wrong between files and a place; the place's tables stand beside the staged ones."""
    yield from _practice_rules(f"DATE '{as_at}'")
    yield CrossRule(
        "unknown-area",
        "a small area of residence that areas.csv doesn't know, so its deprivation is unknown: people may live outside the place, "
        "or the codes be of another census",
        "deprivation",
        """
        SELECT file_id, source_row, lsoa_of_residence AS code FROM staged_register
        WHERE lsoa_of_residence NOT IN (SELECT area_code FROM place_area) AND EXISTS (SELECT 1 FROM place_area)
        """,
    )
    for contract, provider in PROVIDERS.items():
        yield CrossRule(
            "provider-is-no-partner",
            "a provider that isn't among the partners: care elsewhere is right to be here, a wrong code is not",
            "activity and cost by provider",
            f"""
            SELECT file_id, source_row, {provider} AS code FROM staged_{contract}
            WHERE left({provider}, 3) NOT IN (SELECT left(partner_code, 3) FROM place_partner WHERE partner_code IS NOT NULL)
            """,
        )


def _practice_rules(as_at: str) -> Iterator[CrossRule]:
    yield CrossRule(
        "unknown-practice",
        "registered with a practice that practices.csv doesn't know, so in no neighbourhood: add it there, or ask why it is in the list",
        BY_NEIGHBOURHOOD,
        f"""
        SELECT file_id, source_row, {PRACTICE} AS code FROM staged_register
        WHERE {PRACTICE} NOT IN (SELECT practice_code FROM place_practice)
        """,
    )
    yield CrossRule(
        "practice-closed",
        "registered with a practice on days when it was closed: ask where these people are registered now",
        POPULATION,
        f"""
        SELECT file_id, source_row, {PRACTICE} AS code FROM staged_register JOIN place_practice ON practice_code = {PRACTICE}
        WHERE coalesce({ENDS}, {as_at}) > closed OR {STARTS} >= closed
        """,
    )
    yield CrossRule(
        "people-in-no-neighbourhood",
        "registered on the as-at date with a practice that is then in no neighbourhood, so counted for the place alone: "
        "give it a neighbourhood in practices.csv",
        BY_NEIGHBOURHOOD,
        f"""
        SELECT file_id, source_row, {PRACTICE} AS code FROM staged_register AS list JOIN place_practice ON practice_code = {PRACTICE}
        WHERE {current_sql(as_at)} AND NOT EXISTS (
            SELECT 1 FROM place_membership AS member WHERE member.practice_code = list.{PRACTICE}
            AND coalesce(member.starts <= {as_at}, true) AND coalesce(member.ends > {as_at}, true)
        )
        """,
    )


def current_sql(day: str) -> str:
    """Whether a registration is in force on a day."""
    return f"coalesce({STARTS} <= {day}, true) AND coalesce({ENDS} > {day}, true)"


def people_rules() -> Iterator[CrossRule]:
    """What can be wrong with what files say of one person; `staged_person` and `staged_death` stand beside the staged tables."""
    yield CrossRule(
        "nhs-number-check-digit",
        "an NHS number with a wrong check digit (Modulus 11), or made of one digit; these rows can't be linked by it: ask for them again",
        "every link of these people",
        "SELECT file_id, source_row, NULL AS code FROM staged_person WHERE numbered AND NOT valid",
    )
    yield CrossRule(
        "no-nhs-number",
        "neither an NHS number nor a pseudonym; these rows can't be linked",
        "every link of these people",
        "SELECT file_id, source_row, NULL AS code FROM staged_person WHERE NOT numbered AND NOT named",
    )
    for contract, day in EVENTS.items():
        yield CrossRule(
            "activity-after-death",
            "activity after the day of death that the deaths extract gives for the same person: one of the two is wrong",
            "person, activity, deaths",
            f"SELECT file_id, source_row, NULL AS code FROM {_of_the_dead(contract)} WHERE {day} > died",
        )
    yield CrossRule(
        "born-after-death",
        "a date of birth after the day of death that the deaths extract gives for the same person: one of the two is wrong",
        "person, ages, deaths",
        f"SELECT file_id, source_row, NULL AS code FROM {_of_the_dead('register')} WHERE person_birth_date > died",
    )
    yield CrossRule(
        "registered-after-death",
        "a registration that starts after the day of death that the deaths extract gives for the same person: one of the two is wrong",
        "population, deaths",
        f"SELECT file_id, source_row, NULL AS code FROM {_of_the_dead('register')} WHERE {STARTS} > died",
    )


def _of_the_dead(contract: str) -> str:
    return f"staged_{contract} JOIN staged_person AS who USING (file_id, source_row) JOIN staged_death USING (person)"
