"""What can be wrong between files, and between them and the place: each rule a query of the rows at fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from joinedup.sources.contract import ContractSpec

REGISTER, DEATHS = "register", "deaths"
DISCHARGES, ADMITTED = "discharge_ready", "apc"
PRACTICE = "general_medical_practice_code_patient_registration"
STARTS, ENDS = "start_date_gmp_patient_registration", "end_date_gmp_patient_registration"
POPULATION, BY_NEIGHBOURHOOD = "population of neighbourhoods", "population of neighbourhoods, every measure by neighbourhood"


@dataclass(frozen=True, slots=True)
class CrossRule:
    """Rows at fault, as a query of file_id, source_row and a code (or null), and what follows "so many rows: "."""

    name: str
    message: str
    endangers: str
    rows: str


READY_ALONE = CrossRule(
    "ready-without-admitted-care",
    "no extract of admitted care tells of this stay, and its ready date is missing, so no delay is made of it: send it, or the extract of "
    "admitted care",
    "delayed days",
    """
    SELECT file_id, source_row, NULL AS code FROM staged_discharge_ready
    WHERE discharge_ready_date IS NULL
    """,
)


def place_rules(as_at: date, contracts: Sequence[ContractSpec]) -> Iterator[CrossRule]:
    """What can be wrong between files of these contracts and a place; the place's tables stand beside the staged ones."""
    for contract in contracts:
        if contract.provided_by:
            yield _provider_rule(contract.contract, contract.landed(contract.provided_by))
    names = {contract.contract for contract in contracts}
    if DISCHARGES in names and ADMITTED not in names:
        yield READY_ALONE
    if not any(contract.contract == REGISTER for contract in contracts):
        return
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


def trust_sql(code: str) -> str:
    """The code of a provider: of a site of an NHS trust its trust's, as `provider_site` of the record has it."""
    return f"CASE WHEN left({code}, 1) IN ('R', 'T') AND length({code}) = 5 THEN left({code}, 3) ELSE {code} END"


def _provider_rule(contract: str, provider: str) -> CrossRule:
    return CrossRule(
        "provider-is-no-partner",
        "a provider that is neither a partner nor a practice of the place: care elsewhere is right to be here, a wrong code is not",
        "activity and cost by provider",
        f"""
        SELECT file_id, source_row, {provider} AS code FROM staged_{contract}
        WHERE {trust_sql(provider)} NOT IN (SELECT {trust_sql("partner_code")} FROM place_partner WHERE partner_code IS NOT NULL)
            AND {provider} NOT IN (SELECT practice_code FROM place_practice WHERE practice_code IS NOT NULL)
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
        "registered with a practice on days when it was closed, and practices.csv names none that took it over: ask where these people "
        "are registered now",
        POPULATION,
        f"""
        SELECT file_id, source_row, {PRACTICE} AS code FROM staged_register JOIN place_practice ON practice_code = {PRACTICE}
        WHERE (coalesce(least({ENDS}, listed_to), {as_at}) > closed OR {STARTS} >= closed)
            AND {PRACTICE} NOT IN (SELECT code FROM place_succession WHERE kind = 'practice')
        """,
    )
    yield CrossRule(
        "people-in-no-neighbourhood",
        "registered on the as-at date with a practice that is then in no neighbourhood, so counted for the place alone: "
        "give it a neighbourhood in practices.csv",
        BY_NEIGHBOURHOOD,
        f"""
        SELECT file_id, source_row, {PRACTICE} AS code FROM {register_now_sql()} AS list
        WHERE {current_sql(as_at)} AND {PRACTICE} IN (SELECT practice_code FROM place_practice) AND NOT EXISTS (
            SELECT 1 FROM place_membership AS member WHERE member.practice_code = practice_now
            AND coalesce(member.starts <= {as_at}, true) AND coalesce(member.ends > {as_at}, true)
        )
        """,
    )


def register_now_sql() -> str:
    """The rows of the registration list, and `practice_now`: the practice that their code stands for on the as-at date."""
    return f"""
        (SELECT list.*, coalesce(successor_code, {PRACTICE}) AS practice_now FROM staged_register AS list
        LEFT JOIN place_succession AS after ON after.kind = 'practice' AND after.ends IS NULL AND after.code = {PRACTICE})
    """


def current_sql(day: str) -> str:
    """Whether a registration is in force on a day."""
    return f"coalesce({STARTS}, listed_from, {day}) <= {day} AND coalesce(least({ENDS}, listed_to) > {day}, true)"


def people_rules(contracts: Sequence[ContractSpec]) -> Iterator[CrossRule]:
    """What can be wrong with what files of these contracts say of one person; beside the staged tables stand `number_invalid`,
    `file_namespace` and `staged_death`."""
    for contract in contracts:
        yield from _rules_of_one_contract(contract)
    if not any(contract.contract == REGISTER for contract in contracts):
        return
    yield CrossRule(
        "born-after-death",
        "a date of birth after the day of death that the deaths extract gives for the same person: one of the two is wrong",
        "person, ages, deaths",
        f"SELECT file_id, source_row, NULL AS code FROM {_of_the_dead(REGISTER)} WHERE person_birth_date > died",
    )
    yield CrossRule(
        "registered-after-death",
        "a registration that starts after the day of death that the deaths extract gives for the same person: one of the two is wrong",
        "population, deaths",
        f"SELECT file_id, source_row, NULL AS code FROM {_of_the_dead(REGISTER)} WHERE {STARTS} > died",
    )


def _rules_of_one_contract(contract: ContractSpec) -> Iterator[CrossRule]:
    rows = f"SELECT file_id, source_row, NULL AS code FROM staged_{contract.contract}"
    yield CrossRule(
        "nhs-number-check-digit",
        "an NHS number with a wrong check digit (Modulus 11), or made of one digit; these rows can't be linked by it: ask for them again",
        "every link of these people",
        f"{rows} WHERE nhs_number IN (SELECT nhs_number FROM number_invalid)",
    )
    yield CrossRule(
        "no-nhs-number",
        "neither an NHS number nor a pseudonym; these rows can't be linked",
        "every link of these people",
        f"{rows} WHERE nhs_number IS NULL AND source_pseudonym IS NULL",
    )
    if contract.dated_by and not contract.lists and contract.contract != DEATHS:
        yield CrossRule(
            "activity-after-death",
            "activity after the day of death that the deaths extract gives for the same person: one of the two is wrong",
            "person, activity, deaths",
            f"SELECT file_id, source_row, NULL AS code FROM {_of_the_dead(contract.contract)} WHERE {contract.day_sql} > died",
        )


def people_sql(contract: str) -> str:
    """The rows of a contract, and `person`: the number if it can be one, else the pseudonym and whose it is, or null."""
    return f"""
        SELECT s.*, CASE WHEN s.nhs_number IS NOT NULL AND i.nhs_number IS NULL THEN s.nhs_number
            ELSE namespace || ' ' || source_pseudonym END AS person
        FROM staged_{contract} s LEFT JOIN number_invalid i ON i.nhs_number = s.nhs_number LEFT JOIN file_namespace USING (file_id)
    """


def _of_the_dead(contract: str) -> str:
    return f"({people_sql(contract)}) JOIN staged_death USING (person)"
