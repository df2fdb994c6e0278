"""DuckDB's own profile of the query of each table of a published build, and in words that of the slowest.

Each table is made once more into the store's tmp, one at a time, so that every figure is of that table alone; what is made is thrown away,
and the build stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from joinedup.engine.manifest import Manifest
from joinedup.engine.measuring import Measured, Watch
from joinedup.engine.on_duckdb import DuckEngine, measured_of
from joinedup.engine.order import inputs_of, order
from joinedup.engine.profiles import SUMMARY, WORDS, BuildProfile, PlanLine, TableProfile, in_words
from joinedup.engine.results import result_columns
from joinedup.engine.specs import TableSpec
from joinedup.engine.store import PRIVATE_FOLDER, Store, atomic_write, store_errors
from joinedup.errors import StoreProblem
from joinedup.progress import Progress, Step, belonging, silent

SLOWEST = 3
SHOWN = ("Join Type", "Conditions", "Function")
"""What is told of an operator besides its rows and seconds: names of columns, and never what a filter compares with, which DuckDB may have
taken from rows. The whole profile stands in the store."""


def profile(specs: Mapping[str, TableSpec], manifest: Manifest, store: Store, progress: Progress = silent) -> BuildProfile:
    """The profiles of a published build, which are in the store then, too; StoreProblem for one that DuckDB didn't make.

    The caller holds the store's lock.
    """
    if manifest.engine != DuckEngine.name:
        made_with = f"build {manifest.build_id} was made with {manifest.software}"
        raise StoreProblem(f"{made_with}, and only DuckDB gives query profiles: build with --engine duckdb")
    folder = store.profiles / manifest.build_id
    with store_errors(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        store.profiles.chmod(PRIVATE_FOLDER)
    engine = DuckEngine.started(store.tmp)
    try:
        found = list(_profiles(specs, manifest, store, folder, engine, belonging(progress, manifest.build_id)))
    finally:
        engine.close()
        store.wipe_tmp()
    found.sort(key=lambda table: -table.measured.seconds)
    tables = tuple(table if at < SLOWEST else table.model_copy(update={"plan": ()}) for at, table in enumerate(found))
    made = BuildProfile(build_id=manifest.build_id, at=datetime.now(UTC).replace(microsecond=0), software=manifest.software, tables=tables)
    atomic_write(folder / SUMMARY, made.model_dump_json(indent=1).encode())
    atomic_write(folder / WORDS, in_words(made).encode())
    return made


def _profiles(  # noqa: PLR0913, PLR0917 - one step of `profile`
    specs: Mapping[str, TableSpec], manifest: Manifest, store: Store, folder: Path, engine: DuckEngine, progress: Progress
) -> Iterator[TableProfile]:
    """The profile of each table, in the order of making."""
    derived = order({name: spec for name, spec in specs.items() if not spec.derived or name in manifest.tables})
    for name in sorted(frozenset().union(*map(inputs_of, derived)) | manifest.tables.keys()):
        record = manifest.tables.get(name) or manifest.inputs.get(name)
        if record is not None:
            engine.show(name, record.lying(store.root))
    for done, spec in enumerate(derived, 1):
        table, whole = _one(spec, manifest, store, engine)
        atomic_write(folder / f"{spec.table}.json", json.dumps(whole, indent=1).encode())
        progress(Step("profile", spec.table, done, len(derived), table.measured.seconds, {"written": table.rows}))
        yield table


def _one(spec: TableSpec, manifest: Manifest, store: Store, engine: DuckEngine) -> tuple[TableProfile, dict[str, Any]]:
    """The profile of a table's query, in short and as DuckDB gives it; what the query made is gone."""
    path, watch = store.tmp / f"{spec.table}.profiled", Watch(part=True)
    whole = engine.write_profiled(spec, result_columns(spec, engine.types(spec), engine.quote), path)
    cost = Measured(**measured_of(whole).model_dump(), seconds=watch.seconds(), processor_seconds=watch.processor())
    path.unlink()
    plan = tuple(_lines(whole.get("operator", ()), 0))
    return TableProfile(table=spec.table, rows=manifest.tables[spec.table].rows, measured=cost, plan=plan), whole


def _lines(operators: Sequence[Mapping[str, Any]], depth: int) -> Iterator[PlanLine]:
    """The operators of a plan that did anything, each before those that it had its rows from."""
    for each in operators:
        kind = str(each.get("type", ""))
        told = kind not in {"RESULT_COLLECTOR", "PROJECTION"}
        if told:
            rows, seconds = int(each.get("intermediate_rows", 0)), round(float(each.get("timing", 0.0)), 3)
            yield PlanLine(depth=depth, operator=kind, about=_about(each.get("extra_info", {})), rows=rows, seconds=seconds)
        yield from _lines(each.get("children", ()), depth + told)


def _about(extra: Mapping[str, Any]) -> str:
    """What an operator works on, in names."""
    files = [Path(str(file)).name.rpartition("-")[0] or Path(str(file)).stem for file in _listed(extra.get("Filename(s)"))]
    if files:
        return ", ".join(dict.fromkeys(files))
    return " ".join(", ".join(_listed(extra[name])) for name in SHOWN if name in extra)


def _listed(value: Any) -> list[str]:  # noqa: ANN401 - as DuckDB gives it: nothing, one or a list
    if value in (None, ""):
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
