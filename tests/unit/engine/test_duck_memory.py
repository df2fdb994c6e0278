"""How much memory a connection may take before it goes to disk."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from joinedup.engine.duck import BUILD_MEMORY, MEMORY, USUAL_MEMORY, connect
from joinedup.engine.on_duckdb import DuckEngine
from joinedup.engine.results import result_columns
from joinedup.errors import StoreProblem

from .made_up import table


def limit(**asked: object) -> int:
    [(size,)] = connect(**asked).execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchall()  # type: ignore[arg-type]
    return int(size)


def test_a_connection_that_can_spill_has_a_limit_that_does_not_grow_with_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(MEMORY, raising=False)
    assert 0.9 * min(USUAL_MEMORY, limit() / 2) < limit(spill=tmp_path) <= USUAL_MEMORY


def test_the_setting_and_the_argument_go_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY, "1GB")
    assert limit(spill=tmp_path) == pytest.approx(1e9, rel=0.05)
    assert limit(spill=tmp_path, memory_limit="2GB") == pytest.approx(2e9, rel=0.05)


@pytest.mark.parametrize("said", ["plenty", "GB", "'; DROP TABLE x; --"])
def test_what_is_no_amount_of_memory_is_refused_in_words(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY, said)
    with pytest.raises(StoreProblem, match=r"JOINEDUP_MEMORY is .* write for example 8GB"):
        connect(spill=tmp_path)


def test_more_than_the_limit_goes_to_disk_and_comes_back(tmp_path: Path) -> None:
    con = connect(spill=tmp_path / "spill", memory_limit="60MB", threads=1)
    con.execute("CREATE TABLE numbers AS SELECT range AS a, hash(range) AS b, hash(range, 1) AS c FROM range(6000000)")
    assert any((tmp_path / "spill").iterdir())
    assert con.execute("SELECT count(*), sum(a) FROM numbers WHERE b = hash(a)").fetchall() == [(6_000_000, 17_999_997_000_000)]


def test_a_build_has_a_limit_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MEMORY, raising=False)
    engine = DuckEngine.started(tmp_path)
    [(limit,)] = engine.connection.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchall()
    engine.close()
    assert limit <= BUILD_MEMORY


def test_a_table_of_several_is_sorted_within_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY, "150MB")
    columns = {"person": "BIGINT", "id": "BIGINT", "name": "STRING", "other": "STRING"}
    each = " UNION ALL ".join(f"SELECT person, id * 6 + {number} AS id, name, other FROM given" for number in range(6))
    spec = table("together", columns, key=["id"], sort=["person"], sql=each)
    engine = DuckEngine.started(tmp_path)
    engine.connection.execute(
        f"COPY (SELECT CAST(hash(range) >> 1 AS BIGINT) AS person, range AS id, 'a word of no meaning ' || range AS name, "
        f"'another, which is longer ' || hash(range) AS other FROM range(500000)) TO '{tmp_path}/given.parquet' (FORMAT parquet)"
    )
    engine.show("given", tmp_path / "given.parquet")
    cost = engine.write(spec, result_columns(spec, engine.types(spec), engine.quote), tmp_path / "rows.parquet")
    engine.close()
    assert pq.read_metadata(tmp_path / "rows.parquet").num_rows == 3_000_000
    assert cost.spilled
