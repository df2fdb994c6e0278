"""Nothing of a place can be read by another user of the machine, and nothing above the doors opens a build's files."""

from __future__ import annotations

import ast
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

ANOTHER = 65_534
"""The account nobody, on Linux and macOS alike in what it may not do."""
OPENERS = {"duckdb", "pyspark", "pyarrow.parquet", "pyarrow.dataset", "joinedup.engine.reader"}
ABOVE = ("papers", "cli", "demo.py", "report.py", "session.py", "land.py")
"""What stands above the doors; tabular.py writes Parquet, and reads none."""


def ours(folder: Path) -> list[Path]:
    """What must be private: the store with registers, log and seals, pages, exports and the key."""
    tops = [folder / name for name in ("store", "internal", "public", "person.csv", "one.xlsx", "key")]
    return [path for top in tops for path in (top, *(top.rglob("*") if top.is_dir() else ()))]


@pytest.fixture
def looked_at(laid_out: Path) -> Iterator[Path]:
    """The folder, its databases held open: the files that SQLite has beside one go with whoever closes it last, whenever that is."""
    with ExitStack() as held:
        for path in sorted((laid_out / "store").rglob("*.sqlite")):
            connection = held.enter_context(closing(sqlite3.connect(path)))
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        yield laid_out


def test_no_other_user_may_do_anything_with_any_file_or_folder(looked_at: Path) -> None:
    kinds = {path.suffix for path in ours(looked_at)}
    assert {".parquet", ".sqlite", ".json", ".html", ".csv", ".svg"} <= kinds
    open_to_others = [str(path.relative_to(looked_at)) for path in ours(looked_at) if path.stat().st_mode & 0o077 and not path.is_symlink()]
    assert open_to_others == []


def test_another_user_who_tries_reads_nothing(looked_at: Path) -> None:
    """As root it really tries, as another user; else what the kernel would decide by is looked at: owner, group and bits."""
    files = [path for path in ours(looked_at) if path.is_file()]
    assert len(files) > 100
    if os.geteuid() == 0:
        tried = subprocess.run(["/bin/cat", *files], capture_output=True, user=ANOTHER, group=ANOTHER, extra_groups=[], check=False)
        listed = subprocess.run(
            ["/bin/ls", looked_at / "store"], capture_output=True, user=ANOTHER, group=ANOTHER, extra_groups=[], check=False
        )
        assert (tried.stdout, listed.stdout) == (b"", b"")
        assert tried.stderr.count(b"Permission denied") == len(files)
    else:
        assert all(path.stat().st_uid == os.geteuid() and not path.stat().st_mode & 0o077 for path in files)


def test_what_is_above_the_doors_opens_no_file_of_a_build(root: Path) -> None:
    package = root / "joinedup"
    for name in ABOVE:
        for path in sorted((package / name).rglob("*.py")) if (package / name).is_dir() else [package / name]:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
            plain |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
            assert not plain & OPENERS, path
    written = (package / "tabular.py").read_text(encoding="utf-8")
    assert "read_table" not in written
    assert "ParquetFile" not in written
