"""Files that are broken, or odd, as partners send them: all landed together as sources of their own, and each found for what it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb
import yaml

from benchmarks.gauntlet.case import Case, expect
from benchmarks.gauntlet.ground import Ground, write_sources
from benchmarks.gauntlet.odd import Odd
from benchmarks.gauntlet.odd_more import MORE
from benchmarks.gauntlet.odd_sheets import SHEETS
from benchmarks.gauntlet.odd_texts import TEXTS
from benchmarks.gauntlet.odd_values import VALUES
from joinedup.findings import Severity
from joinedup.sources.accounts import FileAccount
from joinedup.sources.landed import LandingRecord, read_landing

ODD = (*TEXTS, *VALUES, *SHEETS, *MORE)
USUAL = {"missing-columns", "not-dated", "few-rows-can-be-linked", "extra-columns"}
"""What is said of every small file with few columns."""


@dataclass(frozen=True)
class Landed:
    """The landing of all odd files."""

    record: LandingRecord
    root: Path
    names: Mapping[str, str]
    """Case -> its file."""


def landed(ground: Ground) -> Landed:
    """All odd files that are to be tried, landed into a copy of the one place beside its own sources."""
    asked = {case.id.removeprefix("file/") for case in ground.cases}
    odd = [each for each in ODD if each.name in asked]
    return ground.once("odd", partial(_landed, ground, odd))


def _landed(ground: Ground, odd: list[Odd]) -> Landed:
    copy = ground.copy("odd")
    extracts = copy.work / "cases" / "odd" / "extracts"
    shutil.copytree(ground.extracts, extracts, ignore=shutil.ignore_patterns("truth"))
    names = {each.name: _write(each, at, extracts) for at, each in enumerate(odd)}
    sources = yaml.safe_load((copy.place_folder / "sources.yml").read_text(encoding="utf-8"))["sources"]
    more = [
        {"name": f"odd_{at}", "partner": "acute-trust", "contract": each.contract, "files": names[each.name], **each.source}
        for at, each in enumerate(odd)
    ]
    write_sources(copy.place_folder, [*sources, *more])
    said = replace(copy, extracts=extracts).land()
    expect(said.code in (0, 1), f"exit {said.code}: {said.all[-500:]}")
    copy.build().ended(0)
    return Landed(read_landing(copy.store), copy.store.root, names)


def _write(odd: Odd, at: int, extracts: Path) -> str:
    written = odd.write(f"G{at:03d}-")
    path = extracts / f"odd_{at:03d}_{written.name}"
    path.write_bytes(written.content)
    return path.name


def _found(odd: Odd, ground: Ground) -> str:
    """What landing made of an odd file; Unexpected where it is anything else."""
    all_odd = landed(ground)
    file = all_odd.names[odd.name]
    findings = [each for each in all_odd.record.findings if each.file == file and each.rule not in USUAL - set(odd.finds)]
    rules = {each.rule: sum(other.count for other in findings if other.rule == each.rule) for each in findings}
    accounts = [each for each in all_odd.record.files if each.file == file]
    counted = ", ".join(f"{rule} {rows}" if rows else rule for rule, rows in rules.items())
    told = f"{_account_told(accounts)}; {counted or 'nothing found'}"
    expect(rules.keys() == odd.finds.keys(), f"{told}: {' / '.join(each.message for each in findings)[:500]}")
    expect(all(rows is None or rules[rule] == rows for rule, rows in odd.finds.items()), told)
    words = " ".join(each.message for each in findings)
    expect(all(each in words for each in odd.says), f"{told}: {words[:500]}")
    expect(all(file.rows_read == file.loaded + file.superseded + file.rejected for file in accounts), told)
    if odd.refused:
        expect(accounts[0].refused and any(each.severity is Severity.ERROR for each in findings), told)
    if odd.rows is not None:
        expect(_counts(accounts[0]) == odd.rows, told)
    for condition, rows in odd.holds.items():
        held = _held(all_odd, accounts[0], condition)
        expect(held == rows, f"{told}; {condition} in {held} rows, not {rows}")
    return told


def _counts(account: FileAccount) -> tuple[int, int, int, int]:
    return account.rows_read, account.loaded, account.superseded, account.rejected


def _account_told(accounts: list[FileAccount]) -> str:
    if not accounts:
        return "no file"
    read, loaded, superseded, rejected = _counts(accounts[0])
    return "refused" if accounts[0].refused else f"{read} read, {loaded} loaded, {superseded} superseded, {rejected} rejected"


def _held(all_odd: Landed, account: FileAccount, condition: str) -> int:
    """How many landed rows of a file fulfil a condition."""
    path = all_odd.root / all_odd.record.tables[f"landed_{account.contract}"].file
    found = duckdb.execute(f"SELECT count(*) FROM read_parquet('{path}') WHERE file_id = {account.file_id} AND ({condition})").fetchall()
    return int(found[0][0])


def cases() -> Iterator[Case]:
    """A case for each odd file."""
    return (Case(f"file/{odd.name}", odd.broken, odd.expected, partial(_found, odd), odd.lines) for odd in ODD)
