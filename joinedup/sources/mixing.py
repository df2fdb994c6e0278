"""Landed tables between two landings: the rows of the earlier one, with what changed for one cause after another taken from the later."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from joinedup.engine.files_lines import Connection
from joinedup.engine.objects import DIGITS, InputFile, sha256_of
from joinedup.engine.store import Store, move_into_place
from joinedup.sources.contract import ContractSpec, contracts
from joinedup.sources.same_rows import (
    CORRECTION,
    DECIDES_WHO_COUNTS,
    FILE_PAIR,
    LINKAGE,
    NEW,
    POPULATION,
    READING,
    count_rows,
    match_people,
    match_rest,
    match_rows,
)

ORDER = (READING, LINKAGE, CORRECTION, POPULATION, NEW)
"""The order in which what changed is taken over."""
WHO, WHENCE = ("person_id", "linked_by"), ("file_id", "source_row")
OF_FILES = ("landed_file", "superseded", "rejected")
"""Tables that say what became of files and rows, by file_id."""
PEOPLE = "landed_person"
RATES = "linkage_rate"
"""How rows of a contract are linked, as the landing counted."""
OF_MATCHING = ("linkage_run", "linkage_spread", "linkage_truth", "linkage_weight")
"""What the landing counted of matching as a whole."""
APART = 1_000_000
"""Added to the numbers of files that the earlier landing has given to others."""
MIXED = """
SELECT {columns} FROM before_{table} AS b
LEFT JOIN pair_{contract} AS p ON p.before_file = b.file_id AND p.before_row = b.source_row
LEFT JOIN after_{table} AS a ON a.file_id = p.after_file AND a.source_row = p.after_row
LEFT JOIN moved AS m ON m.old = b.person_id
WHERE NOT EXISTS (
    SELECT 1 FROM gone_{contract} AS g WHERE g.before_file = b.file_id AND g.before_row = b.source_row AND g.cause IN ({causes}))
