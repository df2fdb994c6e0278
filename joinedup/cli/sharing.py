"""The verb of agreements: sharing."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from joinedup.cells import write_rows
from joinedup.cli.shared import a_file, example, open_place, open_store, outside, place_argument, store_option
from joinedup.errors import NothingPublished, PlaceError, StoreProblem

if TYPE_CHECKING:
    import pyarrow as pa

    from joinedup.place.model import Place

HAZARDS = Path("docs/safety/hazards.yml")


@click.command(
    epilog=example(
        "joinedup sharing places/calderdale",
        "joinedup sharing places/calderdale --format csv",
        "joinedup sharing places/calderdale --ropa processing.xlsx",
        "joinedup sharing places/calderdale --dpia assessment.md --store demo/calderdale/store",
    )
)
@place_argument
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--ropa", type=click.Path(path_type=Path), help="Write the record of processing activities to this .csv or .xlsx file.")
@click.option("--dpia", type=click.Path(path_type=Path), help="Write what data can fill of an impact assessment to this .md or .html file.")
@click.option("--hazards", type=a_file, help=f"The list of hazards, for the assessment's risks [{HAZARDS}, where it is there].")
@store_option
def sharing(place_folder: Path, form: str, ropa: Path | None, dpia: Path | None, hazards: Path | None, store_folder: Path | None) -> None:
    """What each source may be used for today, by agreement.

    Writes the record of processing activities (UK GDPR, Article 30) and the parts of a data protection impact assessment (Article 35)
    that data can fill; who objects comes from the published build, through the aggregates door. Ends with 1 where a source has no
    agreement in force.
    """
    from joinedup.findings import errors
    from joinedup.papers.impact import Assessed
    from joinedup.papers.processing import processing, write_processing
    from joinedup.place.sharing import findings
    from joinedup.report import show_findings
    from joinedup.sources.contract import contracts

    place, today = open_place(place_folder), date.today()
    shown(rows_of(place, today), form)
    if ropa is not None:
        click.echo(write_processing(processing(place, contracts(), today), outside(place, ropa, "--ropa")), err=True)
    if dpia is not None:
        told = Assessed(place, contracts(), today, objections(place, store_folder), hazards_of(hazards))
        click.echo(write_assessment(told, outside(place, dpia, "--dpia")), err=True)
    found = [*(each for each in place.warnings if each.file == "sharing.yml"), *findings(place, today)]
    show_findings(found, sys.stderr)
    sys.exit(1 if errors(found) else 0)


def rows_of(place: Place, today: date) -> list[dict[str, str]]:
    """A row for each source: who sends it, and under which agreements it may be used for each purpose."""
    from joinedup.place.model import PURPOSES
    from joinedup.place.sharing import allows_everything, covering

    rows = []
    for source in place.sources:
        row = {"source": source.name, "partner": source.partner, "contract": source.contract}
        for purpose in PURPOSES:
            found = covering(place, source.name, purpose, today)
            row[purpose.replace(" ", "_")] = " ".join(each.id for each in found) or ("none needed" if allows_everything(place) else "no")
        ends = [each.ends for each in place.agreements if source.name in each.sources and each.starts <= today < each.ends]
        rows.append(row | {"first_end": min(ends).isoformat() if ends else ""})
    return rows


def shown(rows: Sequence[Mapping[str, str]], form: str) -> None:
    """Nothing; the rows are on stdout."""
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
        return
    names = list(rows[0]) if rows else ["source"]
    if form == "csv":
        write_rows(sys.stdout, names, rows)
        return
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) if rows else len(name) for name in names}
    for row in ({name: name.replace("_", " ") for name in names}, *rows):
        click.echo("  ".join(row[name].ljust(widths[name]) for name in names).rstrip())


def objections(place: Place, store_folder: Path | None) -> pa.Table | None:
    """Who objects, of the published build; None where there is none."""
    from joinedup.access.aggregates import open_aggregates
    from joinedup.access.caller import caller_for
    from joinedup.access.disclosure import usual_audience

    folder = store_folder or Path(".joinedup") / place.id
    if not folder.is_dir():
        return None
    try:
        return open_aggregates(open_store(place, store_folder), place, caller_for(place, "planning"), usual_audience(place)).opted_out()
    except NothingPublished:
        return None


def hazards_of(file: Path | None) -> list[Mapping[str, Any]] | None:
    """The hazards of a list; None where there is no such file."""
    from joinedup.findings import Finding
    from joinedup.place.yaml_file import read_yaml

    path = file or HAZARDS
    if file is None and not path.is_file():
        return None
    path = path.resolve()  # a list of one's own choosing may be a link to where it is kept
    document, findings = read_yaml(path.parent, path.name)
    listed = document.content.get("hazards")
    if findings or not isinstance(listed, list):
        told = findings or [Finding(path.name, "not-hazards", "has no list of hazards: write them below the line 'hazards:'", line=1)]
        raise PlaceError(f"{path} can't be read as a list of hazards", told)
    return [each for each in listed if isinstance(each, dict)]


def write_assessment(of: Any, path: Path) -> Path:  # noqa: ANN401 - imported where it is used
    """The path, of the assessment as Markdown or HTML; StoreProblem where it is something else."""
    from joinedup.papers.impact import html, markdown

    forms = {".md": markdown, ".html": html}
    if path.suffix.lower() not in forms:
        raise StoreProblem(f"an assessment ends in .md or .html, and {path.name} doesn't")
    path.write_text(forms[path.suffix.lower()](of), encoding="utf-8")
    return path
