"""A number on a page that leads to its evidence."""

from __future__ import annotations

import re

from markupsafe import Markup

ROOT = "~/"
"""Stands in a link for the way to the folder of all pages until the page is known on which it is."""

INVITATION = re.compile(r'<p class="ju-evidence">.*?</p>', re.DOTALL)
"""What bids to look at the evidence of a figure."""
TO_EVIDENCE = re.compile(r'<a data-why="[^>]*>(.*?)</a>', re.DOTALL)


def evident(shown: str, key: str, *, text: bool = False) -> str:
    """A number with its evidence key, as a link to its evidence; words bear the key alone, and what has none stays as it is."""
    if not key:
        return shown
    if text:
        return Markup('<span data-why="{}">{}</span>').format(key, shown)
    return Markup('<a data-why="{}" href="{}#{}">{}</a>').format(key, ROOT + page_of(key), key, shown)


def page_of(key: str) -> str:
    """The page that has the evidence of a key."""
    return f"why-{key.split('/', maxsplit=1)[0]}.html"


def rooted(page: str, root: str) -> str:
    """A page whose links to evidence lead there from where it lies."""
    return page.replace(f'href="{ROOT}', f'href="{root}')


def unlinked(page: str) -> str:
    """A page that stands alone, where there is no evidence to lead to."""
    return TO_EVIDENCE.sub(r"\1", INVITATION.sub("", page))
