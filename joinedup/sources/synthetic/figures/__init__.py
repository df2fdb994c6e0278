"""Figures that invented people are drawn from: each file says what it holds, its unit, its year and where it comes from."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray


@cache
def figures(name: str) -> dict[str, Any]:
    """What `<name>.yml` holds."""
    text = files(__name__).joinpath(f"{name}.yml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 -- the safe loader, in C where there is one
    return content


@cache
def columns(name: str, within: str | None = None) -> dict[str, NDArray[Any]]:
    """The rows of a file (or of one part of it), column by column, in the order in which they stand; not to be written to."""
    content = figures(name)[within] if within else figures(name)
    made = {head: np.array([row[at] for row in content["rows"]]) for at, head in enumerate(content["columns"])}
    for column in made.values():
        column.flags.writeable = False
    return made


def points(by_age: dict[int, float], ages: NDArray[Any]) -> NDArray[np.float64]:
    """A figure at each age: straight lines between the ages that are given, level beyond them."""
    found: NDArray[np.float64] = np.interp(ages, list(by_age), list(by_age.values()))
    return found
