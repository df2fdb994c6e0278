"""Broken twins of every contract, landed together: each rule of each contract, and each way in which rows of any contract break."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from benchmarks.gauntlet.case import Case, expect
from benchmarks.gauntlet.ground import PLACES, Ground, write_sources
from joinedup.engine.store import Store
from joinedup.findings import Finding
from joinedup.sources.check import check_sources
from joinedup.sources.contract import contracts
from joinedup.sources.landed import LandingRecord, current_path, read_landing
from joinedup.sources.synthetic.broken import FOLDER, break_extracts
from joinedup.sources.synthetic.synthesis import MAKERS

PEOPLE, SEED = 1_000, 7
WITHOUT_MATCHING = "\nlinking: {link_at: 1}\n"
"""What is wrong with rows is found before anybody is matched, and the one place is matched."""
PSEUDONYMS = {"name": "pseudonyms", "contract": "apc", "files": "pseudonyms.csv", "pseudonym": "hes"}
"""A source that brings pseudonyms, without which there is nothing for a crosswalk to lead to."""
EFFECTS = {"reject": "the rows are rejected and counted exactly", "warn": "the rows are kept, and counted exactly in a finding"}
ROWS = {
    "required-value-missing": ("a value that its contract requires is blank", "extracts: each rule"),
    "unreadable-required-value": ("a required value isn't of its type, such as 2025-02-30", "record: dates that don't exist"),
    "unreadable-value": ("a value isn't of its type, such as 25:61", "extracts: each rule"),
    "unknown-code": ("a code stands in no list of codes", "extracts: each rule"),
    "leading-zero-lost": ("a spreadsheet took the zeros in front of codes", "extracts: leading zeros lost"),
    "digits-lost": ("a spreadsheet shortened long numbers to 1.04803E+15", "extracts: 1E+05"),
    "fractions-of-a-penny": ("an amount has fractions of a penny", "extracts: each rule"),
    "no-nhs-number": ("rows have neither NHS number nor pseudonym", "extracts: each rule"),
    "nhs-number-check-digit": ("NHS numbers have a wrong check digit", "record: wrong check digit"),
    "blank-row": ("lines hold nothing but delimiters", "extracts: each rule"),
    "damaged-text": ("a control character stands in a value", "extracts: each rule"),
    "too-many-fields": ("lines have a field too many", "extracts: each rule"),
    "too-few-fields": ("lines have a field too few", "extracts: each rule"),
    "broken-quotes": ("quotes are closed too early or never", "extracts: each rule"),
    "same-key": ("a record stands in its file twice", "extracts: each rule"),
    "deletion": ("a record is deleted by a later row", "extracts: each rule"),
}
"""Rules by which rows of any contract are judged."""
SUPERSEDED = ("same-key", "deletion")
"""Rules by which rows go without a finding; the account of their file counts both together."""
WHOLE = {
    "no_header.csv": ("a file has no header", "record: missing columns"),
    "missing_column.csv": ("a file lacks a column that its contract needs", "record: missing columns"),
    "wrong_delimiter.csv": ("a file is parted by another sign than sources.yml says", "record: wrong delimiter"),
    "cut_short.csv.gz": ("a gzip file is cut short", "record: truncated file"),
    "cut_short.parquet": ("a Parquet file is cut short", "record: truncated file"),
    "empty.csv": ("a file is empty", "record: empty file"),
    "twice_2.csv": ("one file lies there under two names", "extracts: the same file under two names"),
}
"""Files that are broken as a whole."""
WHOLE_OF = ("apc", "cld", "gp_medication")
"""Contracts of which they are tried; test_broken tries those of all."""


@dataclass(frozen=True)
class Twins:
    """The landing of the broken twins, and the truth about them."""

    record: LandingRecord
    truth: tuple[Mapping[str, Any], ...]

    def told(self, rule: str, contract: str = "") -> list[Mapping[str, Any]]:
        """What the truth says of the rows broken by a rule."""
        return [row for row in self.truth if row["rule"] == rule and row["contract"] == (contract or row["contract"])]

    def findings(self, row: Mapping[str, Any]) -> list[Finding]:
        """The findings by the rule, in the file and about the field that the truth tells of."""
        found = [each for each in self.record.findings if each.file == row["file"] and each.rule == row["rule"]]
        return [each for each in found if row["field"] in (None, _word(each))] if len(found) > 1 else found


def twins_of(ground: Ground) -> Twins:
    """The twins, landed into a store of their own under the same register's key."""
    return ground.once("twins", partial(_landed, ground))


def _landed(ground: Ground) -> Twins:
    folder = ground.work / "twins"
    beside = replace(ground, place_folder=folder / "place", extracts=folder / FOLDER, store=Store(folder / "store"))
    if not current_path(beside.store).exists():
        _land(beside, folder)
    truth = pq.read_table(folder / "truth" / "broken.parquet").to_pylist()
    return Twins(read_landing(beside.store), tuple(row for row in truth if row["rows_in_file"] is not None))


