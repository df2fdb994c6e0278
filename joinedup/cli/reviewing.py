"""Pairs in doubt on a terminal: one at a time, by the keyboard, with nothing left on the screen afterwards."""

from __future__ import annotations

import os
import select
import shutil
import sys
import termios
import textwrap
import tty
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import zip_longest

from joinedup.errors import Refused
from joinedup.identity.review import Compared, compared, provenance, warnings, without_where
from joinedup.kept.access_log import AccessLog, Look
from joinedup.kept.answers import REASONS, Reviewer, Waiting, give_answer, rivals, take_back, waiting
from joinedup.kept.decisions import CANT_SAY, DIFFERENT, SAME
from joinedup.kept.identity_register import IdentityRegister
from joinedup.kept.keys import Keys
from joinedup.kept.pairs import opened_pair

KEYS_OF_ANSWERS = {"s": SAME, "d": DIFFERENT, "c": CANT_SAY}
QUIT = frozenset({"q", "\x03", "\x04"})  # and Ctrl+C, Ctrl+D
BACK = frozenset({"b", "\x1b", "\x7f", "\x08"})
NARROWEST, WIDEST = 60, 120
IDLE_SECONDS = 600
"""Without a key for so long the screen is wiped: somebody has left the desk (our choice, 2026)."""
ESCAPE_SECONDS = 0.05
ANOTHER_SCREEN, FIRST_SCREEN, CLEAR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[2J\x1b[H"
DOOR, PURPOSE = "review", "review of links"


@dataclass(slots=True)
class Terminal:
    """How a session reads keys and shows a screen."""

    read: Callable[[], str]
    show: Callable[[str], None]
    forget: Callable[[], None] = lambda: None
    """Lets go of keys that were pressed and not read yet."""
    width: int = 80


@dataclass(slots=True)
class Session:
    """One person's review: `who` says at each pair who that is and whether they may; each pair that is opened is logged first."""

    register: IdentityRegister
    keys: Keys
    who: Callable[[], Reviewer]
    log: AccessLog
    terminal: Terminal
    most: int | None = None
    is_protected: Callable[[int], bool] = lambda person_id: False
    """Whose details are protected, looked up at each pair."""
    answered: list[int] = field(default_factory=list)
    notice: str = ""

    def run(self) -> int:
        """How many pairs were answered, when none waits any more or the person stops."""
        again: int | None = None
        while self.most is None or len(self.answered) < self.most:
            reviewer = self.who()
            with self.register.connected(self.keys) as connection:
                queue = waiting(connection, reviewer)
            if not queue:
                break
            pair = next((each for each in queue if each.pair == again), queue[0])
            again = None
            key = self._ask(pair, reviewer, len(queue))
            if key in QUIT:
                break
            if key == "u":
                again = self._undo(reviewer)
        return len(self.answered)

    def _ask(self, pair: Waiting, reviewer: Reviewer, left: int) -> str:
        """The key that ended the pair: its answer is kept, or it was q or u."""
        self.log.append([_look(pair, reviewer)])
        with self.register.connected(self.keys) as connection:
            said, others = opened_pair(connection, self.keys, pair.pair), rivals(connection, pair.pair)
        if self.is_protected(pair.person_id):
            said = without_where(said)
        warned = warnings(said, rivals=others)
        progress = f"{len(self.answered) + 1} of {len(self.answered) + left}"
        self.terminal.forget()
        top = pair_screen(pair, said, warned, progress, self.terminal.width)
        while True:
            self.terminal.show("\n".join(line for line in (top, self.notice) if line) + QUESTION)
            self.notice = ""
            key = self.terminal.read()
            if key in QUIT or (key == "u" and self.answered):
                return key
            if key in KEYS_OF_ANSWERS and self._answer(pair, reviewer, KEYS_OF_ANSWERS[key], top, warned=bool(warned)):
                return key

    def _answer(self, pair: Waiting, reviewer: Reviewer, said: str, top: str, *, warned: bool) -> bool:
        """Whether the pair is done with: a reason was given, and where there is a warning the answer same was given twice."""
        why = self._why(said, top)
        if why is None:
            return False
        if said == SAME and warned:
            self.terminal.show(f"{top}\nThere is a warning above. The same person all the same?  y yes   any other key: back")
            if self.terminal.read() != "y":
                return False
        try:
            with self.register.connected(self.keys, writes=True) as connection:
                give_answer(connection, pair.pair, reviewer, said, why)
        except Refused as refused:
            self.notice = str(refused)
        else:
            self.answered.append(pair.pair)
            self.notice = f"Pair {pair.pair}: {said}, {REASONS[said][why]}. (u takes it back)"
        return True

    def _why(self, said: str, top: str) -> str | None:
        """The reason that is chosen; None when the person goes back."""
        reasons = REASONS[said]
        lines = "\n".join(f"  {number}  {words}" for number, words in enumerate(reasons.values(), start=1))
        self.terminal.show(f"{top}\n{said.capitalize()}, because:\n{lines}\n  b  back")
        while True:
            key = self.terminal.read()
            if key in BACK or key in QUIT:
                return None
            if key.isdecimal() and 1 <= int(key) <= len(reasons):
                return list(reasons)[int(key) - 1]

    def _undo(self, reviewer: Reviewer) -> int:
        """The pair whose answer, the last of this session, was taken back."""
        pair = self.answered.pop()
        with self.register.connected(self.keys, writes=True) as connection:
            take_back(connection, pair, reviewer)
        self.notice = f"Your answer to pair {pair} is taken back."
        return pair


QUESTION = "\n\nOne person?  s same   d different   c can't say   u take the last answer back   q stop, and go on another time"


def _look(pair: Waiting, reviewer: Reviewer) -> Look:
    return Look(
        at=datetime.now(UTC),
        account=reviewer.account,
        role=reviewer.role,
        purpose=PURPOSE,
        scope="place",
        door=DOOR,
        what=f"pair {pair.pair}",
        build_id="",
        people=(pair.person_id,),
        rows=1,
    )


def pair_screen(pair: Waiting, said: dict[str, str], warned: list[str], progress: str, width: int) -> str:
    """A pair as text: where it comes from, its fields side by side, warnings. Not its probability: people judge for themselves."""
    width = min(max(width, NARROWEST), WIDEST)
    today = date.today()
    lines = [f"{progress}   pair {pair.pair}   {pair.contract}   in doubt since {pair.since:%-d %B %Y}"]
    lines += [f"{side} from {text}" for side, text in provenance(said, today)]
    lines += ["", *_table(compared(said), width)]
    lines += [part for text in warned for part in ("", *textwrap.wrap(f"! {text}", width, subsequent_indent="  "))]
    return "\n".join(lines)


def _table(fields: list[Compared], width: int) -> Iterator[str]:
    """The fields side by side; a value that is too long for its column goes on in the next line."""
    label, verdict = 15, 14
    side = (width - label - verdict) // 2
    yield _cells(["", "record", "person", ""], [label, side, side, verdict])
    for each in fields:
        columns = ([each.label], _wrapped(each.record, side - 2), _wrapped(each.person, side - 2), [each.verdict])
        for texts in zip_longest(*columns, fillvalue=""):
            yield _cells(list(texts), [label, side, side, verdict])
        if each.note:
            yield " " * label + f"({each.note})"


def _cells(texts: list[str], widths: list[int]) -> str:
    return "".join(text + " " * max(1, width - _columns(text)) for text, width in zip(texts, widths, strict=True)).rstrip()


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(unicodedata.combining(each) > 0 for each in text)


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of no more columns than that."""
    return textwrap.wrap(text, width // 2 if _columns(text) > len(text) else width) or [""]


@contextmanager
def own_screen() -> Iterator[Terminal]:
    """The terminal, on a screen of its own that is left when the block ends, so that nothing of it can be scrolled back to.

    Keys aren't echoed, and what was pressed before a pair stands there doesn't answer it.
    """
    keyboard, write = sys.stdin.fileno(), sys.stdout.buffer.write

    def show(text: str) -> None:
        write((CLEAR + text + "\n").encode(sys.stdout.encoding, "replace"))
        sys.stdout.flush()

    before = termios.tcgetattr(keyboard)
    write(ANOTHER_SCREEN.encode())
    try:
        _take_keys(keyboard)
        yield Terminal(
            lambda: _key(keyboard), show, lambda: termios.tcflush(keyboard, termios.TCIFLUSH), shutil.get_terminal_size().columns
        )
    finally:
        write((CLEAR + FIRST_SCREEN).encode())
        sys.stdout.flush()
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


def _take_keys(keyboard: int) -> None:
    """Nothing; each key is read as it is pressed. Ctrl+C, too: nothing suspends or kills the session with a pair on the screen."""
    tty.setcbreak(keyboard)
    mode = termios.tcgetattr(keyboard)
    mode[3] &= ~termios.ISIG
    termios.tcsetattr(keyboard, termios.TCSADRAIN, mode)


def _key(keyboard: int) -> str:
    """The next key, in lower case; q when the terminal is gone, or nobody presses one for long."""
    try:
        if not select.select([keyboard], [], [], IDLE_SECONDS)[0]:
            return "q"
        key = os.read(keyboard, 1)
        if key == b"\x1b" and select.select([keyboard], [], [], ESCAPE_SECONDS)[0]:
            key += os.read(keyboard, 16)  # an arrow, say, which comes as several characters
    except OSError:
        return "q"
    return key.decode(errors="replace").lower() or "q"
