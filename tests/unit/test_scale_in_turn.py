"""All sizes measured anew by one command: what the smaller ones say of the last is written down before it is measured."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import scale


def test_the_last_size_is_predicted_before_it_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "results.json"
    out.write_text(json.dumps({"sizes": {"12": {"people": 12}}, "predicted": {"12": {"made": "long ago"}}}), encoding="utf-8")
    known: list[tuple[int, list[str]]] = []

    def measured(_base: object, times: int, asked: argparse.Namespace, _one: dict[str, Any]) -> dict[str, Any]:
        written = json.loads(out.read_text(encoding="utf-8")) if known else {"predicted": {}}
        known.append((times, list(written["predicted"])))
        looks = {name: {"median ms": 1.0} for name in ("reader", "reader, file not in memory", "a new reader each time", "door")}
        figures = {name: float(times) for name in scale.PREDICTED}
        return {"people": times * asked.people, "figures": figures, "build over copy": 7.0, "one person by id": looks, "tables": {}}

    monkeypatch.setattr(scale, "measured", measured)
    monkeypatch.setattr(scale, "read_landing", lambda _: None)
    asked = ["scale", "--base", str(tmp_path), "--people", "100", "--sizes", "1,5,12", "--in-turn", "--out", str(out)]
    monkeypatch.setattr("sys.argv", asked)
    scale.main()
    results = json.loads(out.read_text(encoding="utf-8"))
    assert known == [(1, []), (5, []), (12, ["12"])]
    assert results["predicted"]["12"]["figures"]["copy, processor seconds"]["predicted"] == 12.0
    assert results["predicted"]["12"]["from"] == [100, 500]
    assert results["exponent of the build"] == 1.0
