"""The truth about the extracts, apart from them: who is who, which faults were put where, and what was planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.fault_kinds import kinds, names_of_faults, position_of
from joinedup.sources.synthetic.figures import columns, figures
from joinedup.sources.synthetic.planted import plan_of
from joinedup.sources.synthetic.planted_conditions import planted_conditions
from joinedup.sources.synthetic.primary_care import patients
from joinedup.sources.synthetic.schools import school_of
from joinedup.sources.synthetic.seasons import dates, hard_winter
from joinedup.sources.synthetic.setting import Setting
from joinedup.sources.synthetic.writing import OpenFile

FOLDER = "truth"
WAYS = ("stay", "wait", "delay", "minutes", "coded", "ready_date_missing")
"""How hospitals differ, each beside the first."""


@dataclass(frozen=True, slots=True)
class BlockTruth:
    """Who the people of one block are, what they have, and who of them joined a programme."""

    people: pa.Table
    conditions: pa.Table
    enrolled: pa.Table


def truth_of(block: Block) -> BlockTruth:
    """The truth about the people of one block; a person's number counts from 0 through the whole place."""
    people, setting = block.people, block.setting
    number = setting.first_number(block.number) + np.arange(len(people.sex))
    twin = np.where(people.twin >= 0, number[people.twin], -1)
    who = block.programmes.person
    held = planted_conditions(block)
    everyone = np.arange(len(people.sex))
    last = np.full(len(people.sex), setting.span.end - 1)
    here = ~people.outside & (patients(block)[1] >= setting.span.end) & (np.maximum(people.joined, people.born) <= last)
    at = block.stays.on(everyone, last)
    return BlockTruth(
        people=pa.table(
            {
                "person": number,
                "nhs_number": block.nhs_numbers.astype("U10"),
                "former_nhs_numbers": _former(block),
                "born": dates(people.born),
                "died": dates(people.died),
                "sex": people.sex,
                "ethnic_category": columns("ethnic_groups")["code"][people.ethnic],
                "household": block.number * 10**6 + people.household,
                "lives_elsewhere": people.outside,
                "twin": pa.array(twin, mask=twin < 0),
                "family_name": block.names.family,
                "former_family_name": block.former_family_names,
                "given_name": block.names.given,
                "language": block.life.language,
                "carer": block.life.carer,
                "care_home": people.care_home,
                "school": school_of(block, everyone, last),
                "practice": pa.array(setting.practices.code[block.stays.practice[at]].astype("U10"), mask=~here),
                "deprivation_fifth": pa.array(setting.areas.fifth[block.stays.area[at]] + 1, mask=~here),
            }
        ),
        conditions=held.set_column(0, "person", pa.array(number[held.column("person").to_numpy()])),
        enrolled=pa.table(
            {
                "person": number[who],
                "nhs_number": block.nhs_numbers[who].astype("U10"),
                "programme": block.programmes.programme.astype("U40"),
                "day": dates(block.programmes.day),
                "sessions": block.programmes.sessions,
            }
        ),
    )


def _former(block: Block) -> pa.Array:
    """For each person the NHS numbers that they had before in the span, the oldest first."""
    held, size = block.former_numbers, len(block.people.sex)
    starts = np.searchsorted(held.person, np.arange(size + 1))
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pa.array(held.number.astype("U10"), pa.string()))


class OpenTruth:
    """The files of the truth in the making."""

    def __init__(self, out: Path) -> None:
        self.folder = out / FOLDER
        self.writers: dict[str, pq.ParquetWriter] = {}
        self.enrolled: dict[str, int] = {}

    def add(self, block: BlockTruth) -> None:
        """Nothing; a block is written and counted."""
        self.folder.mkdir(exist_ok=True)
        for name, table in (("people", block.people), ("conditions", block.conditions), ("enrolled", block.enrolled)):
            if name not in self.writers:
                self.writers[name] = pq.ParquetWriter(self.folder / f".{name}.part", table.schema)
            self.writers[name].write_table(table)
        for programme in block.enrolled["programme"].to_pylist():
            self.enrolled[programme] = self.enrolled.get(programme, 0) + 1

    def finish(self, setting: Setting, files: Sequence[OpenFile]) -> None:
        """Nothing; people.parquet, conditions.parquet (who has what, since when coded), enrolled.parquet, planted.yml,
        faults.parquet (how many rows of each file have each kind of fault), faulty_rows.parquet (which rows, and about whom) and
        restricted_rows.parquet (which hold restricted codes) are whole."""
        for name, writer in self.writers.items():
            writer.close()
            (self.folder / f".{name}.part").replace(self.folder / f"{name}.parquet")
        pq.write_table(pa.Table.from_pylist([row for file in files for row in _counts(file)], _COUNTS), self.folder / "faults.parquet")
        pq.write_table(pa.concat_tables([_rows(file) for file in files]), self.folder / "faulty_rows.parquet")
        restricted = pa.concat_tables([_restricted(file) for file in files])
        pq.write_table(restricted, self.folder / "restricted_rows.parquet")
        planted = _planted(setting, self.enrolled) | {"restricted_codes": _restricted_counts(restricted)}
        told = yaml.safe_dump(planted, sort_keys=False, allow_unicode=True, width=140)
        (self.folder / "planted.yml").write_text(told, encoding="utf-8")

    def give_up(self) -> None:
        """Nothing; what was written so far is gone."""
        for name, writer in self.writers.items():
            writer.close()
            (self.folder / f".{name}.part").unlink(missing_ok=True)
        if self.folder.exists() and not any(self.folder.iterdir()):
            self.folder.rmdir()


