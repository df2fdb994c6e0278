"""The place that is killed, in its variants, and its extracts in two."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml
from pyarrow import csv

from joinedup.place.folder import read_place
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic import synthesise

EXAMPLE = Path(__file__).parents[2] / "places" / "calderdale"
SOURCES = {"register", "apc", "deaths", "cld"}
EXTRACTS = ("whole", "fewer")
MARCH, FEBRUARY, RENAMED = "march", "february", "renamed"
VARIANTS = (FEBRUARY, MARCH, RENAMED)
"""As at the end of March, or a month before, from which most tables differ; or with another name for a practice, from which few do."""
AS_AT = {"2026-03-31": MARCH, "2026-02-28": FEBRUARY}
"""The last day of a build -> a variant as at that day."""
CHANGES = {
    MARCH: ("place.yml", "as_at: 2026-03-31", "as_at: 2026-03-31"),
    FEBRUARY: ("place.yml", "as_at: 2026-03-31", "as_at: 2026-02-28"),
    RENAMED: ("practices.csv", "Singing Kettle", "Singing Kettle and Spoon"),
}


def folder_of(folder: Path, variant: str) -> Path:
    """The place's own folder in a variant: its name is the place's, so that it is one place in all."""
    return folder / variant / EXAMPLE.name


def make_places(folder: Path, people: int) -> None:
    """Nothing; in `folder` are the place in its variants, and its extracts whole and with fewer rows."""
    for variant in VARIANTS:
        few_sources(folder_of(folder, variant), variant)
    place = read_place(folder_of(folder, MARCH), contract_names=tuple(contracts()))
    synthesise(place, people, 1, folder / EXTRACTS[0])
    leave_out(folder / EXTRACTS[0], folder / EXTRACTS[1])


def few_sources(folder: Path, variant: str) -> None:
    """Nothing; the folder is the example place with a few of its sources, in a variant."""
    shutil.copytree(EXAMPLE, folder)
    path = folder / "sources.yml"
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    kept = [source for source in said["sources"] if source["name"] in SOURCES]
    path.write_text(yaml.safe_dump({**said, "sources": kept}), encoding="utf-8")
    name, before, after = CHANGES[variant]
    text = (folder / name).read_text(encoding="utf-8")
    assert before in text
    (folder / name).write_text(text.replace(before, after), encoding="utf-8")


def leave_out(whole: Path, fewer: Path) -> None:
    """Nothing; the second folder has the same extracts without the last tenth of their rows."""
    fewer.mkdir()
    for path in whole.glob("*.csv"):
        table = csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=dict.fromkeys(header(path), "string")))
        csv.write_csv(table.slice(0, table.num_rows - table.num_rows // 10), fewer / path.name)


def header(path: Path) -> list[str]:
    """The names of a file's columns."""
    with path.open(encoding="utf-8") as file:
        return next(file).strip().replace('"', "").split(",")
