"""The command line: verbs only. What was asked for goes to stdout, the rest to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from joinedup.errors import JoinedupError, NothingPublished, PlaceError, StoreProblem

if TYPE_CHECKING:
    from joinedup.engine.store import Store
    from joinedup.place.model import Place
    from joinedup.progress import Progress
    from joinedup.sources.check import Checked
    from joinedup.starting.new import Answers


INTERRUPTED = 130  # as shells have it: 128 and the number of the signal, 2


class Verbs(click.Group):
    """Shows what ends a verb before its time as one sentence, without a traceback, and gives its exit code."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The verbs in the order in which they are used."""
        return list(self.commands)

    def invoke(self, context: click.Context) -> object:
        """What the verb gives back, or the exit code of what ended it."""
        try:
            return super().invoke(context)
        except JoinedupError as error:
            show_error(error)
            context.exit(error.exit_code)
        except BrokenPipeError:
            raise
        except OSError as error:
            click.echo(f"joinedup: {error.filename or 'a file'} can't be read or written: {error.strerror}", err=True)
            context.exit(StoreProblem.exit_code)
        except KeyboardInterrupt:
            click.echo("joinedup: stopped; what was published before is as it was", err=True)
            context.exit(INTERRUPTED)


def show_error(error: JoinedupError) -> None:
    """What was found, and the error's sentence, which doesn't say over again what a finding has said."""
    from joinedup.report import show_findings, tally

    findings = getattr(error, "findings", ())
    show_findings(findings, sys.stderr)
    said = any(finding.message in str(error) for finding in findings)
    click.echo(f"joinedup: {tally(findings) if said else error}", err=True)


def example(*lines: str) -> str:
    """An epilogue of commands, kept as they are written."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


a_folder = click.Path(exists=True, file_okay=False, path_type=Path)
place_argument = click.argument("place_folder", metavar="PLACE", type=a_folder)
store_option = click.option(
    "--store", "store_folder", type=click.Path(path_type=Path), help="Where builds and registers lie [.joinedup/<id of the place>]."
)
extracts_option = click.option(
    "--extracts",
    "extracts_folder",
    type=a_folder,
    help="The folder that the files in sources.yml are relative to [PLACE/extracts].",
)
key_option = click.option(
    "--key-file", type=click.Path(path_type=Path), help="The key of the identity register [$JOINEDUP_KEY or $JOINEDUP_KEY_FILE]."
)
quiet_option = click.option("--quiet", is_flag=True, help="No progress and no accounts, only results and errors.")


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="joinedup", message="%(prog)s %(version)s")
def main() -> None:
    """The working system of a place: from its partners' extracts to one linked record and a page per neighbourhood.

    \b
    Exit codes:
      0    all is well
      1    something was found in a place folder or in extracts
      2    the command doesn't make sense, or names a folder that isn't there
      3    the SQL of a table is at fault
      4    the key of the identity register is
      5    the store, or another file, can't be read or written
      6    nothing has been landed or built yet
      7    a door stays shut
      130  it was stopped by Ctrl+C
    """


def open_place(folder: Path) -> Place:
    """The place; its warnings are for `check` to show."""
    from joinedup.place.folder import read_place
    from joinedup.sources.contract import contracts

    return read_place(folder, contract_names=tuple(contracts()))


def open_store(place: Place, folder: Path | None) -> Store:
    """The store of a place."""
    from joinedup.engine.store import Store

    return Store(outside(place, (folder or Path(".joinedup") / place.id).resolve(), "--store"))


def outside(place: Place, folder: Path, option: str) -> Path:
    """The folder; a usage error when it lies in the place folder, which is copied and shared."""
    if folder.resolve().is_relative_to(place.folder.resolve()):
        raise click.BadParameter(f"{folder} lies in the place folder, which is copied and shared; choose another", param_hint=option)
    return folder


def extracts_of(place_folder: Path, folder: Path | None) -> Path:
    """Where a place's extracts lie; a usage error when there is no such folder."""
    extracts = folder or place_folder / "extracts"
    if not extracts.is_dir():
        raise click.UsageError(
            f"there is no folder {extracts}: say where the extracts lie with --extracts, or build what has landed with --no-land"
        )
    return extracts


a_file = click.Path(exists=True, dir_okay=False, path_type=Path)
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


@main.command(
    epilog=example(
        'joinedup new places/mine --name "Our Place" --neighbourhoods "North, South" --invented',
        "joinedup new places/real --published downloads --district E08000033 --as-at 2024-01-31",
    )
)
@new_folder
@click.option("--name", help="What people call the place [asked for, or the district's name].")
@click.option("--as-at", type=click.DateTime(["%Y-%m-%d"]), help="The last day that the record is to cover [the end of last month].")
@click.option("--word", default="", metavar="WORD", help="What people call a neighbourhood, such as team, or team/teams.")
@click.option("--neighbourhoods", metavar="NAMES", help="Their names, parted by commas, where they aren't taken from published networks.")
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
        neighbourhoods = neighbourhoods or asked("Names of the neighbourhoods, parted by commas", None, "--neighbourhoods")
    return Answers(as_at=as_at, neighbourhoods=tuple(split_names(neighbourhoods)), files=files, **named, **kept)


