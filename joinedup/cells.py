"""Text in CSV that no spreadsheet takes for a formula, and the same text again."""

from __future__ import annotations

import re
from typing import TypeVar

T = TypeVar("T")
STARTS = r"'*[=+\-@\t\r\n]"
"""How text begins that Excel, LibreOffice or Google Sheets may run (OWASP, CSV injection), and what a guard was put before already."""
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
MAY_RUN = re.compile(f"(?!({NUMBER})\\Z){STARTS}")
WAS_GUARDED = re.compile(f"'{STARTS}")


def guarded(value: T) -> T | str:
    """The value; where it is text that might run, with an apostrophe before it. Numbers, also as text, stay as they are."""
    return f"'{value}" if isinstance(value, str) and MAY_RUN.match(value) else value


def as_it_was(text: str) -> str:
    """The text before it was guarded."""
    return text[1:] if WAS_GUARDED.match(text) else text
