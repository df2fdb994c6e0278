"""The contracts themselves: complete, consistent, and of the names that real extracts have."""

from __future__ import annotations

import csv
import json
import re
from itertools import combinations
from pathlib import Path

import duckdb
import pytest

from joinedup.engine.duck import connect
from joinedup.engine.files_text import plain
from joinedup.engine.files_values import date_sql, likely_date_sql
from joinedup.findings import Severity
from joinedup.sources.columns import PERSON_FIELDS, Columns, known_names
from joinedup.sources.contract import ContractCase, ContractSpec, FieldType, contracts
from joinedup.sources.contract_cases import run_contract_case
from joinedup.sources.rows import RowPlan, marks, sql_type
from tests.unit.sources.extracts import AS_AT, lines, source, staged

CONTRACTS = sorted(contracts())
CASES = [pytest.param(spec, case, id=f"{name}: {case.name}") for name, spec in contracts().items() for case in spec.cases]


@pytest.mark.parametrize(("contract", "case"), CASES)
def test_case(contract: ContractSpec, case: ContractCase) -> None:
    assert run_contract_case(contract, case) == []


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_contract_has_cases_and_every_rule_a_way_to_break_it(name: str) -> None:
    assert contracts()[name].cases
    assert [rule.name for rule in contracts()[name].rules if not rule.broken_by] == []


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_name_stands_for_one_field(name: str) -> None:
    names = [plain(each) for field in contracts()[name].fields for each in (field.name, *field.also)]
    assert len(names) == len(set(names))
    assert [field.name for field in contracts()[name].fields if field.name != plain(field.name)] == []


@pytest.mark.parametrize("name", CONTRACTS)
def test_keys_dates_and_requirements_name_fields(name: str) -> None:
    contract = contracts()[name]
    fields = {field.name: field for field in contract.fields}
    assert set(contract.key) <= set(fields)
    assert set(PERSON_FIELDS) <= set(fields)
    assert contract.lists or contract.dated_by
    dates = {*filter(None, [contract.dated_by]), *contract.reaches_by, *(contract.covers or ())}
    assert [name for name in dates if fields[name].type is not FieldType.DATE] == []
    named = {*contract.history_of, *([contract.deleted_by.field] if contract.deleted_by else []), *filter(None, [contract.provided_by])}
    assert named <= set(fields)
    assert [field.name for field in contract.fields if field.required and not field.header_required] == []


@pytest.mark.parametrize("name", CONTRACTS)
def test_what_can_identify_is_never_landed(name: str) -> None:
    contract = contracts()[name]
    assert {
        "NHS_NUMBER",
        "SOURCE_PSEUDONYM",
        "PERSON_BIRTH_DATE",
        "PERSON_FAMILY_NAME",
        "PERSON_GIVEN_NAME",
        "POSTCODE_OF_USUAL_ADDRESS",
    } <= {field.name for field in contract.identifiers}
    landed = {column.name for column in contract.landed_spec().columns}
    assert landed & {field.landed for field in contract.identifiers} == set()


@pytest.mark.parametrize("name", CONTRACTS)
def test_rules_can_be_evaluated_and_codes_are_written_as_codes_are_read(name: str) -> None:
    contract = contracts()[name]
    con = connect(threads=1)
    types = {FieldType.INTEGER: "INTEGER", FieldType.DECIMAL: "DOUBLE", FieldType.MONEY: "BIGINT", FieldType.DATE: "DATE"}
    columns = ", ".join(f"CAST(NULL AS {types.get(field.type, 'VARCHAR')}) AS {field.landed}" for field in contract.fields)
    for rule in contract.rules:
        [(broken,)] = con.execute(f"SELECT {rule.when} FROM (SELECT {columns}, DATE '{AS_AT}' AS as_at)").fetchall()
        assert not broken, rule.name
    assert len({rule.name for rule in contract.rules}) == len(contract.rules)
    assert [code for field in contract.fields for code in field.codes if code != code.strip().upper()] == []


@pytest.mark.parametrize("name", CONTRACTS)
def test_all_that_can_be_wrong_with_a_row_fits_into_one_number(name: str) -> None:
    contract = contracts()[name]
    everything = Columns({field.name: at for at, field in enumerate(contract.fields)}, {}, (), (), ())
    assert len(marks(RowPlan(contract, source(name), everything, AS_AT))) < 63


def test_no_two_styles_read_one_text_as_different_dates() -> None:
    con = connect(threads=1)
    styles = contracts()["apc"].date_styles
    texts = [day for style in styles for day in _written(con, style)]
    for text in texts:
        found = con.execute(
            "SELECT "
            + ", ".join(f"CASE WHEN {likely_date_sql(date_sql('?', [style]))} THEN {date_sql('?', [style])} END" for style in styles),
            _times(text, styles),
        ).fetchall()[0]
        assert len({day for day in found if day}) == 1, text


