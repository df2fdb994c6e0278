"""Twenty random kills of landing, build, collection and looks, as `python -m benchmarks.kills` does a hundred of."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

from benchmarks.kills.phases import PHASES
from benchmarks.kills.trial import Trial, kills_of

SHARES = {"land": 2, "build": 4, "touch": 5, "collect": 6, "show": 3}
"""Landings are dear, and have kills of their own (test_landing_kills)."""
KILLS = int(os.environ.get("JOINEDUP_RANDOM_KILLS", "20"))


def test_after_each_random_kill_what_is_published_is_whole_and_work_goes_on(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    verbs = Counter[str]()
    for number, kill in enumerate(kills_of(Trial(tmp_path, random.Random(seed), few=True), SHARES, KILLS), 1):
        assert not kill.faults, f"seed {seed}, kill {number}: {kill}"
        verbs[kill.verb] += 1
        assert kill.phase in PHASES
    assert verbs.total() == KILLS
    assert verbs.keys() == SHARES.keys() or verbs.total() < sum(SHARES.values())
