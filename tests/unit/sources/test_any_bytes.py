"""Whatever happens to the bytes of an extract: findings, never an exception, and every row accounted for."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joinedup.engine.duck import connect
from joinedup.sources.landing import stage
from tests.unit.sources.extracts import NUMBERS, REGISTER, lines, place_with, source

HEADER = REGISTER + ",PERSON_FAMILY_NAME,PERSON_STATED_GENDER_CODE"
ROWS = [f'{number},19{50 + n}-02-0{n + 1},Y0000{n},201{n}-01-01,"Né, ""{n}""",{1 + n % 2}' for n, number in enumerate(NUMBERS)]
SOUND = lines(HEADER, *ROWS[:2], f'{NUMBERS[0]},1950-02-01,Y00001,2010-01-01,"two\nlines",1', *ROWS[2:])
KINDS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode(),
    "cp1252 with CR LF": lambda text: text.replace("\n", "\r\n").encode("cp1252"),
    "utf-16": lambda text: text.encode("utf-16"),
    "gzip": lambda text: text.encode(),
}
PACK: dict[str, Callable[[bytes], bytes]] = {"gzip": lambda body: gzip.compress(body, mtime=0)}
BYTES = st.sampled_from([b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"\xc3", b"\x02", b"|", b" ", b"9", b'""', b"\r\n", b"-"])
KINDS_OF_DAMAGE = st.sampled_from(["put", "replace", "cut", "end"])
DAMAGE = st.lists(st.tuples(st.integers(0, 2_000), KINDS_OF_DAMAGE, BYTES, st.integers(1, 90)), min_size=1, max_size=6)


def damaged(body: bytes, damage: list[tuple[int, str, bytes, int]]) -> bytes:
    for place, kind, byte, length in damage:
        at = place % (len(body) + 1)
        body = {
            "put": body[:at] + byte + body[at:],
            "replace": body[:at] + byte + body[at + len(byte) :],
            "cut": body[:at] + body[at + length :],
            "end": body[:at],
        }[kind]
    return body


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=DAMAGE)
def test_damage_gives_findings_and_full_accounts(kind: str, damage: list[tuple[int, str, bytes, int]]) -> None:
    con = connect(threads=1)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "file.csv").write_bytes(PACK.get(kind, bytes)(damaged(KINDS[kind](SOUND), damage)))
        found = stage(con, place_with(source()), Path(folder))
    (account,) = found.files
    kept = {table: con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in TABLES}
    assert account.rows_read == sum(kept.values())
    assert (account.loaded, account.superseded, account.rejected) == tuple(kept.values())
    assert account.refused == any(finding.severity == "error" for finding in found.findings)
    numbers = con.execute(" UNION ALL ".join(f"SELECT source_row FROM {table}" for table in TABLES)).fetchall()
    assert len(set(numbers)) == account.rows_read
    con.close()


TABLES = ("staged_register", "staged_superseded", "staged_rejected")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_file_undamaged_is_loaded_whole(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_bytes(PACK.get(kind, bytes)(KINDS[kind](SOUND)))
    (account,) = stage(connect(threads=1), place_with(source()), tmp_path).files
    assert (account.rows_read, account.loaded) == (6, 6)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(body=st.binary(max_size=300))
def test_any_bytes_at_all(body: bytes) -> None:
    con = connect(threads=1)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "file.csv").write_bytes(body)
        found = stage(con, place_with(source()), Path(folder))
    assert found.files[0].refused
    con.close()
