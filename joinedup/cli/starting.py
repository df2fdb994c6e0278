"""Verbs that start a place: new, add-source, template."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from joinedup.cli.shared import a_file, a_folder, example, extracts_option, place_argument, quiet_option

if TYPE_CHECKING:
    from joinedup.starting.new import Answers

new_folder = click.argument("new_place", metavar="PLACE", type=click.Path(path_type=Path))
PUBLISHED = {
    "--practices": "The list of practices (epraccur), with its header or without.",
    "--pcn-members": "Which practice belongs to which primary care network, with dates.",
    "--pcns": "The primary care networks and when they began.",
    "--lists": "Registered patients by practice.",
    "--lookup": "Small areas (LSOA) to ward, district and sub-ICB location.",
    "--deprivation": "The Index of Multiple Deprivation by small area.",
    "--population": "Residents by small area.",
}
"""The options that name one published file, and what each holds."""


def published_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each published file."""
    for option, said in reversed(PUBLISHED.items()):
        command = click.option(option, type=a_file, metavar="FILE", help=said)(command)
    return command


@click.command(
    epilog=example(
        'joinedup new places/mine --name "Our Place" --neighbourhoods "North, South" --invented',
        "joinedup new places/real --published downloads --district E08000033 --as-at 2024-01-31",
    )
)
@new_folder
@click.option("--name", help="What people call the place [asked for, or the district's name].")
@click.option("--as-at", type=click.DateTime(["%Y-%m-%d"]), help="The last day that the record is to cover [the end of last month].")
@click.option("--word", default="", metavar="WORD", help="What people call a neighbourhood, such as team, or team/teams.")
@click.option(
    "--neighbourhoods", metavar="NAMES", help="Their names, separated by commas, where they aren't taken from published networks."
)
@click.option(
    "--invented", is_flag=True, help="Made-up people only; without published files practices, partners and areas are made up too."
)
@click.option("--published", type=a_folder, metavar="DIR", help="A folder of published files; what each is shows from its columns.")
@click.option("--district", default="", metavar="CODE", help="The district, by code or name.")
@click.option("--sub-icb", default="", metavar="CODE", help="The sub-ICB location, such as 02T, instead of a district.")
@click.option(
    "--former", multiple=True, metavar="CODE", help="A code that the commissioner had before, such as 03A; found out where files say it."
)
@click.option("--trust", "trusts", multiple=True, metavar="CODE", help="An NHS trust that is to be a partner, such as RWY.")
@published_options
@quiet_option
def new(new_place: Path, quiet: bool, **said: Any) -> None:  # noqa: ANN401 -- the options, by name
    """Start the folder of a place, from answers or published files.

    Asks for name and neighbourhoods where they aren't given. From published files it takes practices and when they belonged to which
    primary care network, list sizes, small areas with wards, deprivation and residents, and says what it decided and left out; the
    folder's README.md keeps that. Nothing is written over: PLACE must not be there yet. Prints the folder.
    """
    from joinedup.report import progress_on, show_started
    from joinedup.starting.new import start_place

    answers = answers_of(new_place, said)
    with progress_on(sys.stderr, quiet) as progress:
        started = start_place(new_place, answers, progress)
    if not quiet:
        show_started(started, sys.stderr)
    click.echo(new_place)


def answers_of(new_place: Path, said: dict[str, Any]) -> Answers:
    """What was said in options and, on a terminal, what is asked for; a usage error where too little is."""
    from joinedup.starting.new import Answers, end_of_last_month

    files = {option: path for option in PUBLISHED if (path := said[option.strip("-").replace("-", "_")])}
    as_at = said["as_at"].date() if said["as_at"] else end_of_last_month(date.today())
    named: dict[str, Any] = {key: said[key] or "" for key in ("name", "district", "sub_icb", "word")}
    kept: dict[str, Any] = {key: said[key] for key in ("invented", "former", "trusts", "published")}
    neighbourhoods = said["neighbourhoods"] or ""
    if not files and not said["published"]:
        if not named["name"]:
            named["name"] = asked("Name of the place", new_place.name.replace("-", " ").replace("_", " ").title(), "--name")
            if said["neighbourhoods"] is None:
                named["word"] = named["word"] or asked("What people call a neighbourhood", "neighbourhood", "--word")
        neighbourhoods = neighbourhoods or asked("Names of the neighbourhoods, separated by commas", None, "--neighbourhoods")
    return Answers(as_at=as_at, neighbourhoods=tuple(split_names(neighbourhoods)), files=files, **named, **kept)


