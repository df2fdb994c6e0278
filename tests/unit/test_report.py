"""What a terminal shows, and what a pipe doesn't."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from joinedup.findings import Finding, Severity
from joinedup.land import Landing
from joinedup.progress import Step
from joinedup.report import (
    PIPE_WIDTH,
    account_table,
    console_on,
    progress_on,
    show_check,
    show_findings,
    show_landing,
    step_line,
    tally,
    write_findings,
)
from joinedup.sources.accounts import FileAccount
from joinedup.sources.check import Checked
from joinedup.sources.landed import LandingRecord


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns, whatever the one is that the tests run on."""
    for variable in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")


READ = Step("read", "apc.csv", 1, 2, 0.52, {"read": 11_575, "rejected": 8})
REUSED = Step("build", "person", 2, 2, 0.0, {"written": 20_000}, reused=True)


def test_a_step_says_how_long_it_took_or_that_it_was_used_again() -> None:
    assert step_line(READ).split() == ["read", "0.5", "s", "apc.csv", "11,575", "read,", "8", "rejected"]
    assert "used again" in step_line(REUSED)


def shown(stream: io.StringIO, *steps: Step, quiet: bool = False) -> str:
    with progress_on(stream, quiet) as progress:
        for step in steps:
            progress(step)
    return stream.getvalue()


def test_a_terminal_shows_every_step_and_a_bar() -> None:
    text = shown(Terminal(), READ, REUSED)
    assert "apc.csv" in text
    assert "person" in text
    assert "2/2" in text


def test_a_pipe_shows_no_progress() -> None:
    assert shown(io.StringIO(), READ) == ""


def test_who_asks_for_quiet_gets_it() -> None:
    assert shown(Terminal(), READ, quiet=True) == ""


def test_a_step_never_takes_two_lines_of_a_terminal() -> None:
    long = Step("pages", "neighbourhood/" + "a-very-long-name-" * 10, 1, 1, 1.0)
    assert "…" in shown(Terminal(), long)


def test_a_pipe_is_wide_and_a_terminal_as_wide_as_it_is() -> None:
    assert console_on(io.StringIO()).width == PIPE_WIDTH
    assert console_on(Terminal()).width == 80


WARNING = Finding("apc.csv", "unknown-code", "2 rows: a code", severity=Severity.WARNING, count=2, rows=(3, 9), endangers="spell")
ERROR = Finding("practices.csv", "wrong-date", "start is [x], which is not a date", line=5)


def test_errors_come_before_warnings_each_with_where_and_why() -> None:
    stream = io.StringIO()
    show_findings([WARNING, ERROR], stream)
    assert stream.getvalue().splitlines() == [
        "error practices.csv:5: wrong-date",
        "    start is [x], which is not a date",
        "warning apc.csv rows 3, 9: unknown-code",
        "    2 rows: a code",
        "    endangers: spell",
    ]


def test_the_same_findings_come_in_the_same_order_whatever_their_own() -> None:
    later = Finding("practices.csv", "wrong-date", "another", line=17)
    one, other = io.StringIO(), io.StringIO()
    show_findings([WARNING, later, ERROR], one)
    show_findings([ERROR, WARNING, later], other)
    assert one.getvalue() == other.getvalue()
    assert one.getvalue().index(":5:") < one.getvalue().index(":17:")


@pytest.mark.parametrize(
    ("errors", "warnings", "said"), [(0, 0, "0 errors, 0 warnings"), (1, 2, "1 error, 2 warnings"), (2, 1, "2 errors, 1 warning")]
)
def test_errors_and_warnings_are_counted_in_words(errors: int, warnings: int, said: str) -> None:
    assert tally([ERROR] * errors + [WARNING] * warnings) == said


def file_record(name: str, rejected: int) -> FileAccount:
    return FileAccount(
        file_id=1,
        source="apc",
        partner="acute-trust",
        contract="apc",
        file=name,
        sha256="0" * 64,
        rows_read=1_200,
        loaded=1_190 - rejected,
        superseded=10,
        rejected=rejected,
        linked=900,
        data_to=date(2026, 3, 31),
    )


