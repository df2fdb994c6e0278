"""Which files are written, and what they are called."""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np
import pytest

from joinedup.errors import PlaceError
from joinedup.place.model import Source
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.seasons import span_to
from joinedup.sources.synthetic.synthesis import MAKERS
from joinedup.sources.synthetic.targets import Target, targets_of
from tests.unit.sources.synthetic.places import AS_AT, plain_place


def source(*files: str, contract: str = "apc", **changes: object) -> Source:
    return Source(name=f"{contract}-{len(files)}", partner="trust", contract=contract, files=files, **changes)


def targets(*sources: Source) -> list[Target]:
    return targets_of(plain_place(sources=sources), span_to(AS_AT), tuple(MAKERS))


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("apc.csv", ["apc.csv"]),
        ("drops/apc.csv.gz", ["drops/apc.csv.gz"]),
        ("apc_*.csv", ["apc_2024-04_to_2025-03.csv", "apc_2025-04_to_2026-03.csv"]),
        ("apc*", ["apc2024-04_to_2025-03.csv", "apc2025-04_to_2026-03.csv"]),
        ("*/apc_?[ab].parquet", None),
        ("**/apc_*.csv", ["apc_2024-04_to_2025-03.csv", "apc_2025-04_to_2026-03.csv"]),
        ("*apc*.csv", ["apc2024-04_to_2025-03.csv", "apc2025-04_to_2026-03.csv"]),
    ],
)
def test_patterns_become_names_that_they_match(entry: str, names: list[str] | None) -> None:
    found = [target.file for target in targets(source(entry))]
    assert names is None or found == names
    assert all(fnmatchcase(name, entry.replace("**/", "")) and not name.startswith("/") for name in found)


def test_a_register_is_one_list_as_it_stands() -> None:
    assert [target.file for target in targets(source("list_*.csv", contract="register"))] == ["list_2026-03-31.csv"]


@pytest.mark.parametrize("files", [("apc.xlsx",), ("apc",), ("apc_[x",)])
def test_a_file_that_cannot_be_written_is_refused(files: tuple[str, ...]) -> None:
    with pytest.raises(PlaceError, match="no file can be written for"):
        targets(source(*files))


def test_a_contract_that_cannot_be_invented_is_refused() -> None:
    with pytest.raises(PlaceError, match=r"extracts of tea_leaves can't be invented yet; those that can are .*register"):
        targets(source("tea.csv", contract="tea_leaves"))


def test_a_file_that_two_sources_would_read_is_refused() -> None:
    with pytest.raises(PlaceError, match=r"deaths.csv would be read for apc-1 and deaths-1"):
        targets(source("*.csv"), source("deaths.csv", contract="deaths"))


def test_each_row_goes_into_one_file_of_its_source(plain_block: Block) -> None:
    sources = (source("a.csv", "b.csv", "c.csv"), source("list_a.csv", "list_b.csv", contract="register"))
    for contract in ("apc", "register"):
        rows = MAKERS[contract](plain_block)
        mine = [target for target in targets(*sources) if target.source.contract == contract]
        rows.source[:] = mine[0].position
        parts = [target.rows(rows) for target in mine]
        assert sorted(np.concatenate(parts).tolist()) == list(range(len(rows.person)))
        assert all(len(part) > len(rows.person) / len(mine) / 2 for part in parts)
