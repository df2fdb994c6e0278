"""The lines of sources.yml that say where a file lies and how its columns differ, put into the file without touching what stands there."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from joinedup.errors import PlaceError
from joinedup.place.model import Source
from joinedup.place.yaml_file import LOADER

MARK = "# joinedup add-source"
"""How the comment above a block begins that joinedup wrote, so that removing the block takes it too."""
SAFE = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*(-[A-Za-z0-9_]+)*")
WORDS_OF_YAML = {"y", "n", "yes", "no", "true", "false", "on", "off", "null", "none", "nan"}


@dataclass(frozen=True)
class Entry:
    """What sources.yml is to say of one source: its keys in order, and comments beside single lines."""

    says: Mapping[str, Any]
    why: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(key, name within it) -> comment."""
    above: Sequence[str] = ()
    """Comments above it; the first says where it is from."""
    below: Sequence[str] = ()
    """Comments below it: what was left out."""

    def source(self) -> Source:
        """It as the value that landing uses."""
        return Source.model_validate(dict(self.says))

    def lines(self, indent: str) -> Iterator[str]:
        """Its lines, as an item of a list so far in."""
        yield from (f"{indent}{MARK}: {said}" if at == 0 else f"{indent}# {said}" for at, said in enumerate(self.above))
        for at, (key, value) in enumerate(self.says.items()):
            start = f"{indent}- " if at == 0 else f"{indent}  "
            if isinstance(value, Mapping):
                yield f"{start}{key}:"
                yield from self._within(key, value, f"{indent}    ")
            else:
                yield f"{start}{key}: {scalar(value)}{self._comment(key, '')}"
        yield from (f"{indent}  # {said}" for said in self.below)

    def _within(self, key: str, value: Mapping[str, Any], indent: str) -> Iterator[str]:
        for name, said in value.items():
            if isinstance(said, Mapping):
                pairs = ", ".join(f"{scalar(theirs)}: {quoted(ours)}" for theirs, ours in said.items())
                yield f"{indent}{scalar(name)}: {{{pairs}}}{self._comment(key, name)}"
            elif isinstance(said, list | tuple):
                yield f"{indent}{scalar(name)}: [{', '.join(map(quoted, said))}]{self._comment(key, name)}"
            else:
                yield f"{indent}{scalar(name)}: {scalar(said)}{self._comment(key, name)}"

    def _comment(self, key: str, name: str) -> str:
        said = self.why.get((key, name))
        return f" # {said}" if said else ""


def scalar(value: object) -> str:
    """A text as YAML writes it on one line, quoted where it could be read as anything else."""
    text = str(value)
    return text if SAFE.fullmatch(text) and text == text.strip() and text.lower() not in WORDS_OF_YAML else quoted(text)


def quoted(value: object) -> str:
    """A text in quotes."""
    return json.dumps(str(value), ensure_ascii=False)


def with_entry(text: str, entry: Entry) -> str:
    """The text of sources.yml with one more source at the end of its list; every other byte of it as it was."""
    newline = "\r\n" if "\r\n" in text else "\n"
    items = _items(text)
    if items is None:
        head = re.sub(r"(?m)^sources:[ \t]*(\[[ \t]*\]|null|~)?[ \t]*(?=#|\r?$)", "sources: ", text, count=1)
        head = re.sub(r"(?m)^sources: (?=\r?$)", "sources:", head, count=1)
        if not re.search(r"(?m)^sources:", head):
            head = f"{_ended(head, newline)}sources:{newline}"
        at, indent = len(head), "  "
        return _ended(head[:at], newline) + newline.join(entry.lines(indent)) + newline
    if not items:
        raise PlaceError(
            "sources.yml lists its sources in brackets, so nothing can be added to them line by line: write each on lines of its own, "
            "beginning with a hyphen"
        )
    indent = items[-1].indent
    return _ended(text, newline) + newline.join(entry.lines(indent)) + newline


def without_entry(text: str, name: str) -> str:
    """The text of sources.yml without the source of that name, and without the comments that joinedup wrote above and below it."""
    items = _items(text) or []
    found = next((item for item in items if item.name == name), None)
    if found is None:
        known = ", ".join(item.name for item in items) or "none"
        raise PlaceError(f"sources.yml has no source {name}: it has {known}")
    lines = text.splitlines(keepends=True)
    first, last = found.first, found.last
    above = first
    while above > 0 and lines[above - 1].strip().startswith("#"):
        above -= 1
        if lines[above].strip().startswith(MARK):
            first = above
            break
    while last < len(lines) and re.match(rf"{found.indent}  +#", lines[last]):
        last += 1
    left = "".join([*lines[:first], *lines[last:]])
    if len(items) == 1:
        left = re.sub(r"(?m)^sources:[ \t]*(?=(#.*)?\r?$)", lambda found: "sources: []" + " " * (len(found[0]) > 8), left, count=1)
    return left


@dataclass(frozen=True)
class _Item:
    name: str
    indent: str
    first: int
    last: int


def _items(text: str) -> list[_Item] | None:
    """The sources of a text with their lines; None where there are none, empty where they stand in brackets."""
    root = yaml.compose(text, Loader=LOADER)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    node = next((value for key, value in pairs if key.value == "sources"), None)
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        return None
    if node.flow_style:
        return []
    lines = text.splitlines()
    found = []
    for item in node.value:
        named = {key.value: value.value for key, value in item.value} if isinstance(item, yaml.MappingNode) else {}
        first = item.start_mark.line
        indent = re.match(r"\s*", lines[first])
        found.append(_Item(str(named.get("name", "")), indent[0] if indent else "", first, _end(lines, item)))
    return found


def _end(lines: Sequence[str], item: yaml.Node) -> int:
    """The line after the last that holds something of an item."""
    last = min(item.end_mark.line if item.end_mark.column else item.end_mark.line - 1, len(lines) - 1)
    flows = bool(getattr(item, "flow_style", False))
    while last > item.start_mark.line and (_says_nothing(lines[last]) or (last == item.end_mark.line and not flows)):
        last -= 1
    return last + 1


def _says_nothing(line: str) -> bool:
    return not line.strip() or line.strip().startswith("#")


def _ended(text: str, newline: str) -> str:
    return text if not text or text.endswith("\n") else text + newline


def replace_text(path: Path, text: str) -> None:
    """Nothing; the file holds the text, at once and with the permissions that it had."""
    mode = path.stat().st_mode
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(name).chmod(mode & 0o7777)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
