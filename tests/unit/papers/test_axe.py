"""Each kind of page, looked at by axe in a real browser: no fault of WCAG 2.2 at levels A and AA that a machine can find."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.papers.assets import AXE
from tools.browser import Tab, address

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
LOOK = f"""axe.run(document, {{runOnly: {{type: 'tag', values: {list(RULES)}}}, resultTypes: ['violations']}}).then(found =>
  found.violations.flatMap(each => each.nodes.map(node => `${{each.id}}: ${{node.html.slice(0, 160)}}`)))"""
DESKTOP, NARROWEST = 1280, 320
KINDS = (
    "index.html",
    "profile.html",
    "neighbourhood/*.html",
    "measures.html",
    "measure-emergency_admissions.html",
    "measure-carers.html",
    "pack-*.html",
    "cohorts.html",
    "cohort/*.html",
    "journeys.html",
    "code-lists.html",
    "code-list/*.html",
    "partners.html",
    "sharing.html",
    "linkage.html",
    "access.html",
    "build.html",
    "safety.html",
    "about.html",
    "why-population.html",
)

ALSO_WIDE = ("index.html", "measure-emergency_admissions.html", "neighbourhood/*.html", "partners.html")
"""Kinds that have another drawing or another table where there is room."""


@pytest.fixture(scope="session")
def axe(root: Path) -> str:
    """The script of axe; a counted skip where set-up hasn't brought it."""
    script = root / "node_modules" / AXE
    if not script.exists():
        pytest.skip("axe isn't there: python -m joinedup.papers.assets --development brings it from npm")
    return script.read_text(encoding="utf-8")


def faults(tab: Tab, axe: str, path: Path, width: int) -> object:
    tab.show(address(path), width)
    tab.evaluate(f"{axe};0")
    return tab.evaluate(LOOK)


@pytest.mark.parametrize("kind", KINDS)
def test_no_fault_of_accessibility_on_any_kind_of_page(tab: Tab, axe: str, five_pages: Path, kind: str) -> None:
    for width in (NARROWEST, DESKTOP) if kind in ALSO_WIDE else (NARROWEST,):
        assert faults(tab, axe, min(five_pages.glob(kind)), width) == [], width


def test_axe_finds_a_fault_where_there_is_one(tab: Tab, axe: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<!DOCTYPE html><html lang="en"><title>A</title><main><h1>A</h1><p style="color:#ccc">Pale words</p></main></html>')
    assert "color-contrast" in str(faults(tab, axe, page, DESKTOP))
