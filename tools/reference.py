"""Writes docs/reference from the .yml files and the command line: `python -m tools.reference [--check]`.

With --check nothing is written: a page that would change is named, and the exit status is 1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click
import yaml

from benchmarks.gauntlet.cases import all_cases
from benchmarks.gauntlet.held import held_by
from joinedup.build import all_specs
from joinedup.cli import main as command_line
from joinedup.engine.order import inputs_of
from joinedup.engine.portable_lessons import RUNS, Example, examples
from joinedup.engine.specs import Case, TableSpec
from joinedup.sources.contract import ContractField, ContractSpec, contracts
from joinedup.sources.restricted import legal_codes, restricted_list

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
MADE = "<!-- Made by `make docs` from {source}; edit that, not this. -->\n"


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; nothing stays an empty cell."""

    def line(cells: Iterable[object]) -> str:
        return "| " + " | ".join("" if cell is None else str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    names = list(header)
    return "\n".join([line(names), line(["---"] * len(names)), *(line(row) for row in rows)])


def layer_of(spec: TableSpec) -> str:
    """The room of the house that a table belongs to; a landed table belongs to sources."""
    if spec.path is None:
        return "sources"
    return spec.path.relative_to(ROOT / "joinedup").parts[0]


def case_text(case: Case) -> str:
    """One case: what is given, what is expected."""
    parts = [f"**{case.name}**\n"]
    for name, rows in case.given.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        parts.append(f"`{name}`\n\n" + (table(columns, ([row.get(c) for c in columns] for row in rows)) if rows else "no rows") + "\n")
    columns = list(dict.fromkeys(column for row in case.expect for column in row))
    expected = table(columns, ([row.get(c) for c in columns] for row in case.expect)) if case.expect else "no rows"
    parts.append("gives\n\n" + expected + "\n")
    return "\n".join(parts)


def table_page(spec: TableSpec) -> str:
    """One table: grain, columns, what it reads, its SQL and its cases."""
    columns = ((f"`{c.name}`", c.type, "yes" if c.required else "", c.unit, c.meaning) for c in spec.columns)
    reads = ", ".join(f"[{name}]({name}.md)" for name in sorted(inputs_of(spec))) if spec.derived else ""
    parts = [
        MADE.format(source=f"{layer_of(spec)}/{spec.table}.yml" if spec.path else "the contract"),
        f"# `{spec.table}`\n\n{spec.title}.\n",
        f"- Grain: {spec.grain}\n- Key: {', '.join(f'`{k}`' for k in spec.key)}\n- Layer: {layer_of(spec)}\n- Version: {spec.version}",
        f"- Owner: {spec.owner}\n- Source: {spec.source}" + (f"\n- Reads: {reads}" if reads else ""),
        f"\n{spec.about}\n" if spec.about else "",
        "## Columns\n\n" + table(("column", "type", "never missing", "unit", "meaning"), columns) + "\n",
    ]
    if spec.sql:
        parts.append(f"## SQL\n\n```sql\n{spec.sql.strip()}\n```\n")
    if spec.cases:
        parts.append("## Cases\n\nRun as tests on every engine.\n\n" + "\n".join(map(case_text, spec.cases)))
    return "\n".join(parts)


def dated_codes(field: ContractField) -> str:
    """The codes of a field that have a time or a successor, in words."""
    said = []
    for code, each in field.dated.items():
        times = [f"from {each.starts}"] * bool(each.starts) + [f"before {each.ends}"] * bool(each.ends)
        told = " ".join([code, "" if code in field.codes else each.meaning, *times, f"read as {each.becomes}" if each.becomes else ""])
        said.append(" ".join(told.split()) + (f" ({each.source})" if each.source else ""))
    return " In their time only: " + "; ".join(said) if said else ""


def contract_page(spec: ContractSpec) -> str:
    """One contract: fields, rules and what happens to a row that breaks them."""
    fields = (
        (
            f"`{f.name}`",
            f.type,
            "identifier" if f.identifier else f"`{f.landed}`",
            ", ".join(w for w, on in (("column", f.header_required), ("value", f.required)) if on),
            f.meaning + (" Codes: " + "; ".join(f"{code} {text}" for code, text in f.codes.items()) if f.codes else "") + dated_codes(f),
            ", ".join(f"`{name}`" for name in f.also),
        )
        for f in spec.fields
    )
    rules = ((r.name, r.effect, f"`{r.when}`", r.message, r.endangers) for r in spec.rules)
    return "\n".join(
        [
            MADE.format(source=f"sources/{spec.contract}.yml"),
            f"# Contract `{spec.contract}`\n\n{spec.title}.\n",
            f"- Grain: {spec.grain}\n- Key: {', '.join(f'`{k}`' for k in spec.key)}\n- Sector: {spec.sector}",
            f"- Owner: {spec.owner}\n- Source: {spec.source}\n- Version: {spec.version}\n\n{spec.about}\n",
            f"## When a record comes again\n\n{spec.resubmission.strip()}\n{known_by(spec)}",
            "## Fields\n\n" + table(("field", "written as", "landed as", "must be there", "meaning", "also called"), fields) + "\n",
            "## Rules\n\n" + table(("rule", "effect", "when", "meaning", "endangers"), rules) + "\n",
        ]
    )


def known_by(spec: ContractSpec) -> str:
    """By what two rows are known to be of one person, where the key names one."""
    if spec.key[0] != "NHS_NUMBER":
        return ""
    ways = [f"`{name}`" for name in spec.same_person.known_by]
    if spec.same_person.by_name:
        ways.append("full name and date of birth")
    number = f" The record itself is known by `{spec.same_person.record}`." if spec.same_person.record else ""
    return f"\nPersons are known by {', else '.join(ways)}.{number}\n"


def measure_page() -> str:
    """Every measure with its definition and where that comes from."""
    parts = [MADE.format(source="outcomes/measures/*.yml"), "# Measures\n"]
    for path in sorted((ROOT / "joinedup" / "outcomes" / "measures").glob("*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        parts.append(f"## {content.pop('title')}\n\n`{path.stem}`\n")
        parts.append(table(("", ""), ((f"**{key.replace('_', ' ')}**", measure_value(value)) for key, value in content.items())) + "\n")
    return "\n".join(parts)


def measure_value(value: object) -> object:
    """A value of a description in words; of variants and cases what they are called, since pages and tests show the whole."""
    if isinstance(value, dict):
        return "; ".join(f"{key.replace('_', ' ')}: {measure_part(each)}" for key, each in value.items())
    if isinstance(value, list):
        return "; ".join(measure_named(each) for each in value)
    return value


def measure_named(value: object) -> str:
    """What a variant or case is called, of a variant by what it is asked for, too."""
    if not isinstance(value, dict):
        return str(value)
    return f"{value['title']} (`{value['id']}`)" if "id" in value else str(value["name"])


def measure_part(value: object) -> str:
    """A value within another: conditions by their columns, what a variant takes away as such."""
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {measure_part(each)}" for key, each in value.items()) or "all"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "as such"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


REFUSED = """# What portable SQL refuses, and what to write instead

Each table's SQL runs word for word on DuckDB and on Spark ([why](../explanation/portable-sql.md)). The linter refuses the rest;
`joinedup sql FILE` shows the place and what to write, and `--fix` writes it where that can't change what the query means
([how to](../how-to/write-a-table.md)). These are its words. Each example is tried on both engines by a test: what is written instead
gives the same answer on both, and what comes of the refused one is as said here.

The examples are values of each row of this table, or whole queries:
"""


def refused_page() -> str:
    """Everything that the linter refuses, by rule, in its own words."""
    told = examples()
    parts = [
        MADE.format(source="engine/lessons.yml and the linter"),
        REFUSED,
        table((column.name for column in told.table.columns), told.rows) + "\n",
        "What comes of what is refused: " + "; ".join(f"**{name}**: {what}" for name, what in RUNS.items()) + ".\n",
    ]
    by_rule: dict[str, list[Example]] = {}
    for example in told.examples:
        by_rule.setdefault(example.refusals[0].rule, []).append(example)
    for rule in sorted(by_rule):
        rows = ((f"`{e.refused}`", f"`{e.portable}`", e.refusals[0].message, e.runs, "yes" if e.mended else "") for e in by_rule[rule])
        header = ("refused", "for example, write", "what the linter says", "what comes of it", "`--fix`")
        parts.append(f"## {rule}\n\n" + table(header, rows) + "\n")
    return "\n".join(parts)


GAUNTLET = """# The gauntlet

Every broken input and fault that is tried against one build of an invented place, by `make gauntlet`: what is broken, what must come of
it, and the test that holds it in each run of the tests. After each it is looked at, besides, that the published build is whole and that
nothing printed holds a planted name or number.
"""


def gauntlet_page() -> str:
    """Every case of the gauntlet, by kind."""
    cases = all_cases()
    kinds = list(dict.fromkeys(case.kind for case in cases))
    tests = {test: number for number, test in enumerate(dict.fromkeys(test for case in cases for test in held_by(case)), 1)}
    parts = [MADE.format(source="benchmarks/gauntlet"), GAUNTLET, f"{len(cases)} cases.\n"]
    parts += ["The tests, by number:\n", "\n".join(f"{number}. `{test}`" for test, number in tests.items()) + "\n"]
    for kind in kinds:
        rows = (
            (f"`{case.id}`", case.broken, case.expected, ", ".join(str(tests[test]) for test in held_by(case)))
            for case in cases
            if case.kind == kind
        )
        parts.append(f"## {kind}\n\n" + table(("case", "what is broken", "what must come of it", "held by"), rows) + "\n")
    return "\n".join(parts)


def command_page() -> str:
    """The help of every verb."""
    parts = [MADE.format(source="joinedup/cli"), "# Command line\n"]
    parent = click.Context(command_line, info_name="joinedup")
    for name, command in command_line.commands.items():
        with click.Context(command, info_name=name, parent=parent, max_content_width=110, terminal_width=110) as context:
            parts.append(f"## `joinedup {name}`\n\n```text\n{command.get_help(context)}\n```\n")
            for below, verb in command.commands.items() if isinstance(command, click.Group) else ():
                with click.Context(verb, info_name=below, parent=context, max_content_width=110, terminal_width=110) as inner:
                    parts.append(f"### `joinedup {name} {below}`\n\n```text\n{verb.get_help(inner)}\n```\n")
    return "\n".join(parts)


def restricted_page() -> str:
    """The list of legally restricted codes: what it covers, what it doesn't, where codes are looked for, and every code."""
    told, codes = restricted_list(), legal_codes()
    systems = [
        (name, each.means, *(sum(c.system == name and c.kind == kind for c in codes) or "" for kind in told.kinds))
        for name, each in told.systems.items()
    ]
    fields = (
        (f"[{contract}](contracts/{contract}.md)", f"`{names}`", ", ".join(held.systems), held.drops)
        for contract, each in told.held_in.items()
        for names, held in each.items()
    )
    return "\n".join(
        [
            MADE.format(source="sources/restricted_codes.yml and .csv"),
            f"# {told.title}\n\n- Version: {told.version}\n- Owner: {told.owner}\n- Source: {told.source}\n\n{told.about}\n",
            "What is done with such codes is in [kept out by law](../explanation/kept-out.md).\n",
            "## What it covers\n\n" + table(("kind", "law"), told.kinds.items()) + "\n",
            "Codes of each system and kind; nothing stands where the list has none, and such codes pass:\n",
            table(("system", "how codes are compared", *told.kinds), systems) + "\n",
            "## What it doesn't cover\n\n" + "\n".join(f"- {each}" for each in told.not_covered) + "\n",
            f"## A list of your own\n\n{told.own_list}\n",
            "## Where codes are looked for\n\n" + table(("contract", "fields", "systems", "what is dropped"), fields) + "\n",
            "## Every code\n\n"
            + table(("system", "code", "kind", "meaning"), ((c.system, f"`{c.code}`", c.kind, c.meaning) for c in codes))
            + "\n",
        ]
    )


def pages() -> dict[Path, str]:
    """Every page of the reference, by path."""
    specs = all_specs()
    made = {REFERENCE / "tables" / f"{name}.md": table_page(spec) for name, spec in specs.items()}
    made |= {REFERENCE / "contracts" / f"{name}.md": contract_page(spec) for name, spec in contracts().items()}
    made[REFERENCE / "measures.md"] = measure_page()
    made[REFERENCE / "command-line.md"] = command_page()
    made[REFERENCE / "restricted-codes.md"] = restricted_page()
    made[REFERENCE / "refused-sql.md"] = refused_page()
    made[REFERENCE / "gauntlet.md"] = gauntlet_page()
    tables = (
        (f"[{n}](tables/{n}.md)", layer_of(s), s.title, s.grain) for n, s in sorted(specs.items(), key=lambda i: (layer_of(i[1]), i[0]))
    )
    listed = ((f"[{name}](contracts/{name}.md)", spec.title, spec.grain) for name, spec in contracts().items())
    made[REFERENCE / "README.md"] = "\n".join(
        [
            MADE.format(source="every .yml of the package"),
            "# Reference\n\n- [Command line](command-line.md)\n- [Measures](measures.md)",
            "- [Legally restricted codes](restricted-codes.md)\n- [What portable SQL refuses](refused-sql.md)",
            "- [The gauntlet](gauntlet.md): what is broken, and what must come of it\n",
            "## Contracts\n\n" + table(("contract", "title", "grain"), listed) + "\n",
            "## Tables\n\n" + table(("table", "layer", "title", "grain"), tables) + "\n",
        ]
    )
    return {path: text.rstrip() + "\n" for path, text in made.items()}


def main(check: bool) -> int:
    """0 when the reference is, or has been made, as the .yml files say; 1 when a check finds it stale."""
    made = pages()
    there = set(REFERENCE.rglob("*.md"))
    stale = [path for path, text in made.items() if path not in there or path.read_text(encoding="utf-8") != text]
    gone = sorted(there - set(made))
    if check:
        for path in [*stale, *gone]:
            sys.stderr.write(f"{path.relative_to(ROOT)} is not what the .yml files say: run make docs\n")
        return 1 if stale or gone else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path], encoding="utf-8")
    for path in gone:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
