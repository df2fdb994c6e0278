"""Whether counts lie further from what is expected than chance alone would often take them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from joinedup.statistics.estimates import floats
from joinedup.statistics.poisson import poisson_limits

CONTROL = 0.998
"""The limits that funnel plots usually draw: chance takes 1 count in 500 beyond them.

Source: Spiegelhalter, Funnel plots for comparing institutional performance, Statistics in Medicine 24 (2005).
"""


def beyond_chance(observed: npt.ArrayLike, expected: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which counts have 99.8% Poisson limits that what is expected lies outside of; none where nothing is expected."""
    counts, means = np.broadcast_arrays(floats(observed), floats(expected))
    lower, upper = poisson_limits(counts, CONTROL)
    return np.asarray(((means < lower) | (means > upper)) & (means > 0), dtype=np.bool_)
