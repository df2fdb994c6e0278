"""Every fault that is put into invented rows becomes, in the landing, what it is said to become."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from joinedup.engine.store import Store
from joinedup.identity.verifying import OBJECTIONS
from joinedup.kept.keys import read_key, write_new_key
from joinedup.land import land
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import contracts as contracts_of_landing
from joinedup.sources.landed import LandingRecord
from joinedup.sources.restricted import for_others, held_in
from joinedup.sources.synthetic import synthesise
from joinedup.sources.synthetic.fault_kinds import kinds
from joinedup.sources.synthetic.kept_out import is_restricted
from joinedup.sources.synthetic.synthesis import MAKERS
from joinedup.sources.synthetic.truth import FOLDER
from tests.unit.sources.synthetic.places import everything, plain_place

NOISE = 3.0
BY_NUMBER_ALONE = {OBJECTIONS, "protected_person"}
"""Contracts whose rows go by their number whatever else they say: in doubt somebody objects, and somebody is protected."""
OUTCOMES = {each.name: each.outcome for each in kinds()}
Row = tuple[str, int]
"""A file and the number of a row in it."""


@dataclass
class Faulty:
    """A landing of faulty extracts, and the truth about them."""

    extracts: Path
    tables: dict[str, list[dict[str, Any]]]
    files: dict[int, str]
    record: LandingRecord

    @property
    def accounts(self) -> tuple[FileAccount, ...]:
        return self.record.files

    @cached_property
    def landed(self) -> dict[Row, dict[str, Any]]:
        return {(self.files[row["file_id"]], row["source_row"]): row for contract in MAKERS for row in self.tables[f"landed_{contract}"]}

    def which(self, table: str) -> set[Row]:
        return {(self.files[row["file_id"]], row["source_row"]) for row in self.tables[table]}

    @cached_property
    def rejected(self) -> set[Row]:
        return self.which("rejected")

    @cached_property
    def kept_out(self) -> set[Row]:
        """The rows that were rejected since they are about what the law restricts."""
        rows = (row for row in self.tables["rejected"] if row["rule"] == "restricted-code")
        return {(self.files[row["file_id"]], row["source_row"]) for row in rows}

    @cached_property
    def faults(self) -> list[dict[str, Any]]:
        return self.truth("faulty_rows")

    def truth(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.extracts / FOLDER / f"{name}.parquet").to_pylist()
        return rows

    @cached_property
    def kinds_of(self) -> dict[Row, set[str]]:
        """The faults of each row that has any."""
        found: dict[Row, set[str]] = defaultdict(set)
        for row in self.faults:
            found[row["file"], row["source_row"]].add(row["kind"])
        return found

    def decided_otherwise(self, row: Row, kind: str) -> bool:
        """Whether another fault of the row decides more than this one does: a row that is rejected is linked to nobody."""
        others = {OUTCOMES[other] for other in self.kinds_of[row] - {kind}}
        may_reject = "rejected" in others or bool((self.kinds_of[row] - {kind}) & {"impossible_date"})
        weaker = {"linked": {"not_linked", "linked_to_another"}, "linked_to_another": {"not_linked"}}.get(OUTCOMES[kind], set())
        return bool(others & weaker) or (may_reject and row in self.rejected)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """NHS number -> person of the truth."""
        return {number: row["person"] for row in self.truth("people") for number in (row["nhs_number"], *row["former_nhs_numbers"])}

    @cached_property
    def written(self) -> dict[Row, str]:
        """The number that each row holds."""
        found = {}
        for name in self.files.values():
            with (self.extracts / name).open(encoding="utf-8", newline="") as file:
                lines = file.read().split("\n")
            at = next(csv.reader(lines[:1])).index("NHS_NUMBER")
            found |= {(name, number): next(csv.reader([line]))[at] for number, line in enumerate(lines) if number and line}
        return found

    @cached_property
    def doubted(self) -> set[int]:
        """People whose rows on the registration list have a fault of their own, so that their other rows can't be told."""
        names = {each.name for each in kinds() if each.outcome in ("not_linked", "rejected", "linked_to_another")}
        return {row["person"] for row in self.faults if row["file"] == "register.csv" and row["kind"] in names}

    @cached_property
    def person_ids(self) -> dict[int, int]:
        """Person of the truth -> person_id, from the rows of the list without a fault."""
        faulty = {(row["file"], row["source_row"]) for row in self.faults}
        found = {}
        for row, landed in self.landed.items():
            person = self.numbers.get(self.written[row])
            if row[0] == "register.csv" and row not in faulty and person is not None and person not in self.doubted:
                found[person] = landed["person_id"]
        return found


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    """6,000 people, every contract, three times the ordinary faults."""
    work = tmp_path_factory.mktemp("faulty")
    place = everything(plain_place())
    synthesise(place, 6_000, 11, work / "extracts", noise=NOISE)
    store = Store(work / "store").create()
    write_new_key(work / "key")
    landing = land(place, work / "extracts", store, read_key(work / "key", outside=(store.root,)))
    tables = {name: pq.read_table(store.root / table.file).to_pylist() for name, table in landing.record.tables.items()}
    assert not any(file.refused for file in landing.accounts)
    return Faulty(work / "extracts", tables, {file.file_id: file.file for file in landing.accounts}, landing.record)


