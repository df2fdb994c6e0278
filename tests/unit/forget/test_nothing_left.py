"""A person with unusual strings is planted, erased, and looked for byte by byte in everything that the store holds."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from joinedup.errors import StoreProblem
from joinedup.forget.certificate import certificate, read_certificate, write_certificate
from joinedup.forget.erasing import drop_builds
from joinedup.forget.searching import search
from joinedup.kept.copies import note_copy
from joinedup.kept.erasing import erasures
from joinedup.kept.identity_register import VAULT
from joinedup.kept.vault import Sealed
from joinedup.papers.erasure import html, markdown
from joinedup.sources.handing import hand_over
from tests.unit.forget.test_erasing import UNUSUAL, Place, place
from tests.unit.identity.people import KEYS

__all__ = ["place"]

STRINGS = [UNUSUAL[name] for name in ("NHS_NUMBER", "PERSON_FAMILY_NAME", "PERSON_GIVEN_NAME", "POSTCODE_OF_USUAL_ADDRESS")]


def texts(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below a folder as its bytes; Parquet as the values that it holds, too."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()
            if path.suffix == ".parquet":
                yield path, repr(pq.read_table(path, partitioning=None).to_pylist()).encode()


def opened_vault(where: Place) -> bytes:
    """Everything that the vault says, opened."""
    with where.desk().register.engine.connect() as connection:
        query = "SELECT v.*, l.landing_id FROM vault v JOIN landing l USING (landing)"
        rows = connection.exec_driver_sql(query).mappings().all()
    assert set(VAULT.c.keys()) <= set(rows[0])
    batches = (Sealed(**{name: row[name] for name in Sealed.__dataclass_fields__}).opened(KEYS) for row in rows)
    return repr([batch.to_pylist() for batch in batches]).encode()


def dump(url: str) -> bytes:
    """Every table of a PostgreSQL database, as text."""
    told = io.BytesIO()
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://")) as connection, connection.cursor() as cursor:
        names = [name for (name,) in cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()]
        for name in names:
            with cursor.copy(f'COPY "{name}" TO STDOUT') as copy:
                for part in copy:
                    told.write(bytes(part))
    return told.getvalue()


def person_bytes(person: int) -> list[bytes]:
    """How a person_id stands in files: as text, and as SQLite's and Parquet's eight bytes."""
    return [str(person).encode(), struct.pack(">q", person), struct.pack("<q", person)]


def test_no_byte_of_the_person_is_left(place: Place, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    handed = hand_over(place.work.store, tmp_path / "out")
    note_copy(place.work.store.kept, "hand-over", handed)
    note_copy(place.work.store.kept, "backup", tmp_path / "elsewhere.backup")
    before = opened_vault(place)
    assert all(text.encode() in before for text in STRINGS)
    (gone,) = place.subject().person_ids
    assert any(str(gone).encode() in text for path, text in texts(place.work.store.root) if path.suffix == ".parquet")
    place.forget()
    sought = [*(text.encode() for text in STRINGS), *person_bytes(gone)]
    for folder in (place.work.store.root, tmp_path / "out"):
        for path, text in texts(folder):
            assert [each for each in sought if each in text] == [], path.name
    after = opened_vault(place)
    assert [each for each in sought if each in after] == []
    if "postgresql" in request.node.callspec.id:
        held = dump(request.getfixturevalue("postgresql"))
        assert held
        assert [each for each in sought if each in held] == []


def test_the_certificate_says_what_was_done_and_holds_nobody(place: Place, tmp_path: Path) -> None:
    note_copy(place.work.store.kept, "backup", tmp_path / "elsewhere.backup")
    (gone,) = place.forget().person_ids
    desk = place.desk()
    with desk.register.database.reading() as connection:
        (erasure,) = erasures(connection)
    searched = search(desk, 1)
    assert [each.found for each in searched] == [0] * len(searched)
    said = certificate(desk, erasure, searched)
    assert said["removed"]["landed"] == {"landed_apc": 2, "landed_person": 1, "landed_register": 1}
    assert said["removed"]["register"] == {"identifiers": 2, "ids": 1, "lookups": 1, "merges and splits": 0, "pairs": 0}
    assert said["by"] == ["ada", "bert"]
    remains = {each["what"]: each["count"] for each in said["remains"]}
    assert remains["source file apc.csv of hospital"] == 2
    assert remains["list of erasures"] == 1
    assert any(each.get("path", "").endswith("elsewhere.backup") for each in said["remains"])
    paths = write_certificate(said, tmp_path / "out", {".md": markdown(said), ".html": html(said)})
    everything = b"".join(path.read_bytes() for path in paths)
    assert [each for each in (*STRINGS, str(gone)) if each.encode() in everything] == []
    assert read_certificate(paths[0], desk)["erasure"] == 1
    paths[0].write_text(paths[0].read_text().replace('"found": 0', '"found": 1'))
    with pytest.raises(StoreProblem, match="isn't as it was signed"):
        read_certificate(paths[0], desk)


def test_a_search_finds_whoever_is_there_again(place: Place, tmp_path: Path) -> None:
    before = tmp_path / "before.parquet"
    record = place.tables()
    assert record
    path = next(path for path in place.work.store.landed.rglob("landed_apc.parquet"))
    before.write_bytes(path.read_bytes())
    place.forget()
    (path.parent / "brought_back.parquet").write_bytes(before.read_bytes())
    found = {each.where.partition(" (")[0]: each.found for each in search(place.desk(), 1)}
    assert found["landings"] == 2
    drop_builds(place.work.store)
