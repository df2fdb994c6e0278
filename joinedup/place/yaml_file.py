"""A YAML file of a place folder: its contents as written, and the line of every part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as Folder
from typing import Any, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel

from joinedup.findings import Finding
from joinedup.place.located import Located, Path, Spot, validated
from joinedup.place.sentences import repeated
from joinedup.place.text import read_text

Model = TypeVar("Model", bound=BaseModel)

Written: TypeAlias = "str | list[Written] | dict[str, Written] | None"
"""What YAML can hold, with numbers and dates as they are written."""

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 20
"""Levels of nesting; a place folder needs five."""
MOST_BYTES = 1_000_000
"""The largest folder known takes a fiftieth of it."""

STEPS = {
    yaml.MappingStartEvent: 1,
    yaml.SequenceStartEvent: 1,
    yaml.MappingEndEvent: -1,
    yaml.SequenceEndEvent: -1,
}


@dataclass(frozen=True)
class Document:
    """What a YAML file says: texts, lists and names with values; numbers and dates still as written."""

    file: str
    content: dict[str, Any] = field(default_factory=dict)
    lines: Mapping[Path, int] = field(default_factory=dict)

    def spot(self, *path: str | int) -> Spot:
        """Where the value at a path is written."""
        return Spot(self.file, lambda within: self.line(path + within))

    def line(self, path: Path) -> int:
        """The line of the longest part of a path that is written at all."""
        return next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), 1)

    def items(self, key: str, model: type[Model], leave: Collection[int] = ()) -> tuple[list[Located[Model]], list[Finding]]:
        """Each item of a list, as a value of the model, apart from those to be left."""
        listed = self.content.get(key) or []
        if not isinstance(listed, list):
            message = f"{key} is {repeated(listed)}, where a list is expected: begin each item with a hyphen"
            return [], [self.spot(key).fault("wrong-value", message)]
        read = [validated(model, item, self.spot(key, i)) for i, item in enumerate(listed) if i not in leave]
        return [value for values, _ in read for value in values], [fault for _, faults in read for fault in faults]


def read_yaml(folder: Folder, file: str) -> tuple[Document, list[Finding]]:
    """The document of a file, empty where findings say that it can't be read."""
    text = read_text(folder, file, MOST_BYTES)
    root = text if isinstance(text, Finding) else root_of(file, text)
    if isinstance(root, Finding):
        return Document(file), [root]
    lines: dict[Path, int] = {}
    faults: list[Finding] = []
    content = {name: plain(value, (name,), lines, faults, file) for name, value in pairs_of(root, (), lines, faults, file)}
    return Document(file, content, lines), faults


def root_of(file: str, text: str) -> yaml.MappingNode | Finding:
    """The names and values that a text holds at its top."""
    try:
        fault = unusable(file, text)
        root = fault or yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "it can't be read"
        message = f"is not YAML: {what}; check indentation and quotes here"
        return Finding(file, "not-yaml", message, line=mark.line + 1 if mark else 1)
    if isinstance(root, yaml.MappingNode | Finding):
        return root
    return Finding(file, "not-yaml", "holds no names with values: begin with a line such as name: value", line=1)


def unusable(file: str, text: str) -> Finding | None:
    """A finding for an alias, or for nesting too deep to walk."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += STEPS.get(type(event), 0)
        if depth > DEEPEST or isinstance(event, yaml.AliasEvent):
            deep = f"is nested more than {DEEPEST} levels deep: check brackets and indentation here"
            message = deep if depth > DEEPEST else "refers to another part by an alias (*): write the value out"
            line = event.start_mark.line + 1 if event.start_mark else 1
            return Finding(file, "not-yaml", message, line=line)
    return None


def plain(node: yaml.Node, path: Path, lines: dict[Path, int], faults: list[Finding], file: str) -> Written:
    """A node as texts, lists and dictionaries; fills in `lines` and, for names that can't be used, `faults`."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [plain(item, (*path, i), lines, faults, file) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return {name: plain(value, (*path, name), lines, faults, file) for name, value in pairs_of(node, path, lines, faults, file)}
    return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)


def pairs_of(
    node: yaml.MappingNode, path: Path, lines: dict[Path, int], faults: list[Finding], file: str
) -> Iterator[tuple[str, yaml.Node]]:
    """The names of a mapping, each once, with the nodes of their values."""
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            faults.append(Finding(file, "not-yaml", "has a list or group where a name is expected: write name: value", line=line))
        elif (*path, key.value) in lines:
            faults.append(Finding(file, "repeated-key", f"{repeated(key.value)} is written twice here: keep one", line=line))
        else:
            lines[(*path, key.value)] = line
            yield key.value, value


def without(content: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """The named values of a document apart from some."""
    return {key: value for key, value in content.items() if key not in set(keys)}