def test_rows_with_restricted_codes_are_rejected_or_lose_them_and_no_others(faulty: Faulty) -> None:
    """What the truth counts, row by row, and nothing of it is in any landed row or told by any number."""
    told = faulty.truth("restricted_rows")
    assert faulty.kept_out == {(row["file"], row["source_row"]) for row in told if row["rejected"]}
    contracts = {row["contract"] for row in told}
    assert contracts >= {"apc", "outpatient", "ecds", "gp_record", "deaths"}
    beside = Counter(row["contract"] for row in told for _ in range(row["codes"]) if not row["rejected"])
    blanked = Counter({file.contract: file.blanked_codes for file in faulty.accounts if file.blanked_codes})
    assert blanked == beside
    assert len(faulty.kept_out) > 15
    assert beside.total() > 3
    for contract in contracts:
        held = {contracts_of_landing()[contract].landed(name): each.systems for name, each in held_in(contract).items()}
        for row in faulty.tables[f"landed_{contract}"]:
            assert not any(is_restricted(row[name], systems) for name, systems in held.items() if row.get(name)), contract


def test_an_account_for_others_tells_only_roughly_what_was_kept_out(faulty: Faulty) -> None:
    kept_out = Counter(file for file, _ in faulty.kept_out)
    assert kept_out
    for mine in faulty.accounts:
        theirs, count = for_others(mine), kept_out[mine.file]
        assert mine.rejected_by.get("restricted-code", 0) == count
        assert "restricted-code" not in theirs.rejected_by
        assert (theirs.rows_read, theirs.rejected) == (mine.rows_read - count, mine.rejected - count)
        assert sum(theirs.rejected_by.values()) == theirs.rejected
        assert theirs.kept_out == (0 if not count else 5 if count < 10 else round(count, -1))
        assert for_others(theirs) == theirs


def test_every_row_is_loaded_superseded_or_rejected(faulty: Faulty) -> None:
    parts = [faulty.landed.keys(), faulty.which("superseded"), faulty.which("rejected")]
    assert sum(map(len, parts)) == len(set().union(*parts))
    assert faulty.written.keys() <= set().union(*parts)


def test_rows_without_a_fault_are_loaded_and_linked(faulty: Faulty) -> None:
    faults = {(row["file"], row["source_row"]) for row in faulty.faults}
    superseding = {(file, number + 1) for file, number in faulty.which("superseded")}
    assert faulty.rejected - faults <= faulty.kept_out
    wrong = 0
    for row in faulty.landed.keys() - faults - superseding:
        person = faulty.numbers[faulty.written[row]]
        wrong += person in faulty.person_ids and faulty.landed[row]["person_id"] != faulty.person_ids[person]
    assert wrong == 0


