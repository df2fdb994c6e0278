"""Releases held against earlier ones: what was not shown must not follow from two of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.caller import Caller
from joinedup.engine.store import Store
from joinedup.errors import Refused
from joinedup.kept.releases import Released, Releases, open_releases, releases_place
from joinedup.place.model import Place

PARTED = "\x1f"
MISSING = "\x00"


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves a build for one caller, and the register that it is written into."""

    store: Store
    place: Place
    caller: Caller
    build_id: str

    def public(self, what: str, given: pa.Table, by: Sequence[str]) -> None:
        """Nothing; what the public is given is in the register of releases.

        Refused, of real people, where a cell about the same day was suppressed in one release and shown in another: how it changed, and
        what changed meanwhile, would tell it.
        """
        with self._register() as releases:
            for number, earlier in () if self.place.invented else releases.given_to_public(what, self._as_at):
                if cells := flips(given, earlier, by):
                    raise Refused(
                        f"{cells:,} cells of {what} would be shown that release {number} suppressed, or the other way, about the same "
                        "day, so that the two together tell more than either; withdraw that one first (joinedup releases --end), or wait "
                        "for the next as-at date"
                    )
            releases.add(self._released("public", what, given), given, keep=True)

    def rows(self, what: str, given: pa.Table, columns: Collection[str]) -> None:
        """Nothing; that rows leave is in the register of releases, with the columns that they have or were asked by."""
        with self._register() as releases:
            releases.add(self._released("rows", what, given, columns), given, keep=False)

    def folder(self, what: str, rows: int, columns: Collection[str], content_hash: str) -> int:
        """The number of a release of rows to a folder, which is in the register with the hash of what was written there."""
        with self._register() as releases:
            return releases.add_written(replace(self._released("rows", what, pa.table({}), columns), row_count=rows), content_hash)

    def columns_before(self) -> dict[str, int]:
        """The columns that this account was given of rows about the same day, and hasn't destroyed since; in which release last."""
        with self._register() as releases:
            return releases.columns_given(self.caller.account, self._as_at)

    @property
    def _as_at(self) -> str:
        return self.place.as_at.isoformat()

    @contextmanager
    def _register(self) -> Iterator[Releases]:
        releases = open_releases(releases_place(self.store.kept))
        try:
            yield releases
        finally:
            releases.close()

    def _released(self, kind: str, what: str, given: pa.Table, columns: Collection[str] = ()) -> Released:
        return Released(
            account=self.caller.account,
            role=self.caller.role,
            purpose=self.caller.purpose,
            kind=kind,
            what=what,
            columns=",".join(sorted(columns or given.column_names)),
            build_id=self.build_id,
            as_at=self._as_at,
            reason=self.caller.reason,
            row_count=given.num_rows,
        )


def flips(given: pa.Table, earlier: pa.Table, by: Sequence[str]) -> int:
    """How many cells of two releases of a table are shown in one and suppressed in the other; rows are the same by the columns `by`."""
    keys = [name for name in by if name in given.column_names and name in earlier.column_names]
    at = pc.index_in(_keyed(given, keys), value_set=_keyed(earlier, keys))
    found = 0
    for name, kind in zip(given.column_names, given.schema.types, strict=True):
        if name in keys or name not in earlier.column_names or not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            continue
        before, now = pc.is_valid(earlier[name].combine_chunks()).take(at), pc.is_valid(given[name].combine_chunks())
        found += pc.sum(pc.fill_null(pc.xor(before, now), False)).as_py() or 0
    return found


def _keyed(table: pa.Table, keys: Sequence[str]) -> pa.Array:
    texts = [pc.fill_null(table[name].combine_chunks().cast(pa.string()), MISSING) for name in keys]
    return pc.binary_join_element_wise(*texts, PARTED)
