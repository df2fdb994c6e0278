"""Broken twins of every contract's extract: all that is wrong in them is found and counted, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.gauntlet.cases import all_cases
from benchmarks.gauntlet.held import left_out
from joinedup.findings import Finding, Severity
from joinedup.place.model import Place, Source
from joinedup.sources.accounts import FileAccount
from joinedup.sources.check import check_sources
from joinedup.sources.contract import ContractSpec, contracts
from joinedup.sources.synthetic.broken import FOLDER, break_extracts
from joinedup.sources.synthetic.synthesis import MAKERS
from tests.place.conftest import opened

PEOPLE = 3_000
CONTRACTS = sorted(MAKERS)
OTHERWISE = {
    "apc": {"name": "pseudonyms", "files": ("otherwise.csv.gz",), "pseudonym": "hes", "delimiter": "|", "date_format": "%d/%m/%Y"},
    "deaths": {
        "name": "renamed",
        "files": ("otherwise.csv",),
        "encoding": "utf-16",
        "rename": {"Died": "REG_DATE_OF_DEATH"},
        "values": {"DEC_SEX": {"M": "1", "F": "2"}},
    },
    "ecds": {"name": "typed", "files": ("otherwise.parquet",)},
}
"""Sources that write their extracts in a way of their own."""
OF_FILES = {"missing-columns", "extra-columns", "few-rows-can-be-linked", "not-dated", "seldom-words"}
"""Findings about a file as a whole that say nothing of the rows broken in it."""


Read = tuple[tuple[FileAccount, ...], list[Finding]]


@dataclass(frozen=True)
class Twins:
    """Where broken twins lie, and the truth about them."""

    place: Place
    folder: Path
    truth: list[dict[str, object]]
    checked: dict[str, Read] = field(default_factory=dict)
    """What was found in a source's broken extract, which several tests look at."""

    def told(self, source: str, *, whole: bool = False) -> list[dict[str, object]]:
        return [row for row in self.truth if row["source"] == source and (row["rows_in_file"] is None) == whole]


@pytest.fixture(scope="module")
def twins(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Twins:
    """Twins of every contract that can be invented, and of sources that write them in a way of their own."""
    place = opened(root / "places" / "calderdale")
    partner = place.partners[0].id
    usual = [Source(name=name, partner=partner, contract=name, files=(f"{name}.csv",)) for name in CONTRACTS]
    other = [Source(**{"partner": partner, "contract": contract, **more}) for contract, more in OTHERWISE.items()]
    out = tmp_path_factory.mktemp("twins")
    made = place.model_copy(update={"sources": (*usual, *other)})
    break_extracts(made, PEOPLE, 1, out)
    return Twins(made, out / FOLDER, pq.read_table(out / "truth" / "broken.parquet").to_pylist())


def read(twins: Twins, source: str, *files: str) -> Read:
    """The accounts and findings of some files, read for one source."""
    (known,) = [each for each in twins.place.sources if each.name == source]
    checked = check_sources(twins.place, [known.model_copy(update={"files": files or known.files})], twins.folder)
    return checked.files, list(checked.findings)


def read_once(twins: Twins, source: str) -> Read:
    """The same of the extract in which rows are broken."""
    if source not in twins.checked:
        twins.checked[source] = read(twins, source)
    return twins.checked[source]


def field_of(finding: Finding, contract: ContractSpec) -> str | None:
    """The field that a finding about rows speaks of; none for rules about rows as a whole."""
    word = finding.message.split(": ", 1)[-1].split(" ")[0].rstrip(",")
    per_field = {"unreadable-value", "unreadable-required-value", "required-value-missing", "unknown-code", "fractions-of-a-penny"}
    per_field |= {"leading-zero-lost", "digits-lost"}
    return word if finding.rule in per_field and word in {field.name for field in contract.fields} else None


SOURCES = [*CONTRACTS, *(more["name"] for more in OTHERWISE.values())]


@pytest.mark.parametrize("source", SOURCES)
def test_all_that_is_broken_is_found_and_counted(twins: Twins, source: str) -> None:
    told = twins.told(source)
    contract = contracts()[str(told[0]["contract"])]
    (account,), findings = read_once(twins, source)
    expected = Counter({(row["rule"], row["field"]): 0 for row in told})
    for row in told:
        expected[row["rule"], row["field"]] += int(str(row["rows"]))
    superseded = sum(expected.pop((rule, None), 0) for rule in ("same-key", "deletion"))
    found = Counter({(each.rule, field_of(each, contract)): each.count for each in findings if each.rule not in OF_FILES})
    assert found == expected
    assert account.rows_read == told[0]["rows_in_file"]
    rejected = sum(int(str(row["rows"])) for row in told if row["effect"] == "rejected")
    assert account.rejected == rejected
    assert account.superseded == superseded
    assert account.rows_read == account.loaded + account.superseded + account.rejected


@pytest.mark.parametrize("source", SOURCES)
def test_each_is_found_in_its_rows(twins: Twins, source: str) -> None:
    told = twins.told(source)
    contract = contracts()[str(told[0]["contract"])]
    rows: dict[tuple[object, object], set[int]] = {}
    for row in told:
        rows.setdefault((row["rule"], row["field"]), set()).update(row["source_rows"])
    implied = {(row["rule"], row["field"]) for row in told if row["implied_by"]}
    _, findings = read_once(twins, source)
    for each in findings:
        if each.rows and each.rule not in OF_FILES and (each.rule, field_of(each, contract)) not in implied:
            assert set(each.rows) <= rows[each.rule, field_of(each, contract)], each


@pytest.mark.parametrize("name", CONTRACTS)
def test_each_rule_of_a_contract_is_broken(twins: Twins, name: str) -> None:
    told = {row["rule"] for row in twins.told(name) if row["rows"] and not row["implied_by"]}
    assert {rule.name for rule in contracts()[name].rules} - told == set()
    assert {"blank-row", "damaged-text", "too-many-fields", "too-few-fields", "broken-quotes"} <= told


@pytest.mark.parametrize("name", CONTRACTS)
def test_files_that_are_broken_as_a_whole(twins: Twins, name: str) -> None:
    told = twins.told(name, whole=True)
    assert len({row["file"] for row in told}) == 7
    for file in dict.fromkeys(str(row["file"]) for row in told):
        rows = [row for row in told if row["file"] == file]
        beside = [file.replace("twice_2", "twice_1")] if "twice_2" in file else []
        accounts, findings = read(twins, name, *beside, file)
        refused = rows[0]["effect"] == "refused"
        found = {each.rule for each in findings if each.file == file and (each.severity is Severity.ERROR or not refused)}
        assert {row["rule"] for row in rows} == (found if refused else found & {"same-file"})
        assert accounts[-1].refused == refused
        assert sum(account.rows_read for account in accounts) == sum(account.loaded + account.superseded for account in accounts)


def test_every_case_of_the_gauntlet_that_is_left_to_these_tests_is_broken_here(twins: Twins) -> None:
    of_rows = {(row["contract"], row["rule"]) for row in twins.truth if row["rows_in_file"] is not None and row["rows"]}
    files = {str(row["file"]).rpartition("/")[2] for row in twins.truth if row["rows_in_file"] is None}
    broken = {f"rule/{contract}/{rule}" for contract, rule in of_rows} | {f"row/{rule}" for _, rule in of_rows}
    broken |= {f"whole/{file}" for file in files}
    left = [case.id for case in all_cases() if left_out(case) and case.kind in {"rule", "row", "whole"}]
    assert [case for case in left if case not in broken] == []
    assert len(left) > 150
