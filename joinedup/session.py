"""A place as Python has it: `joinedup.open`, and what may be asked of it, through the doors."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from joinedup.access.aggregates import open_aggregates
from joinedup.access.asking import Asked
from joinedup.access.caller import Caller, caller_for, without_row
from joinedup.access.disclosure import Audience
from joinedup.access.handing import AskedTable
from joinedup.access.measure_results import STANDARD
from joinedup.access.records import Records, open_records
from joinedup.access.showing import VALUES, measure_of
from joinedup.access.showing import shown_as as view_of
from joinedup.engine.store import Store
from joinedup.hand_off.folder import HandOff, hand_off
from joinedup.hand_off.forms import Form
from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.sources.contract import contracts


@dataclass(frozen=True)
class OpenPlace:
    """A place, opened for a purpose by whoever runs this. What it gives of records is one release: its tables join by person_id."""

    place: Place
    store: Store
    caller: Caller

    def records(self, table: str, columns: Sequence[str] | None = None, where: Iterable[Asked] = ()) -> pa.Table:
        """The rows of a table as Arrow (`.to_pandas()` for pandas): usual columns or those named, for which all conditions hold.

        A condition is a tuple: ("starts", ">=", "2025-04-01"), ("sector", "in", ["acute"]), ("ends", "is missing"). Refused where the
        caller may not have them; each query is logged before it gives anything.
        """
        return self._records.rows(self.caller, table, columns=columns, where=where)

    def measure(  # noqa: PLR0913 - a cut, each part by its name
        self,
        name: str,
        by: Sequence[str] = ("neighbourhood",),
        *,
        period: str = "year",
        variant: str = STANDARD,
        standardised: bool = False,
        shown_as: str = VALUES,
        audience: Audience = "internal",
    ) -> pa.Table:
        """A measure of the published build by one kind of area (place, neighbourhood, practice, pcn, ward) and perhaps one characteristic.

        The columns are those of `joinedup show`: counts, value, 95 and 99.8% limits, reason, comparison. `period` is month, quarter, year
        or rolling. `shown_as` is values, chart, funnel, inequality or trend. Refused where the measure declares no such cut, or the caller
        may not have it; logged.
        """
        door = open_aggregates(self.store, self.place, self.caller, audience)
        if shown_as != VALUES:
            of = None if shown_as == "chart" else period
            return view_of(door, name, by, of, view=shown_as, variant=variant, standardised=standardised)
        return measure_of(door, name, by, period, variant=variant, standardised=standardised)

    def hand_off(
        self, tables: Iterable[str | AskedTable], out: str | Path, form: Form = "parquet", audience: Audience = "internal"
    ) -> Path:
        """A new folder of tables in one release of its own, as `joinedup export --tables`; an AskedTable names columns and conditions."""
        asked = tuple(AskedTable(each) if isinstance(each, str) else each for each in tables)
        return hand_off(HandOff(self.place, self.store, self.caller, asked, audience), form, Path(out))

    @cached_property
    def _records(self) -> Records:
        return open_records(self.store, self.place, self.caller)


def open_place(folder: str | Path, purpose: str, *, store: str | Path | None = None, reason: str = "") -> OpenPlace:
    """A place folder and its store, by default .joinedup/<id of the place>, opened for a purpose."""
    place = read_place(Path(folder), contract_names=tuple(contracts()))
    caller = caller_for(place, purpose, reason=reason)
    if without_row(place, caller):
        sys.stderr.write(f"note: the people are invented, so {caller.account}, who has no row in staff.csv, acts as {caller.role}\n")
    return OpenPlace(place, Store(Path(store or Path(".joinedup") / place.id).resolve()), caller)
