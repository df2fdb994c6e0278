"""Draws charts: a Vega-Lite specification to SVG that stands in a page without scripts, kept by what it was drawn from."""

from __future__ import annotations

import hashlib
import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import altair
import vl_convert
from markupsafe import Markup, escape

from joinedup.engine.store import atomic_write

VERSION = 3
"""Raised when the tidying below changes, so that drawings kept before are not used again."""

SVG = "http://www.w3.org/2000/svg"
HREF = "{http://www.w3.org/1999/xlink}href"
BASE = "https://vega.github.io/vega-datasets/"
"""What the library puts before a relative address; pages mean their own neighbours."""
LABEL = "aria-label"
MOST = 1.28
"""How many times its drawn width a picture takes where there is room; beyond that its letters would shout."""
FOR_SCRIPTS = ("role", "aria-roledescription", "aria-hidden", "pointer-events", "cursor")
"""What Vega writes for its own scripts and reading order; a page's picture has one role and one name."""


def draw(chart: altair.TopLevelMixin, cache: Path | None = None) -> str:
    """The SVG of a chart, from `cache` where the same chart was drawn before."""
    specification = json.dumps(chart.to_dict(validate=False), sort_keys=True)
    if cache is None:
        return _drawn(specification)
    made_from = f"{VERSION} {version('vl-convert-python')} {specification}"
    kept = cache / f"{hashlib.sha256(made_from.encode()).hexdigest()[:32]}.svg"
    if not kept.exists():
        atomic_write(kept, _drawn(specification).encode())
    return kept.read_text(encoding="utf-8")


def _drawn(specification: str) -> str:
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(vl_convert.vegalite_to_svg(specification))  # noqa: S314 - drawn here, from our own specification
    for element in root.iter():
        _tidy(element)
        _keep_empty_lines(element)
    root.set("width", f"{MOST * float(root.attrib['width']):.0f}")
    for name in ("height", "class", "version"):
        root.attrib.pop(name, None)
    return ElementTree.tostring(root, encoding="unicode")


def _tidy(element: ElementTree.Element) -> None:
    """Nothing; the element then has no attribute that is for scripts, and its link is a plain one with a name."""
    if HREF in element.attrib:
        element.set("href", element.attrib.pop(HREF).removeprefix(BASE))
        element.set(LABEL, next((part.get(LABEL, "") for part in element), ""))
    else:
        element.attrib.pop(LABEL, None)
    for name in FOR_SCRIPTS:
        element.attrib.pop(name, None)


def _keep_empty_lines(element: ElementTree.Element) -> None:
    """Nothing; the height of empty lines of words is then that of the line after them, for browsers ignore an empty one."""
    carried = 0.0
    for line in [part for part in element if part.tag.endswith("}tspan")]:
        carried += float(line.get("dy", 0))
        if line.text:
            line.set("dy", f"{carried:g}")
            carried = 0.0
        else:
            element.remove(line)


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
