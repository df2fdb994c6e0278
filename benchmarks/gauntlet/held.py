"""Which test of the suite holds each case: most are tried by the gauntlet's own test; those that take long are held by others."""

from __future__ import annotations

from benchmarks.gauntlet.case import Case

OWN = "tests/place/test_gauntlet.py::test_every_case_comes_out_as_expected"
BROKEN = "tests/place/test_broken.py::"
APART = {
    "rule/": (f"{BROKEN}test_all_that_is_broken_is_found_and_counted", f"{BROKEN}test_each_rule_of_a_contract_is_broken"),
    "row/": (f"{BROKEN}test_all_that_is_broken_is_found_and_counted",),
    "whole/": (f"{BROKEN}test_files_that_are_broken_as_a_whole",),
    "kill/landing": ("tests/unit/test_land.py::test_a_killed_landing_leaves_the_last_one_and_the_next_completes",),
    "kill/build-": (
        "tests/place/test_kills.py::test_random_kills_leave_the_published_build_and_the_next_completes",
        "tests/place/test_kills_at_random.py::test_after_each_random_kill_what_is_published_is_whole_and_work_goes_on",
    ),
    "register/yesterday": (
        "tests/unit/test_land.py::test_a_register_restored_from_yesterday_is_found_and_repaired_by_landing_again",
        "tests/unit/test_cli_registers.py::test_what_is_restored_from_yesterday_is_said_by_restore_and_build",
    ),
}
"""How the ids of cases begin that the gauntlet's own test leaves out -> the tests that hold them."""
SAMPLE = ("kill/build-publish",)
"""Of these, what the gauntlet's own test tries all the same, so that the cases themselves stay true."""


def left_out(case: Case) -> bool:
    """Whether the gauntlet's own test doesn't try it."""
    return case.id.startswith(tuple(APART)) and case.id not in SAMPLE


def held_by(case: Case) -> tuple[str, ...]:
    """The tests that hold a case, as pytest names them without their parameters."""
    apart = next((tests for begins, tests in APART.items() if case.id.startswith(begins)), ())
    return apart if left_out(case) else (OWN, *apart)
