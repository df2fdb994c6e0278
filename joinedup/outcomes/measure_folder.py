"""Measures of the package and of a place folder, read into definitions, or into findings with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from joinedup.engine.specs import TableSpec
from joinedup.engine.specs import read_yaml as typed
from joinedup.errors import SqlError
from joinedup.findings import Finding, Severity, errors
from joinedup.outcomes.measure_definition import GIVEN, STANDARD, MeasureDefinition
from joinedup.outcomes.measure_lines import WrongDefinition, lines_of, near
from joinedup.place.located import Spot, validated
from joinedup.place.yaml_file import read_yaml, without
from joinedup.sources.contract import contracts
from joinedup.statistics.rule_sets import rule_sets

FOLDER = "measures"
OF_STAYS, JUDGED = ("apc", "discharge_ready"), ("admission_method", "diagnosis", "duration", "ready_date")
"""The contracts of which single fields are judged month by month, and the fields: those of `provider_field`."""
Origin = Literal["package", "place"]
Located = tuple[MeasureDefinition, Spot]


def definitions(place_folder: Path | None = None) -> tuple[MeasureDefinition, ...]:
    """Every measure in the order of pages, a place's in the stead of the package's of the same id; SqlError with findings."""
    own, findings = read_definitions(place_folder, "place") if place_folder is not None else ([], [])
    _refuse(findings)
    mine = {measure.id for measure, _ in own}
    shipped = [measure for measure, _ in packaged() if measure.id not in mine]
    return tuple(sorted([*shipped, *(measure for measure, _ in own)], key=lambda each: (each.order, each.id)))


def headlines(place_folder: Path | None = None) -> dict[str, MeasureDefinition]:
    """The measures that stand on overviews, by id, in the order of pages."""
    return {each.id: each for each in definitions(place_folder) if each.headline}


@cache
def packaged() -> tuple[Located, ...]:
    """The measures that joinedup ships."""
    found, findings = read_definitions(Path(str(files("joinedup.outcomes"))), "package")
    _refuse(findings)
    return tuple(found)


def _refuse(findings: Sequence[Finding]) -> None:
    if faults := errors(findings):
        raise SqlError(f"{faults[0].where}: {faults[0].message}", faults)


def read_definitions(folder: Path, origin: Origin) -> tuple[list[Located], list[Finding]]:
    """The measures of a folder that can be read, and what is wrong with the others; their columns aren't looked at yet."""
    found: list[Located] = []
    findings: list[Finding] = []
    names = sorted(path.name for path in (folder / FOLDER).glob("*")) if (folder / FOLDER).is_dir() else []
    for name in names:
        if name.endswith(".yml"):
            measure, faults = _read(folder, f"{FOLDER}/{name}", origin)
            found += [measure] if measure is not None else []
            findings += faults
        elif not name.startswith((".", "__")) and not name.lower().endswith((".md", ".txt", ".sql")):
            message = "is no .yml, .sql or .md, and nothing reads it: take it away, or name it so"
            findings.append(Finding(f"{FOLDER}/{name}", "unknown-file", message, severity=Severity.WARNING))
    return found, findings + _twice(found)


def _read(folder: Path, file: str, origin: Origin) -> tuple[Located | None, list[Finding]]:
    stem = Path(file).stem
    document, findings = read_yaml(folder, file)
    if findings:
        return None, findings
    content: dict[str, Any] = without(document.content, ["cases"])
    if "cases" in document.content:
        content["cases"] = typed(file, (folder / file).read_text(encoding="utf-8-sig"))["cases"]
    known = [str(field.alias or name) for name, field in MeasureDefinition.model_fields.items() if name not in ("origin", "commentary")]
    heads, faults = validated(MeasureDefinition, content, document.spot(), known=known)
    if not heads:
        return None, faults
    measure = heads[0].value
    if measure.id != stem:
        faults.append(
            document.spot().fault("measure-name", f"measure is {measure.id!r}; write {stem}, the name of its file", at=("measure",))
        )
    if not measure.cases and origin == "place":
        message = "has no case: write a tiny input and what is to be counted of it, below the line cases:"
        faults.append(document.spot().fault("measure-cases", message, severity=Severity.WARNING))
    commentary = f"{stem}.md" if (folder / FOLDER / f"{stem}.md").is_file() else ""
    return (measure.model_copy(update={"origin": origin, "commentary": commentary}), document.spot()), faults


