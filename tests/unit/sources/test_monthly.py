"""Files that come every month: what each kind of source sends, and that 24 months of drops give the rows of one clean file."""

from __future__ import annotations

import csv
import io
import os
import random
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from joinedup.engine.files_text import plain
from joinedup.findings import Finding, Severity
from joinedup.periods import add_months
from joinedup.sources.columns import known_names
from joinedup.sources.contract import ContractField, ContractSpec, contracts
from tests.unit.sources.extracts import APC, AS_AT, NUMBERS, REGISTER, Staged, counts, lines, source, staged

A, B, C = NUMBERS[:3]
Row = dict[str, str]
EVENTS = sorted(name for name, contract in contracts().items() if contract.dated_by and not contract.lists)
MONTHS = [add_months(date(2024, 4, 1), step) for step in range(24)]


def files(*named: tuple[str, str]) -> dict[str, str]:
    return dict(named)


def apc(*rows: str) -> str:
    return lines(APC, *rows)


def accounts(found: Staged) -> list[tuple[int, int, int, int]]:
    return [counts(file) for file in found.staging.files]


def by_rule(found: Staged) -> dict[str, int]:
    rules: dict[str, int] = {}
    for file in found.staging.files:
        for rule, count in file.superseded_by.items():
            rules[rule] = rules.get(rule, 0) + count
    return rules


# 24 drops and one clean file


def clean_rows(contract: ContractSpec, seed: int) -> list[Row]:
    """Sound rows of a contract, eight a month for 24 months, each with a key of its own: its first case's row, dated anew."""
    names = known_names(contract, source(contract.contract))
    first = next(case.files[0][0] for case in contract.cases if case.loaded)
    template = {names[plain(name)][0]: value for name, value in first.items() if plain(name) in names}
    return [_dated(contract, template, month, place, seed) for month in MONTHS for place in range(8)]


def _dated(contract: ContractSpec, template: Mapping[str, str], month: date, place: int, seed: int) -> Row:
    row = {name: value for name, value in template.items() if _kind(contract, name) != "date" or name == "PERSON_BIRTH_DATE"}
    row |= {field.name: "" for field in contract.fields if field.header_required and field.name not in row}
    row[contract.dated_by or ""] = month.replace(day=1 + place * 3).isoformat()
    for part in contract.key:
        if part == "NHS_NUMBER":
            row["SOURCE_PSEUDONYM"] = f"P{seed}{month:%y%m}{place}"
            row.pop("NHS_NUMBER", None)
        elif part != contract.dated_by and _kind(contract, part) in ("text", "code") and not _field(contract, part).codes:
            row[part] = f"K{seed}{month:%y%m}{place}"
        elif part != contract.dated_by and _kind(contract, part) == "date":
            row[part] = month.replace(day=1 + place * 3).isoformat()
    return row


def _kind(contract: ContractSpec, name: str) -> str:
    return str(_field(contract, name).type)


def _field(contract: ContractSpec, name: str) -> ContractField:
    return next(field for field in contract.fields if name == field.name)


