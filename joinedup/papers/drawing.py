"""Draws charts: a Vega-Lite specification to SVG that stands in a page without scripts, kept by what it was drawn from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import altair
from markupsafe import Markup, escape

from joinedup.engine.store import atomic_write
from joinedup.papers.drawer import Drawer, drawing_of
from joinedup.papers.drawer import drawn as _drawn

VERSION = 3
"""Raised when the tidying of drawings changes, so that those kept before are not used again."""


def draw(chart: altair.TopLevelMixin, cache: Path | None = None) -> str:
    """The SVG of a chart, from `cache` where the same chart was drawn before."""
    return begin(chart, cache)()


def begin(chart: altair.TopLevelMixin, cache: Path | None = None, drawer: Drawer | None = None) -> Callable[[], str]:
    """What gives the SVG of a chart, from `cache` where the same was drawn before; else `drawer` is drawing it from now on."""
    specification = json.dumps(chart.to_dict(validate=False), sort_keys=True)
    made_from = f"{VERSION} {version('vl-convert-python')} {specification}"
    kept = None if cache is None else cache / f"{hashlib.sha256(made_from.encode()).hexdigest()[:32]}.svg"
    if kept is not None and kept.exists():
        return lambda: kept.read_text(encoding="utf-8")
    begun = None if drawer is None else drawer.begin(specification)

    def finished() -> str:
        svg = _drawn(specification) if begun is None else drawing_of(begun, specification)
        if kept is not None:
            atomic_write(kept, svg.encode())
        return svg

    return finished


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with its name and description as it stands in a page, there once it is asked for."""

    svg: Callable[[], str]
    identity: str
    name: str
    description: str
    linked: bool = False

    def __html__(self) -> str:
        """The markup."""
        return named(self.svg(), self.identity, self.name, self.description, linked=self.linked)


def named(svg: str, identity: str, name: str, description: str, *, linked: bool = False) -> Markup:
    """A drawing with its name and description for those who don't see it, its ids made unique by `identity`.

    A drawing with links in it is a group of links; any other is one picture.
    """
    head, _, body = svg.partition(">")
    body = re.sub(r'\b(id=")(?=\w)', rf"\1{identity}-", body)
    body = re.sub(r"url\(#", f"url(#{identity}-", body)
    labels: dict[str, Any] = {
        "role": "group" if linked else "img",
        "aria-labelledby": f"{identity}-name",
        "aria-describedby": f"{identity}-about",
    }
    attributes = "".join(f' {key}="{value}"' for key, value in labels.items())
    title = f'<title id="{identity}-name">{escape(name)}</title><desc id="{identity}-about">{escape(description)}</desc>'
    return Markup(f"{head}{attributes}>{title}{body}")  # noqa: S704 - drawn here; the words in it are escaped
