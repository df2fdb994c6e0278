"""The story of `joinedup add-source`: a partner's file profiled, its contract and columns guessed, written for review and checked."""

from __future__ import annotations

import glob
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from joinedup.engine.duck import connect
from joinedup.engine.files_lines import Connection
from joinedup.engine.files_text import plain
from joinedup.errors import PlaceError
from joinedup.findings import Finding, errors
from joinedup.place.folder import read_place
from joinedup.place.model import Partner, Place, Source
from joinedup.place.sentences import nearest
from joinedup.place.text import read_text
from joinedup.progress import Progress, silent
from joinedup.sources.check import Checked, check_sources
from joinedup.sources.contract import ContractSpec, contracts
from joinedup.sources.naming_people import telling
from joinedup.starting.agreements import needs_agreement
from joinedup.starting.entry import Entry, replace_text, with_entry, without_entry
from joinedup.starting.guess import GENERIC, NOTHING, Guess, best, doubts, guess, guesses
from joinedup.starting.pairing import Mapped
from joinedup.starting.profile import ColumnProfile, profile
from joinedup.starting.proposing import About, proposed
from joinedup.starting.spoken import slug
from joinedup.starting.tables import FileTable, keep_table
from joinedup.starting.writing import partner_for

FILE = "sources.yml"
HEADLESS = 0.3
"""Share of a header's cells that look like values, from which it is taken for a row."""


@dataclass(frozen=True)
class Asked:
    """What is said of a file beforehand; what is left blank is guessed."""

    file: Path
    extracts: Path | None = None
    """The folder of extracts; files of sources.yml are relative to it."""
    contract: str = ""
    partner: str = ""
    name: str = ""
    constants: Mapping[str, str] = field(default_factory=dict)
    write: bool = True
    sheet: str = ""
    """Of a spreadsheet: the sheet with the table; the first when blank."""


@dataclass(frozen=True)
class Added:
    """A file that was looked into: what it holds, what was guessed, what sources.yml says now or would say, and what a check finds."""

    file: FileTable
    columns: tuple[ColumnProfile, ...]
    guess: Guess
    others: tuple[Guess, ...]
    """The contracts that came next."""
    entry: Entry
    text: str
    """The lines of the entry."""
    written: bool
    remarks: tuple[str, ...]
    checked: Checked | None

    @property
    def mapped(self) -> dict[int, Mapped]:
        """The column at each position that fills a field."""
        return {each.column.at: each for each in self.guess.mapped}


def add_source(folder: Path, asked: Asked, progress: Progress = silent) -> Added:
    """A partner's file looked into, and where `asked.write` says so its entry in sources.yml; PlaceError where that can't be."""
    place = read_place(folder, contract_names=tuple(contracts()))
    partner = _partner(place, asked)
    con = connect()
    try:
        with tempfile.TemporaryDirectory(prefix="looking-") as scratch:
            file = keep_table(con, asked.file, "partner_file", Path(scratch), sheet=asked.sheet or None)
            if isinstance(file, Finding):
                raise PlaceError(f"{asked.file} can't be read: {file.message}", [file])
            _refuse_headless(file)
            file, hidden = _without_peoples_names(file)
            columns = profile(con, file, progress)
            return _added(con, (place, asked, partner), (file, columns, hidden), progress)
    finally:
        con.close()


def remove_source(folder: Path, name: str) -> None:
    """Nothing; sources.yml no longer has the source of that name. PlaceError where it has none."""
    text = _text(folder)
    replace_text(folder / FILE, without_entry(text, name))


def _added(
    con: Connection,
    asking: tuple[Place, Asked, Partner | None],
    looked: tuple[FileTable, list[ColumnProfile], Sequence[int]],
    progress: Progress,
) -> Added:
    (place, asked, partner), (file, columns, hidden) = asking, looked
    found, every = _guessed(columns, asked, partner)
    others = [each for each in every if each is not found and each.score >= NOTHING][:3]
    sender = partner or _likely(place, found.contract)
    found = replace(found, said={plain(name): value for name, value in asked.constants.items()})
    found = replace(found, supposed={name: each for name, each in found.supposed.items() if name not in found.said})
    unsaid = [*([_of_hidden(hidden)] if hidden else []), *doubts(found, every), *([] if partner else [_of_sender(sender)])]
    root, pattern = _where(place, asked)
    about = About(asked.name or _name(place, asked.file), sender.id, asked.file.name, pattern, asked.sheet)
    entry, remarks = proposed(con, file, found, about)
    _refuse_twice(place, entry.source())
    text = "\n".join(entry.lines("  ")) + "\n"
    checked = check_sources(place, [entry.source()], root, progress)
    write = asked.write and not found.missing
    if write:
        _write(place.folder, entry)
    remarks += needs_agreement(place, entry.source(), date.today())
    return Added(file, tuple(columns), found, tuple(others), entry, text, write, (*unsaid, *remarks), checked)


def _guessed(columns: Sequence[ColumnProfile], asked: Asked, partner: Partner | None) -> tuple[Guess, list[Guess]]:
    """The contract that is asked for, or the likeliest, and all that were looked at."""
    if asked.contract:
        if asked.contract not in contracts():
            raise PlaceError(
                f"there is no contract {asked.contract}{nearest(asked.contract, contracts()) or ': there are ' + ', '.join(contracts())}"
            )
        return guess(contracts()[asked.contract], columns, asked.file.name, partner, said=True), []
    found = guesses(columns, asked.file.name, partner)
    return best(found), found