def _land(beside: Ground, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PLACES / "calderdale", folder / "place")
    of_place = yaml.safe_load((folder / "place" / "sources.yml").read_text(encoding="utf-8"))["sources"]
    partner = of_place[0]["partner"]
    write_sources(folder / "place", [*(_source(name, partner) for name in sorted(MAKERS)), PSEUDONYMS | {"partner": partner}])
    with (folder / "place" / "place.yml").open("a", encoding="utf-8") as file:
        file.write(WITHOUT_MATCHING)
    break_extracts(beside.place, PEOPLE, SEED, folder)
    ended = beside.land("--quiet")
    expect(ended.code in (0, 1) and current_path(beside.store).exists(), f"exit {ended.code}: {ended.all[-400:]}")


def _source(name: str, partner: str) -> dict[str, Any]:
    return {"name": name, "partner": partner, "contract": name, "files": f"{name}.csv"}


def _word(finding: Finding) -> str:
    """The word of a message that names the field."""
    return finding.message.split(": ", 1)[-1].split(" ")[0].rstrip(",")


def cases() -> Iterator[Case]:
    """A case for each rule of each contract, for each rule of rows of any contract, and for each way in which whole files break."""
    for name, contract in sorted(contracts().items()):
        for rule in contract.rules:
            yield Case(
                f"rule/{name}/{rule.name}",
                f"rows of {name} break {rule.name}",
                EFFECTS[rule.effect],
                partial(_counted, rule.name, name),
                (f"contract: {name}/{rule.name}",),
            )
    for rule, (broken, line) in ROWS.items():
        yield Case(
            f"row/{rule}", f"{broken}, in every contract that can have it", "each is counted exactly", partial(_counted, rule, ""), (line,)
        )

    for file, (broken, line) in WHOLE.items():
        yield Case(
            f"whole/{file}",
            f"{broken}, in {len(WHOLE_OF)} contracts",
            "found, and refused but for the last of two",
            partial(_whole, file),
            (line,),
        )


def _whole(file: str, ground: Ground) -> str:
    """By which rules a file of each of some contracts is found that is broken as a whole; no row of it is lost."""
    twins_of(ground)
    folder = ground.work / "twins"
    place = replace(ground, place_folder=folder / "place").place
    truth = [row for row in pq.read_table(folder / "truth" / "broken.parquet").to_pylist() if row["file"].endswith(f"/{file}")]
    rules = ""
    for contract in WHOLE_OF:
        (source,) = (each for each in place.sources if each.name == contract)
        told = [row for row in truth if row["contract"] == contract]
        beside = (str(told[0]["file"]).replace("twice_2", "twice_1"),)
        files = tuple(dict.fromkeys((*beside, told[0]["file"])))
        checked = check_sources(place, [source.model_copy(update={"files": files})], folder / FOLDER)
        found = {each.rule for each in checked.findings if each.file == told[0]["file"]}
        expect({row["rule"] for row in told} <= found, f"{contract}: {sorted(found)}")
        expect(checked.files[-1].refused == (told[0]["effect"] == "refused"), f"{contract}: refused {checked.files[-1].refused}")
        expect(all(each.rows_read == each.loaded + each.superseded + each.rejected for each in checked.files), "rows are lost")
        rules = ", ".join(sorted({row["rule"] for row in told}))
    return f"{rules} in {len(WHOLE_OF)} contracts"


def _counted(rule: str, contract: str, ground: Ground) -> str:
    """In how many rows of how many files a rule was found broken; all that the truth tells, and the files' accounts add up."""
    twins = twins_of(ground)
    told = [row for row in twins.told(rule, contract) if row["rows"]]
    expect(bool(told), "no row was broken by it")
    accounts = {file.file: file for file in twins.record.files}
    for row in _added(told):
        account = accounts[row["file"]]
        found = account.superseded if rule in SUPERSEDED else sum(each.count for each in twins.findings(row))
        asked = sum(other["rows"] for other in twins.truth if other["file"] == row["file"] and other["rule"] in SUPERSEDED)
        expected = asked if rule in SUPERSEDED else row["rows"]
        expect(found == expected, f"{found} of {expected} rows in {row['file']}, {row['field'] or 'any field'}")
        expect(account.rows_read == row["rows_in_file"], f"{account.rows_read} rows read of {row['rows_in_file']}")
        expect(account.rows_read == account.loaded + account.superseded + account.rejected, "rows are lost")
        if row["effect"] == "rejected":
            expect(account.rejected_by.get(rule, 0) >= row["rows"], f"only {account.rejected_by.get(rule, 0)} rejected")
    rows, files = sum(row["rows"] for row in told), len({row["file"] for row in told})
    return f"{rows} rows in {files} files, all found"


def _added(told: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The truth's rows with those of one file, rule and field added up."""
    counts: Counter[tuple[str, str | None]] = Counter()
    for row in told:
        counts[row["file"], row["field"]] += row["rows"]
    first = {(row["file"], row["field"]): row for row in reversed(told)}
    return [{**first[key], "rows": rows} for key, rows in counts.items()]