def split_names(said: str) -> list[str]:
    """Names separated by commas or semicolons."""
    return [name.strip() for name in said.replace(";", ",").split(",") if name.strip()]


def asked(question: str, usual: str | None, option: str) -> str:
    """What is answered on a terminal; a usage error where there is none to ask."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"{option} is missing: say it, or name a folder of published files with --published")
    return str(click.prompt(question, default=usual, err=True))


@click.command(
    "add-source",
    epilog=example(
        "joinedup add-source places/calderdale demo/calderdale/extracts/visits.csv --dry-run",
        "joinedup add-source places/calderdale demo/calderdale/extracts/visits.csv --partner voluntary-action-calderdale --name visits",
        "joinedup add-source places/calderdale --remove visits",
    ),
)
@place_argument
@click.argument("file", type=a_file, required=False)
@click.option("--contract", default="", metavar="NAME", help="The contract that it follows [guessed].")
@click.option("--partner", default="", metavar="ID", help="Who sends it, as in partners.csv [the likely one].")
@click.option("--name", default="", metavar="NAME", help="What to call the source [from the file's name].")
@click.option(
    "--constant", "constants", multiple=True, metavar="FIELD=VALUE", help="A value for every row, where the file has no such column."
)
@extracts_option
@click.option("--sheet", default="", metavar="NAME", help="Of a spreadsheet, the sheet with the table [the first].")
@click.option("--write/--dry-run", default=True, show_default=True, help="Write the entry into sources.yml, or only show it.")
@click.option("--remove", metavar="NAME", help="Take a source out of sources.yml instead.")
@quiet_option
def add_source(place_folder: Path, file: Path | None, remove: str | None, quiet: bool, **said: Any) -> None:  # noqa: ANN401 -- the options
    """Look into a partner's file and add it to sources.yml.

    Shows what each column holds, which contract the file is likely to follow and which column is which field, with reasons, and no
    value of a column that could tell of a person. The entry is added to sources.yml for review, what stands there stays as it is,
    and the file is checked. Prints the entry. Ends with 1 where the file couldn't be used as it stands.
    """
    from joinedup.report import progress_on, show_added
    from joinedup.starting.adding import Asked, advice, refused, remove_source
    from joinedup.starting.adding import add_source as add

    if remove:
        remove_source(place_folder, remove)
        click.echo(f"source {remove} is out of sources.yml", err=True)
        return
    if file is None:
        raise click.UsageError("say which FILE to look into, or --remove NAME")
    asked = Asked(
        file,
        said["extracts_folder"],
        said["contract"],
        said["partner"],
        said["name"],
        named_values(said["constants"]),
        said["write"],
        said["sheet"],
    )
    with progress_on(sys.stderr, quiet) as progress:
        added = add(place_folder, asked, progress)
    if not quiet:
        show_added(added, advice(added.guess), sys.stderr)
    click.echo(added.text, nl=False)
    sys.exit(1 if added.guess.missing or refused(added.checked) else 0)


def named_values(said: tuple[str, ...]) -> dict[str, str]:
    """FIELD=VALUE pairs by field; a usage error where one is no such pair."""
    pairs = [pair.partition("=") for pair in said]
    for name, sign, value in pairs:
        if not (name.strip() and sign and value.strip()):
            raise click.BadParameter(f"{name}{sign}{value} is not FIELD=VALUE, such as RECORD_TYPE=CONTACT", param_hint="--constant")
    return {name.strip(): value.strip() for name, _, value in pairs}


@click.command(
    epilog=example(
        "joinedup template community_activity --out ~/activities.xlsx",
        "joinedup template continuing_care --out ~/packages.csv",
    )
)
@click.argument("contract")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The new file to write, .xlsx or .csv.")
def template(contract: str, out: Path) -> None:
    """An empty file with the columns of CONTRACT, to be filled in.

    A spreadsheet has a second sheet that says what each column means and which values it may have. Prints the path of the file.
    """
    from joinedup.sources.contract import contracts
    from joinedup.sources.template import write_template

    known = contracts()
    if contract not in known:
        raise click.UsageError(f"there is no contract {contract}; there are {', '.join(known)}")
    click.echo(write_template(known[contract], out.expanduser()))