def _partner(place: Place, asked: Asked) -> Partner | None:
    """The partner that is named; None where none is."""
    if not asked.partner:
        return None
    known = {partner.id: partner for partner in place.partners}
    if asked.partner not in known:
        raise PlaceError(f"partners.csv has no partner {asked.partner}{nearest(asked.partner, known) or ': it has ' + ', '.join(known)}")
    return known[asked.partner]


def _likely(place: Place, contract: ContractSpec) -> Partner:
    """The partner that is likely to send extracts of a contract."""
    known = {partner.id: partner for partner in place.partners}
    cells = [{"partner_id": each.id, "roles": ";".join(each.roles), "end": each.end and each.end <= place.as_at} for each in place.partners]
    if not cells:
        raise PlaceError("partners.csv names nobody who could have sent the file: add the partner there first")
    return known[str(partner_for(contract.sector, cells))]


def _without_peoples_names(file: FileTable) -> tuple[FileTable, list[int]]:
    """The file with columns whose names may be people's called by their position, and those positions."""
    known = {plain(name) for contract in contracts().values() for each in contract.fields for name in (each.name, *each.also)}
    hidden = sorted(telling(file.columns, known))
    return replace(file, columns=tuple(f"column {at + 1}" if at in hidden else name for at, name in enumerate(file.columns))), hidden


def _of_hidden(hidden: Sequence[int]) -> str:
    """What is said of columns whose names are not."""
    return (
        f"{len(hidden)} of its columns have names that may be of people (names, initials or long numbers), which are neither shown nor "
        "written: they are called by their position; of a sheet with a column for each client make one with a row for each client and day"
    )


def _of_sender(sender: Partner) -> str:
    return f"nobody said who sent the file: it is taken to be of {sender.id}; say --partner with an id of partners.csv if that is wrong"


def _refuse_headless(file: FileTable) -> None:
    """Nothing, or PlaceError where the first line looks like a row: its cells, which may be a person's, are not said."""
    values = [name for name in file.columns if re.fullmatch(r"[\d\s/.:-]{4,}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", name)]
    blank = [name for name in file.columns if not name]
    if values and len(values) + len(blank) >= HEADLESS * len(file.columns):
        raise PlaceError(
            f"the first line of {file.name} looks like a row and not like a header, for {len(values)} of its {len(file.columns)} cells are "
            "numbers, dates or postcodes, or there is a column for each person: ask for the names of its columns, and put them "
            "into a first line"
        )


def _where(place: Place, asked: Asked) -> tuple[Path, str]:
    """The folder that the file is relative to, and its name there as sources.yml writes it."""
    extracts = asked.extracts or place.folder / "extracts"
    path = asked.file.resolve()
    root = extracts.resolve() if path.is_relative_to(extracts.resolve()) else path.parent
    return root, glob.escape(path.relative_to(root).as_posix())


def _name(place: Place, file: Path) -> str:
    """A name for the source, from the file's without what changes from month to month."""
    stem = re.sub(r"[_\W]*(19|20)\d{2}([-_. ]?\d{2}){0,2}|[_\W]*\d{1,2}[-_.]\d{1,2}[-_.]\d{2,4}", "", file.name.split(".")[0])
    name = slug(stem).replace("-", "_") or "source"
    taken = {source.name for source in place.sources}
    return next(each for each in (name, *(f"{name}_{number}" for number in range(2, 1000))) if each not in taken)


def _refuse_twice(place: Place, source: Source) -> None:
    for other in place.sources:
        if other.name == source.name:
            raise PlaceError(
                f"sources.yml has a source {source.name} already: give this one another --name, or take that one out with --remove "
                f"{source.name}"
            )
        if other.contract == source.contract and set(other.files) & set(source.files):
            raise PlaceError(
                f"{source.files[0]} is read by source {other.name} already, under the same contract: take that one out with --remove "
                f"{other.name} first"
            )


def _text(folder: Path) -> str:
    text = read_text(folder, FILE)
    if isinstance(text, Finding):
        raise PlaceError(f"{FILE} {text.message}", [text])
    return (folder / FILE).read_bytes().decode("utf-8")


def _write(folder: Path, entry: Entry) -> None:
    """Nothing; sources.yml has the entry, and is read as it should be. What stood there is put back where it isn't."""
    before = _text(folder)
    old = read_place(folder, contract_names=tuple(contracts())).sources
    replace_text(folder / FILE, with_entry(before, entry))
    try:
        now = read_place(folder, contract_names=tuple(contracts())).sources
    except PlaceError:
        now = ()
    if now != (*old, entry.source()):
        replace_text(folder / FILE, before)
        raise PlaceError(f"the entry could not be added to {FILE} as it is laid out: copy it from --dry-run")


def advice(found: Guess) -> list[str]:
    """What to do about what a contract needs and the file doesn't have."""
    fields = {each.name: each for each in found.contract.fields}
    said = []
    for name in found.missing:
        if name in fields and fields[name].codes:
            codes = ", ".join(list(fields[name].codes)[:6])
            said.append(
                f"no column was found for {name} ({fields[name].meaning}); where every row has the same, say --constant {name}=… ({codes})"
            )
        elif name in fields:
            said.append(f"no column was found for {name} ({fields[name].meaning}): ask the partner for it, or name the column under rename")
        else:
            said.append(
                f"no column was found for {name}, so nobody in the file could be told from anybody else: ask the partner for one of them"
            )
    if found.missing and found.contract.contract != GENERIC:
        said.append(f"for a list of who came when, say --contract {GENERIC}")
    return said


def refused(checked: Checked | None) -> bool:
    """Whether a check found what stops the use of the file."""
    return bool(checked and errors(checked.findings))