@pytest.mark.parametrize("contract", MAKERS)
def test_a_fault_becomes_what_it_is_said_to(contract: str, faulty: Faulty) -> None:
    """Of people who aren't rightly on the list nobody can tell whether a date of birth is wrong; an objection holds for its number."""
    rejected, superseded = faulty.which("rejected"), faulty.which("superseded")
    wrong: dict[str, int] = defaultdict(int)
    for fault in faulty.faults:
        row, person = (fault["file"], fault["source_row"]), fault["person"]
        if fault["file"] != f"{contract}.csv" or person in faulty.doubted:
            continue
        replaced = row in superseded and faulty.kinds_of[row[0], row[1] + 1] & {"exact_duplicate", "resubmission"}
        if replaced or faulty.decided_otherwise(row, fault["kind"]):
            continue
        if fault["kind"] == "another_number" and faulty.numbers[faulty.written[row]] not in faulty.person_ids:
            continue
        outcome = OUTCOMES[fault["kind"]]
        landed, expected = faulty.landed.get(row), faulty.person_ids.get(person)
        held = None if landed is None else landed["person_id"]
        whose = faulty.person_ids.get(faulty.numbers.get(faulty.written[row], -1))
        objects = contract in BY_NUMBER_ALONE and held == whose
        registers_own = contract == "register" and held is not None and held != expected
        good = {
            "rejected": row in rejected,
            "superseded": (row[0], row[1] - 1) in superseded and landed is not None,
            "not_linked": landed is not None
            and (held is None or registers_own or objects or expected is None or landed["linked_by"] == "probability"),
            "linked": landed is not None and (expected is None or held == expected),
            "kept": landed is not None or row in rejected,
            "linked_to_another": landed is not None and held is not None and held != expected,
        }[outcome]
        wrong[fault["kind"]] += not good
    assert {kind: count for kind, count in wrong.items() if count} == {}


def test_matching_finds_whom_a_row_is_about(faulty: Faulty) -> None:
    """Rows whose number decides nothing, and whose person the list has: nearly all of those with one fault, fewer of those with several."""
    right, wrong, missed = Counter[bool](), Counter[bool](), Counter[bool]()
    unlinked = {(fault["file"], fault["source_row"]): fault["person"] for fault in faulty.faults if OUTCOMES[fault["kind"]] == "not_linked"}
    for row, person in unlinked.items():
        landed, expected = faulty.landed.get(row), faulty.person_ids.get(person)
        if landed is None or expected is None or landed["linked_by"] == "register_row":
            continue
        assert landed["linked_by"] not in {"nhs_number", "nhs_number_traced"} or landed["person_id"] == expected
        several = len(faulty.kinds_of[row]) > 1
        right[several] += landed["person_id"] == expected
        missed[several] += landed["person_id"] is None
        wrong[several] += landed["person_id"] not in {None, expected}
    for several, least in ((False, 0.99), (True, 0.75)):
        assert right[several] > 1_000
        assert wrong[several] / (right[several] + wrong[several]) <= 0.005
        assert right[several] / (right[several] + wrong[several] + missed[several]) >= least
    assert wrong.total() / (right.total() + wrong.total()) <= 0.002


def test_every_kind_is_put_somewhere(faulty: Faulty) -> None:
    seen = {fault["kind"] for fault in faulty.faults}
    rare = {"closed_practice", "birth_after_death", "blank_line", "twins_number"}
    assert {each.name for each in kinds()} - seen <= rare


def test_a_manifest_tells_no_total_that_holds_what_was_kept_out(faulty: Faulty) -> None:
    told = faulty.record.summary()
    assert told["steps"]
    assert not [step for step in told["steps"] if {"read", "rejected"} & step["rows"].keys()]
    assert [file["rows_read"] for file in told["files"]] == [for_others(file).rows_read for file in faulty.accounts]
    assert "restricted-code" not in {rule for file in told["files"] for rule in file["rejected_by"]}