def _written(con, style: str) -> list[str]:
    days = ("1950-02-01", "2011-12-10", "2024-10-11", "1912-01-20")
    return [con.execute(f"SELECT strftime(TIMESTAMP '{day} 00:00:00', '{style}')").fetchall()[0][0] for day in days]


def _times(text: str, styles: tuple[str, ...]) -> list[str]:
    con = connect(threads=1)
    asked = sum(f"{likely_date_sql(date_sql('?', [style]))} {date_sql('?', [style])}".count("?") for style in styles)
    con.close()
    return [text] * asked


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "listed"), [("apc", "hes_apc_columns.json"), ("ecds", "ecds_columns.json"), ("outpatient", "hes_op_columns.json")]
)
def test_fields_have_the_names_of_the_published_column_lists(name: str, listed: str, shared: Path) -> None:
    content = json.loads((shared / "open-data" / "extracts" / "column_lists" / listed).read_text())
    published = {plain(column["name"]) for table in content["tables"] for column in table["tableSchema"]["columns"]}
    added = {"DISREADYDATE", "FINAL_PRICE", "NHS_NUMBER_STATUS_INDICATOR_CODE", "PATIENT_PATHWAY_IDENTIFIER", "CDS_UPDATE_TYPE"}
    added |= {"PROCODE3"} if name == "outpatient" else set()  # in HES, though not on the list
    identifiers = {field.name for field in contracts()[name].identifiers}
    unknown = {field.name for field in contracts()[name].fields} - published - added - identifiers
    later = {f"DIAG_{n:02}" for n in range(13, 21)} | {f"OPERTN_{n:02}" for n in range(13, 25)}
    assert unknown - later == set()


@pytest.mark.shared
def test_the_artificial_hes_admissions_load_without_renaming(shared: Path) -> None:
    with (shared / "open-data" / "extracts" / "hes_artificial" / "hes_apc_0102.csv").open() as file:
        header = next(csv.reader(file))
    known = known_names(contracts()["apc"], source("apc"))
    taken = {known[plain(name)][0] for name in header if plain(name) in known}
    assert {
        "EPIKEY",
        "SOURCE_PSEUDONYM",
        "ADMIDATE",
        "ADMIMETH",
        "DISDATE",
        "DIAG_01",
        "DIAG_20",
        "OPERTN_24",
        "SUSHRG",
        "MYDOB",
        "SPELBGIN",
    } <= taken


def a_value(kind: FieldType) -> str:
    """A value of a field's type, as SQL."""
    return {FieldType.DATE: "DATE '2025-03-04'", FieldType.TIME: "'09:30'"}.get(kind, "'1'" if kind in TEXTS else "1")


TEXTS = (FieldType.TEXT, FieldType.CODE)


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_rule_can_be_asked_whatever_columns_are_blank_in_every_row(name: str) -> None:
    """DuckDB folds a column without a value away, and some comparisons with CASE then fail to bind."""
    spec = contracts()[name]
    con = connect(threads=1)
    failed = []
    for rule in spec.rules:
        used = {field.landed: field.type for field in spec.fields if re.search(rf"\b{field.landed}\b", rule.when)}
        types = {field.landed: sql_type(field) for field in spec.fields}
        for blank in (set(some) for size in range(min(len(used), 4) + 1) for some in combinations(used, size)):
            values = {name: "NULL" if name in blank else a_value(kind) for name, kind in used.items()}
            columns = [f"CAST({value} AS {types[name]}) AS {name}" for name, value in values.items()]
            con.execute(f"CREATE OR REPLACE TEMP TABLE rows AS SELECT {', '.join(columns)}, DATE '{AS_AT}' AS as_at")
            for query in (f"SELECT CASE WHEN {rule.when} THEN 1 ELSE 0 END FROM rows", f"SELECT 1 FROM rows WHERE {rule.when}"):
                try:
                    con.execute(query).fetchall()
                except duckdb.Error as error:
                    failed.append(f"{rule.name}: {error}")
    con.close()
    assert failed == []


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_file_whose_other_columns_are_all_blank_is_read(tmp_path: Path, name: str) -> None:
    spec = contracts()[name]
    case = next(case for case in spec.cases if case.loaded)
    names = known_names(spec, source(name))
    row = {names[plain(column)][0]: value for column, value in case.files[0][0].items() if plain(column) in names}
    needed = {field.name for field in spec.fields if field.required} | set(spec.key)
    values = {field.name: row.get(field.name, "") if field.name in needed else "" for field in spec.fields}
    found = staged(tmp_path, {"file.csv": lines(",".join(values), ",".join(f'"{value}"' for value in values.values()))}, source(name))
    assert found.file.rows_read == 1
    assert not {finding.rule for finding in found.staging.findings if finding.severity is Severity.ERROR}
