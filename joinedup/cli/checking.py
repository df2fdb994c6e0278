"""The verb check: what is wrong with a place's folder and its extracts, before anything is landed."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from joinedup.cli.shared import example, extracts_option, journal_option, open_place, outside, place_argument, quiet_option
from joinedup.errors import PlaceError

if TYPE_CHECKING:
    from joinedup.progress import Progress
    from joinedup.sources.check import Checked


@click.command(
    epilog=example(
        "joinedup check places/calderdale",
        "joinedup check places/calderdale --extracts demo/calderdale/extracts --format csv",
        "joinedup check places/calderdale --extracts demo/calderdale/extracts --out demo/check",
    )
)
@place_argument
@extracts_option
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Write a page and its tables to this folder, too, outside PLACE.")
@click.option("--errors-only", is_flag=True, help="End with 0 where there are warnings and no errors.")
@quiet_option
@journal_option
def check(place_folder: Path, extracts_folder: Path | None, form: str, out: Path | None, errors_only: bool, quiet: bool) -> None:
    """Everything wrong with a place's folder and extracts, at once.

    Rows are named by number and never shown. Without --extracts, and where PLACE has no folder extracts, only PLACE is checked. Ends with 0
    when clean, 1 with findings, warnings too unless told --errors-only, 2 when a folder isn't there.
    """
    from joinedup.findings import errors
    from joinedup.report import progress_on, show_check, write_findings

    with progress_on(sys.stderr, quiet) as progress:
        found = checked(place_folder, extracts_folder or place_folder / "extracts", progress)
    if form == "table":
        show_check(found, sys.stdout)
    else:
        write_findings(found.findings, form, sys.stdout)
    if out is not None:
        click.echo(check_page(place_folder, found, out), err=form != "table")
    sys.exit(1 if (errors(found.findings) if errors_only else found.findings) else 0)


def check_page(place_folder: Path, found: Checked, out: Path) -> Path:
    """The page of a check; a usage error where so much is wrong with the folder that there is no place to speak of."""
    from joinedup.papers.check_page import write_check

    if found.place is None:
        raise click.UsageError(f"{place_folder} has no place.yml that can be read, so there is no page to write: see the findings above")
    return write_check(found.place, found.files, found.findings, outside(found.place, out, "--out"))


def checked(place_folder: Path, extracts: Path, progress: Progress) -> Checked:
    """What is wrong with folder and extracts, or with the folder alone where there are no extracts."""
    from dataclasses import replace

    from joinedup.build import check_definitions

    found = _files_and_folder(place_folder, extracts, progress)
    return replace(found, findings=(*found.findings, *check_definitions(place_folder, found.place)))


def _files_and_folder(place_folder: Path, extracts: Path, progress: Progress) -> Checked:
    from joinedup.place.sharing import findings
    from joinedup.sources.check import Checked, check

    if extracts.is_dir():
        return check(place_folder, extracts, progress)
    click.echo(f"there is no folder {extracts}, so the place folder alone is checked; --extracts names another", err=True)
    try:
        place = open_place(place_folder)
        return Checked((), (*place.warnings, *findings(place, date.today())), place)
    except PlaceError as error:
        return Checked((), error.findings)
