"""A landing handed over: complete, without identifiers, and believed only as it was landed."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from joinedup.engine.objects import sha256_of
from joinedup.engine.store import Store
from joinedup.errors import NothingPublished, PlaceError, StoreProblem
from joinedup.sources.handing import ALTERED, FOREIGN, MISSING, OLDER, UNSIGNED, hand_over, take_over
from joinedup.sources.identifying import COLUMN
from joinedup.sources.landed import LANDING_FILE, LandedTable, LandingRecord, publish_landing, read_landing
from joinedup.sources.signing import SIGNATURE_FILE, public_key

WHEN = "2026-04-01T08:00:00Z"


def landed(store: Store, landing_id: str = "20260401T080000Z-a1b2c3", **columns: list[str]) -> LandingRecord:
    """A landing of one table, current in the store."""
    folder = store.create().landed / landing_id
    folder.mkdir()
    path = folder / "landed_ecds.parquet"
    pq.write_table(pa.table(columns or {"epikey": ["1", "2"]}), path)
    table = LandedTable(file=str(path.relative_to(store.root)), digest=sha256_of(path), rows=2)
    record = LandingRecord.model_validate(
        {
            "landing_id": landing_id,
            "landed_at": WHEN,
            "place_id": "here",
            "software": "1",
            "signature": "s",
            "key_fingerprint": "f",
            "tables": {"landed_ecds": table},
            "files": (),
        }
    )
    publish_landing(store, record)
    return record


@pytest.fixture
def handed(tmp_path: Path) -> Path:
    store = Store(tmp_path / "trusted")
    landed(store)
    (store.kept / "identity.sqlite").write_bytes(b"who is who")
    return hand_over(store, tmp_path / "out")


def test_a_landing_is_taken_over_as_it_was(handed: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "analysts")
    taken = take_over(handed, "here", store)
    assert read_landing(store) == taken == read_landing(Store(tmp_path / "trusted"))
    assert pq.read_table(store.root / taken.tables["landed_ecds"].file)["epikey"].to_pylist() == ["1", "2"]
    assert take_over(handed, "here", store) == taken, "a second time changes nothing"


def test_nothing_but_the_landing_is_handed_over_and_only_its_owner_reads_it(handed: Path, tmp_path: Path) -> None:
    assert sorted(path.name for path in handed.iterdir()) == ["landed_ecds.parquet", LANDING_FILE]
    assert oct(handed.stat().st_mode & 0o777) == "0o700"
    assert {oct(path.stat().st_mode & 0o777) for path in handed.iterdir()} == {"0o600"}
    with pytest.raises(StoreProblem, match="was handed over before"):
        hand_over(Store(tmp_path / "trusted"), tmp_path / "out")
    with pytest.raises(NothingPublished):
        hand_over(Store(tmp_path / "empty").create(), tmp_path / "out")


def refused(handed: Path, store: Store) -> list[tuple[str, str]]:
    """File and rule of what stops the folder from being taken over; what was current stays so."""
    before = read_landing(store)
    with pytest.raises(PlaceError) as error:
        take_over(handed, "here", store)
    assert read_landing(store) == before
    assert sorted(path.name for path in store.landed.iterdir()) == sorted([before.landing_id, "current.json"])
    return [(finding.file, finding.rule) for finding in error.value.findings]


def test_what_is_not_as_it_was_landed_is_refused(handed: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "analysts")
    landed(store, "20260301T080000Z-a1b2c3")
    table = handed / "landed_ecds.parquet"
    whole = table.read_bytes()
    table.write_bytes(whole[:-1] + b"x")
    assert refused(handed, store) == [("landed_ecds.parquet", ALTERED)]
    table.unlink()
    assert refused(handed, store) == [("landed_ecds.parquet", MISSING)]
    elsewhere = tmp_path / "elsewhere.parquet"
    elsewhere.write_bytes(whole)
    table.symlink_to(elsewhere)
    assert refused(handed, store) == [("landed_ecds.parquet", MISSING)]
    table.unlink()
    shutil.copy(elsewhere, table)
    (handed / "identity.sqlite").write_bytes(b"who is who")
    assert refused(handed, store) == [("identity.sqlite", FOREIGN)]


def test_a_table_with_an_identifier_is_refused_though_its_hash_is_right(tmp_path: Path) -> None:
    trusted, store = Store(tmp_path / "trusted"), Store(tmp_path / "analysts")
    landed(trusted, epikey=["1"], nhs_number=["9990000018"])
    landed(store, "20260301T080000Z-a1b2c3")
    assert refused(hand_over(trusted, tmp_path / "out"), store) == [("landed_ecds", COLUMN)]


def test_another_places_landing_is_refused(handed: Path, tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match="holds a landing of here, and this place is elsewhere"):
        take_over(handed, "elsewhere", Store(tmp_path / "analysts"))


@pytest.mark.parametrize("name", ["../../escaped", "/absolute", "a/b", "..", ""])
def test_a_record_that_names_paths_is_refused(handed: Path, tmp_path: Path, name: str) -> None:
    record = json.loads((handed / LANDING_FILE).read_text())
    for altered in (record | {"landing_id": name}, record | {"tables": {name: record["tables"]["landed_ecds"]}}):
        (handed / LANDING_FILE).write_text(json.dumps(altered))
        with pytest.raises(StoreProblem, match="is not a landing that this version can read"):
            take_over(handed, "here", Store(tmp_path / "analysts"))
    assert not (tmp_path / "escaped").exists()


def test_a_folder_without_a_landing_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreProblem, match="name the folder that joinedup land --hand-over wrote"):
        take_over(tmp_path, "here", Store(tmp_path / "analysts"))


def test_where_the_folder_cannot_be_written_nothing_is_left(tmp_path: Path) -> None:
    store = Store(tmp_path / "trusted")
    landed(store)
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StoreProblem):
        hand_over(store, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "trusted"]


SECRET, OTHER = b"s" * 32, b"o" * 32


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    store = Store(tmp_path / "trusted")
    landed(store)
    return hand_over(store, tmp_path / "out", SECRET)


def why(handed: Path, store: Store, place_id: str = "here", trusted: str | None = None) -> str:
    """Why a folder isn't taken over."""
    with pytest.raises(PlaceError) as error:
        take_over(handed, place_id, store, trusted or public_key(SECRET))
    assert not (store.landed / "current.json").exists()
    return " ".join([str(error.value), *(f"{finding.rule}: {finding.message}" for finding in error.value.findings)])


