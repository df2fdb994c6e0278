"""Rows that are not as they should be: rejected by number and rule, the others loaded under their true numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.findings import Severity
from joinedup.sources.accounts import FileAccount
from tests.unit.sources.extracts import APC, DEATHS, ECDS, NUMBERS, REGISTER, Staged, lines, register, source, staged

A, B, C, D, E = NUMBERS
ROW = "1950-01-02,Y00001,2010-01-01"


def numbers(found: Staged, contract: str = "register") -> list[int]:
    return [row[0] for row in found.rows(contract, "file_id")]


def test_rows_with_too_few_or_too_many_fields(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER, f"{A},{ROW}", f"{B},1950-01-02", f"{C},{ROW},more", f"{D},{ROW}"))
    assert found.counts == (4, 2, 0, 2)
    assert found.rejected() == [(2, "too-few-fields"), (3, "too-many-fields")]
    assert numbers(found) == [1, 4]
    finding = found.only("too-few-fields")
    assert (finding.count, finding.rows, finding.severity) == (1, (2,), Severity.WARNING)


def test_a_last_line_that_is_cut_short(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER, f"{A},{ROW}", f"{B},{ROW}")[:-14])
    assert found.counts == (2, 1, 0, 1)
    assert found.rejected() == [(2, "too-few-fields")]


def test_a_last_line_without_its_end_is_a_row(tmp_path: Path) -> None:
    assert register(tmp_path, lines(REGISTER, f"{A},{ROW}", f"{B},{ROW}").rstrip("\n")).counts == (2, 2, 0, 0)


def test_an_empty_line_has_a_number_and_is_no_row(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER, f"{A},{ROW}", "", f"{B},{ROW}", "", ""))
    assert (found.counts, found.rules) == ((2, 2, 0, 0), [])
    assert numbers(found) == [1, 3]


def test_a_row_of_blanks(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER, f"{A},{ROW}", ", ,,", f"{B},{ROW}"))
    assert found.counts == (3, 2, 0, 1)
    assert found.rejected() == [(2, "blank-row")]


WITH_NAME = REGISTER + ",PERSON_FAMILY_NAME"


def test_a_line_break_within_quotes_ends_no_row(tmp_path: Path) -> None:
    found = register(tmp_path, lines(WITH_NAME, f'{A},{ROW},"Lee\nBrown"', f'{B},{ROW},"a ""b"""', f"{C},{ROW},d"))
    assert (found.counts, found.rules) == ((3, 3, 0, 0), [])
    assert found.rows("register", "person_family_name") == [(1, "Lee\nBrown"), (2, 'a "b"'), (3, "d")]


def test_a_quote_that_is_never_closed_costs_its_own_row_only(tmp_path: Path) -> None:
    found = register(tmp_path, lines(WITH_NAME, f'{A},{ROW},"Lee', f"{B},{ROW},Brown", f'{C},{ROW},"Small"', f"{D},{ROW},Short"))
    assert found.counts == (4, 3, 0, 1)
    assert found.rejected() == [(1, "broken-quotes")]
    assert numbers(found) == [2, 3, 4]


def test_a_stray_quote_further_down_swallows_no_row(tmp_path: Path) -> None:
    found = register(tmp_path, lines(WITH_NAME, f'{A},{ROW},"Lee', f"{B},{ROW},Brown", f'{C},{ROW},Small"', f"{D},{ROW},Short"))
    assert found.rejected() == [(1, "broken-quotes")]
    assert numbers(found) == [2, 3, 4]


def test_text_after_a_closing_quote(tmp_path: Path) -> None:
    found = register(tmp_path, lines(WITH_NAME, f'{A},{ROW},"Lee"Brown', f"{B},{ROW},Brown"))
    assert found.counts == (2, 1, 0, 1)
    assert found.rejected() == [(1, "broken-quotes")]


def test_a_quote_within_a_value_is_text(tmp_path: Path) -> None:
    found = register(tmp_path, lines(WITH_NAME, f'{A},{ROW},Lee "Bob" Brown'))
    assert found.rows("register", "person_family_name") == [(1, 'Lee "Bob" Brown')]


@pytest.mark.parametrize("byte", [b"\0", b"\x07", b"\xff", b"\x1b"])
def test_bytes_that_are_no_text(tmp_path: Path, byte: bytes) -> None:
    body = lines(WITH_NAME, f"{A},{ROW},Müller", f"{B},{ROW},Br#wn", f"{C},{ROW},Zoë").encode().replace(b"#", byte)
    found = register(tmp_path, body)
    assert found.counts == (3, 2, 0, 1)
    assert found.rejected() == [(2, "damaged-text")]


def test_damage_in_a_column_that_is_left_out_costs_nothing(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER + ",NOTES", f"{A},{ROW},a\0b", f"{B},{ROW},c"))
    assert found.counts == (2, 2, 0, 0)
    assert found.rules == ["extra-columns"]


def test_a_stray_carriage_return(tmp_path: Path) -> None:
    found = register(tmp_path, lines(WITH_NAME, f"{A},{ROW},Lee\rBrown", f"{B},{ROW},Brown"))
    assert found.rejected() == [(1, "damaged-text")]


def test_a_value_that_every_row_needs(tmp_path: Path) -> None:
    found = staged(tmp_path, {"file.csv": lines(APC, f"{A},1,,21,", f"{B},2,2025-02-30,21,", f"{C},3,2025-03-01,21,")}, source("apc"))
    assert found.counts == (3, 1, 0, 2)
    assert found.rejected() == [(1, "required-value-missing"), (2, "unreadable-required-value")]
    assert "ADMIDATE" in found.only("unreadable-required-value").message


