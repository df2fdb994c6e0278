"""What place.yml says of matching: thresholds with a source, in an order that leaves something to look at."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from joinedup.errors import PlaceError
from joinedup.place.folder import read_place
from joinedup.place.model import Linking

SOURCED = "source: the board, date: 2026-01-05"


def told(root: Path, folder: Path, linking: str) -> Path:
    """The example with such a line."""
    made = Path(shutil.copytree(root / "places" / "calderdale", folder / "place"))
    with (made / "place.yml").open("a", encoding="utf-8") as file:
        file.write(f"\nlinking: {linking}\n")
    return made


def test_a_place_that_says_nothing_has_the_packages_values(root: Path) -> None:
    assert read_place(root / "places" / "calderdale").linking == Linking()


def test_a_place_has_its_own(root: Path, tmp_path: Path) -> None:
    linking = read_place(told(root, tmp_path, f"{{link_at: 0.999, margin: 7, {SOURCED}}}")).linking
    assert (linking.link_at, linking.review_from, linking.margin, linking.off) == (0.999, 0.5, 7, False)


def test_matching_can_be_off(root: Path, tmp_path: Path) -> None:
    assert read_place(told(root, tmp_path, "{link_at: off}")).linking.off


@pytest.mark.parametrize(
    ("linking", "rule", "said"),
    [
        (f"{{link_at: 0.95, review_from: 0.97, {SOURCED}}}", "wrong-value", "not below link_at"),
        (f"{{link_at: 0.5, {SOURCED}}}", "wrong-value", "0.5"),
        (f"{{link_at: always, {SOURCED}}}", "wrong-value", "always"),
        (f"{{margin: -1, {SOURCED}}}", "wrong-value", "-1"),
        ("{link_at: 0.99}", "value-missing", "without source and date"),
        (f"{{link_form: 0.99, {SOURCED}}}", "unknown-key", "link_form"),
    ],
)
def test_what_is_wrong_is_found(linking: str, rule: str, said: str, root: Path, tmp_path: Path) -> None:
    with pytest.raises(PlaceError) as raised:
        read_place(told(root, tmp_path, linking))
    assert [(finding.file, finding.rule) for finding in raised.value.findings if finding.severity == "error"] == [("place.yml", rule)]
    assert any(said in finding.message for finding in raised.value.findings)
