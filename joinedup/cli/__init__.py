"""The command line: verbs only. What was asked for goes to stdout, the rest to stderr."""

from __future__ import annotations

import sys

import click

from joinedup.cli.asking import export, show
from joinedup.cli.audit import audit
from joinedup.cli.forgetting import forget
from joinedup.cli.making import build, check, demo, land, pack, synth
from joinedup.cli.protecting import protect
from joinedup.cli.registers import OF_REGISTERS
from joinedup.cli.releases import releases
from joinedup.cli.review import review
from joinedup.cli.sharing import sharing
from joinedup.cli.signing_in import sign_in
from joinedup.cli.sql import sql
from joinedup.cli.starting import add_source, new, template
from joinedup.errors import JoinedupError, StoreProblem

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


LAST = (*OF_REGISTERS, forget, sign_in, audit, releases, sql, demo)
IN_ORDER_OF_USE = (new, add_source, sharing, check, synth, template, land, review, build, pack, show, export, protect, *LAST)
for verb in IN_ORDER_OF_USE:
    main.add_command(verb)
