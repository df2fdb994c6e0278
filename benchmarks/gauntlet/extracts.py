"""Extracts that aren't there, or aren't files: checked with the place's one source of deaths."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.gauntlet.case import Case, expect
from benchmarks.gauntlet.ground import Ground, keep_sources
from joinedup.sources import staged_file

Change = Callable[[Path], object]


def _link(target: str) -> Change:
    def plant(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return plant


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _large(path: Path) -> None:
    header, first, *_ = path.read_text(encoding="utf-8").splitlines()
    lines = [first] * 200_000
    lines[123_455] = "broken"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")


EXTRACTS: dict[str, tuple[str, Change, str, tuple[str, ...]]] = {
    "missing": ("a file that isn't there", Path.unlink, "missing-file", ("record: missing file",)),
    "folder": ("a folder in the place of a file", _folder, "missing-file", ()),
    "link-to-itself": ("a link to itself", _link("deaths.csv"), "missing-file", ()),
    "link-to-nothing": ("a link to a file that was taken away", _link("../gone.csv"), "missing-file", ()),
    "pipe": ("a pipe, which nobody fills", _pipe, "missing-file", ()),
    "device": ("a link to a device that never ends", _link("/dev/zero"), "missing-file", ()),
    "large": (
        "one broken line among 200,000 sound ones",
        _large,
        "too-few-fields",
        ("extracts: one broken line in a large file",),
    ),
}


def cases() -> Iterator[Case]:
    """A case for each extract that can't be read as a file is."""
    for name, (broken, plant, rule, lines) in EXTRACTS.items():
        yield Case(f"extract/{name}", broken, f"check ends with 1 and says {rule}", partial(_checked, name, plant, rule), lines)
    yield Case(
        "extract/growing",
        "a file that is still being written",
        "check says that it changed while it was read",
        _growing,
        ("extracts: a file still being written",),
    )


def _place(ground: Ground, name: str) -> tuple[Path, Path]:
    folder = ground.folder(f"extract-{name}")
    shutil.copytree(ground.place_folder, folder / "place")
    keep_sources(folder / "place", ("deaths",))
    (folder / "extracts").mkdir()
    shutil.copy2(ground.extracts / "deaths.csv", folder / "extracts" / "deaths.csv")
    return folder / "place", folder / "extracts"


def _checked(name: str, plant: Change, rule: str, ground: Ground) -> str:
    place, extracts = _place(ground, name)
    plant(extracts / "deaths.csv")
    return _told(ground, place, extracts, rule)


def _told(ground: Ground, place: Path, extracts: Path, rule: str) -> str:
    checked = ground.cli("check", place, "--extracts", extracts, "--format", "csv")
    told = [line for line in checked.out.splitlines() if rule in line and "deaths.csv" in line]
    expect(checked.code == 1 and len(told) == 1, f"exit {checked.code}: {checked.all[:600]}")
    return f"exit 1: {told[0][:200]}"


def _growing(ground: Ground) -> str:
    place, extracts = _place(ground, "growing")
    whole = staged_file.read_csv

    def growing(*given: Any) -> Any:  # noqa: ANN401 - whatever the reader is given, and gives
        with (extracts / "deaths.csv").open("a", encoding="utf-8") as file:
            file.write("more\n")
        return whole(*given)

    with patch.object(staged_file, "read_csv", growing):
        return _told(ground, place, extracts, "changed-while-read")
