"""A whole place of invented people, written as the extracts that its partners would send."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from math import inf
from pathlib import Path
from time import perf_counter

import numpy as np

from joinedup.errors import PlaceError, StoreProblem
from joinedup.place.model import Place
from joinedup.progress import Progress, Step, silent
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.dirt import Dirty, bit, each_fault, spoil
from joinedup.sources.synthetic.draws import Ints
from joinedup.sources.synthetic.drops import drops_of, monthly_place, monthly_targets, sources_yml
from joinedup.sources.synthetic.kept_out import KeptOut, restricted_fields, with_restricted_codes
from joinedup.sources.synthetic.own_ways import in_own_ways
from joinedup.sources.synthetic.planted_rows import with_what_is_planted
from joinedup.sources.synthetic.rows import Rows, only
from joinedup.sources.synthetic.seasons import YEARS
from joinedup.sources.synthetic.sending import Sent, sent
from joinedup.sources.synthetic.setting import BLOCK, Setting, setting_of
from joinedup.sources.synthetic.sheets import sheet, text, with_blank_lines
from joinedup.sources.synthetic.targets import Target, targets_of
from joinedup.sources.synthetic.truth import BlockTruth, OpenTruth, truth_of
from joinedup.sources.synthetic.writing import Faults, OpenFile, Piece


def _makers() -> dict[str, Callable[[Block], Rows]]:
    """The contracts that can be invented, each with what makes its rows: `rows` of the module of its name."""
    here = "joinedup.sources.synthetic"
    return {name: import_module(f"{here}.{name}").rows for name in contracts() if find_spec(f"{here}.{name}")}


MAKERS = _makers()

AHEAD = 2
"""Blocks that each worker may be ahead of the writing."""

MAIN_GUARD = 'call it in a script below if __name__ == "__main__":'


def synthesise(  # noqa: PLR0913 -- so the command line calls it
    place: Place,
    people: int,
    seed: int,
    out: Path,
    *,
    noise: float = 1.0,
    years: int = YEARS,
    monthly: bool = False,
    own_ways: bool = False,
    workers: int = 1,
    progress: Progress = silent,
) -> list[Path]:
    """The files written below `out`: the extracts that the place's sources name, of so many people registered on its last day.

    The same place, people and seed give the same rows, whatever the number of workers. Faults come `noise` times as often
    as they do ordinarily, and with 0 never; extracts cover so many `years` up to the last day. When `monthly`, each source
    sends a file a month, corrects, and sends a year again; with `own_ways` each writes and sends in a way of its own. With either
    `out/sources.yml` says how. What is wrong with the
    rows on purpose is told in `out/truth`, which no source reads. PlaceError when the place isn't an invented one or can't
    hold so many people, or when a source names a file that can't be written. Workers are new processes that read the calling
    script again: it must call this below `if __name__ == "__main__":`, and StoreProblem says so when a worker dies.
    """
    _refuse(place, people=people, seed=seed, workers=workers, years=years)
    if not 0 <= noise < inf:
        raise PlaceError(f"noise must be a number from 0, which gives clean files, found {noise}")
    place, by_end = in_own_ways(place, seed, monthly=monthly) if own_ways else (place, frozenset[str]())
    place = monthly_place(place) if monthly else place
    setting = replace(setting_of(place, people, seed, years=years, noise=noise), by_end=by_end)
    _refuse_in_a_worker(min(workers, setting.blocks))
    targets = monthly_targets(place, setting.span, tuple(MAKERS)) if monthly else targets_of(place, setting.span, tuple(MAKERS))
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as tidy:
        truth = OpenTruth(out)
        files = [OpenFile(target, out) for target in targets]
        tidy.callback(truth.give_up)
        for file in files:
            tidy.callback(file.give_up)
        _write(setting, (files, truth), _blocks(setting, targets, workers), progress)
        tidy.pop_all()
    written = [file.finish() for file in files]
    truth.finish(setting, files)
    if monthly or own_ways:
        (out / "sources.yml").write_text(sources_yml(place), encoding="utf-8")
    return written


def _refuse(place: Place, **asked: int) -> None:
    if not place.invented:
        raise PlaceError(
            f"{place.name} isn't marked as invented: write `invented: true` in a copy of its place.yml, so that every page made from it "
            "says so"
        )
    if not place.sources:
        raise PlaceError(f"{place.name} names no source, so there is no extract to write: say in sources.yml what each partner sends")
    for name, value in asked.items():
        least = 0 if name == "seed" else 1
        if value < least:
            raise PlaceError(f"{name} must be a whole number from {least}, found {value}")


def _refuse_in_a_worker(workers: int) -> None:
    """Nothing; StoreProblem before a script that a worker reads again comes to start workers and write the same files."""
    if workers > 1 and multiprocessing.parent_process() is not None:
        raise StoreProblem(f"a process that another one started can't start {workers} workers; use one, or {MAIN_GUARD}")


@dataclass(frozen=True, slots=True)
class Made:
    """What one block adds: to each file, and to the truth."""

    pieces: list[Piece]
    truth: BlockTruth


def _write(setting: Setting, into: tuple[Sequence[OpenFile], OpenTruth], blocks: Iterator[Made], progress: Progress) -> None:
    began = perf_counter()
    files, truth = into
    for number, made in enumerate(blocks, start=1):
        pieces = made.pieces
        for file, piece in zip(files, pieces, strict=True):
            file.add(piece)
        truth.add(made.truth)
        seconds, began = perf_counter() - began, perf_counter()
        name = f"people {(number - 1) * BLOCK + 1} to {min(number * BLOCK, setting.people)}"
        rows = {"written": sum(piece.rows for piece in pieces)}
        progress(Step(stage="synth", name=name, done=number, total=setting.blocks, seconds=seconds, rows=rows))


def _blocks(setting: Setting, targets: Sequence[Target], workers: int) -> Iterator[Made]:
    """What each block adds, block by block in order."""
    if min(workers, setting.blocks) == 1:
        yield from (make(setting, targets, number) for number in range(setting.blocks))
        return
    with tempfile.TemporaryDirectory(prefix="synthesis-") as folder:
        # In a file: a worker that dies before it has read more than a pipe holds would keep this process waiting for ever.
        told = Path(folder) / "setting"
        told.write_bytes(pickle.dumps((setting, targets)))
        context = multiprocessing.get_context("spawn")  # a process that is forked may inherit another's locks
        pool = ProcessPoolExecutor(min(workers, setting.blocks), context, _remember, (told,))
        try:
            yield from _in_order(pool, setting.blocks, workers * AHEAD)
        except BrokenProcessPool:
            raise StoreProblem(f"a worker process ended too early, as when memory runs out; use one worker, or {MAIN_GUARD}") from None
        finally:
            pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, blocks: int, ahead: int) -> Iterator[Made]:
    """What the workers make, block by block in order, with no more than so many blocks on the way."""
    waiting: deque[Future[Made]] = deque()
    for number in range(blocks):
        with _interrupts_held():
            waiting.append(pool.submit(_make_remembered, number))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Within it Ctrl+C waits; a worker that is started there never hears it, so that only this process speaks of it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_remembered: list[tuple[Setting, Sequence[Target]]] = []


def _remember(told: Path) -> None:
    """Nothing; this worker process knows what to work on."""
    _remembered[:] = [pickle.loads(told.read_bytes())]  # noqa: S301 -- what the starting process has written


def _make_remembered(number: int) -> Made:
    return make(*_remembered[0], number)


def make(setting: Setting, targets: Sequence[Target], number: int) -> Made:
    """What one block adds. The rows of one contract are let go before those of the next are made."""
    block = Block(setting, number)
    pieces: dict[str, Piece] = {}
    for contract in dict.fromkeys(target.source.contract for target in targets):
        mine = [target for target in targets if target.source.contract == contract]
        written = {target.position: frozenset(field.name for field in target.fields) for target in mine}
        textual = frozenset(target.position for target in mine if not target.parquet)
        rows = with_restricted_codes(block, with_what_is_planted(block, MAKERS[contract](block)))
        dirty = spoil(block, rows, written, textual)
        first = setting.first_number(number)
        pieces |= {target.file: _piece(target, held, at, first) for target, held, at in _held(block, mine, dirty)}
    return Made([pieces[target.file] for target in targets], truth_of(block))


def _held(block: Block, targets: Sequence[Target], dirty: Dirty) -> Iterator[tuple[Target, Dirty, Ints]]:
    """For each file of a contract the rows of its source, and which of them it holds; the files of one source come together."""
    position, by_month = -1, Sent(dirty, np.zeros(0, dtype=np.int64))
    for target in targets:
        if target.drop < 0:
            yield target, dirty, target.rows(dirty.rows)
            continue
        if target.position != position:
            at = np.flatnonzero(dirty.rows.source == target.position)
            mine = Dirty(only(dirty.rows, at), dirty.faults[at])
            position, by_month = target.position, sent(block, target.source, mine, drops_of(target.source, block.setting.span))
        yield target, by_month.dirty, np.flatnonzero(by_month.file == target.drop)


def _piece(target: Target, dirty: Dirty, at: Ints, first: int) -> Piece:
    had = dirty.faults[at]
    table = sheet(target, dirty.rows, at)
    blank = np.flatnonzero(had & bit("blank_line"))
    lines = np.arange(1, len(at) + 1) + np.searchsorted(blank, np.arange(len(at)), side="right")
    content = table if target.parquet else with_blank_lines(text(target, table), blank)
    faults = _faults(had, lines, first + dirty.rows.person[at])
    return Piece(len(at), content, len(at) + len(blank), faults, _kept_out(target, dirty, at, lines, first))


def _kept_out(target: Target, dirty: Dirty, at: Ints, lines: Ints, first: int) -> KeptOut:
    """The rows that hold restricted codes as they are written, faults and all."""
    about, codes = restricted_fields(dirty.rows, at, {field.name for field in target.fields})
    some = np.flatnonzero(codes)
    return KeptOut(line=lines[some], person=first + dirty.rows.person[at[some]], rejected=about[some], codes=codes[some])


def _faults(had: Ints, lines: Ints, person: Ints) -> Faults:
    """Every fault of every row, in the order of rows."""
    each = list(each_fault(had))
    none = np.zeros(0, dtype=np.int64)
    row = np.concatenate([none, *(at for _, at in each)])
    kind = np.concatenate([none, *(np.full(len(at), position) for position, at in each)])
    order = np.lexsort((kind, row))
    return Faults(line=lines[row[order]], kind=kind[order], person=person[row[order]])
