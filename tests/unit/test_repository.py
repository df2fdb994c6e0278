"""What the repository promises about itself."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from joinedup.build import all_specs
from joinedup.cli import main
from joinedup.sources.contract import contracts

CARE_WORDS = re.compile(r"\b(patient|nhs|hospital|practice|council|neighbourhood|spell|episode|clinic|commissioner|gp)s?\b", re.IGNORECASE)


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_gives_the_two_commands(root: Path, command: str) -> None:
    assert command in (root / "README.md").read_text(encoding="utf-8")


def test_every_verb_has_an_example_and_stands_in_the_reference(root: Path) -> None:
    reference = (root / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    for name, command in main.commands.items():
        assert command.epilog is not None, name
        assert f"joinedup {name}" in command.epilog
        assert f"## `joinedup {name}`" in reference


def test_every_column_of_every_table_has_a_meaning() -> None:
    for spec in all_specs().values():
        assert all(column.meaning.strip() for column in spec.columns), spec.table
        assert spec.grain.startswith("one row"), spec.table


def test_every_derived_table_has_cases() -> None:
    without = [spec.table for spec in all_specs().values() if spec.derived and not spec.cases]
    assert without == []


def test_every_field_of_every_contract_has_a_meaning() -> None:
    for contract in contracts().values():
        assert all(field.meaning.strip() for field in contract.fields), contract.contract


@pytest.mark.parametrize("room", ["engine", "statistics"])
def test_the_ground_floor_has_no_word_of_care(root: Path, room: str) -> None:
    for path in sorted((root / "joinedup" / room).rglob("*.py")):
        found = CARE_WORDS.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.name}: {found.group() if found else ''}"


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


def test_engines_are_imported_where_they_belong(root: Path) -> None:
    package = root / "joinedup"
    users = {path.relative_to(package).parts[0] for path in package.rglob("*.py") if imports_of(path) & {"duckdb", "pyspark"}}
    assert users <= {"engine", "identity"}


def test_every_requirement_says_what_it_is_for(root: Path) -> None:
    for path in sorted((root / "requirements").glob("*.in")):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not line or line.startswith(("#", "-r")) or "#" in line, f"{path.name}: {line}"


def test_requirements_are_locked_with_hashes_and_without_addresses(root: Path) -> None:
    for path in sorted((root / "requirements").glob("*.in")):
        locked = path.with_suffix(".txt").read_text(encoding="utf-8")
        assert "http" not in locked
        assert locked.count("==") <= locked.count("--hash=sha256:")


def test_documentation_links_lead_somewhere(root: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "*.md"], cwd=root, capture_output=True, text=True, check=True).stdout.split()
    assert len(tracked) > 10
    for name in tracked:
        text = (root / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text):
            assert (root / name).parent.joinpath(target).exists(), f"{name} leads to {target}, which isn't there"
