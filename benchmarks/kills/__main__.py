"""Random kills during landing, build, publication, collection and looks through a door: what was published stays whole, and work goes on.

    python -m benchmarks.kills [--kills 100] [--postgresql 25] [--seed S] [--people 250] [--few]

A small invented place, whose extracts, last day and names change to and fro so that there is always something to do. A verb is run in a
process of its own, made ready and forked, which is killed at an instant of its usual time, or ends itself before a call on files chosen by
chance within a phase, each phase in turn. After each kill it is asked of the store: is what is published that of before or after, with
every file that it names, and do the doors say the same numbers as of the one or the other; are the registers whole, and is nothing held.
Then the verb is run again: what it makes has the same rows as where it was made in an empty store that nobody killed, each row that was
read was loaded, superseded or rejected, and after a collection no file is left that nobody names. Some of the kills are of a place whose
identity register is in PostgreSQL. It prints a table by verb and phase, and the score.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from multiprocessing import forkserver
from pathlib import Path

from benchmarks.kills.phases import PHASES
from benchmarks.kills.trial import Kill, Trial, kills_of

SHARES = {"land": 5, "build": 4, "touch": 5, "collect": 5, "show": 1}
"""Of the kills, each verb's."""


def processor_seconds() -> float:
    """What this process and those that it had made and that ended have taken of the processor."""
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined] # there is no other way to ask for it
    of_verbs = Path(f"/proc/{server}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[13:15]
    return time.process_time() + sum(map(int, of_verbs)) / os.sysconf("SC_CLK_TCK")


def table(done: Sequence[tuple[str, Kill]]) -> Iterator[str]:
    """The kills by verb and phase, as lines of a table in Markdown."""
    yield "| verb | killed while | by the clock | before a call | of these, after publication | in PostgreSQL | whole, and went on |"
    yield "|---|---|---|---|---|---|---|"
    groups = defaultdict[tuple[str, str], list[tuple[str, Kill]]](list)
    for where, kill in done:
        groups["build" if kill.verb == "touch" else kill.verb, kill.phase].append((where, kill))
    for verb, phase in sorted(groups, key=lambda key: (key[0], PHASES.index(key[1] or PHASES[0]))):
        those = groups[verb, phase]
        clock = sum(kill.how == "by the clock" for _, kill in those)
        after, there = sum(kill.left == "after" for _, kill in those), sum(where == "PostgreSQL" for where, _ in those)
        sound = sum(not kill.faults for _, kill in those)
        yield f"| {verb} | {phase} | {clock} | {len(those) - clock} | {after} | {there} | {sound} of {len(those)} |"


def tried_in(folder: Path, given: argparse.Namespace, stack: ExitStack) -> Iterator[tuple[str, Kill]]:
    """Every kill, and where the register was."""
    chance = random.Random(given.seed)
    if given.postgresql:
        from tests.postgresql import running_server  # noqa: PLC0415 - a server starts only when it is asked for

        server = stack.enter_context(running_server())
        registers = tuple(server.url(server.new_database()) for _ in range(2))
        there = Trial(folder / "there", chance, given.people, given.few, registers)
        yield from (("PostgreSQL", kill) for kill in kills_of(there, SHARES, given.postgresql))
    rest = Trial(folder / "here", chance, given.people, given.few)
    yield from (("SQLite", kill) for kill in kills_of(rest, SHARES, given.kills - given.postgresql))


def main() -> None:
    """Kills, and prints what became of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--postgresql", type=int, default=25, help="how many of them with the identity register in PostgreSQL")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--people", type=int, default=250)
    parser.add_argument("--few", action="store_true", help="build a few tables only")
    given = parser.parse_args()
    began, done = time.perf_counter(), []
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for name in ("there", "here"):
            (Path(folder) / name).mkdir()
        for number, (where, kill) in enumerate(tried_in(Path(folder), given, stack), 1):
            done.append((where, kill))
            told = "; ".join(kill.faults) or "whole, went on"
            print(f"{number:4} {where:10} {kill.verb:8} {kill.how:14} {kill.phase:14} {kill.left:7} {told}", flush=True)
    print("\n".join(["", *table(done)]))
    sound = sum(not kill.faults for _, kill in done)
    print(f"\n{sound} of {len(done)}, {time.perf_counter() - began:,.0f} s, {processor_seconds():,.0f} s of processor")
    sys.exit(sound != len(done))


if __name__ == "__main__":
    main()
