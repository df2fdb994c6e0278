"""What of several files of a source is loaded: each row is, or is superseded by a later one, by a rule that its source states.

Later is a file further on in the order of reading, then a row further down.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from joinedup.engine.files_lines import Connection
from joinedup.findings import Finding
from joinedup.sources.about_whom import key_columns, know_people, left_apart
from joinedup.sources.contract import ContractSpec
from joinedup.sources.doubts import doubts
from joinedup.sources.keys import by_key
from joinedup.sources.months_given import periods_out_of_order, replaced_months
from joinedup.sources.no_longer_sent import no_longer_sent
from joinedup.sources.objections import ended_objections, keep_objections
from joinedup.sources.order import ReadFile
from joinedup.sources.prices import prices_in_doubt, repriced
from joinedup.sources.recoded import recoded
from joinedup.sources.rejected_keys import files_with_restricted
from joinedup.sources.sent_again import sent_again
from joinedup.sources.snapshots import supersede_lists, undated
from joinedup.sources.two_sources import sources_alike
from joinedup.sources.waiting_days import waiting_days
from joinedup.sources.whole_files import replaced_files, same_files


def supersede(con: Connection, contract: ContractSpec, files: Sequence[ReadFile], as_at: date) -> list[Finding]:
    """What was found; rows that later ones supersede have left staged_<contract> for staged_superseded.

    A file that was refused, or has no row that can be used, supersedes nothing. A row that doesn't name its record (without an
    EPIKEY, without a person) supersedes nothing and isn't superseded by key, only by the same row in a later file; other parts of a
    key may be missing in both rows.
    """
    used = [file for file in files if not file.account.refused and file.account.loaded]
    telling = files_with_restricted(con, contract) - {file.file_id for file in used}
    kept_out = [file for file in files if not file.account.refused and file.file_id in telling]
    if not used:
        return []
    con.execute("CREATE OR REPLACE TEMP TABLE superseding_pair (loser INTEGER, winner INTEGER, row_count BIGINT)")
    know_people(con, contract, used)
    if contract.keeps_back:
        keep_objections(con, contract, used)
    found, used = same_files(con, contract, used)
    found += replaced_files(con, contract, used)
    found += periods_out_of_order(con, contract, used)
    found += repriced(con, contract, used)
    found += replaced_months(con, contract, [file for file in used if file.drop.source.sends == "months"])
    found += waiting_days(con, contract, used, as_at)
    found += recoded(con, contract, used)
    found += no_longer_sent(con, contract, used, as_at)
    found += by_key(con, contract, [*used, *kept_out])
    found += supersede_lists(con, contract, key_columns(contract), _lists(used))
    found += left_apart(con, contract, used)
    if contract.keeps_back:
        found += ended_objections(con, contract, used)
    found += undated(con, contract, {file.file_id: (file.drop.source.name, file.drop.name) for file in used})
    found += [*sent_again(con, contract, used), *sources_alike(con, contract, used)]
    found += [*doubts(con, contract, [*used, *kept_out]), *prices_in_doubt(con, contract, used)]
    con.execute("DROP TABLE superseding_pair")
    return found


def _lists(files: Sequence[ReadFile]) -> list[tuple[int, str, str, object, str, str | None]]:
    """Of every file that lists who is there on a day, and that no other replaces: file_id, source, part, day, name, hash."""
    last = {(file.series, file.drop.told.day): file for file in files if file.drop.source.sends == "snapshot"}
    return [(file.file_id, *file.series, file.drop.told.day, file.drop.name, file.account.sha256) for file in last.values()]