def test_ends_before_starts(tmp_path: Path) -> None:
    header = REGISTER + ",END_DATE_GMP_PATIENT_REGISTRATION,START_DATE_RESIDENCE,END_DATE_RESIDENCE"
    found = register(
        tmp_path, lines(header, f"{A},{ROW},2009-12-31,,", f"{B},{ROW},2010-01-01,2011-01-01,2010-01-01", f"{C},{ROW},2010-01-01,,")
    )
    assert found.counts == (3, 1, 0, 2)
    assert found.rejected() == [(1, "registration-ends-before-start"), (2, "residence-ends-before-start")]


def test_births_after_deaths(tmp_path: Path) -> None:
    rows = lines(DEATHS, f"{A},2025-01-01,2025-01-02", f"{B},2025-01-01,2025-01-01", f"{C},2025-01-01,")
    found = staged(tmp_path, {"file.csv": rows}, source("deaths"))
    assert found.counts == (3, 2, 0, 1)
    assert found.rejected() == [(1, "birth-after-death")]


def test_admissions_in_the_wrong_order(tmp_path: Path) -> None:
    header = APC + ",EPISTART,EPIEND,DISREADYDATE,PERSON_BIRTH_DATE"
    rows = (
        f"{A},1,2025-03-02,21,2025-03-01,,,,",
        f"{A},2,2025-03-02,21,2025-03-09,2025-03-05,2025-03-04,,",
        f"{A},3,2025-03-02,21,2025-03-09,,,,2025-03-03",
        f"{A},4,2025-03-02,21,2025-03-09,2025-03-01,,,",
        f"{A},5,2025-03-02,21,2025-03-09,,,2025-03-10,",
        f"{A},6,2026-04-01,21,,,,,",
        f"{A},7,2025-03-02,21,2025-03-09,2025-03-02,2025-03-09,2025-03-08,1950-01-01",
    )
    found = staged(tmp_path, {"file.csv": lines(header, *rows)}, source("apc"))
    assert found.counts == (7, 4, 0, 3)
    assert found.rejected() == [(1, "discharge-before-admission"), (2, "episode-ends-before-start"), (3, "birth-after-admission")]
    warned = {
        finding.rule: finding.rows
        for finding in found.findings
        if finding.rows and finding.rule not in dict(map(reversed, found.rejected()))
    }
    assert warned == {"episode-before-admission": (4,), "ready-after-discharge": (5,), "admission-after-as-at": (6,)}
    assert found.file.data_to.isoformat() == "2025-03-09"


def test_departures_before_arrivals_by_the_minute(tmp_path: Path) -> None:
    header = ECDS + ",ARRIVAL_TIME,DEPARTURE_DATE,DEPARTURE_TIME"
    found = staged(
        tmp_path,
        {
            "file.csv": lines(
                header, f"{A},1,2025-01-02,10:00,2025-01-02,09:59", f"{A},2,2025-01-02,10:00,2025-01-03,01:00", f"{A},3,2025-01-02,,,"
            )
        },
        source("ecds"),
    )
    assert found.rejected() == [(1, "departure-before-arrival")]


def test_the_first_of_several_reasons_counts_once(tmp_path: Path) -> None:
    found = staged(tmp_path, {"file.csv": lines(APC, f"{A},1,tomorrow,21,2020-01-01")}, source("apc"))
    assert found.counts == (1, 0, 0, 1)
    assert found.rejected() == [(1, "unreadable-required-value")]


def test_many_rejected_rows_name_the_first_five(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER, *[f"{A},{ROW},more"] * 9, f"{B},{ROW}"))
    finding = found.only("too-many-fields")
    assert (finding.count, finding.rows) == (9, (1, 2, 3, 4, 5))
    assert finding.message.startswith("9 rows rejected")


@pytest.mark.parametrize(("bad", "good", "refused"), [(91, 9, True), (90, 10, False), (95, 4, False)])
def test_a_file_of_which_nearly_all_rows_are_rejected_is_refused(tmp_path: Path, bad: int, good: int, refused: bool) -> None:
    sound = [f"{number:010},{ROW}" for number in range(good)]
    found = register(tmp_path, lines(REGISTER, *[f"{A},{ROW},more"] * bad, *sound))
    assert found.rules == ["too-many-fields", "most-rows-rejected" if refused else "mostly-rejected"]
    assert found.file.refused is refused
    assert found.counts == ((100, 0, 0, 100) if refused else (bad + good, good, 0, bad))
    assert len(found.rejected()) == found.file.rejected
    if refused:
        assert found.only("most-rows-rejected").severity is Severity.ERROR
        assert [rule for _, rule in found.rejected()] == ["too-many-fields"] * bad + ["most-rows-rejected"] * good


def test_a_file_whose_rows_are_mostly_rejected_is_in_doubt(tmp_path: Path) -> None:
    found = register(tmp_path, lines(REGISTER, *[f"{A},{ROW},more"] * 3, f"{B},{ROW}", f"{C},{ROW}"))
    assert found.rules == ["too-many-fields", "mostly-rejected"]
    assert "3 of its 5 rows" in found.only("mostly-rejected").message
    assert found.counts == (5, 2, 0, 3)


def test_an_account_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(AssertionError, match="3 rows read, but 1 loaded, 1 superseded and 0 rejected"):
        FileAccount(1, "list", "partner", "register", "file.csv", None, None, None, rows_read=3, loaded=1, superseded=1)
