"""Files that count as a whole or not at all: one that is there twice, and one that a later file of its source replaces."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding
from joinedup.sources.contract import ContractSpec
from joinedup.sources.leaving import MANY_LEFT, REPLACED, SAME_FILE, are_many, cut_short, leave, until_confirmed, warning, was_cut_short
from joinedup.sources.order import ReadFile


def same_files(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> tuple[list[Finding], list[ReadFile]]:
    """Files of one source with one content, of which the first counts; and the files that are left."""
    first: dict[tuple[str, str | None], ReadFile] = {}
    found, left = [], []
    for file in files:
        source = file.drop.source
        other = first.setdefault((source.name, file.account.sha256), file)
        if other is file or source.sends in ("everything", "snapshot"):
            left.append(file)
            continue
        which = f"SELECT file_id, source_row, file_id AS winner FROM staged_{contract.contract} WHERE file_id = {file.file_id}"
        leave(con, contract, which, SAME_FILE, "an earlier file of the same source holds the same, byte for byte")
        message = f"it holds the same as {other.drop.name}, byte for byte, and is counted once: check whether it is the file you meant"
        found.append(warning(file.drop.name, SAME_FILE, message, contract, file.account.loaded))
    return found, left


def replaced_files(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> list[Finding]:
    """What was found of files that a later one of their source replaces as a whole; of lists, those of one day."""
    found = []
    whole = [file for file in files if file.drop.source.sends in ("everything", "snapshot")]
    day_of = {file.file_id: str(file.drop.told.day) if file.drop.source.sends == "snapshot" else "" for file in whole}
    for _, group in groupby(
        sorted(whole, key=lambda file: (file.series, day_of[file.file_id], file.file_id)), key=lambda f: (f.series, day_of[f.file_id])
    ):
        *earlier, last = group
        for file in earlier:
            which = f"SELECT file_id, source_row, {last.file_id} AS winner FROM staged_{contract.contract} WHERE file_id = {file.file_id}"
            leave(con, contract, which, REPLACED, "a later file of the same source replaces the whole file")
        if earlier and last.drop.source.sends == "snapshot":
            message = (
                f"{earlier[-1].drop.name} lists the same day, and this one is used instead: if the two belong together, tell them apart by "
                "{part} in file_name"
            )
            found.append(warning(last.drop.name, "same-day", message, contract))
        elif earlier:
            found += _smaller(last, earlier[-1], contract)
    return found


def _smaller(last: ReadFile, replaced: ReadFile, contract: ContractSpec) -> list[Finding]:
    """What is found of a file that has far fewer rows than the one that it replaces; of a list, it ends what it lacks."""
    rows, before, name = last.account.loaded, replaced.account.loaded, last.drop.name
    if contract.lists and not contract.keeps_back and are_many(before - rows, before):
        message = f"it replaces {replaced.drop.name} and lists {rows:,} where that had {before:,}, as if it was cut short"
        return [warning(name, MANY_LEFT, f"{message}; {until_confirmed(name, before - rows)}", contract, before - rows)]
    return [cut_short(name, replaced.drop.name, f"{rows:,} rows", before, contract)] if was_cut_short(rows, before) else []
