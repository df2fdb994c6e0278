"""How far two sets of figures lie apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tools.realism.invented import Counts


def apart(have: Counts, want: Counts) -> Counts:
    """For each row how far two distributions lie apart: the share of people that would have to change group (total variation)."""
    found: Counts = 0.5 * np.abs(have / have.sum(axis=1, keepdims=True) - want / want.sum(axis=1, keepdims=True)).sum(axis=1)
    return found


def chance(have: Counts, want: Counts) -> float:
    """How far apart they would lie on average, were people drawn from the wanted distributions themselves."""
    rng = np.random.default_rng(0)
    sizes, shares = have.sum(axis=1).astype(int), want / want.sum(axis=1, keepdims=True)
    drawn = np.stack([rng.multinomial(max(size, 1), share) for size, share in zip(sizes, shares, strict=True)]).astype(float)
    return float(apart(drawn, want).mean())


def ranks_agree(mine: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Spearman's rank correlation of the practices that both have."""
    both = sorted(set(mine) & set(theirs))
    first, second = (np.argsort(np.argsort([of[code] for code in both])).astype(float) for of in (mine, theirs))
    return float(np.corrcoef(first, second)[0, 1])
