"""The verb sql: a table's SQL read, explained and mended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cli.shared import example, open_place

if TYPE_CHECKING:
    from joinedup.engine.specs import TableSpec
    from joinedup.engine.teaching import Lesson
    from joinedup.population.pairs import Pair

ENGINES = {"both": ("duckdb", "spark"), "duckdb": ("duckdb",), "spark": ("spark",), "none": ()}


@click.command(
    epilog=example(
        "joinedup sql spell --plan duckdb",
        "joinedup sql spell --plan spark",
        "joinedup sql my_table.sql",
        "joinedup sql my_table.sql --fix",
        "joinedup sql my_table.sql --format json",
        "joinedup sql places/mine/cohorts/diabetes_and_depression.sql",
        "joinedup sql cohort_member --place places/mine",
    )
)
@click.argument("table", metavar="FILE")
@click.option(
    "--place",
    "place_folder",
    metavar="PLACE",
    type=click.Path(path_type=Path),
    help="The place whose own cohorts, segment models and conditions count, too; known where FILE lies in its folder.",
)
@click.option("--fix", is_flag=True, help="Mend what can be mended without a change of meaning, in the file itself.")
@click.option(
    "--plan", "plans", type=click.Choice(list(ENGINES)), default="both", show_default=True, help="Whose plan to show; Spark takes a while."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="JSON gives what is refused."
)
def sql(table: str, place_folder: Path | None, fix: bool, plans: str, form: str) -> None:
    """Explain a table's SQL, or say what to write instead.

    What isn't portable is shown with its replacement; of what is, what it reads and gives, its grain, its cases and its plans.
    FILE is a .sql file, with its .yml beside it where there is one (a place's cohort or segment model among them), or the name of a
    table that joinedup has. With --fix what is
    written in one engine's own way is written in that of both; where the engines would give different answers, it is left to you.
    Ends with 0 when all is well, 3 when something in the SQL is at fault.
    """
    from joinedup.engine.teaching import lessons_of, unknown_tables
    from joinedup.errors import SqlError

    spec, specs = _asked_for(table, place_folder, fix)
    lessons = lessons_of(spec, specs) if spec.derived else []
    if form == "json":
        click.echo(json.dumps([_as_json(lesson) for lesson in lessons], indent=1))
    elif lessons:
        from joinedup.cli.sql_shown import lesson_lines

        click.echo("\n".join(lesson_lines(spec.sql_file, spec.sql or "", lessons)))
    if lessons:
        raise SqlError(_tally(spec, lessons))
    unknown = unknown_tables(spec, specs)
    if unknown:
        raise SqlError(f"{spec.sql_file}: {unknown[0].message}", unknown)
    if form == "text":
        _explain(spec, specs, plans)


def _asked_for(table: str, place_folder: Path | None, fix: bool) -> tuple[TableSpec, dict[str, TableSpec]]:
    """The table of a file, mended where that is wished, or of a name, and every table that it may read."""
    from joinedup.build import all_specs
    from joinedup.engine.teaching import read_table

    path = Path(table)
    pair = _pair_of(path, place_folder)
    if pair is not None:
        return _of_pair(pair, path, fix)
    specs = all_specs() if place_folder is None else all_specs(open_place(place_folder))
    if path.suffix == ".sql" or path.is_file():
        if not path.is_file():
            raise click.BadParameter(f"'{path}' does not exist", param_hint="FILE")
        spec, specs = read_table(path, specs)
        if fix:
            spec = _fixed(path, spec, specs)
            specs = specs | {spec.table: spec}
        return spec, specs
    if fix:
        raise click.UsageError("--fix changes a file: name the .sql file, not the table")
    return _known(table, specs), specs


def _of_pair(pair: Pair, path: Path, fix: bool) -> tuple[TableSpec, dict[str, TableSpec]]:
    """The table of a place's cohort or segment model, and what it may read, whatever state its others are in; SqlError as check has it."""
    from joinedup.build import readable_by_pairs
    from joinedup.errors import SqlError
    from joinedup.findings import errors
    from joinedup.population.pairs import findings_of

    specs = readable_by_pairs(path.parent.parent)
    if fix:
        spec = _fixed(path, pair.spec, specs)
    elif faults := [
        each for each in errors(findings_of(pair, specs)) if each.rule in ("unknown-column", "unknown-table", "pair-form", "pair-people")
    ]:
        raise SqlError(f"{faults[0].where}: {faults[0].message}", faults)
    else:
        spec = pair.spec
    return spec, specs | {spec.table: spec}


def _pair_of(path: Path, place_folder: Path | None) -> Pair | None:
    """The cohort or segment model of a place folder that a file is part of; SqlError where its two files can't be read together."""
    from joinedup.errors import SqlError
    from joinedup.findings import errors
    from joinedup.population.pairs import KINDS, read_pairs

    folder = path.parent.parent
    if not path.is_file() or path.parent.name not in KINDS or not (place_folder or (folder / "place.yml").is_file()):
        return None
    found, findings = read_pairs(folder, "place")
    mine = [each for each in findings if each.file.rpartition(".")[0] == f"{path.parent.name}/{path.stem}"]
    if faults := errors(mine):
        raise SqlError(f"{faults[0].where}: {faults[0].message}", faults)
    return next((each for each in found if (each.kind, each.id) == (path.parent.name, path.stem)), None)


def _known(name: str, specs: dict[str, TableSpec]) -> TableSpec:
    """The table of that name; a usage error that names the nearest where there is none."""
    from difflib import get_close_matches

    found = specs.get(name.lower())
    if found is None:
        near = get_close_matches(name.lower(), specs, n=1, cutoff=0.0)
        raise click.BadParameter(f"'{name}' does not exist, as a file or as a table; the nearest is {near[0]}", param_hint="FILE")
    return found


def _fixed(path: Path, spec: TableSpec, specs: dict[str, TableSpec]) -> TableSpec:
    """The table after mending, which is told and written to its file."""
    from joinedup.cli.sql_shown import changed_lines
    from joinedup.engine.portable_fixes import fixed
    from joinedup.engine.teaching import known_reads

    before = spec.sql or ""
    mended = fixed(before, known_reads(spec, specs))
    if mended.sql != before:
        path.write_bytes(mended.sql.encode("utf-8"))
        click.echo("\n".join(changed_lines(path.name, before, mended.sql)) + "\n")
    click.echo(f"{path.name}: {len(mended.fixes)} mended", err=True)
    return spec.model_copy(update={"sql": mended.sql})


def _as_json(lesson: Lesson) -> dict[str, object]:
    refusal = lesson.refusal
    place = {"start": refusal.span[0], "end": refusal.span[1]} if refusal.span else {}
    said: dict[str, object] = {"rule": refusal.rule, "line": refusal.line, **place, "message": refusal.message}
    return said | ({"fix": lesson.fix.now} if lesson.fix is not None else {})


def _tally(spec: TableSpec, lessons: list[Lesson]) -> str:
    many, mended = len(lessons), sum(lesson.fix is not None for lesson in lessons)
    things = "1 thing isn't" if many == 1 else f"{many} things aren't"
    can = f"; --fix can mend {mended} of them" if mended and many > 1 else "; --fix can mend it" if mended else ""
    return f"{spec.sql_file}: {things} portable{can}"


def _explain(spec: TableSpec, specs: dict[str, TableSpec], plans: str) -> None:
    """Nothing; the table is told. SqlError when it doesn't give what its .yml declares."""
    from joinedup.cli.sql_shown import explained_lines, reader_lines, source_lines
    from joinedup.engine.order import inputs_of
    from joinedup.engine.teaching import explain
    from joinedup.errors import SqlError

    readers = sorted(name for name, other in specs.items() if spec.table in inputs_of(other))
    if not spec.derived:
        click.echo("\n".join(source_lines(spec, readers)))
        return
    explained = explain(spec, specs, ENGINES[plans])
    click.echo("\n".join([*explained_lines(explained), *reader_lines(readers)]))
    if explained.findings:
        raise SqlError(f"{explained.findings[0].file}: {explained.findings[0].message}", explained.findings)
    for plan in explained.plans:
        if plan.at_fault:
            raise SqlError(plan.why_not)
    wrong = [name for name, differs in explained.cases if differs]
    if wrong:
        raise SqlError(f"{spec.table}.yml: {len(wrong)} of {len(explained.cases)} cases give something else than is expected")
