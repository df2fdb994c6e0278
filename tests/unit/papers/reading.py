"""Reads a page as a strict reader would: which elements, nested how, with which names, leading where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "br", "img", "input", "hr", "source", "wbr", "col"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    inside: list[Element | str] = field(default_factory=list)

    def below(self) -> Iterator[Element]:
        """All elements below, in order."""
        for each in self.inside:
            if isinstance(each, Element):
                yield each
                yield from each.below()

    def all(self, *tags: str) -> list[Element]:
        """The elements below that have one of these tags, in order."""
        return [each for each in self.below() if each.tag in tags]

    @cached_property
    def text(self) -> str:
        """All that is written in it; of a page that has been read."""
        return "".join(each if isinstance(each, str) else each.text for each in self.inside)

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the elements below; of a page that has been read."""
        return [each["id"] for each in self.below() if each["id"]]

    def words(self) -> str:
        """All words in it, as one line."""
        return " ".join(self.text.split())

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")


class Reader(HTMLParser):
    """Builds the tree; a close tag that doesn't fit its open tag is an error, as it isn't in a browser."""

    def __init__(self) -> None:
        super().__init__()
        self.root = self.here = Element("document", {})

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attributes}, self.here)
        self.here.inside.append(element)
        if tag not in VOID:
            self.here = element

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.here.tag == tag, f"</{tag}> closes <{self.here.tag}> at {self.getpos()}"
        assert self.here.parent is not None
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.inside.append(data)


@cache
def read(path: Path) -> Element:
    """The document of a page."""
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert reader.here is reader.root, f"{path.name}: <{reader.here.tag}> is never closed"
    return reader.root
