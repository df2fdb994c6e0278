"""The extracts of an invented place as its partners would have sent them a month earlier: so that a second month can land after them.

What happened in the last month isn't in them, nor who came in it; who left since is there still. And, as in life, a few of the rows that
they hold were put right later: stays not yet coded, and rows whose NHS number hadn't been traced.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from joinedup.engine.duck import connect
from joinedup.engine.files_lines import Connection
from joinedup.place.model import Place
from joinedup.sources.contract import ContractSpec, contracts

NOT_YET_CODED, NOT_YET_TRACED = 25, 400
"""Of the stays of the month before, one in so many lacks its diagnosis; of all rows, one in so many its NHS number (our choice, 2026)."""
STAYS, CODED = "apc", ("DIAG_01", "DIAG_02", "DIAG_03")
TRACED = ("apc", "ecds", "outpatient")
LIST, LEFT = "register", "END_DATE_GMP_PATIENT_REGISTRATION"


def place_before(place: Place) -> Place:
    """The place as it was a month earlier: its record ends with the month before."""
    found = place.model_copy(update={"as_at": month_end_before(place.as_at)})
    found.__dict__.pop("period", None)  # is kept once it has been asked for, and copied with the rest
    return found


def month_end_before(day: date) -> date:
    """The last day of the month before the last that has ended by a day."""
    after = day + timedelta(days=1)
    last = after.replace(day=1) - timedelta(days=1)
    return last.replace(day=1) - timedelta(days=1)


def write_month_before(place: Place, extracts: Path, out: Path) -> Path:
    """The folder `out`, which holds the extracts of a place as they were a month earlier; files of other forms than CSV are the same."""
    until = month_end_before(place.as_at)
    with closing(connect()) as con:
        for contract, name in [(contracts()[source.contract], name) for source in place.sources for name in source.files]:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".csv"):
                _write(con, contract, extracts / name, out / name, until)
            else:
                shutil.copyfile(extracts / name, out / name)
    return out


def _write(con: Connection, contract: ContractSpec, path: Path, out: Path, until: date) -> None:
    """Nothing; `out` holds the rows of `path` of up to a day, as they were then."""
    rows = (
        f"read_csv({_text(path)}, all_varchar = true, header = true, delim = ',', quote = '\"', null_padding = true, ignore_errors = true)"
    )
    columns = [name for name, *_ in con.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()]
    dated = [_day(name) for name in (contract.dated_by, contract.else_dated_by) if name and name in columns]
    others = {name: f"CASE WHEN n % {NOT_YET_CODED} = 0 THEN NULL ELSE {name} END" for name in CODED if contract.contract == STAYS}
    if contract.contract in TRACED:
        others["NHS_NUMBER"] = f"CASE WHEN n % {NOT_YET_TRACED} = 0 THEN NULL ELSE NHS_NUMBER END"
    if contract.contract == LIST:
        others[LEFT] = f"CASE WHEN {_day(LEFT)} > DATE '{until}' THEN NULL ELSE {LEFT} END"
    told = ", ".join(f"{others[name]} AS {name}" if name in others else f'"{name}"' for name in columns)
    con.execute(
        f"COPY (SELECT {told} FROM (SELECT *, row_number() OVER () AS n FROM {rows}) "
        f"WHERE coalesce({', '.join([*dated, 'NULL'])}) IS NULL OR coalesce({', '.join([*dated, 'NULL'])}) <= DATE '{until}' ORDER BY n) "
        f"TO {_text(out)} (FORMAT csv, HEADER)"
    )


def _day(name: str) -> str:
    """A day as most extracts write it; none where it is written otherwise, and such a row is there in both months."""
    return f"coalesce(TRY_CAST({name} AS DATE), CAST(try_strptime({name}, '%d/%m/%Y') AS DATE))"


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