def written(rows: Sequence[Row], columns: Sequence[str]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def spoiled(contract: ContractSpec, row: Row, draw: random.Random) -> Row:
    """The row as it was sent before it was corrected: another text somewhere, and nothing of its key."""
    free = [name for name in row if name not in contract.key and _kind(contract, name) in ("text", "code") and name not in PLAIN]
    return row | dict.fromkeys(draw.sample(free, min(1, len(free))), "WRONG")


PLAIN = ("NHS_NUMBER", "SOURCE_PSEUDONYM", "NHS_NUMBER_STATUS_INDICATOR_CODE")


def drops_of(contract: ContractSpec, rows: list[Row], draw: random.Random) -> dict[str, str]:
    """24 monthly files: late corrections, rows that come late, deletions and what was deleted again, the columns in another order
    half-way; then the first year once more."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if contract.deleted_by:
        columns = list(dict.fromkeys([*columns, contract.deleted_by.field]))
    of_month = {month: [row for row in rows if row[contract.dated_by or ""][:7] == f"{month:%Y-%m}"] for month in MONTHS}
    late: list[Row] = []
    content = {}
    for place, month in enumerate(MONTHS):
        sent, now = [], late
        late = []
        for row in of_month[month]:
            fate = draw.random() if place < len(MONTHS) - 1 else 1.0
            if fate < 0.2:
                sent.append(spoiled(contract, row, draw))
                late.append(row)
            elif fate < 0.3:
                late.append(row)
            elif fate < 0.4 and contract.deleted_by:
                sent.append(row)
                late += [{name: row[name] for name in row if name in (*contract.key, *PLAIN)} | _deletion(contract), row]
            else:
                sent.append(row)
        order = columns if place < 12 else draw.sample(columns, len(columns))
        content[f"drop_{place + 1}.csv"] = written([*now, *sent], order)
    year = [row for month in MONTHS[:12] for row in of_month[month]]
    return content | {"drop_25.csv": written(year, columns[::-1])}


def _deletion(contract: ContractSpec) -> Row:
    return {contract.deleted_by.field: contract.deleted_by.codes[0]} if contract.deleted_by else {}


def loaded(found: Staged, contract: ContractSpec) -> list[tuple[Any, ...]]:
    marker = contract.landed(contract.deleted_by.field) if contract.deleted_by else None
    names = ", ".join(field.landed for field in contract.fields if field.landed != marker)
    return found.con.execute(f"SELECT {names} FROM staged_{contract.contract} ORDER BY ALL").fetchall()


@cache
def of_one_clean_file(name: str) -> list[tuple[Any, ...]]:
    """What is loaded of a contract's clean rows in one file: all of them."""
    contract = contracts()[name]
    rows = clean_rows(contract, seed=1)
    with TemporaryDirectory() as folder:
        clean = staged(Path(folder), {"all.csv": written(rows, list(rows[0]))}, source(name, "all.csv"))
        assert clean.file.loaded == len(rows), (clean.file.rejected_by, clean.file.superseded_by)
        return loaded(clean, contract)


@pytest.mark.parametrize("name", EVENTS)
def test_24_drops_give_the_rows_of_one_clean_file(tmp_path: Path, name: str) -> None:
    contract = contracts()[name]
    rows = clean_rows(contract, seed=1)
    content = drops_of(contract, rows, random.Random(name))
    monthly = staged(tmp_path / "drops", content, source(name, "drop_*.csv"))
    assert loaded(monthly, contract) == of_one_clean_file(name)
    assert sum(file.loaded for file in monthly.staging.files) == len(rows)
    assert by_rule(monthly)["same-key"] >= 80
    assert {"month-missing", "sudden-fall", "sudden-rise", "kept-not-repeated", "loaded-again"} & set(monthly.rules) == set()
    assert [file.file for file in monthly.staging.files] == [f"drop_{n}.csv" for n in range(1, 26)]


@pytest.mark.parametrize("name", EVENTS)
def test_months_that_are_sent_again_give_the_rows_of_one_clean_file(tmp_path: Path, name: str) -> None:
    contract = contracts()[name]
    rows, old = clean_rows(contract, seed=1), clean_rows(contract, seed=2)
    columns = list(rows[0])
    content = {}
    for place, month in enumerate(MONTHS):
        sent = old if place < 12 else rows
        content[f"x_{month:%Y-%m}.csv"] = written([row for row in sent if row[contract.dated_by or ""][:7] == f"{month:%Y-%m}"], columns)
    content["x_2024-04_2025-03.csv"] = written([row for row in rows if row[contract.dated_by or ""] < "2025-04"], columns)
    template = {"sends": "months", "file_name": "x_{month:%Y-%m}.csv"}
    months = source(name, ("x_????-??.csv", "x_*_*.csv"), **template | {"file_name": "x_{from:%Y-%m}_{to:%Y-%m}.csv"})
    single = {name: body for name, body in content.items() if name.count("-") == 1}
    renamed = {f"x_{name[2:9]}_{name[2:9]}.csv": body for name, body in single.items()} | {
        "x_2024-04_2025-03.csv": content["x_2024-04_2025-03.csv"]
    }
    monthly = staged(tmp_path / "drops", renamed, months.model_copy(update={"files": ("x_*.csv",)}))
    assert loaded(monthly, contract) == of_one_clean_file(name)
    assert by_rule(monthly) == {"month-replaced": 96}
    assert monthly.staging.files[-13].file == "x_2024-04_2025-03.csv"


# the order of reading


def test_names_are_read_in_natural_order(tmp_path: Path) -> None:
    found = staged(
        tmp_path, files(("a_10.csv", apc(f"{A},7,2025-01-10,21,")), ("a_2.csv", apc(f"{A},7,2025-01-02,21,"))), source("apc", "a_*.csv")
    )
    assert [file.file for file in found.staging.files] == ["a_2.csv", "a_10.csv"]
    assert found.rows("apc", "admidate::VARCHAR") == [(1, "2025-01-10")]


def test_what_was_sent_later_is_read_later(tmp_path: Path) -> None:
    content = files(("a_20250301.csv", apc(f"{A},7,2025-01-10,21,")), ("b_20250201.csv", apc(f"{A},7,2025-01-02,21,")))
    found = staged(tmp_path, content, source("apc", ("a*.csv", "b*.csv"), file_name="*_{sent:%Y%m%d}.csv"))
    assert found.rows("apc", "admidate::VARCHAR") == [(1, "2025-01-10")]


def test_modification_times_that_say_otherwise_are_told(tmp_path: Path) -> None:
    content = files(
        ("a_20250101.csv", apc(f"{A},7,2025-01-01,21,")),
        ("a_20250102.csv", apc(f"{A},7,2025-01-02,21,")),
        ("a_20250103.csv", apc(f"{B},8,2025-01-02,21,")),
    )
    for name, body in content.items():
        (tmp_path / name).write_text(body)
    os.utime(tmp_path / "a_20250102.csv", (1_000_000_000, 1_000_000_000))
    doubt = staged_again(tmp_path, source("apc", "a_*.csv")).only("order-in-doubt")
    assert (doubt.file, doubt.count) == ("a_20250101.csv", 1)
    assert "order-in-doubt" not in staged_again(tmp_path, source("apc", "a_*.csv", file_name="a_{sent:%Y%m%d}.csv")).rules


ORDERS = [
    (("a_1.csv", "a_2.csv"), "a_*.csv", (), False),
    (("a_2025-04.csv", "a_2025-05.csv"), "a_*.csv", (), False),
    (("a_01-04-2025.csv", "a_01-05-2025.csv"), "a_*.csv", (), False),
    (("a_01-04-2026.csv", "a_01-05-2025.csv"), "a_*.csv", (), True),
    (("a_01042026.csv", "a_01052025.csv"), "a_*.csv", (), True),
    (("a_20250401.csv", "a_20250501.csv"), "a_*.csv", (), False),
    (("a_q1_2026.csv", "a_q2_2025.csv"), "a_*.csv", (), True),
    (("a_apr.csv", "a_may.csv"), "a_*.csv", (), True),
    (("a_apr.csv", "a_may.csv"), ("a_apr.csv", "a_may.csv"), (), False),
    (("a_2025-04.csv", "a_2025-04_v2.csv"), "a_*.csv", ("a_{month:%Y-%m}*.csv",), True),
    (("a_Apr25.csv", "a_May25.csv"), "a_*.csv", ("a_{month:%b%y}.csv",), False),
    (("a_2025-04_sent20250502.csv", "a_2025-03_sent20250503.csv"), "a_*.csv", ("a_{month:%Y-%m}_sent{sent:%Y%m%d}.csv",), False),
]


@pytest.mark.parametrize(("names", "patterns", "templates", "told"), ORDERS)
def test_an_order_that_only_the_alphabet_gives_is_told(
    tmp_path: Path, names: tuple[str, str], patterns: Any, templates: tuple[str, ...], told: bool
) -> None:
    content = files(*((name, apc(f"{A},7,2025-01-0{at},21,")) for at, name in enumerate(names, 1)))
    found = staged(tmp_path, content, source("apc", patterns, file_name=templates))
    assert [file.file for file in found.staging.files] == list(names)
    assert ("order-in-doubt" in found.rules) == told
    later = (tmp_path / names[1]).stat().st_mtime + 120
    os.utime(tmp_path / names[1], (later, later))
    assert "order-in-doubt" not in staged_again(tmp_path, source("apc", patterns, file_name=templates)).rules


YEAR = ("a_{month:%Y-%m}.csv", "a_{financial_year:%Y-%y}_resent.csv")
A_YEAR_AGAIN = files(
    ("a_2024-04.csv", apc(f"{A},1,2024-04-05,21,", f"{A},2,2024-04-06,21,")),
    ("a_2025-03.csv", apc(f"{A},3,2025-03-05,21,")),
    ("a_2025-04.csv", apc(f"{A},4,2025-04-05,21,")),
    ("a_2024-25_resent.csv", apc(f"{A},1,2024-04-07,21,", f"{A},3,2025-03-08,21,")),
)


@pytest.mark.parametrize("sends", ["changes", "months"])
def test_months_are_named_in_one_way_and_a_year_in_another(tmp_path: Path, sends: str) -> None:
    found = staged(tmp_path, A_YEAR_AGAIN, source("apc", "a_*.csv", sends=sends, file_name=YEAR))
    assert [file.file for file in found.staging.files] == ["a_2024-04.csv", "a_2025-03.csv", "a_2024-25_resent.csv", "a_2025-04.csv"]
    kept = [("2", "2024-04-06")] if sends == "changes" else []
    assert [row[1:] for row in found.rows("apc", "epikey, admidate::VARCHAR")] == [
        *kept,
        ("1", "2024-04-07"),
        ("3", "2025-03-08"),
        ("4", "2025-04-05"),
    ]
    assert {"name-does-not-fit", "year-read-first", "order-in-doubt"} & set(found.rules) == set()


@pytest.mark.parametrize("sends", ["changes", "months"])
def test_a_year_whose_name_does_not_fit_is_read_first_and_told(tmp_path: Path, sends: str) -> None:
    found = staged(tmp_path, A_YEAR_AGAIN, source("apc", "a_*.csv", sends=sends, file_name=YEAR[:1]))
    assert found.only("name-does-not-fit").file == "a_2024-25_resent.csv"
    told = found.only("year-read-first")
    assert (told.file, told.count) == ("a_2024-25_resent.csv", 2)
    assert "a_2024-04.csv and 1 more" in told.message
    assert "{financial_year:%Y-%y}" in told.message


def test_a_year_whose_pattern_stands_first_is_read_first_and_told(tmp_path: Path) -> None:
    patterns = ("*_resent.csv", "a_????-??.csv")
    found = staged(tmp_path, A_YEAR_AGAIN, source("apc", patterns, sends="months", file_name=YEAR))
    assert (found.only("year-read-first").file, found.only("year-read-first").count) == ("a_2024-25_resent.csv", 2)
    ordered = staged(tmp_path, {}, source("apc", patterns[::-1], sends="months", file_name=YEAR))
    assert "year-read-first" not in ordered.rules


def test_a_name_that_fits_two_templates_is_told(tmp_path: Path) -> None:
    templates = ("a_{month:%Y-%m}*.csv", "a_{financial_year:%Y-%y}*.csv")
    content = files(("a_2024-05.csv", apc(f"{A},1,2024-05-05,21,")), ("a_2011-12.csv", apc(f"{A},2,2011-12-05,21,")))
    found = staged(tmp_path, content, source("apc", "a_*.csv", sends="months", file_name=templates))
    told = found.only("name-fits-several")
    assert told.file == "a_2011-12.csv"
    assert all(template in told.message for template in templates)
    lists = staged(
        tmp_path / "lists",
        files(("l_01-02-2025.csv", lines(REGISTER, f"{A},1950-01-01,Y00001,"))),
        source("register", "l_*.csv", sends="snapshot", file_name=("l_{day:%d-%m-%Y}.csv", "l_{day:%m-%d-%Y}.csv")),
    )
    assert (lists.only("name-fits-several").severity, lists.file.refused) == (Severity.ERROR, True)


def staged_again(folder: Path, *sources: Any) -> Staged:
    return staged(folder, {}, *sources)


def test_a_name_that_does_not_fit_its_template(tmp_path: Path) -> None:
    content = files(
        ("list_2025-04-01.csv", lines(REGISTER, f"{A},1950-01-01,Y00001,")), ("list_may.csv", lines(REGISTER, f"{B},1950-01-01,Y00001,"))
    )
    found = staged(tmp_path, content, source("register", "list_*.csv", sends="snapshot", file_name="list_{day:%Y-%m-%d}.csv"))
    assert found.only("name-does-not-fit").file == "list_may.csv"
    assert [file.refused for file in found.staging.files] == [True, False]


# one file under two names, whole files, months, deletions


def test_one_file_under_two_names_counts_once(tmp_path: Path) -> None:
    first = apc(f"{A},7,2025-01-01,21,", f"{B},,2025-01-02,21,")
    found = staged(
        tmp_path,
        files(("1.csv", first), ("2.csv", apc(f"{A},7,2025-01-03,21,")), ("3.csv", first)),
        source("apc", ("1.csv", "2.csv", "3.csv")),
    )
    assert accounts(found) == [(2, 1, 1, 0), (1, 1, 0, 0), (2, 0, 2, 0)]
    assert by_rule(found) == {"same-file": 2, "same-key": 1}
    assert found.only("same-file").file == "3.csv"


def test_a_source_of_everything_is_its_last_file(tmp_path: Path) -> None:
    content = files(
        ("1.csv", apc(f"{A},7,2025-01-01,21,", f"{B},8,2025-01-01,21,")), ("2.csv", apc(f"{A},7,2025-01-03,21,")), ("3.csv", "")
    )
    found = staged(tmp_path, content, source("apc", "*.csv", sends="everything"))
    assert accounts(found) == [(2, 0, 2, 0), (1, 1, 0, 0), (0, 0, 0, 0)]
    assert by_rule(found) == {"replaced": 2}


def test_a_file_that_replaces_much_more_is_doubted(tmp_path: Path) -> None:
    people = [f",REF{n:04},2025-01-01,21," for n in range(200)]
    found = staged(tmp_path, files(("1.csv", apc(*people)), ("2.csv", apc(*people[:90]))), source("apc", "*.csv", sends="everything"))
    assert found.only("much-smaller").file == "2.csv"


def test_a_month_is_replaced_and_what_lies_outside_is_kept(tmp_path: Path) -> None:
    content = files(
        ("a_2025-01.csv", apc(f"{A},1,2025-01-05,21,", f"{A},2,2025-02-05,21,")),
        ("a_2025-02.csv", apc(f"{A},3,2025-02-06,21,", f"{A},1,2025-02-07,21,", f"{A},,2025-02-09,21,")),
        ("b_2025-02.csv", apc(f"{A},4,2025-02-08,21,")),
    )
    found = staged(
        tmp_path, content, source("apc", ("a*.csv", "b*.csv"), sends="months", file_name="?_{month:%Y-%m}.csv".replace("?", "*"))
    )
    assert found.rows("apc", "epikey") == [(1, "1"), (1, "4")]
    assert by_rule(found) == {"month-replaced": 4}
    assert next((file.first_month, file.last_month) for file in found.staging.files) == (date(2025, 1, 1), date(2025, 1, 1))


def test_what_began_before_its_file_is_not_lost_when_an_earlier_month_is_sent_again(tmp_path: Path) -> None:
    """Files by the month of discharge, rows dated by admission: March is corrected when April has brought who came in March."""
    content = files(
        ("a_2025-03_sent_2025-04-10.csv", apc(f"{A},1,2025-03-02,21,", f"{A},2,2025-03-20,21,")),
        ("a_2025-04_sent_2025-05-10.csv", apc(f"{A},3,2025-03-28,21,", f"{A},4,2025-04-02,21,")),
        ("a_2025-03_sent_2025-06-10.csv", apc(f"{A},1,2025-03-02,21,")),
    )
    told = source("apc", "*.csv", sends="months", file_name="a_{month:%Y-%m}_sent_{sent:%Y-%m-%d}.csv")
    found = staged(tmp_path, content, told)
    assert sorted(key for _, key in found.rows("apc", "epikey")) == ["1", "3", "4"]
    again = files(("a_2025-04_sent_2025-07-10.csv", apc(f"{A},4,2025-04-02,21,")))
    found = staged(tmp_path / "again", {**content, **again}, told)
    assert sorted(key for _, key in found.rows("apc", "epikey")) == ["1", "4"], "April sent again decides about what came with April"


BY_DISCHARGE = {
    "sends": "months",
    "file_name": ["a_{month:%Y-%m}_sent_{sent:%Y%m%d}.csv", "a_{from:%Y-%m}_{to:%Y-%m}_sent_{sent:%Y%m%d}.csv"],
}


def test_months_that_are_cut_by_the_day_of_discharge_replace_one_another_by_it(tmp_path: Path) -> None:
    """A stay of June to August that a year had, and that August lacks when it is sent again, was deleted; another one of July stays."""
    year = apc(
        f"{A},1,2024-06-02,21,2024-06-05", f"{A},2,2024-06-20,21,2024-08-01", f"{A},3,2024-07-20,21,2024-08-03", f"{A},4,2024-07-20,21,"
    )
    august = apc(f"{A},3,2024-07-20,21,2024-08-03")
    content = files(("a_2024-04_2025-03_sent_20250501.csv", year), ("a_2024-08_sent_20250601.csv", august))
    found = staged(tmp_path, content, source("apc", "*.csv", **BY_DISCHARGE))
    assert sorted(key for _, key in found.rows("apc", "epikey")) == ["1", "3", "4"]
    assert by_rule(found) == {"month-replaced": 2}
    assert "outside-its-months" not in found.rules


def test_months_over_the_end_of_a_year_that_are_sent_again_lose_no_stay(tmp_path: Path) -> None:
    rows = [f"{A},{n},2025-{n:02}-20,21,2025-{n + 1:02}-03" for n in range(1, 9)]
    content = files(("a_2025-02_2025-09_sent_20251014.csv", apc(*rows)), ("a_2025-04_2025-05_sent_20251114.csv", apc(*rows[2:4])))
    found = staged(tmp_path, content, source("apc", "*.csv", **BY_DISCHARGE))
    assert sorted(key for _, key in found.rows("apc", "epikey")) == [str(n) for n in range(1, 9)]
    assert by_rule(found) == {"month-replaced": 2}


@pytest.mark.parametrize(("before", "after", "told"), [(12, 3, True), (15, 3, True), (5, 1, False), (12, 6, False), (40, 19, True)])
def test_a_month_sent_again_with_few_of_its_rows_is_doubted_in_small_services_too(
    tmp_path: Path, before: int, after: int, told: bool
) -> None:
    content = {
        f"a_2025-04_sent_2025{month}14.csv": apc(*(f",E{row},2025-04-05,21," for row in range(rows)))
        for month, rows in (("05", before), ("06", after))
    }
    found = staged(tmp_path, content, source("apc", "*.csv", **BY_DISCHARGE))
    assert ("much-smaller" in found.rules) is told


def test_rows_outside_the_months_of_their_file_are_told(tmp_path: Path) -> None:
    found = staged(
        tmp_path,
        files(("a_2025-01.csv", apc(f"{A},1,2025-03-05,21,"))),
        source("apc", "*.csv", sends="months", file_name="a_{month:%Y-%m}.csv"),
    )
    assert found.only("outside-its-months").count == 1
    assert found.counts == (1, 1, 0, 0)


CSDS = (
    "NHS_NUMBER,CARE_CONTACT_IDENTIFIER,ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER,CARE_CONTACT_DATE,REPORTING_PERIOD_START_DATE,"
    "REPORTING_PERIOD_END_DATE"
)


def test_a_year_sent_again_replaces_each_month_that_its_rows_report_on(tmp_path: Path) -> None:
    content = files(
        ("a_1.csv", lines(CSDS, f"{A},1,RY6,2025-01-05,2025-01-01,2025-01-31", f"{A},2,RY6,2025-01-06,2025-01-01,2025-01-31")),
        ("a_2.csv", lines(CSDS, f"{A},3,RY6,2025-02-05,2025-02-01,2025-02-28", f"{A},4,RY6,2025-03-06,2025-02-01,2025-02-28")),
        ("a_3.csv", lines(CSDS, f"{A},1,RY6,2025-01-05,2025-01-01,2025-01-31", f"{A},5,RY6,2025-02-05,2025-02-01,2025-02-28")),
    )
    found = staged(tmp_path, content, source("csds", "*.csv", sends="months"))
    assert found.rows("csds", "care_contact_identifier") == [(2, "4"), (1, "1"), (2, "5")]
    assert accounts(found) == [(2, 0, 2, 0), (2, 1, 1, 0), (2, 2, 0, 0)]
    assert by_rule(found) == {"month-replaced": 3}


def test_stays_among_contacts_have_a_month_too(tmp_path: Path) -> None:
    head = "NHS_NUMBER,RECORD_TYPE,CARE_CONTACT_IDENTIFIER,HOSPITAL_PROVIDER_SPELL_IDENTIFIER,CARE_CONTACT_DATE,STARTDATEHOSPPROVSPELL"
    first = lines(head, f"{A},CONTACT,1,,2025-01-05,", f"{A},SPELL,,H1,,2025-01-09", f"{A},SPELL,,H2,,2025-01-10")
    again = lines(head, f"{A},CONTACT,1,,2025-01-05,", f"{A},SPELL,,H1,,2025-01-09")
    template = {"sends": "months", "file_name": "a_{month:%Y-%m}*.csv"}
    found = staged(tmp_path, files(("a_2025-01.csv", first), ("a_2025-01_again.csv", again)), source("mhsds", "*.csv", **template))
    assert found.rows("mhsds", "hospital_provider_spell_identifier") == [(1, None), (2, "H1")]
    assert by_rule(found) == {"month-replaced": 3}
    assert [file.months for file in found.staging.files] == [{}, {date(2025, 1, 1): 2}]


def test_a_row_without_a_number_that_each_submission_repeats_counts_once(tmp_path: Path) -> None:
    """Three quarterly submissions of twelve months each repeat two open services of people without a number.

    Sent as months, each submission reports anew on the last month of the one before, to which an open service belongs, so that its own
    rows stand for the earlier ones, whomever they are of (contract `cld`, resubmission: as in the specification of client level data, a
    service that goes on stands in every submission). What is left is what the last file says: each service once, up to the last
    submission's end. Sent as changes, no file speaks for another's months, and only a row that tells enough of a person is known again.
    """
    head = "NHS_NUMBER,PERSON_BIRTH_DATE,EVENT_TYPE,EVENT_REFERENCE,EVENT_START_DATE,EVENT_END_DATE"
    head += ",REPORTING_PERIOD_START_DATE,REPORTING_PERIOD_END_DATE"
    quarters = (("a_1.csv", "2024-04-01,2025-03-31"), ("a_2.csv", "2024-07-01,2025-06-30"), ("a_3.csv", "2024-10-01,2025-09-30"))
    longstanding = (",1950-01-02,SERVICE,7,2020-01-05,", ",,SERVICE,8,2020-01-05,")
    content = files(*((name, lines(head, *(f"{row},{period}" for row in longstanding))) for name, period in quarters))
    months = staged(tmp_path / "months", content, source("cld", "*.csv", sends="months"))
    assert by_rule(months) == {"month-replaced": 4}
    assert accounts(months) == [(2, 0, 2, 0), (2, 0, 2, 0), (2, 2, 0, 0)]
    of_last = months.rows("cld", "event_reference, event_start_date, event_end_date, reporting_period_end_date")
    assert of_last == [(row, str(6 + row), date(2020, 1, 5), None, date(2025, 9, 30)) for row in (1, 2)]
    changes = staged(tmp_path / "changes", content, source("cld", "*.csv", sends="changes"))
    assert by_rule(changes) == {"same-row": 2}, "what nothing tells apart stays"
    assert accounts(changes) == [(2, 1, 1, 0), (2, 1, 1, 0), (2, 2, 0, 0)]


def test_submissions_that_are_read_out_of_order_are_told(tmp_path: Path) -> None:
    january, february = (f"{A},{month},RY6,2025-0{month}-05,2025-0{month}-01,2025-0{month}-28" for month in (1, 2))
    content = files(("q1_2026.csv", lines(CSDS, february)), ("q2_2025.csv", lines(CSDS, january)))
    for sends in ("months", "changes"):
        found = staged(tmp_path / sends, content, source("csds", "*.csv", sends=sends))
        assert found.only("periods-out-of-order").file == "q2_2025.csv"
        ordered = staged(tmp_path / f"{sends}-ordered", content, source("csds", ("q2_2025.csv", "q1_2026.csv"), sends=sends))
        assert "periods-out-of-order" not in ordered.rules


def test_a_reporting_period_that_few_rows_give_replaces_nothing(tmp_path: Path) -> None:
    january = [f"{A},J{number},RY6,2025-01-05,2025-01-01,2025-01-31" for number in range(30)]
    slip = f"{A},S,RY6,2025-02-05,2025-02-01,2025-02-28"
    content = files(("a_1.csv", lines(CSDS, f"{A},F,RY6,2025-02-07,2025-02-01,2025-02-28")), ("a_2.csv", lines(CSDS, *january, slip)))
    found = staged(tmp_path, content, source("csds", "*.csv", sends="months"))
    assert by_rule(found) == {}


def test_months_that_nothing_tells_replace_nothing(tmp_path: Path) -> None:
    content = files(("1.csv", apc(f"{A},1,2025-01-05,21,")), ("2.csv", apc(f"{A},2,2025-01-06,21,")))
    found = staged(tmp_path, content, source("apc", "*.csv", sends="months"))
    assert found.rules.count("months-not-known") == 2
    assert accounts(found) == [(1, 1, 0, 0), (1, 1, 0, 0)]


def test_what_a_year_that_was_sent_again_lacks_is_told_and_kept(tmp_path: Path) -> None:
    months = {f"a_{n}.csv": apc(*(f",E{n}-{row},2025-0{n}-05,21," for row in range(10))) for n in (1, 2, 3)}
    again = [f",E{n}-{row},2025-0{n}-05,11," for n in (1, 2) for row in range(10) if row not in (3, 7)]
    content = months | {"a_4.csv": apc(*again), "a_5.csv": apc(",E5-1,2025-04-05,21,", ",E1-1,2025-01-05,21,")}
    found = staged(tmp_path, content, source("apc", "a_*.csv"))
    told = found.only("kept-not-repeated")
    assert (told.file, told.count) == ("a_4.csv", 4)
    assert "sends: months" in told.message
    assert sum(file.loaded for file in found.staging.files) == 31
    replaced = staged(tmp_path, {}, source("apc", "a_*.csv", sends="months", file_name=("a_{part}.csv",)))
    assert "kept-not-repeated" not in replaced.rules


def test_corrections_are_no_repeats(tmp_path: Path) -> None:
    first = apc(*(f",E{row},2025-01-05,21," for row in range(20)), ",OLD,2019-03-01,21,")
    second = apc(
        *(f",F{row},2025-02-05,21," for row in range(20)), *(f",E{row},2025-01-05,11," for row in range(10)), ",OLD,2019-03-01,11,"
    )
    assert "kept-not-repeated" not in staged(tmp_path, {"a_1.csv": first, "a_2.csv": second}, source("apc", "a_*.csv")).rules


def test_what_was_deleted_and_sent_again_is_told(tmp_path: Path) -> None:
    head = f"{APC},CDS_UPDATE_TYPE"
    row, gone, other = f"{A},1,2025-01-05,21,,9", f"{A},1,,,,1", f"{A},2,2025-01-05,21,,9"
    content = {"a_1.csv": lines(head, row, other), "a_2.csv": lines(head, gone), "a_3.csv": lines(head, other, row)}
    found = staged(tmp_path, content, source("apc", "a_*.csv"))
    assert (found.only("loaded-again").file, found.only("loaded-again").count) == ("a_3.csv", 1)
    once_more = staged(tmp_path, {"a_4.csv": lines(head, gone, gone)}, source("apc", "a_*.csv"))
    assert "loaded-again" not in once_more.rules
    corrected = {"a_1.csv": lines(head, row), "a_2.csv": lines(head, gone, row), "a_3.csv": lines(head, row)}
    assert "loaded-again" not in staged(tmp_path / "b", corrected, source("apc", "a_*.csv")).rules


def test_a_small_service_that_lists_everyone_is_told(tmp_path: Path) -> None:
    everyone = {f"m_{n}.csv": apc(*(f",E{row},2025-01-01,21,2025-02-0{n}" for row in range(28 + n))) for n in (1, 2, 3)}
    assert staged(tmp_path, everyone, source("apc", "m_*.csv")).only("mostly-repeated").count == 29 + 30
    some = {"m_1.csv": everyone["m_1.csv"], "m_2.csv": apc(*(f",E{row},2025-01-01,21,2025-02-02" for row in range(20)))}
    assert "mostly-repeated" not in staged(tmp_path / "some", some, source("apc", "m_*.csv")).rules


def test_a_deletion_is_not_outside_the_months_of_its_file(tmp_path: Path) -> None:
    head = f"{APC},CDS_UPDATE_TYPE"
    content = {"a_2025-04.csv": lines(head, f"{A},1,2025-04-01,21,,9"), "a_2025-05.csv": lines(head, f"{A},1,,,,1")}
    found = staged(tmp_path, content, source("apc", "a_*.csv", sends="months", file_name=("a_{month:%Y-%m}.csv",)))
    assert by_rule(found) == {"deletion": 2}
    assert "outside-its-months" not in found.rules


# lists of a day

LIST = {"sends": "snapshot", "file_name": "list_{day:%Y-%m-%d}.csv"}
HEADER = f"{REGISTER},LSOA,REGISTRATION_END_DATE"
LISTED = "nhs_number, lsoa_of_residence, listed_from::VARCHAR, listed_to::VARCHAR, version_from::VARCHAR, version_to::VARCHAR"


def listed(folder: Path, *lists: Sequence[str], **more: str) -> Staged:
    """What landing makes of lists of the first of April, May, June and so on."""
    content = {f"list_2025-{month:02}-01.csv": lines(HEADER, *rows) for month, rows in enumerate(lists, 4)}
    return staged(folder, content, source("register", "list_*.csv", **LIST | more))


def person(
    number: str, area: str = "E01000001", practice: str = "Y00001", start: str = "2010-01-01", born: str = "1950-01-01", end: str = ""
) -> str:
    return f"{number},{born},{practice},{start},{area},{end}"


def test_a_record_is_listed_from_its_first_list_to_the_first_without_it(tmp_path: Path) -> None:
    found = listed(tmp_path, [person(A), person(B)], [person(A), person(C)], [person(A), person(C)], [person(A)])
    assert sorted(row[1:] for row in found.rows("register", LISTED)) == [
        (A, "E01000001", None, None, None, None),
        (B, "E01000001", None, "2025-05-01", None, None),
        (C, "E01000001", "2025-05-01", "2025-07-01", None, None),
    ]
    assert by_rule(found) == {"listed-later": 4}
    assert accounts(found) == [(2, 1, 1, 0), (2, 0, 2, 0), (2, 1, 1, 0), (1, 1, 0, 0)]


def test_a_gap_is_bridged_and_told(tmp_path: Path) -> None:
    found = listed(tmp_path, [person(A), person(B)], [person(A)], [person(A), person(B)])
    assert sorted(row[1:] for row in found.rows("register", LISTED)) == [(A, "E01000001", *[None] * 4), (B, "E01000001", *[None] * 4)]
    gap = found.only("gap-in-lists")
    assert (gap.file, gap.count) == ("list_2025-06-01.csv", 1)


def test_an_address_that_changes_is_kept_as_earlier_lists_showed_it(tmp_path: Path) -> None:
    moved = person(A, "E01000002")
    found = listed(tmp_path, [person(A, born="1950-02-01")], [person(A, born="1950-02-01")], [moved], [moved], [person(B)])
    assert [row[1:] for row in found.rows("register", LISTED)][:2] == [
        (A, "E01000001", None, "2025-08-01", None, "2025-06-01"),
        (A, "E01000002", None, "2025-08-01", "2025-06-01", None),
    ]
    assert found.rows("register", "person_birth_date::VARCHAR") == [(1, "1950-01-01")] * 3


def test_an_empty_list_says_nothing_of_anybody(tmp_path: Path) -> None:
    found = listed(tmp_path, [person(A)], [])
    assert [row[1:] for row in found.rows("register", LISTED)] == [(A, "E01000001", *[None] * 4)]
    assert "no-rows" in found.rules


def test_there_and_back_again_is_three_versions(tmp_path: Path) -> None:
    found = listed(tmp_path, [person(A)], [person(A, "E01000002")], [person(A)])
    versions = [row[2:3] + row[5:] for row in found.rows("register", LISTED)]
    assert versions == [("E01000001", None, "2025-05-01"), ("E01000002", "2025-05-01", "2025-06-01"), ("E01000001", "2025-06-01", None)]


def test_any_other_change_is_a_correction(tmp_path: Path) -> None:
    found = listed(tmp_path, [person(A)], [person(A, end="2025-04-20")])
    assert found.rows("register", "end_date_gmp_patient_registration::VARCHAR, version_from") == [(1, "2025-04-20", None)]


def test_rows_that_name_no_one_are_those_of_the_last_list(tmp_path: Path) -> None:
    found = listed(tmp_path, [person(""), person(A)], [person(""), person(""), person(A)])
    assert [row[1] for row in found.rows("register", "nhs_number")] == [None, None, A]
    assert by_rule(found) == {"listed-later": 2}


def test_twice_in_one_list_is_once(tmp_path: Path) -> None:
    found = listed(tmp_path, [person(A), person(A, "E01000002")], [person(A, "E01000002")])
    assert by_rule(found) == {"same-key": 1, "listed-later": 1}
    assert [row[1:] for row in found.rows("register", LISTED)] == [(A, "E01000002", *[None] * 4)]


def test_of_two_lists_of_a_day_the_later_counts_unless_they_are_parts(tmp_path: Path) -> None:
    content = {
        "a_2025-04-01.csv": lines(HEADER, person(A)),
        "b_2025-04-01.csv": lines(HEADER, person(B)),
        "a_2025-05-01.csv": lines(HEADER, person(A)),
    }
    whole = staged(tmp_path, content, source("register", "*.csv", sends="snapshot", file_name="*_{day:%Y-%m-%d}.csv"))
    assert whole.only("same-day").file == "b_2025-04-01.csv"
    assert sorted(row[1:] for row in whole.rows("register", "nhs_number, listed_from::VARCHAR, listed_to::VARCHAR")) == [
        (A, "2025-05-01", None),
        (B, None, "2025-05-01"),
    ]
    parts = staged(tmp_path, {}, source("register", "*.csv", sends="snapshot", file_name="{part}_{day:%Y-%m-%d}.csv"))
    assert "same-day" not in parts.rules
    assert sorted(row[1:] for row in parts.rows("register", "nhs_number, listed_from, listed_to")) == [(A, None, None), (B, None, None)]


def test_a_list_that_was_cut_short_is_told(tmp_path: Path) -> None:
    people = [person("", start=f"20{n // 12 + 10}-{n % 12 + 1:02}-01").replace(",1950", f"P{n},1950", 1) for n in range(120)]
    people = [f"{row},P{n}" for n, row in enumerate(people)]
    content = {f"list_2025-0{month}-01.csv": lines(f"{HEADER},PSEUDO_HESID", *rows) for month, rows in ((4, people), (5, people[:100]))}
    found = staged(tmp_path, content, source("register", "list_*.csv", **LIST))
    assert (found.only("many-left-list").file, found.only("many-left-list").count) == ("list_2025-05-01.csv", 20)
    assert 'ended_confirmed: {"list_2025-05-01.csv": 20}' in found.only("many-left-list").message
    assert "list-shrank" not in found.rules


def pseudonymous(n: int, name: str = "", area: str = "E01000001") -> str:
    return f",1950-01-01,Y00001,2010-01-01,{area},,P{name}{n}"


def pseudonymous_lists(folder: Path, *lists: Sequence[str]) -> Staged:
    content = {f"list_2025-{month:02}-01.csv": lines(f"{HEADER},PSEUDO_HESID", *rows) for month, rows in enumerate(lists, 4)}
    return staged(folder, content, source("register", "list_*.csv", **LIST))


@pytest.mark.parametrize(("before", "after", "told"), [(30, 23, True), (30, 26, False), (8, 3, True), (8, 6, False), (1000, 899, True)])
def test_a_small_list_that_was_cut_short_is_told(tmp_path: Path, before: int, after: int, told: bool) -> None:
    found = pseudonymous_lists(tmp_path, [pseudonymous(n) for n in range(before)], [pseudonymous(n) for n in range(after)])
    assert ("many-left-list" in found.rules) == told


def test_a_list_that_was_cut_short_and_put_right_by_the_next_is_told_and_ends_nobody(tmp_path: Path) -> None:
    people = [pseudonymous(n) for n in range(100)]
    found = pseudonymous_lists(tmp_path, people, people[:45], people)
    assert (found.only("list-shrank").file, found.only("list-shrank").count) == ("list_2025-05-01.csv", 55)
    assert "many-left-list" not in found.rules


def test_who_is_on_no_list_since_a_short_one_counts_though_the_lists_have_grown_again(tmp_path: Path) -> None:
    people, others = ([pseudonymous(n) for n in range(first, first + 100)] for first in (0, 100))
    found = pseudonymous_lists(tmp_path, people, people[:45], [*people[:45], *others])
    assert (found.only("many-left-list").file, found.only("many-left-list").count) == ("list_2025-05-01.csv", 55)


@pytest.mark.parametrize(("after", "told"), [(45, {"many-left-list": 55}), (85, {"many-left-list": 15}), (95, {})])
def test_a_list_that_replaces_all_and_was_cut_short_is_told_too(tmp_path: Path, after: int, told: dict[str, int]) -> None:
    rows = [pseudonymous(n) for n in range(100)]
    content = {f"{at}.csv": lines(f"{HEADER},PSEUDO_HESID", *rows[:count]) for at, count in enumerate((100, after))}
    found = staged(tmp_path, content, source("register", "*.csv", sends="everything"))
    assert {each.rule: each.count for each in found.findings if each.rule in ("many-left-list", "much-smaller")} == told


def test_one_list_for_two_days_is_told(tmp_path: Path) -> None:
    found = listed(tmp_path, [person(A)], [person(A)], [person(A), person(B)])
    told = found.only("same-list")
    assert (told.file, told.count) == ("list_2025-05-01.csv", 1)
    assert "list_2025-04-01.csv" in told.message
    again = listed(tmp_path / "again", [person(A)], [person(A)], [person(A)]).only("same-list")
    assert again.file == "list_2025-06-01.csv"
    assert "1 more of its lists" in again.message
    people = [pseudonymous(n) for n in range(120)]
    assert pseudonymous_lists(tmp_path / "turned", people, people[::-1]).only("same-list").count == 120
    moved = [*people[1:], pseudonymous(0, area="E01000002")]
    assert "same-list" not in pseudonymous_lists(tmp_path / "moved", people, moved).rules


PARTS = {"sends": "snapshot", "file_name": "{part}_{day:%Y-%m-%d}.csv"}


def test_a_part_of_a_list_that_stops_is_told(tmp_path: Path) -> None:
    days = {"a": ("2025-12-01", "2026-01-01", "2026-02-01", "2026-03-01"), "b": ("2025-12-03", "2026-01-03", "2026-02-03")}
    content = {f"{part}_{day}.csv": lines(HEADER, person(A if part == "a" else B)) for part in days for day in days[part]}
    found = staged(tmp_path, content, source("register", "*.csv", **PARTS))
    told = found.only("part-stopped")
    assert (told.file, told.count) == ("b_2026-02-03.csv", 1)
    assert "b (2026-02-03)" in told.message
    assert "list-old" not in found.rules
    (tmp_path / "b_2026-03-03.csv").write_text(lines(HEADER, person(B)))
    assert "part-stopped" not in staged_again(tmp_path, source("register", "*.csv", **PARTS)).rules


def not_dated(found: Staged) -> list[Finding]:
    return [finding for finding in found.staging.findings if finding.rule == "not-dated"]


def test_registrations_without_a_start_are_told(tmp_path: Path) -> None:
    found = listed(tmp_path, [person(A, start=""), person(B)], [person(A, start=""), person(B), person(C, start="")])
    (told,) = not_dated(found)
    assert (told.file, told.count) == ("list_2025-05-01.csv", 1), "the second list is the first to have the third person"
    assert "since birth" in told.message
    assert not_dated(listed(tmp_path / "dated", [person(A)], [person(A), person(C, start="")])) == []


def test_a_snapshot_of_what_happened_loses_nothing_and_is_told(tmp_path: Path) -> None:
    content = {"a_2025-04-01.csv": apc(f"{A},1,2025-01-01,21,", f"{A},2,2025-01-01,21,"), "a_2025-05-01.csv": apc(f"{A},1,2025-01-02,21,")}
    found = staged(tmp_path, content, source("apc", "*.csv", sends="snapshot", file_name="a_{day:%Y-%m-%d}.csv"))
    assert found.rows("apc", "epikey, admidate::VARCHAR") == [(2, "2", "2025-01-01"), (1, "1", "2025-01-02")]
    assert "not-a-list" in found.rules


def test_a_year_that_is_sent_again_is_no_list(tmp_path: Path) -> None:
    months = {f"m_{n}.csv": apc(*(f",E{n}-{row},2025-0{n}-01,21," for row in range(120))) for n in (1, 2, 3)}
    again = apc(*(f",E{n}-{row},2025-0{n}-02,21," for n in (1, 2, 3) for row in range(120)))
    assert "mostly-repeated" not in staged(tmp_path, months | {"m_4.csv": again}, source("apc", "m_*.csv")).rules
    lists = {f"m_{n}.csv": apc(*(f",E{row},2025-0{n}-01,21," for row in range(120))) for n in (1, 2, 3, 4)}
    doubt = staged(tmp_path, lists, source("apc", "m_*.csv")).only("mostly-repeated")
    assert (doubt.file, doubt.count) == ("m_1.csv", 360)


def test_months_that_are_sent_again_with_few_rows_are_doubted(tmp_path: Path) -> None:
    months = {"sends": "months", "file_name": ("a_{month:%Y-%m}_v*.csv",)}
    content = {f"a_2025-04_v{n}.csv": apc(*(f",E{row},2025-04-05,21," for row in range(rows))) for n, rows in ((1, 60), (2, 50), (3, 20))}
    doubt = staged(tmp_path, content, source("apc", "a_*.csv", **months)).only("much-smaller")
    assert doubt.file == "a_2025-04_v3.csv"
    assert "20 rows of them where that had 50" in doubt.message


def test_a_part_that_was_renamed_is_told(tmp_path: Path) -> None:
    content = {
        "y1_2026-02-01.csv": lines(HEADER, person(A), person(B)),
        "practice-y1_2026-03-01.csv": lines(HEADER, person(A), person(C)),
        "y2_2026-03-01.csv": lines(HEADER, person(C, practice="Y00002")),
    }
    told = staged(tmp_path, content, source("register", "*.csv", **PARTS)).only("in-several-parts")
    assert (told.file, told.count) == ("y1_2026-02-01.csv", 1)
    assert "practice-y1 beside y1" in told.message


def test_a_name_far_ahead_of_the_as_at_date_is_told(tmp_path: Path) -> None:
    rows = lines(HEADER, person(A))
    content = {f"list_{day}.csv": rows + "\n" * at for at, day in enumerate(("2026-03-01", "2026-06-30", "2027-02-01"))}
    assert staged(tmp_path, content, source("register", "list_*.csv", **LIST)).only("name-far-ahead").file == "list_2027-02-01.csv"


# freshness


def monthly(skip: Sequence[str] = (), times: Mapping[str, int] = {}) -> str:
    rows = []
    for month in MONTHS:
        name = f"{month:%Y-%m}"
        for n in range(0 if name in skip else times.get(name, 40)):
            rows.append(f",E{name}{n},{name}-{1 + n % 28:02},21,")
    return apc(*rows)


def test_a_gap_and_a_sudden_fall_and_rise_are_told(tmp_path: Path) -> None:
    found = staged(tmp_path, {"file.csv": monthly(skip=["2025-02"], times={"2025-06": 10, "2025-10": 95})}, source("apc"))
    assert "February 2025" in found.only("month-missing").message
    assert "June 2025" in found.only("sudden-fall").message
    assert "October 2025" in found.only("sudden-rise").message
    assert found.file.months[date(2025, 6, 1)] == 10
    assert (found.file.data_from, found.file.data_to) == (date(2024, 4, 1), date(2026, 3, 28))


def test_months_long_ago_are_one_count(tmp_path: Path) -> None:
    days = ("1948-07-05", "2023-03-31", "2023-04-01", "2026-03-31")
    found = staged(tmp_path, {"file.csv": apc(*(f"{A},{n},{day},21," for n, day in enumerate(days)))}, source("apc"))
    assert (found.file.earlier, found.file.months) == (2, {date(2023, 4, 1): 1, date(2026, 3, 1): 1})
    assert found.file.earlier + sum(found.file.months.values()) == found.file.loaded


def test_even_months_are_no_finding(tmp_path: Path) -> None:
    found = staged(tmp_path, {"file.csv": monthly(times={"2025-08": 25, "2026-03": 9})}, source("apc"))
    assert {"month-missing", "sudden-fall", "sudden-rise", "stopped", "data-to"} & set(found.rules) == set()


def test_a_source_that_stopped_is_told(tmp_path: Path) -> None:
    late = [f"{month:%Y-%m}" for month in MONTHS[-4:]]
    content = {"a.csv": monthly(), "b.csv": monthly(skip=late), "c.csv": monthly()}
    found = staged(tmp_path, content, *(source("apc", f"{name}.csv", name=name) for name in "abc"))
    assert found.only("stopped").file == "b.csv"
    mistyped = {"b.csv": f"{content['b.csv']},LATE,2026-03-20,21,\n"}
    found = staged(tmp_path, mistyped, *(source("apc", f"{name}.csv", name=name) for name in "abc"))
    assert "after 2025-11-30" in found.only("stopped").message
    alone = staged(tmp_path, {}, source("apc", "b.csv"))
    assert alone.only("data-to").file == "b.csv"
    assert date(2026, 3, 31) == AS_AT


def test_a_small_service_that_stopped_is_told(tmp_path: Path) -> None:
    def small(until: int) -> str:
        return apc(*(f",S{month:%y%m}{n},{month:%Y-%m}-{5 + n:02},21," for month in MONTHS[:until] for n in range(2)))

    large = [source("apc", f"{name}.csv", name=name) for name in "ac"]
    content = {"a.csv": monthly(), "c.csv": monthly()}
    stopped = staged(tmp_path, content | {"b.csv": small(16)}, *large, source("apc", "b.csv", name="b"))
    assert stopped.only("stopped").file == "b.csv"
    quiet = staged(tmp_path, {"b.csv": small(20)}, *large, source("apc", "b.csv", name="b"))
    assert {"stopped", "data-to", "month-missing"} & set(quiet.rules) == set()
    rows = small(24).splitlines()
    gap = staged(tmp_path, {"b.csv": lines(*rows[:11], *rows[27:])}, *large, source("apc", "b.csv", name="b"))
    assert "September 2024" in gap.only("month-missing").message


def test_a_list_that_is_old_is_told(tmp_path: Path) -> None:
    content = {f"list_{day}.csv": lines(HEADER, person(A)) for day in ("2025-06-01", "2025-12-01")}
    assert staged(tmp_path, content, source("register", "list_*.csv", **LIST)).only("list-old").file == "list_2025-12-01.csv"
    new = {"list_2026-03-01.csv": lines(HEADER, person(A))}
    assert "list-old" not in staged(tmp_path, new, source("register", "list_*.csv", **LIST)).rules
