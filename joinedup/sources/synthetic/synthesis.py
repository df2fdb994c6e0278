"""A whole place of invented people, written as the extracts that its partners would send."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import numpy as np

from joinedup.errors import PlaceError
from joinedup.place.model import Place
from joinedup.progress import Progress, Step, silent
from joinedup.sources.synthetic import apc, deaths, ecds, register
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.dirt import CLEAN, Dirty, spoil
from joinedup.sources.synthetic.faults import kinds
from joinedup.sources.synthetic.rows import Rows
from joinedup.sources.synthetic.setting import BLOCK, Setting, setting_of
from joinedup.sources.synthetic.sheets import sheet, text, with_blank_lines
from joinedup.sources.synthetic.targets import Target, targets_of
from joinedup.sources.synthetic.truth import write_truth
from joinedup.sources.synthetic.writing import OpenFile, Piece

MAKERS: dict[str, Callable[[Block], Rows]] = {"register": register.rows, "apc": apc.rows, "ecds": ecds.rows, "deaths": deaths.rows}
"""The contracts that can be invented, each with what makes its rows."""

AHEAD = 2
"""Blocks that each worker may be ahead of the writing."""


def synthesise(place: Place, people: int, seed: int, out: Path, *, workers: int = 1, progress: Progress = silent) -> list[Path]:  # noqa: PLR0913 -- so the command line calls it
    """The files written below `out`: the extracts that the place's sources name, of so many people registered on its last day.

    The same place, people and seed give the same rows, whatever the number of workers. What is wrong with the rows on
    purpose is told in `out/truth`, which no source reads. PlaceError when the place isn't an invented one or can't hold
    so many people, or when a source names a file that can't be written.
    """
    _refuse(place, people, seed, workers)
    setting = setting_of(place, people, seed)
    targets = targets_of(place, setting.span, tuple(MAKERS))
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as tidy:
        files = [OpenFile(target, out) for target in targets]
        for file in files:
            tidy.callback(file.give_up)
        _write(setting, files, _pieces(setting, targets, workers), progress)
        tidy.pop_all()
    written = [file.finish() for file in files]
    write_truth(files, out)
    return written


def _refuse(place: Place, people: int, seed: int, workers: int) -> None:
    if not place.invented:
        raise PlaceError(
            f"{place.name} isn't marked as invented: write `invented: true` in a copy of its place.yml, so that every page made from it "
            "says so"
        )
    if not place.sources:
        raise PlaceError(f"{place.name} names no source, so there is no extract to write: say in sources.yml what each partner sends")
    for name, value, least in (("people", people, 1), ("seed", seed, 0), ("workers", workers, 1)):
        if value < least:
            raise PlaceError(f"{name} must be a whole number from {least}, found {value}")


def _write(setting: Setting, files: Sequence[OpenFile], blocks: Iterator[list[Piece]], progress: Progress) -> None:
    began = perf_counter()
    for number, pieces in enumerate(blocks, start=1):
        for file, piece in zip(files, pieces, strict=True):
            file.add(piece)
        seconds, began = perf_counter() - began, perf_counter()
        name = f"people {(number - 1) * BLOCK + 1} to {min(number * BLOCK, setting.people)}"
        rows = {"written": sum(piece.rows for piece in pieces)}
        progress(Step(stage="synth", name=name, done=number, total=setting.blocks, seconds=seconds, rows=rows))


def _pieces(setting: Setting, targets: Sequence[Target], workers: int) -> Iterator[list[Piece]]:
    """What each block adds to each file, block by block in order."""
    if min(workers, setting.blocks) == 1:
        yield from (make(setting, targets, number) for number in range(setting.blocks))
        return
    context = multiprocessing.get_context("spawn")  # a process that is forked may inherit another's locks
    with ProcessPoolExecutor(min(workers, setting.blocks), context, _remember, (setting, targets)) as pool:
        waiting: deque[Future[list[Piece]]] = deque()
        for number in range(setting.blocks):
            waiting.append(pool.submit(_make_remembered, number))
            if len(waiting) >= workers * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_remembered: list[tuple[Setting, Sequence[Target]]] = []


def _remember(setting: Setting, targets: Sequence[Target]) -> None:
    """Nothing; this worker process knows what to work on."""
    _remembered[:] = [(setting, targets)]


def _make_remembered(number: int) -> list[Piece]:
    return make(*_remembered[0], number)


def make(setting: Setting, targets: Sequence[Target], number: int) -> list[Piece]:
    """What one block adds to each file."""
    block = Block(setting, number)
    dirty: dict[str, Dirty] = {}
    for contract in dict.fromkeys(target.source.contract for target in targets):
        mine = [target for target in targets if target.source.contract == contract]
        written = {target.position: frozenset(field.name for field in target.fields) for target in mine}
        textual = frozenset(target.position for target in mine if not target.parquet)
        dirty[contract] = spoil(block, MAKERS[contract](block), written, textual)
    return [_piece(target, dirty[target.source.contract]) for target in targets]


def _piece(target: Target, dirty: Dirty) -> Piece:
    at = target.rows(dirty.rows)
    kind = dirty.kind[at]
    table = sheet(target, dirty.rows, at)
    names = [each.name for each in kinds()]
    blank = np.flatnonzero(kind == names.index("blank_line"))
    lines = np.arange(1, len(at) + 1) + np.searchsorted(blank, np.arange(len(at)), side="right")
    faulty = kind != CLEAN
    content = table if target.parquet else with_blank_lines(text(target, table), blank)
    return Piece(rows=len(at), content=content, lines=len(at) + len(blank), fault_lines=lines[faulty], fault_kinds=kind[faulty])
