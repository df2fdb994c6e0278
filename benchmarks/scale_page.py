"""The tables of docs/explanation/scale.md, from the figures of benchmarks/scale.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SHOWN = 12
"""Tables of a build that are named; the others are told together."""
BEGIN, END = "<!-- figures: written by python -m benchmarks.scale --page -->", "<!-- figures end -->"
PLANNED = {"a place": 210_000, "an integrated care system": 2_500_000, "a region": 10_000_000, "England": 57_000_000}
OF_A_PLAN = ("landed MB", "built MB", "spilled MB", "build, processor seconds", "build, MB of memory")


def write_page(page: Path, results: dict[str, Any]) -> None:
    """Nothing; what stands between the two marks of a page are these figures, and nothing else of it is other than before."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{lines(results)}\n\n{END}{after}", encoding="utf-8")


def lines(results: dict[str, Any]) -> str:
    """Sizes beside one another, predictions beside what was measured, and shares by table, in Markdown."""
    sizes = sorted(results["sizes"].values(), key=lambda size: size["people"])
    parts = [_sizes(sizes, results.get("exponent of the build"))]
    parts += [_prediction(each, results["sizes"].get(times)) for times, each in sorted(results["predicted"].items())]
    alone = [size for size in sizes if size.get("build, one table at a time")]
    parts += [_shares(alone[-1])] if alone else []
    parts += [_plan(sizes[0], sizes[-1])] if len(sizes) > 1 else []
    return "\n\n".join(parts)


def _table(head: list[str], rows: list[list[Any]]) -> str:
    told = [[_told(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *told])


def _told(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _sizes(sizes: list[dict[str, Any]], exponent: float | None) -> str:
    if not sizes:
        return "nothing measured yet"
    names = list(sizes[0]["figures"])
    rows: list[list[Any]] = [[name, *(size["figures"].get(name, "") for size in sizes)] for name in names]
    rows.append(["build over copy, processor", *(size["build over copy"] for size in sizes)])
    for name in ("reader, file not in memory", "a new reader each time", "door"):
        rows.append([f"one person, {name}, median ms", *(size["one person by id"][name]["median ms"] for size in sizes)])
    told = _table(["", *(f"{size['people']:,} people" for size in sizes)], rows)
    return told + (f"\n\nExponent of the build's processor seconds over people: {exponent}." if exponent is not None else "")


def _prediction(told: dict[str, Any], measured: dict[str, Any] | None) -> str:
    rows: list[list[Any]] = []
    for name, each in told["figures"].items():
        found = "not measured yet" if measured is None else measured["figures"][name]
        share = "" if measured is None or not each["predicted"] else f"{found / each['predicted']:.2f}"
        rows.append([name, each["once"], each["for a million"], each["predicted"], found, share])
    said = f"Predicted for {told['people']:,} people on {told['made'][:16]} from {' and '.join(f'{n:,}' for n in told['from'])}:\n\n"
    return said + _table(["", "once", "for each million people", "predicted", "measured", "measured over predicted"], rows)


def _shares(size: dict[str, Any]) -> str:
    dearest = sorted(size["tables"].items(), key=lambda each: -(each[1]["processor seconds"] or 0))
    whole = sum(each["processor seconds"] or 0 for _, each in dearest)
    rows: list[list[Any]] = [
        [name, each["rows"], each["processor seconds"] or 0.0, f"{100 * (each['processor seconds'] or 0) / whole:.1f}%", each["MB"]]
        for name, each in dearest[:SHOWN]
    ]
    rest = sum(each["processor seconds"] or 0 for _, each in dearest[SHOWN:])
    rows.append(
        [f"the other {len(dearest) - SHOWN}", "", rest, f"{100 * rest / whole:.1f}%", sum(each["MB"] for _, each in dearest[SHOWN:])]
    )
    return f"Of {size['people']:,} people, a table at a time:\n\n" + _table(["table", "rows", "processor seconds", "share", "MB"], rows)


def _plan(least: dict[str, Any], most: dict[str, Any]) -> str:
    """What the line through the least and the greatest size says of each kind of place; memory is as it was at the greatest."""
    rows: list[list[Any]] = []
    between = (most["people"] - least["people"]) / 1e6
    for name in OF_A_PLAN:
        low, high = least["figures"][name], most["figures"][name]
        each = (high - low) / between
        once = low - each * least["people"] / 1e6
        flat = name == "build, MB of memory"
        told = [high if flat else round(once + each * people / 1e6) for people in PLANNED.values()]
        rows.append([name, "as at the greatest size" if flat else f"{once:,.1f} + {each:,.1f} for each million", *told])
    said = f"The line through {least['people']:,} and {most['people']:,} people, drawn on:\n\n"
    return said + _table(["", "arithmetic", *(f"{name}, {people:,}" for name, people in PLANNED.items())], rows)