def test_what_the_trusted_host_signed_is_taken_over(signed: Path, tmp_path: Path) -> None:
    assert take_over(signed, "here", Store(tmp_path / "analysts"), public_key(SECRET)) == read_landing(Store(tmp_path / "trusted"))


def test_what_somebody_else_signed_or_nobody_is_not(signed: Path, handed_unsigned: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "analysts").create()
    assert "isn't signed" in why(handed_unsigned, store)
    assert "and place.yml trusts" in why(signed, store, trusted=public_key(OTHER))
    (signed / SIGNATURE_FILE).unlink()
    (signed / SIGNATURE_FILE).symlink_to(tmp_path / "nowhere")
    assert "isn't signed" in why(signed, store)


@pytest.fixture
def handed_unsigned(tmp_path: Path) -> Path:
    store = Store(tmp_path / "trusted-too")
    landed(store)
    return hand_over(store, tmp_path / "out-too")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"[" * 9_000, b"\xff", b'{"signed_by": 1, "signature": 2}'])
def test_a_signature_file_that_is_none_is_refused(signed: Path, tmp_path: Path, content: bytes) -> None:
    (signed / SIGNATURE_FILE).write_bytes(content)
    assert UNSIGNED in why(signed, Store(tmp_path / "analysts").create())


def test_one_byte_changed_after_signing_is_refused(signed: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "analysts").create()
    record = (signed / LANDING_FILE).read_bytes()
    (signed / LANDING_FILE).write_bytes(record.replace(b'"rows": 2', b'"rows": 3'))
    assert "isn't as it was signed" in why(signed, store)
    (signed / LANDING_FILE).write_bytes(record)
    said = json.loads((signed / SIGNATURE_FILE).read_text())
    (signed / SIGNATURE_FILE).write_text(json.dumps(said | {"signature": "00" + said["signature"][2:]}))
    assert "isn't as it was signed" in why(signed, store)
    (signed / SIGNATURE_FILE).write_text(json.dumps(said))
    assert "isn't as it was signed" in why(signed, store, place_id="elsewhere"), "a signature is for one place"


def test_an_old_landing_handed_over_again_is_refused(tmp_path: Path) -> None:
    trusted, store = Store(tmp_path / "trusted"), Store(tmp_path / "analysts")
    landed(trusted)
    old = hand_over(trusted, tmp_path / "out", SECRET)
    later = landed(trusted, "20260501T080000Z-d4e5f6").model_copy(update={"landed_at": datetime(2026, 5, 1, 8, tzinfo=UTC)})
    publish_landing(trusted, later)
    new = hand_over(trusted, tmp_path / "out", SECRET)
    take_over(old, "here", store, public_key(SECRET))
    take_over(new, "here", store, public_key(SECRET))
    with pytest.raises(PlaceError, match="stays current") as error:
        take_over(old, "here", store, public_key(SECRET))
    assert [finding.rule for finding in error.value.findings] == [OLDER]
    assert read_landing(store).landing_id == later.landing_id
    assert take_over(new, "here", store, public_key(SECRET)).landing_id == later.landing_id, "the same again changes nothing"
    publish_landing(store, later.model_copy(update={"erased": 1}))
    with pytest.raises(PlaceError, match="stays current"):
        take_over(new, "here", store, public_key(SECRET))  # from before somebody was erased