def split_names(said: str) -> list[str]:
    """Names parted by commas or semicolons."""
    return [name.strip() for name in said.replace(";", ",").split(",") if name.strip()]


def asked(question: str, usual: str | None, option: str) -> str:
    """What is answered on a terminal; a usage error where there is none to ask."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"{option} is missing: say it, or name a folder of published files with --published")
    return str(click.prompt(question, default=usual, err=True))


@main.command(
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


@main.command(
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
    from joinedup.papers.pages import write_check

    if found.place is None:
        raise click.UsageError(f"{place_folder} has no place.yml that can be read, so there is no page to write: see the findings above")
    return write_check(found.place, found.files, found.findings, outside(found.place, out, "--out"))


def checked(place_folder: Path, extracts: Path, progress: Progress) -> Checked:
    """What is wrong with folder and extracts, or with the folder alone where there are no extracts."""
    from joinedup.sources.check import Checked, check

    if extracts.is_dir():
        return check(place_folder, extracts, progress)
    click.echo(f"there is no folder {extracts}, so the place folder alone is checked; --extracts names another", err=True)
    try:
        place = open_place(place_folder)
        return Checked((), place.warnings, place)
    except PlaceError as error:
        return Checked((), error.findings)


@main.command(
    epilog=example(
        "joinedup synth places/calderdale --people 20000 --seed 1 --out demo/calderdale/extracts",
        "joinedup synth places/calderdale --people 5000 --break --out demo/broken",
    )
)
@place_argument
@click.option("--people", type=click.IntRange(1), default=20_000, show_default=True, help="How many people are registered.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same rows.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write the extracts to.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes; the rows don't depend on it.")
@click.option(
    "--noise", type=click.FloatRange(0), default=1.0, show_default=True, help="How often faults come, beside ordinary rates; 0: never."
)
@click.option("--years", type=click.IntRange(1, 20), default=2, show_default=True, help="How many years up to the last day.")
@click.option("--monthly", is_flag=True, help="A file a month from each source; OUT/sources.yml names them.")
@click.option("--break", "broken", is_flag=True, help="Files with every fault that landing knows too, in OUT/broken.")
@quiet_option
def synth(
    place_folder: Path, people: int, seed: int, out: Path, workers: int, noise: float, years: int, monthly: bool, broken: bool, quiet: bool
) -> None:
    """Invented extracts for a place, in the contracts' own formats.

    With --break each rule of each contract is broken in the rows of a file in OUT/broken, and other files there are broken as a whole;
    OUT/truth/broken.parquet says which, where and how often.
    """
    from joinedup.report import progress_on
    from joinedup.sources.synthetic import synthesise
    from joinedup.sources.synthetic.broken import break_extracts

    place = open_place(place_folder)
    with progress_on(sys.stderr, quiet) as progress:
        for path in synthesise(place, people, seed, out, noise=noise, years=years, monthly=monthly, workers=workers, progress=progress):
            click.echo(path)
    for path in break_extracts(place, people, seed, out) if broken else ():
        click.echo(path)


@main.command(
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


AFTER_DEMO = "--extracts demo/calderdale/extracts --store demo/calderdale/store --key-file demo/calderdale/invented-people.key"


@main.command(epilog=example(f"joinedup land places/calderdale {AFTER_DEMO}"))
@place_argument
@extracts_option
@store_option
@key_option
@quiet_option
def land(place_folder: Path, extracts_folder: Path | None, store_folder: Path | None, key_file: Path | None, quiet: bool) -> None:
    """Read a place's extracts and link people (on the trusted host).

    Every row is checked and accounted for, and identifiers are split off to the identity register. Ends with 1 when a file was refused; the
    others have landed.
    """
    extracts, place = extracts_of(place_folder, extracts_folder), open_place(place_folder)
    sys.exit(landing(place, extracts, open_store(place, store_folder), key_file, quiet))


def landing(place: Place, extracts: Path, store: Store, key_file: Path | None, quiet: bool) -> int:
    """1 when a file could not be used, else 0; the account of the landing is shown."""
    from joinedup.findings import errors
    from joinedup.kept.keys import read_key
    from joinedup.land import land as land_extracts
    from joinedup.report import progress_on, show_findings, show_landing

    key = read_key(key_file, outside=(place.folder, store.root))
    with progress_on(sys.stderr, quiet) as progress:
        landed = land_extracts(place, extracts, store, key, progress=progress)
    if quiet:
        show_findings(errors(landed.findings), sys.stderr)
    else:
        show_landing(landed, sys.stderr)
    return 1 if errors(landed.findings) else 0


@main.command(
    epilog=example(
        f"joinedup build places/calderdale {AFTER_DEMO}",
        "joinedup build places/calderdale --no-land --store demo/calderdale/store",
        "joinedup build places/calderdale --no-land --store demo/calderdale/store --engine spark",
    )
)
@place_argument
@extracts_option
@store_option
@key_option
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True)
@click.option("--jobs", type=click.IntRange(1), help="Threads [all cores].")
@click.option("--no-land", is_flag=True, help="Build on what has been landed, without looking at the extracts.")
@click.option("--verify", is_flag=True, help="Read every file again instead of trusting its remembered hash.")
@quiet_option
def build(
    place_folder: Path,
    extracts_folder: Path | None,
    store_folder: Path | None,
    key_file: Path | None,
    engine: str,
    jobs: int | None,
    no_land: bool,
    verify: bool,
    quiet: bool,
) -> None:
    """Make the linked record of a place and publish it.

    Lands the extracts first, as `joinedup land` does, unless told --no-land. Prints the id of the published build. What was made before and
    hasn't changed is used again.
    """
    from joinedup.build import build as build_place
    from joinedup.report import progress_on, show_build

    extracts = None if no_land else extracts_of(place_folder, extracts_folder)
    place = open_place(place_folder)
    store = open_store(place, store_folder)
    status = 0 if extracts is None else landing(place, extracts, store, key_file, quiet)
    before = published_id(store)
    with progress_on(sys.stderr, quiet) as progress:
        manifest = build_place(place, store, engine=engine, jobs=jobs, verify=verify, progress=progress)
    if not quiet:
        show_build(manifest, sys.stderr, unchanged=manifest.build_id == before)
    click.echo(manifest.build_id)
    sys.exit(status)


def published_id(store: Store) -> str | None:
    """The id of the build that is published; None when there is none, or one that can't be read and is about to be replaced."""
    from joinedup.engine.manifest import read_manifest

    try:
        return read_manifest(store).build_id
    except (NothingPublished, StoreProblem):
        return None