def _twice(found: Sequence[Located]) -> list[Finding]:
    """Versions of one measure that hold on one day: names of files are ids, so only two files that both say so can be."""
    said: dict[str, MeasureDefinition] = {}
    faults = []
    for measure, spot in found:
        if measure.valid_to is not None and measure.valid_to <= measure.valid_from:
            faults.append(
                spot.fault("measure-valid", f"valid_to {measure.valid_to} isn't after valid_from {measure.valid_from}", at=("valid_to",))
            )
        if measure.id in said:
            faults.append(spot.fault("measure-twice", _both(measure, said[measure.id]), at=("measure",)))
        said[measure.id] = measure
        repeated = sorted({one for one in measure.variant_ids if measure.variant_ids.count(one) > 1})
        if repeated:
            faults.append(
                spot.fault("measure-variant", f"variants {', '.join(repeated)} come twice: give each an id of its own", at=("variants",))
            )
    return faults


def _both(one: MeasureDefinition, other: MeasureDefinition) -> str:
    """What is wrong with two definitions of one id."""
    first, second = sorted((one, other), key=lambda each: (each.valid_from, each.version))
    until = min((each.valid_to for each in (first, second) if each.valid_to is not None), default=None)
    what = f"{one.id} is defined by another file too, as versions {first.version} and {second.version}"
    if first.valid_to is not None and first.valid_to <= second.valid_from:
        return f"{what}: a build has one version of a measure, so keep the later one, in {one.id}.yml, and take the other away"
    both = f"from {second.valid_from}{'' if until is None else f' to {until}'}"
    return f"{what}, both valid {both}: keep one, in {one.id}.yml, with the valid_from that holds, and take the other away"


def definition_findings(measure: MeasureDefinition, spot: Spot, specs: Mapping[str, TableSpec]) -> list[Finding]:
    """What is wrong between a definition and the tables that it names, by file and line."""
    found = [spot.fault("measure-definition", message, at=at) for at, message in _unknown(measure)]
    for variant in measure.variant_ids:
        try:
            lines_of(measure, variant, specs)
        except WrongDefinition as error:
            found.append(spot.fault("measure-definition", error.message, at=error.at))
            if variant == STANDARD:
                break  # what is wrong with the measure is wrong with its variants, and said once
    return list(dict.fromkeys(found))


def _unknown(measure: MeasureDefinition) -> Iterator[tuple[tuple[str, ...], str]]:
    """Rule sets, contracts and fields that there are none of: what needs one would be taken as known in every month."""
    if measure.form in GIVEN:
        yield (
            ("form",),
            f"{measure.form} values, which somebody else made, aren't read yet, so the page of {measure.id} would be empty: "
            "count it of events (rate, proportion, mean, median, days or ratio), or keep the file elsewhere until they are",
        )
    if measure.rules not in rule_sets():
        yield ("rules",), f"there is no rule set {measure.rules}{near(measure.rules, rule_sets())}"
    known = contracts()
    for name, fields in measure.needs.items():
        if name not in known:
            yield ("needs", name), f"there is no contract {name}{near(name, known)}"
            continue
        own = JUDGED if name in OF_STAYS else ()
        yield from (
            (("needs", name), f"of {name} nothing is judged that is called {field}{near(field, own or ['none: leave it out'])}")
            for field in fields
            if field not in own
        )
    for name, other in measure.instead.items():
        if other not in known or name not in measure.needs:
            wrong, there = (other, known) if other not in known else (name, measure.needs)
            yield ("instead", name), f"instead names {wrong}, which is no contract that can stand there{near(wrong, there)}"
