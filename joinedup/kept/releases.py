"""The register of releases: what left for the public or as rows, when, by whom and of which build. It only grows."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from joinedup.errors import Refused
from joinedup.kept.append_only import only_grows
from joinedup.kept.databases import Database, open_database

NAME = "the register of releases"
RELEASES_VARIABLE = "JOINEDUP_RELEASES"
RELEASES = sa.MetaData()
RELEASE = only_grows(
    sa.Table(
        "release",
        RELEASES,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False),  # UTC
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("account", "role", "purpose", "kind", "what", "columns", "build_id", "as_at", "content_hash", "reason")
        ),
        sa.Column("row_count", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary),  # of what the public was given, Parquet; nothing of rows
    )
)
ENDED = only_grows(
    sa.Table(
        "release_ended",
        RELEASES,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False),  # UTC
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
)
HOLDS = RELEASE.c.number.not_in(sa.select(ENDED.c.number))
"""Whether a release hasn't ended."""
LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Released:
    """One release: `kind` is public or rows; `what` is the table; `columns` are parted by commas."""

    account: str
    role: str
    purpose: str
    kind: str
    what: str
    columns: str
    build_id: str
    as_at: str
    reason: str
    row_count: int


class Releases:
    """The register of releases of one place, opened."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, release: Released, content: pa.Table, *, keep: bool) -> int:
        """The number of the release, which is kept with the hash of what it held, and with what it held if told to `keep` it.

        What the public was given before, of the same build and just so, is no new release.
        """
        return self._added(release, _hash_of(content), _as_parquet(content) if keep else None)

    def add_written(self, release: Released, content_hash: str) -> int:
        """The number of a release that was written by somebody else, who says the hash of what it holds."""
        return self._added(release, content_hash, None)

    def _added(self, release: Released, content_hash: str, held: bytes | None) -> int:
        values = asdict(release) | {"content_hash": content_hash, "content": held}
        with self.database.writing("release") as connection:
            RELEASES.create_all(connection)
            same = [RELEASE.c[name] == values[name] for name in ("kind", "what", "build_id", "content_hash")]
            before = connection.scalar(sa.select(sa.func.max(RELEASE.c.number)).where(*same)) if held is not None else None
            if before is not None:
                return int(before)
            number = 1 + (connection.scalar(sa.select(sa.func.max(RELEASE.c.number))) or 0)
            connection.execute(sa.insert(RELEASE).values(number=number, at=datetime.now(UTC).replace(tzinfo=None), **values))
        return int(number)

    def end(self, number: int, *, account: str, reason: str) -> None:
        """Nothing; a release was withdrawn or destroyed, so that later ones aren't held against it. Refused where there is none."""
        if not 0 < len(reason.strip()) <= LONGEST:
            raise Refused(f"why a release ends is said in 1 to {LONGEST:,} characters, such as 'file destroyed, certificate 12'; say it")
        with self.database.writing("release") as connection:
            RELEASES.create_all(connection)
            there = connection.scalar(sa.select(RELEASE.c.number).where(RELEASE.c.number == number))
            if there is None or connection.scalar(sa.select(ENDED.c.number).where(ENDED.c.number == number)) is not None:
                raise Refused(f"there is no release {number} that hasn't ended; joinedup releases lists them")
            now = datetime.now(UTC).replace(tzinfo=None)
            connection.execute(sa.insert(ENDED).values(number=number, at=now, account=account, reason=reason.strip()))

    def rows(self) -> Sequence[Mapping[str, object]]:
        """Every release, oldest first, without what it held; with when and why it ended, where it did."""
        columns = [column for column in RELEASE.c if column.name != "content"]
        query = sa.select(*columns, ENDED.c.at.label("ended_at"), ENDED.c.reason.label("ended_because"))
        with self.database.reading() as connection:
            if not sa.inspect(connection).has_table(RELEASE.name):
                return []
            joined = query.outerjoin_from(RELEASE, ENDED, RELEASE.c.number == ENDED.c.number).order_by(RELEASE.c.number)
            return [dict(row) for row in connection.execute(joined).mappings()]

    def given_to_public(self, what: str, as_at: str) -> list[tuple[int, pa.Table]]:
        """What the public was given of a table about one day, and hasn't ended, each once, with its number."""
        with self.database.reading() as connection:
            if not sa.inspect(connection).has_table(RELEASE.name):
                return []
            first = sa.select(sa.func.min(RELEASE.c.number)).where(
                RELEASE.c.kind == "public",
                RELEASE.c.what == what,
                RELEASE.c.as_at == as_at,
                HOLDS,
            )
            numbers = first.group_by(RELEASE.c.content_hash)
            found = connection.execute(sa.select(RELEASE.c.number, RELEASE.c.content).where(RELEASE.c.number.in_(numbers)))
            return [(number, pq.read_table(io.BytesIO(content))) for number, content in found]

    def columns_given(self, account: str, as_at: str) -> dict[str, int]:
        """The columns of rows about one day that an account was given, in releases that haven't ended, and the number of the last such."""
        with self.database.reading() as connection:
            if not sa.inspect(connection).has_table(RELEASE.name):
                return {}
            query = sa.select(RELEASE.c.number, RELEASE.c.columns).where(
                RELEASE.c.kind == "rows",
                RELEASE.c.account == account,
                RELEASE.c.as_at == as_at,
                HOLDS,
            )
            found = connection.execute(query.order_by(RELEASE.c.number)).all()
        return {name: number for number, columns in found for name in columns.split(",")}

    def close(self) -> None:
        """Nothing; lets go of the database."""
        self.database.close()


def _as_parquet(content: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(content.replace_schema_metadata(None), out, compression="zstd")
    return out.getvalue()


def _hash_of(content: pa.Table) -> str:
    """Of the values, in their order: the same for the same rows, whatever writes them."""
    out = io.BytesIO()
    plain = content.replace_schema_metadata(None).combine_chunks()
    with pa.ipc.new_stream(out, plain.schema) as stream:
        stream.write_table(plain)
    return hashlib.sha256(out.getvalue()).hexdigest()


def releases_place(kept: Path, environ: Mapping[str, str] = os.environ) -> Path | str:
    """Where the register lies: at the database URL in JOINEDUP_RELEASES, else in a SQLite file in `kept`."""
    return environ.get(RELEASES_VARIABLE) or kept / "releases.sqlite"


def open_releases(where: Path | str) -> Releases:
    """The register in the SQLite file `where`, made for its owner only when it isn't there yet, or in the database of that URL."""
    return Releases(open_database(where, NAME))
