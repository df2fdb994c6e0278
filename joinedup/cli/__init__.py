"""The command line: verbs only. What was asked for goes to stdout, the rest to stderr."""

from __future__ import annotations

import os
import sys
import traceback

import click

from joinedup import journal
from joinedup.cli.asking import show
from joinedup.cli.audit import audit
from joinedup.cli.building import build
from joinedup.cli.builds import builds, collect
from joinedup.cli.changes import changes
from joinedup.cli.checking import check
from joinedup.cli.cohorts import cohort
from joinedup.cli.exporting import export
from joinedup.cli.forgetting import forget
from joinedup.cli.inventing import demo, synth
from joinedup.cli.landing import land
from joinedup.cli.packing import pack
from joinedup.cli.protecting import protect
from joinedup.cli.registers import OF_REGISTERS
from joinedup.cli.releases import releases
from joinedup.cli.review import review
from joinedup.cli.sharing import sharing
from joinedup.cli.signing_in import sign_in
from joinedup.cli.sql import sql
from joinedup.cli.starting import add_source, new, template
from joinedup.cli.stopping import INTERRUPTED, TERMINATED, Terminated, stopping
from joinedup.cli.why import why
from joinedup.errors import JoinedupError, StoreProblem

FAULT = 70
"""A fault of joinedup's own, as sysexits.h has it (EX_SOFTWARE)."""
TRACEBACK = "JOINEDUP_TRACEBACK"


class Verbs(click.Group):
    """Shows what ends a verb before its time as one sentence, without a traceback, and gives its exit code."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The verbs in the order in which they are used."""
        return list(self.commands)

    def resolve_command(self, context: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb; from now on its steps go to the journal that the environment names."""
        name, command, rest = super().resolve_command(context, args)
        if place := os.environ.get(journal.VARIABLE):
            journal.begin(place, name or "")
        return name, command, rest

    def invoke(self, context: click.Context) -> object:
        """What the verb gives back, or the exit code of what ended it; the journal has either."""
        with stopping() as stopped:
            try:
                found = super().invoke(context)
            except BaseException as problem:
                error = stopped.told(problem)
                ended = self.ended_by(error)
                code = _code(error) if ended is None else ended
                journal.end(code, "" if isinstance(error, SystemExit | click.exceptions.Exit) else type(error).__name__)
                if ended is None:
                    raise
                context.exit(ended)
        journal.end(0)
        return found

    def ended_by(self, error: BaseException) -> int | None:
        """The exit code for what ended a verb, shown as one sentence; None where click, or whoever called, knows what to do."""
        if isinstance(error, click.ClickException | click.exceptions.Exit | click.Abort | BrokenPipeError | SystemExit):
            return None
        if isinstance(error, JoinedupError):
            show_error(error)
            return error.exit_code
        if isinstance(error, KeyboardInterrupt):
            click.echo("joinedup: stopped; what was published before is as it was", err=True)
            return TERMINATED if isinstance(error, Terminated) else INTERRUPTED
        if isinstance(error, OSError):
            click.echo(f"joinedup: {error.filename or 'a file'} can't be read or written: {error.strerror}", err=True)
            return StoreProblem.exit_code
        if os.environ.get(TRACEBACK):
            return None
        click.echo(f"joinedup: {fault(error)}", err=True)
        return FAULT


def fault(error: BaseException) -> str:
    """What to say of a fault of joinedup's own: where it was, and not its sentence, which may hold a value of somebody's row."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/joinedup/" in frame.filename]
    where = f" in {frames[-1].filename.rpartition('/joinedup/')[2]}, line {frames[-1].lineno}" if frames else ""
    return (
        f"a fault of its own, {type(error).__name__}{where}; what was published before is as it was. What it says may hold people's data "
        f"and isn't shown: {TRACEBACK}=1 shows it"
    )


def _code(error: BaseException) -> int:
    """The exit code of what click, or whoever called, knows what to do with."""
    code = getattr(error, "exit_code", getattr(error, "code", 1))
    return code if isinstance(code, int) else int(code is not None)


def show_error(error: JoinedupError) -> None:
    """What was found, and the error's sentence, which doesn't say over again what a finding has said."""
    from joinedup.report import show_findings, tally

    findings = getattr(error, "findings", ())
    show_findings(findings, sys.stderr)
    said = any(finding.message in str(error) for finding in findings)
    click.echo(f"joinedup: {tally(findings) if said else error}", err=True)


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
      8    another process holds the store: try later, or --wait
      70   a fault of joinedup's own
      130  it was stopped by Ctrl+C
      143  it was asked to end (SIGTERM)
    """


LAST = (*OF_REGISTERS, forget, sign_in, audit, releases, builds, collect, sql, demo)
IN_ORDER_OF_USE = (
    new,
    add_source,
    sharing,
    check,
    synth,
    template,
    land,
    review,
    build,
    pack,
    show,
    cohort,
    why,
    changes,
    export,
    protect,
    *LAST,
)
for verb in IN_ORDER_OF_USE:
    main.add_command(verb)
