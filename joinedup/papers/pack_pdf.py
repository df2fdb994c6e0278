"""A pack as PDF: the same page, set by WeasyPrint with its print styles; what it needs besides is Pango, of the operating system."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from joinedup.errors import JoinedupError

NARROW = re.compile(r'<div class="ju-chart ju-chart--narrow">.*?</svg></div>', re.DOTALL)
"""The drawing for narrow windows, which paper never shows."""
STYLES = re.compile(r'<link rel="(?:stylesheet|icon)"[^>]*>')
DETAILS = re.compile(r'<details class="[^"]*ju-details--table[^"]*"[^>]*>.*?</details>', re.DOTALL)
"""The table of a picture: it is on the page and in its file, and a pack of paper is to be read."""
PANGO = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-liberation"
PAPER = """
@page {{ size: A4; margin: 16mm 14mm 18mm;
  @bottom-left {{ content: "{title}"; font: 8.5pt Arial, sans-serif; color: #4c6272; }}
  @bottom-right {{ content: "Page " counter(page) " of " counter(pages); font: 8.5pt Arial, sans-serif; color: #4c6272; }} }}
html, body {{ font-size: 10pt; background: #fff; }}
.nhsuk-width-container, .nhsuk-main-wrapper {{ max-width: none; margin: 0; padding: 0; }}
body, p, li, td, th, dd, dt {{ font-size: 10pt; line-height: 1.4; }}
p, ul {{ margin-bottom: 6pt; }}
h1, .nhsuk-heading-xl {{ font-size: 22pt; margin: 6pt 0; }} .nhsuk-caption-xl {{ font-size: 12pt; margin: 0; }}
h2 {{ font-size: 15pt; margin: 0 0 6pt; }}
h3, .nhsuk-heading-m, .nhsuk-heading-s, .ju-figure__finding {{ font-size: 11.5pt; margin: 4pt 0; }}
.nhsuk-heading-s {{ font-size: 10.5pt; }}
h2, h3, caption {{ break-after: avoid; }}
.ju-marks {{ padding: 3pt 6pt; }} .ju-header {{ border-bottom-width: 2pt; }}
.ju-behind li, .ju-behind p {{ font-size: 8pt; max-width: none; margin-bottom: 2pt; }} .ju-behind ul {{ columns: 2; column-gap: 12pt; }}
.ju-section {{ margin: 0 0 14pt; }} .ju-section > h2 {{ padding-top: 8pt; }}
.ju-bar, .nhsuk-footer, .ju-pdf, .ju-evidence {{ display: none; }}
.ju-grid, .ju-grid--two {{ display: block; }}
.ju-chart--narrow {{ display: none; }} .ju-chart--wide {{ display: block; }}
.ju-chart svg {{ width: 160mm; max-width: 160mm; height: auto; }} .ju-figure {{ break-inside: auto; }}
.ju-keys {{ display: grid; grid-template-columns: 1fr 1fr 1fr 1fr; gap: 6pt; }}
.ju-icon {{ width: 14pt; height: 14pt; }}
.ju-change {{ display: block; border-bottom: 0.5pt solid #d8dde0; padding: 3pt 0; break-inside: avoid; }}
.ju-change .ju-icon {{ vertical-align: middle; }}
.nhsuk-table, .ju-figure .nhsuk-table {{ break-inside: auto; }}
.nhsuk-table, .nhsuk-table th, .nhsuk-table td {{ font-size: 8.5pt; vertical-align: middle; }}
.nhsuk-table th, .nhsuk-table td {{ padding: 3pt 6pt 3pt 0; }}
.nhsuk-table__heading {{ display: none; }}
"""


class PdfMissing(JoinedupError):
    """No PDF can be set on this machine."""


@cache
def weasyprint() -> Any:  # noqa: ANN401 - the module, which is imported when it is needed and not before
    """WeasyPrint; PdfMissing where the operating system has no Pango for it."""
    try:
        return import_module("weasyprint")
    except OSError as error:
        raise PdfMissing(
            f"packs as PDF need Pango, which isn't here: on Debian, apt-get install {PANGO}; or ask for pages alone with --no-pdf"
        ) from error


def pdf(page: str, title: str, styles: Mapping[str, bytes]) -> bytes:
    """A page of a pack as a tagged PDF; it fetches nothing. PdfMissing where none can be set."""
    made = weasyprint()
    text = DETAILS.sub("", NARROW.sub("", STYLES.sub("", page)))
    sheets = [*_sheets(b"\n".join(styles[name] for name in sorted(styles, reverse=True) if name.endswith(".css"))), _own(title)]
    document = made.HTML(string=text, url_fetcher=_nothing())
    return bytes(document.write_pdf(stylesheets=sheets, pdf_variant="pdf/ua-1"))


@cache
def _sheets(styles: bytes) -> list[Any]:
    """The style sheets of all pages, read once."""
    return [weasyprint().CSS(string=styles.decode(), url_fetcher=_nothing())]


def _own(title: str) -> Any:  # noqa: ANN401 - a style sheet
    plain = title.replace("\\", "").replace('"', "”")
    return weasyprint().CSS(string=PAPER.format(title=plain))


def _nothing() -> Any:  # noqa: ANN401 - WeasyPrint's own
    """What refuses every address: all that a pack shows stands in it."""
    return weasyprint().URLFetcher(allowed_protocols=("none",), allow_redirects=False)
