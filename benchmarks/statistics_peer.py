"""Standardised rates by PHStatsMethods, and what it makes of zeros, in a Python that has it; see benchmarks/statistics.py.

statistics_peer.py GIVEN OUT
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from PHStatsMethods import calculate_funnel_limits, ph_dsr, ph_rate
from PHStatsMethods.confidence_intervals import byars, byars_lower, byars_upper

STANDARD = [5000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000, 7000, 6500, 6000, 5500, 5000, 4000, 2500, 1500, 1000]


def standardised(events: np.ndarray, people: np.ndarray) -> tuple[float, pd.DataFrame]:
    """Processor seconds, and one row per group in order."""
    groups, bands = events.shape
    frame = pd.DataFrame(
        {"group": np.repeat(np.arange(groups), bands), "events": events.ravel(), "people": people.ravel(), "standard": STANDARD * groups}
    )
    began = time.process_time()
    made = ph_dsr(frame, "events", "people", "standard", ["group"], metadata=False, euro_standard_pops=False)
    return time.process_time() - began, made.sort_values("group")


def said(work: Callable[[], object]) -> str:
    """What came of it, or the error, in a line."""
    try:
        return str(work())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def faults() -> dict[str, str]:
    """Inputs that a table of a place holds, and what the package makes of them."""
    rates = pd.DataFrame({"area": list("abc"), "events": [12, 0, 40], "people": [100, 100, 0]})
    shares = pd.DataFrame({"area": list("ab"), "events": [40, 45], "people": [50, 50]})
    funnel = calculate_funnel_limits(shares, "events", "proportion", 1000, denom_col="people", metadata=False)
    return {
        "rates of two areas, one without events": said(lambda: ph_rate(rates[:2], "events", "people", ["area"]).shape),
        "rates of two areas, one without people": said(lambda: ph_rate(rates[::2], "events", "people", ["area"]).shape),
        "byars(100), and its own byars_lower and byars_upper": said(
            lambda: [round(float(each), 2) for each in (*byars(100), byars_lower(100), byars_upper(100))]
        ),
        "funnel of 85% times 1000 at 50 people, upper limit and centre": said(funnel.loc[49, ["upper_2s_limit", "baseline"]].tolist),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    given = np.load(sys.argv[1])
    seconds, made = standardised(given["events"], given["people"])
    limits = {name: made[column].to_numpy() for name, column in (("value", "Value"), ("lower", "lower_95_ci"), ("upper", "upper_95_ci"))}
    np.savez(sys.argv[2], **limits)
    print(json.dumps({"standardised": seconds, "faults": faults()}))
