"""What a store's builds tell of the clock that they were made by: it may go back, or leap ahead, for one build or for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

from joinedup.engine.manifest import Manifest

LEAP = timedelta(days=62)
"""Between two builds, or the last one and now: longer than a place that builds every month ever waits (our choice, 2026)."""
LASTS = timedelta(days=1)
"""For how long a clock has to stand where it leapt to until it is believed (our choice, 2026)."""


def believed(builds: Sequence[Manifest], now: datetime) -> datetime:
    """The time by which builds, in the order of their numbers, are counted: now, unless the clock has only now leapt ahead.

    Then it is the last time before the leap, until the clock has stood beyond it for a day. A clock that is put right within the day has
    cost nothing; where the place had rested for as long, what is to go goes a day later.
    """
    known = [*accumulate((build.built_at for build in builds if build.built_at <= now), max), now]
    leapt = [before for before, after in pairwise(known) if after - before > LEAP and now - after < LASTS]
    return leapt[-1] if leapt else now


def replaced_at(builds: Sequence[Manifest], now: datetime) -> list[datetime]:
    """When each of the builds but the last, in the order of their numbers, was replaced by the next.

    By the earliest time of all that came after it, and no earlier than any that came before: one build by a clock that was wrong makes
    none older or younger than it is. Times to come are no times.
    """
    times = [build.built_at for build in builds]
    after = [*accumulate(reversed([*times[1:], now]), min)][::-1]
    no_time = datetime.min.replace(tzinfo=UTC)
    before = accumulate((time if time <= now else no_time for time in times), max)
    return [max(least, most) for least, most in zip(after[:-1], before, strict=False)]