@main.command(epilog=example("joinedup pack places/calderdale --store demo/calderdale/store --out demo/calderdale/pages"))
@place_argument
@store_option
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write pages to, outside PLACE.")
@click.option("--purpose", default="planning", show_default=True, help="What the pages are for.")
@quiet_option
def pack(place_folder: Path, store_folder: Path | None, out: Path, purpose: str, quiet: bool) -> None:
    """Pages of the published build, one per neighbourhood.

    Prints the path of the index.
    """
    from joinedup.report import progress_on

    place = open_place(place_folder)
    store = open_store(place, store_folder)
    with progress_on(sys.stderr, quiet) as progress:
        pages = write_pack(place, store, outside(place, out, "--out"), purpose, progress)
    click.echo(pages[0])


def write_pack(place: Place, store: Store, out: Path, purpose: str, progress: Progress) -> list[Path]:
    """The pages, the index first."""
    from joinedup.access.aggregates import open_aggregates
    from joinedup.papers.pages import write_pages

    return write_pages(open_aggregates(store, place, purpose), place, out, progress=progress, cache=store.root / "charts")


@main.command("new-key", epilog=example("joinedup new-key ~/calderdale.key", "export JOINEDUP_KEY_FILE=~/calderdale.key"))
@click.argument("path", type=click.Path(path_type=Path))
def new_key(path: Path) -> None:
    """Write a new key for the identity register to a new file.

    Keep it apart from place, store and their backups: whoever holds the register and the key can tell who is who, and without the
    key the register can't be read.
    """
    from joinedup.kept.keys import write_new_key

    write_new_key(path)
    click.echo(path)


@main.command(
    epilog=example(
        "joinedup demo places/calderdale --out demo/calderdale", "joinedup demo places/calderdale --people 2000 --out demo/small --no-serve"
    )
)
@place_argument
@click.option("--people", type=click.IntRange(1), default=20_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder for extracts, key, store and pages.")
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve the pages on 127.0.0.1 afterwards.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The next free one is taken when it is in use."
)
@quiet_option
def demo(place_folder: Path, people: int, seed: int, out: Path, serve: bool, port: int, quiet: bool) -> None:
    """The whole path on invented people: extracts, record, pages.

    Invents extracts, lands them, builds, writes the pages and serves them. Prints the path of the index, then its address.
    """
    from joinedup.demo import make, serve_pages
    from joinedup.report import progress_on

    place = open_place(place_folder)
    with progress_on(sys.stderr, quiet) as progress:
        index = make(place, people, seed, outside(place, out, "--out"), progress)
    click.echo(index)
    if serve:
        serve_pages(index.parent, port)


if __name__ == "__main__":
    main()
