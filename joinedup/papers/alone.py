"""Pages that stand alone: that of a check, and that of what changed between two builds. No other page is written beside them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path

from joinedup.papers import assets, folder
from joinedup.papers.evident import unlinked
from joinedup.papers.page import Page
from joinedup.papers.rendering import environment
from joinedup.papers.words import local
from joinedup.place.model import Place


def write_alone(page: Page, place: Place, told: Mapping[str, object], out: Path) -> Path:
    """A page for staff with its style sheets and tables; its numbers lead nowhere."""
    style = assets.files()
    before = folder.prepare(out, "assets")
    same = {"place": place.id, "invented_people": place.invented}
    made = {f"{page.file.removesuffix('.html')}.{name}.csv": table.csv(same).encode() for name, table in page.tables.items()}
    shared = {
        "page": page,
        "root": "",
        "home": page.file,
        "assetPath": "assets",
        "place": place,
        "invented": place.invented,
        "internal": True,
    }
    words = {"version": version("joinedup"), "local": partial(local, word=place.word)}
    text = unlinked(environment().get_template(page.template).render(**shared, **words, **told, **page.shows))
    made |= {f"assets/{name}": content for name, content in style.items()} | {page.file: text.encode()}
    folder.note(out, before | made.keys())
    folder.write(out, made)
    return out / page.file