UNION ALL BY NAME
SELECT a.* REPLACE (c.before_file AS file_id) FROM after_{table} AS a
JOIN came_{contract} AS c ON c.after_file = a.file_id AND c.after_row = a.source_row
WHERE c.cause IN ({causes}) AND c.before_file IS NOT NULL
"""
PEOPLE_OF = """
SELECT * FROM before_{people} WHERE person_id NOT IN (SELECT old FROM {moved})
UNION ALL BY NAME
SELECT * FROM after_{people} WHERE person_id IN ({named})
AND person_id NOT IN (SELECT person_id FROM before_{people} WHERE person_id NOT IN (SELECT old FROM {moved}))
"""


@dataclass
class Mixing:
    """Two landings, their rows matched."""

    con: Connection
    store: Store
    before: Mapping[str, InputFile]
    after: Mapping[str, InputFile]
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Contract -> cause -> rows that are others for it; contracts without any aren't in it."""
    written: dict[tuple[str, tuple[str, ...]], InputFile] = field(default_factory=dict)
    """Contract, and the causes that changed rows of it -> what was written of them: another cause that changed none leaves it as it is."""

    @classmethod
    def of(cls, con: Connection, store: Store, before: Mapping[str, InputFile], after: Mapping[str, InputFile]) -> Mixing:
        """The landings with their rows matched and counted."""
        made = cls(con, store, before, after)
        for side, tables in (("before", before), ("after", after)):
            for name, file in tables.items():
                con.execute(f"CREATE OR REPLACE TEMP VIEW {side}_{name} AS SELECT * FROM read_parquet([{_quoted(file)}])")
        con.execute(FILE_PAIR)
        differing = [each for each in contracts().values() if made._differs(f"landed_{each.contract}")]
        for contract in differing:
            match_rows(con, contract, made.shared(contract))
        match_people(con, differing)
        for contract in differing:
            match_rest(con, contract, made.shared(contract))
        made.counts = count_rows(con, differing)
        return made

    def _differs(self, table: str) -> bool:
        there = table in self.before and table in self.after
        return there and self.before[table].digest != self.after[table].digest

    def shared(self, contract: ContractSpec) -> list[str]:
        """What rows say in both landings, besides who and whence they are."""
        before, after = (self._columns(f"{side}_landed_{contract.contract}") for side in ("before", "after"))
        return [name for name in before if name in after and name not in (*WHO, *WHENCE)]

    def _columns(self, view: str) -> list[str]:
        return [name for name, *_ in self.con.execute(f"DESCRIBE {view}").fetchall()]

    def causes(self) -> list[str]:
        """The causes for which rows are others, in order."""
        return [cause for cause in ORDER if any(counts.get(cause) for counts in self.counts.values())]

    def whole(self, causes: Collection[str]) -> set[str]:
        """The contracts that changed for these causes and for no other."""
        return {name for name, counts in self.counts.items() if {cause for cause in counts if counts[cause]} <= {*causes}}

    def up_to(self, causes: Collection[str]) -> dict[str, InputFile]:
        """The tables of the earlier landing, with what changed for these causes taken from the later.

        A contract of which nothing else changed is as the later landing has it, with what that counted of its files and links.
        """
        if not causes:
            return dict(self.before)
        whole = self.whole(causes)
        found = dict(self.before) | self._swapped(whole)
        for name, counts in self.counts.items():
            of_it = tuple(cause for cause in ORDER if cause in causes and counts.get(cause))
            if of_it and name not in whole:
                found[f"landed_{name}"] = self._mixed(contracts()[name], of_it)
        if LINKAGE in causes and LINKAGE in self.causes():
            found |= {name: self.after[name] for name in OF_MATCHING if name in self.before and name in self.after}
        return found | {PEOPLE: self._people(found, LINKAGE in causes)}

    def _mixed(self, contract: ContractSpec, causes: tuple[str, ...]) -> InputFile:
        """The rows of a contract with what changed for these causes, written once."""
        if (contract.contract, causes) not in self.written:
            table = f"landed_{contract.contract}"
            self.written[contract.contract, causes] = self._write(table, self._mixed_sql(contract, causes))
        return self.written[contract.contract, causes]

    def _mixed_sql(self, contract: ContractSpec, causes: Collection[str]) -> str:
        """The rows of a contract with what changed for these causes."""
        corrected = POPULATION if contract.contract in DECIDES_WHO_COUNTS else CORRECTION
        later = [how for cause, how in ((READING, "p.how = 'row'"), (corrected, "p.how <> 'row'")) if cause in causes]
        taken, shared = " OR ".join(later), set(self.shared(contract))
        columns = ["b.file_id", "b.source_row"]
        linked = [which for cause, which in ((LINKAGE, "NOT p.of_list"), (POPULATION, "p.of_list")) if cause in causes]
        moved = "coalesce(m.new, b.person_id)" if LINKAGE in causes else "b.person_id"
        now = f"p.how IS NOT NULL AND ({' OR '.join(linked) or 'false'})"
        columns.append(f"CASE WHEN {now} THEN a.person_id WHEN p.how IS NULL THEN {moved} ELSE b.person_id END AS person_id")
        columns.append(f"CASE WHEN {now} THEN a.linked_by ELSE b.linked_by END AS linked_by")
        for name in self._columns(f"before_landed_{contract.contract}"):
            if name in shared:
                columns.append(f"CASE WHEN {taken} THEN a.{name} ELSE b.{name} END AS {name}" if taken else f"b.{name}")
            elif name not in (*WHO, *WHENCE):
                columns.append(f"b.{name}")
        listed = ", ".join(f"'{cause}'" for cause in causes)
        return MIXED.format(columns=", ".join(columns), table=f"landed_{contract.contract}", contract=contract.contract, causes=listed)

    def _swapped(self, whole: Collection[str]) -> dict[str, InputFile]:
        """Some contracts as the later landing has them, with what it counted of their files and links."""
        listed = ", ".join(f"'{name}'" for name in sorted(whole)) or "''"
        stays, swapped = (
            f"SELECT file_id FROM {side}_landed_file WHERE contract {to} IN ({listed})" for side, to in (("before", "NOT"), ("after", ""))
        )
        [(clash,)] = self.con.execute(f"SELECT count(*) FROM ({stays} INTERSECT {swapped})").fetchall()
        later = f"SELECT * REPLACE (CAST(file_id + {APART if clash else 0} AS INTEGER) AS file_id) FROM after_{{table}}"
        there = [each for each in (*(f"landed_{name}" for name in whole), *OF_FILES, RATES) if each in self.before and each in self.after]
        found = {}
        for table in there if whole else ():
            if table in OF_FILES:
                kept = f"SELECT * FROM before_{table} WHERE file_id IN ({stays})"
                found[table] = self._write(table, f"{kept} UNION ALL BY NAME {later.format(table=table)} WHERE file_id IN ({swapped})")
            elif table == RATES:
                kept, now = (f"SELECT * FROM {side}_{table} WHERE contract {to}" for side, to in (("before", "NOT IN"), ("after", "IN")))
                found[table] = self._write(table, f"{kept} ({listed}) UNION ALL BY NAME {now} ({listed})", "ALL")
            else:
                found[table] = self._write(table, later.format(table=table)) if clash else self.after[table]
        return found

    def _people(self, tables: Mapping[str, InputFile], moved: bool) -> InputFile:
        """A row for everybody whom tables name: as the earlier landing has it, else as the later."""
        of_people = [file for name, file in tables.items() if name.removeprefix("landed_") in contracts()]
        named = " UNION ".join(f"SELECT person_id FROM read_parquet([{_quoted(file)}]) WHERE person_id IS NOT NULL" for file in of_people)
        who_moved = "moved" if moved else "(SELECT old FROM moved WHERE false)"
        return self._write(PEOPLE, PEOPLE_OF.format(people=PEOPLE, moved=who_moved, named=named), "person_id")

    def _write(self, table: str, sql: str, order: str = "file_id, source_row") -> InputFile:
        """Rows as a table among the results of builds, under the hash of what it holds."""
        order = "file_id" if table == "landed_file" else order
        being_written = self.store.tmp / f"mixed-{table}.parquet"
        self.con.execute(f"COPY (SELECT * FROM ({sql}) ORDER BY {order}) TO {_text(being_written)} (FORMAT parquet, COMPRESSION zstd)")
        digest = sha256_of(being_written)
        path = self.store.objects / f"{table}-{digest[:DIGITS]}.parquet"
        move_into_place(being_written, path)
        return InputFile(path, digest, int(pq.read_metadata(path).num_rows))


def _quoted(file: InputFile) -> str:
    """The files of a table as SQL names them."""
    return ", ".join(_text(path) for path in file.files)


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
