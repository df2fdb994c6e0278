"""python -m benchmarks.gauntlet: every case tried, a line each, and the score."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.gauntlet.case import Tried
from benchmarks.gauntlet.cases import MINIMUM, all_cases, uncovered
from benchmarks.gauntlet.ground import ground_in
from benchmarks.gauntlet.running import run


def main(words: list[str] | None = None) -> int:
    """0 where every case came out as expected and every rule and line of the lists has one, else 1."""
    asked = _parser().parse_args(words)
    cases = [case for case in all_cases() if not asked.only or any(case.id.startswith(each) for each in asked.only)]
    if not cases:
        print(f"no case begins with {' or '.join(asked.only)}; --list shows all", file=sys.stderr)
        return 2
    if asked.list:
        print("\n".join(f"{case.id}: {case.broken} -> {case.expected}" for case in cases))
        return 0
    with TemporaryDirectory(prefix="gauntlet-") as work:
        tried = [_shown(each, asked.json) for each in run(cases, ground_in(asked.work or Path(work), cases))]
    lacking = [] if asked.only else uncovered()
    if asked.json:
        print(json.dumps([each.told() for each in tried], indent=1))
    return _score(tried, lacking, sys.stderr if asked.json else sys.stdout, whole=not asked.only)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gauntlet", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="cases whose id begins so; may be repeated")
    parser.add_argument("--list", action="store_true", help="what is tried, without trying it")
    parser.add_argument("--work", type=Path, help="a folder that keeps the one place, so that the next run needn't make it again")
    parser.add_argument("--json", action="store_true", help="the cases as JSON on stdout, the score on stderr")
    return parser


def _shown(tried: Tried, as_json: bool) -> Tried:
    if not as_json:
        print(tried.line(), flush=True)
    return tried


def _score(tried: list[Tried], lacking: list[str], out: object, *, whole: bool) -> int:
    """The exit code, its reasons printed."""
    passed = sum(each.passed for each in tried)
    for each in lacking:
        print(f"no case for {each}", file=out)  # type: ignore[call-overload]
    enough = len(tried) >= MINIMUM or not whole
    least = f" (at least {MINIMUM} are asked for)" if whole else ""
    print(f"score: {passed} of {len(tried)}{least}", file=out)  # type: ignore[call-overload]
    return 0 if passed == len(tried) and not lacking and enough else 1


if __name__ == "__main__":
    sys.exit(main())
