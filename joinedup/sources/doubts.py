"""What speaks against the way in which files of a source superseded one another: their order, or what they are said to send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding, Severity
from joinedup.sources.contract import ContractSpec
from joinedup.sources.order import ReadFile, said_to_follow

ALIKE = 60
"""Seconds by which modification times may differ and say nothing: files that were copied together."""
REPEATED_SHARE, REPEATED_ROWS, REPEATED_TIMES = 0.5, 100, 1.5
"""Our choice, 2026: a month's corrections repeat some rows of earlier files, not more than half of them, and where a year is sent again
each of its rows replaces one; of lists that repeat one another the last replaces many."""
SMALL_SHARE, SMALL_ROWS = 0.75, 8
"""The share for files of fewer rows than that, as half of a few may well be corrected; of fewer than these nothing is said."""

Pairs = Mapping[tuple[int, int], int]
"""A file, and one whose rows supersede some of its -> how many."""


def doubts(con: Connection, contract: ContractSpec, files: Sequence[ReadFile]) -> list[Finding]:
    """What was found, from `superseding_pair` (loser, winner, row_count)."""
    rows = con.execute("SELECT loser, winner, sum(row_count)::BIGINT FROM superseding_pair GROUP BY ALL ORDER BY ALL").fetchall()
    pairs = {(loser, winner): count for loser, winner, count in rows}
    by_id = {file.file_id: file for file in files}
    ordered = {pair: count for pair, count in pairs.items() if by_id[pair[0]].drop.source.sends != "snapshot"}
    early = {pair: count for pair, count in ordered.items() if _read_first(*(by_id[file_id] for file_id in pair))}
    found = [*_years_read_first(early, by_id, contract), *_in_doubt({p: n for p, n in ordered.items() if p not in early}, by_id, contract)]
    changes = [file for file in files if file.drop.source.sends == "changes"]
    return [*found, *_lists_of_a_day(pairs, changes, contract)]


def _warning(file: ReadFile, rule: str, message: str, contract: ContractSpec, count: int) -> Finding:
    return Finding(file.drop.name, rule, message, severity=Severity.WARNING, count=count, endangers=contract.endangers)


def _read_first(earlier: ReadFile, later: ReadFile) -> bool:
    """Whether a file is read before another that covers some of its months only, or because its name alone says nothing."""
    before, after = earlier.drop, later.drop
    if before.told.sent and after.told.sent:
        return False
    if before.says is None:
        return after.says is not None
    first, second = before.told.covers, after.told.covers
    return bool(first and second and first.start <= second.start and second.end <= first.end and second.days < first.days)


def _years_read_first(pairs: Pairs, by_id: Mapping[int, ReadFile], contract: ContractSpec) -> Iterator[Finding]:
    """Files that are read before those of the months that they hold, so that what was sent again loses to what was sent at first."""
    for loser, group in groupby(pairs, key=lambda pair: pair[0]):
        winners = [winner for _, winner in group]
        count = sum(pairs[loser, winner] for winner in winners)
        why = NAME_SAYS_NOTHING if by_id[loser].drop.says is None else NAMED_EARLIER
        message = f"it loses {_rows(count)} to {_and_more(winners, by_id)}, and is read before {why}"
        yield _warning(by_id[loser], "year-read-first", message, contract, count)


NAME_SAYS_NOTHING = (
    "all whose names fit file_name, as its own doesn't: if a year was sent again, add a template for it to the list of file_name, with "
    "{from:%Y-%m} and {to:%Y-%m}, {financial_year:%Y-%y} or {sent:%Y%m%d}"
)
NAMED_EARLIER = (
    "these, though they cover only some of its months, as its pattern stands before theirs under files: if it was sent later, name it last "
    "there, or put {sent:%Y%m%d} into the names"
)


def _in_doubt(pairs: Pairs, by_id: Mapping[int, ReadFile], contract: ContractSpec) -> Iterator[Finding]:
    """Files whose rows are superseded by those of one that is read later, though modification times say otherwise, or say nothing and
    only the alphabet tells which is the later one."""
    against: dict[int, list[int]] = {}
    untold: dict[str, list[tuple[int, int]]] = {}
    for loser, winner in pairs:
        earlier, later = by_id[loser], by_id[winner]
        ahead = ((earlier.account.mtime_ns or 0) - (later.account.mtime_ns or 0)) / 1_000_000_000
        if ahead > ALIKE and not (earlier.drop.told.sent and later.drop.told.sent):
            against.setdefault(loser, []).append(winner)
        elif abs(ahead) <= ALIKE and not said_to_follow(later.drop, earlier.drop):
            untold.setdefault(earlier.drop.source.name, []).append((loser, winner))
    for loser, winners in against.items():
        count = sum(pairs[loser, winner] for winner in winners)
        message = (
            f"it loses {_rows(count)} to {_and_more(winners, by_id)}, read later, though this file was changed later: {TELL_THE_ORDER}"
        )
        yield _warning(by_id[loser], "order-in-doubt", message, contract, count)
    for of_source in untold.values():
        count = sum(pairs[pair] for pair in of_source)
        losers, winners = (list(dict.fromkeys(pair[place] for pair in of_source)) for place in (0, 1))
        lose = f"{_and_more(losers, by_id)} {'loses' if len(losers) == 1 else 'lose'} {_rows(count)} to {_and_more(winners, by_id)}"
        message = (
            f"{lose}, read later by its name alone, and all were changed within a minute, so nothing says which was sent later: "
            f"{TELL_THE_ORDER}"
        )
        yield _warning(by_id[losers[0]], "order-in-doubt", message, contract, count)


TELL_THE_ORDER = "put {sent:%Y%m%d} into the names and file_name, or name the files in order under files"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _and_more(files: Sequence[int], by_id: Mapping[int, ReadFile]) -> str:
    return by_id[files[0]].drop.name + (f" and {len(files) - 1} more" if len(files) > 1 else "")


def _lists_of_a_day(pairs: Pairs, files: Sequence[ReadFile], contract: ContractSpec) -> Iterator[Finding]:
    """A source of changes whose files mostly repeat one another: probably each lists everyone of its day."""
    for _, group in groupby(sorted(files, key=lambda file: (file.series, file.file_id)), key=lambda file: file.series):
        own = {file.file_id: file for file in group}
        lost, gained = dict.fromkeys(own, 0), dict.fromkeys(own, 0)
        for (loser, winner), rows in pairs.items():
            if loser in own and winner in own:
                lost[loser] += rows
                gained[winner] += rows
        read = {file_id: file.account.rows_read for file_id, file in own.items()}
        repeated = [file_id for file_id in own if _mostly(lost[file_id], read[file_id])]
        if repeated and (len(own) == 2 or any(gained[file_id] > REPEATED_TIMES * read[file_id] for file_id in own)):
            count = sum(lost[file_id] for file_id in repeated)
            source = own[repeated[0]].drop.source.name
            which = "it stand" if len(repeated) == 1 else f"it and {len(repeated) - 1} more files of source {source} stand"
            message = (
                f"{count:,} of the {sum(read[file_id] for file_id in repeated):,} rows of {which} again in later ones: if each file lists "
                "everyone of its day, say sends: snapshot in sources.yml, or sends: everything if it holds all that was before, for what "
                "it lacks is counted on"
            )
            yield _warning(own[repeated[0]], "mostly-repeated", message, contract, count)


def _mostly(repeated: int, rows: int) -> bool:
    """Whether so many of a file's rows stand again in later ones that these are no corrections."""
    return rows >= SMALL_ROWS and repeated > (REPEATED_SHARE if rows >= REPEATED_ROWS else SMALL_SHARE) * rows