def _planted(setting: Setting, enrolled: dict[str, int]) -> dict[str, Any]:
    """What is planted: what, where, from when, how much."""
    told, plan = figures("planted"), plan_of(setting)
    there = plan.under_using >= 0
    under_use = {
        "neighbourhood": setting.neighbourhoods[plan.under_using],
        "of": "people registered with its practices",
        "contracts": told["under_use"]["contracts"],
        "share_of_rows_kept": told["under_use"]["kept"],
    }
    coding = {
        "contract": told["coding"]["contract"],
        "provider": setting.hospitals.code[plan.coding_provider] if plan.coding_provider >= 0 else None,
        "from": _day(plan.coding_from),
        "further_diagnoses_on_a_spell": {"least": 0, "most": told["coding"]["more"]},
    }
    return {
        "place": setting.place.id,
        "people": setting.people,
        "seed": setting.seed,
        "noise": setting.noise,
        "under_use": under_use if there else None,
        "programmes": [
            {
                "name": each["name"],
                "what": each["what"],
                "who": told[each["who"]],
                "from": _day(setting.span.start + round(each["begins"] * (setting.span.end - setting.span.start))),
                "share_of_later_emergency_admissions_and_attendances_kept": each["kept"],
                "enrolled": enrolled.get(each["name"], 0),
            }
            for each in told["programmes"]
        ],
        "change_of_coding": coding if plan.coding_provider >= 0 else None,
        "providers": [
            {"provider": code} | {name: round(float(getattr(setting.hospitals.ways, name)[at]), 3) for name in WAYS}
            for at, code in enumerate(setting.hospitals.code)
        ],
        "sources": [
            {"source": each.name, "sends": each.sends, "by_month_of": "end" if each.name in setting.by_end else "start"}
            for each in setting.place.sources
        ],
        "hard_winter": {"from": _day(hard_winter(setting.span)[0]), "to": _day(hard_winter(setting.span)[1])},
        "faults_by_ethnic_category": {
            "kinds": [each.name for each in kinds() if each.unequal],
            "factor_of_their_rates": figures("dirt")["by_ethnic_category"],
        },
    }


def _day(day: int) -> str:
    return str(np.datetime64(day, "D"))


_COUNTS = pa.schema(
    [
        ("file", pa.string()),
        ("source", pa.string()),
        ("contract", pa.string()),
        ("rows_in_file", pa.int64()),
        ("kind", pa.string()),
        ("rows", pa.int64()),
        ("becomes", pa.string()),
    ]
)


def _counts(file: OpenFile) -> list[dict[str, object]]:
    """One row per kind that the file's contract can have."""
    faults = file.faults()
    source = file.target.source
    common = {"file": file.target.file, "source": source.name, "contract": source.contract, "rows_in_file": file.rows}
    becomes = {each.name: each.becomes for each in kinds() if each.rate(source.contract) is not None}
    becomes |= figures("sending")["told"] if file.target.drop >= 0 else {}
    counted = np.bincount(faults.kind, minlength=len(names_of_faults()))
    return [common | {"kind": name, "rows": int(counted[position_of(name)]), "becomes": what} for name, what in becomes.items()]


def _rows(file: OpenFile) -> pa.Table:
    faults = file.faults()
    names = pa.array(names_of_faults())
    return pa.table(
        {
            "file": pa.repeat(pa.scalar(file.target.file), len(faults.line)),
            "source_row": pa.array(faults.line, type=pa.int64()),
            "kind": names.take(pa.array(faults.kind)),
            "person": faults.person,
        }
    )


def _restricted(file: OpenFile) -> pa.Table:
    """The rows of a file that hold legally restricted codes: which, about whom, whether they are to be rejected, in how many fields."""
    held, size = file.kept_out(), len(file.kept_out().line)
    return pa.table(
        {
            "file": pa.repeat(pa.scalar(file.target.file), size),
            "contract": pa.repeat(pa.scalar(file.target.source.contract), size),
            "source_row": pa.array(held.line, type=pa.int64()),
            "person": pa.array(held.person, type=pa.int64()),
            "rejected": pa.array(held.rejected, type=pa.bool_()),
            "codes": pa.array(held.codes, type=pa.int64()),
        }
    )


def _restricted_counts(rows: pa.Table) -> dict[str, dict[str, int]]:
    """By contract: rows that are to be rejected, and codes of other rows that are to be blanked."""
    found: dict[str, dict[str, int]] = {}
    for row in rows.to_pylist():
        counts = found.setdefault(row["contract"], {"rows_rejected": 0, "codes_blanked": 0})
        counts["rows_rejected" if row["rejected"] else "codes_blanked"] += 1 if row["rejected"] else row["codes"]
    return dict(sorted(found.items()))