def landing(*files: FileAccount, reused: bool = False, findings: tuple[Finding, ...] = ()) -> Landing:
    record = LandingRecord(
        landing_id="one",
        landed_at=datetime(2026, 4, 1, tzinfo=UTC),
        software="0",
        signature="s",
        key_fingerprint="f",
        tables={},
        files=files,
        seen=(),
        missing_contracts=("deaths",),
        links={},
        findings=findings,
    )
    return Landing(record, reused=reused)


def said_of(landed: Landing) -> str:
    stream = io.StringIO()
    show_landing(landed, stream)
    return stream.getvalue()


def test_a_landing_accounts_for_each_file_and_says_what_is_missing() -> None:
    text = said_of(landing(file_record("apc.csv", 8), findings=(WARNING, WARNING, ERROR)))
    lines = text.splitlines()
    assert lines[0] == "landing one"
    assert lines[1].split() == ["file", "contract", "read", "loaded", "superseded", "rejected", "data", "to", "linked"]
    assert lines[2].split() == ["apc.csv", "apc", "1,200", "1,182", "10", "8", "2026-03-31", "900"]
    assert "no extract of: deaths" in text
    assert "error practices.csv:5" in text
    assert "unknown-code 4;" in text


def test_an_unchanged_landing_says_so() -> None:
    assert "landing one, unchanged" in said_of(landing(file_record("apc.csv", 8), reused=True))


@pytest.mark.parametrize(("rejected", "loud"), [(60, False), (61, True)])
def test_a_file_that_loses_more_than_one_row_in_twenty_is_named(rejected: int, loud: bool) -> None:
    text = said_of(landing(file_record("apc.csv", rejected)))
    assert (f"{rejected} of 1,200 rows of apc.csv were rejected" in text) == loud


def test_brackets_in_names_are_no_markup() -> None:
    stream = io.StringIO()
    show_findings([Finding("[bold].csv", "damaged-file", "it is [red]")], stream)
    assert stream.getvalue() == "error [bold].csv: damaged-file\n    it is [red]\n"


def test_a_check_shows_files_findings_and_how_many_and_no_links() -> None:
    stream = io.StringIO()
    account = FileAccount(
        1, "apc", "acute-trust", "apc", "[apc].csv", None, rows_read=10, loaded=6, superseded=3, rejected=1, linkable=3,
        months={date(2025, 4, 1): 4, date(2025, 6, 1): 2}, blank={"disdate": 3, "epiend": 6, "sex": 1},
        rejected_by={"blank-row": 1}, superseded_by={"deletion": 1, "same-key": 2}, missing_columns=("ETHNOS",),
    )  # fmt: skip
    show_check(Checked((account,), (ERROR,)), stream)
    text = stream.getvalue()
    assert "[apc].csv" in text
    assert "no date" in text
    assert "linked" not in text
    for said in (
        "50%",
        "rejected: blank-row 1",
        "superseded: same-key 2, deletion 1",
        "months: 2, from April 2025 to June 2025",
        "blank most often: epiend 100%, disdate 50%, sex 17%",
        "columns it doesn't have: 1",
    ):
        assert said in text
    assert text.endswith("1 error, 0 warnings\n")


def test_pairs_that_wait_for_people_are_told_of() -> None:
    waiting = replace(landing(file_record("apc.csv", 8)), waiting=1_204)
    assert "1,204 pairs in doubt wait for people's answers: joinedup review" in said_of(waiting)


def test_a_landing_that_links_nobody_says_nought() -> None:
    nobody = replace(file_record("b.csv", 8), linked=0)
    assert list(account_table([nobody]).columns[-1].cells) == ["0"]


def test_findings_for_a_program_are_whole() -> None:
    as_json, as_csv = io.StringIO(), io.StringIO()
    write_findings([WARNING], "json", as_json)
    write_findings([WARNING], "csv", as_csv)
    first = {"severity": "warning", "file": "apc.csv", "line": None, "rule": "unknown-code", "count": 2, "rows": [3, 9]}
    assert json.loads(as_json.getvalue()) == [first | {"message": "2 rows: a code", "endangers": "spell"}]
    assert as_csv.getvalue().splitlines()[1] == "warning,apc.csv,,unknown-code,2,3 9,2 rows: a code,spell"
