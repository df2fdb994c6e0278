"""Whatever stands in a place folder, reading it gives a place whose tables can be made, or findings: nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joinedup.errors import PlaceError
from joinedup.findings import Finding
from joinedup.place.folder import read_place
from joinedup.place.tables import tables
from joinedup.sources.contract import contracts
from tests.place.places import nine_teams

FILES = ("place.yml", "partners.csv", "practices.csv", "areas.csv", "sources.yml", "sharing.yml")
SCRAPS = [
    b"\x00",
    b"\xff\xfe",
    b"\xe9",
    b'"',
    b"'",
    b",",
    b"\n",
    b"\r",
    b"\t",
    b":",
    b": ",
    b"- ",
    b"[",
    b"}",
    b"&a ",
    b"*a",
    b"!!int ",
    b"|",
    b"%",
]
SCRAPS += [
    b"null",
    b"~",
    b".inf",
    b"1e400",
    b"9" * 400,
    b"9999-12-31",
    b"0001-01-01",
    b"31/02/2025",
    b"-1",
    b"end",
    b"start: ",
    "\u2028é".encode(),
]
SCRAPS += [b"\\ud800", b'"\\ud800"', b"<<: ", b"? ", b"\x85", "\u200b\ufeff".encode()]


@st.composite
def mutations(draw: st.DrawFn) -> list[tuple[str, str, float, float, bytes]]:
    """A few changes: which file, what is done, where (as shares of its length), and with what."""
    what = st.sampled_from(["cut", "insert", "replace", "drop-line", "repeat-line", "swap-word", "truncate"])
    share = st.floats(0, 1, allow_nan=False)
    scrap = st.one_of(st.sampled_from(SCRAPS), st.binary(max_size=6), st.text(max_size=6).map(lambda text: text.encode("utf-8", "ignore")))
    return draw(st.lists(st.tuples(st.sampled_from(FILES), what, share, share, scrap), min_size=1, max_size=4))


def mutated(content: bytes, what: str, where: float, far: float, scrap: bytes) -> bytes:
    """The content after one change."""
    at = int(where * len(content))
    to = min(len(content), at + 1 + int(far * 30))
    if what in ("drop-line", "repeat-line"):
        lines = content.splitlines(True) or [b""]
        n = min(int(where * len(lines)), len(lines) - 1)
        return b"".join(lines[:n] + (lines[n : n + 1] * 2 if what == "repeat-line" else []) + lines[n + 1 :])
    if what == "swap-word":
        words = content.split()
        return content.replace(words[int(where * (len(words) - 1))], scrap, 1) if words else scrap
    return {
        "cut": content[:at] + content[to:],
        "insert": content[:at] + scrap + content[at:],
        "replace": content[:at] + scrap + content[to:],
        "truncate": content[:at],
    }[what]


@pytest.fixture(scope="module")
def originals(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    work = tmp_path_factory.mktemp("originals")
    shutil.copytree(root / "places" / "calderdale", work / "five")
    return {"five": work / "five", "nine": nine_teams(work / "nine")}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(which=st.sampled_from(["five", "nine"]), changes=mutations())
def test_a_place_or_findings_whatever_the_bytes(originals, tmp_path_factory, which, changes):
    folder = Path(shutil.copytree(originals[which], tmp_path_factory.mktemp("mutated") / "place"))
    for file, *change in changes:
        path = folder / file
        path.write_bytes(mutated(path.read_bytes() if path.exists() else b"", *change))
    try:
        made = tables(read_place(folder, tuple(contracts())))
    except PlaceError as error:
        check_findings(folder, error.findings)
    else:
        assert made["place_neighbourhood"].num_rows > 0
        assert made["place_practice"].num_rows > 0
    shutil.rmtree(folder)


def check_findings(folder: Path, findings: tuple[Finding, ...]) -> None:
    """At least one, each a sentence about a line that is there."""
    assert findings
    for finding in findings:
        assert finding.message.isprintable()
        assert finding.line is None or 1 <= finding.line <= 1 + count_of_lines(folder / finding.file)


def count_of_lines(path: Path) -> int:
    return len(path.read_bytes().decode("latin-1").replace("\r\n", "\n").replace("\r", "\n").split("\n")) if path.is_file() else 0
