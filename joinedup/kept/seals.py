"""Seals: what a batch of events was when it was sealed, chained each to the one before, and kept in a file that can be sent elsewhere."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from joinedup.engine.store import sync_folder
from joinedup.errors import KeyProblem, StoreProblem
from joinedup.kept.keys import HOW_TO_MAKE, parse_key
from joinedup.kept.log_tables import FORM

KEY_VARIABLE = "JOINEDUP_SEAL_KEY"
FILE_VARIABLE = "JOINEDUP_SEALS"
KEY_FILE_VARIABLE = "JOINEDUP_SEAL_KEY_FILE"
NO_SEAL = "0" * 64
"""What stands for the hash of the seal before the first."""
MARK_BYTES = 4
"""Of each event's SHA-256, kept to say which event differs; that a batch differs is known by its whole hash."""
MOST = 2**63
"""What a database's whole numbers stay below."""
TAIL = 1_000_000
"""Bytes at the end of a seal file that are read to find its last seal: a hundred times the longest line."""


@dataclass(frozen=True, slots=True, repr=False)
class SealKey:
    """The key of keyed seals, and its name. It never shows the key."""

    secret: bytes
    key_id: str

    def __repr__(self) -> str:
        return f"SealKey({self.key_id})"


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal: the numbers of its first and last event, their hash, and the hash of the seal before. Times in microseconds, UTC."""

    number: int
    form: int
    first_event: int
    last_event: int
    event_count: int
    batch_hash: str
    marks: str
    sealed_at: int
    key_id: str
    before_hash: str
    seal_hash: str = ""

    @property
    def line(self) -> bytes:
        """What its own hash is over: its fields but that hash, as text, parted by tabs, ended by a line feed."""
        fields = asdict(self)
        del fields["seal_hash"]
        return ("\t".join(str(value) for value in fields.values()) + "\n").encode()

    @property
    def each_mark(self) -> list[bytes]:
        """The marks of its events, in order; none where they aren't base64."""
        try:
            raw = base64.b64decode(self.marks, validate=True)
        except ValueError:
            return []
        return [raw[start : start + MARK_BYTES] for start in range(0, len(raw), MARK_BYTES)]

    def hashed(self, key: SealKey | None) -> str:
        """The hash that it should have."""
        return hmac.new(key.secret, self.line, "sha256").hexdigest() if key else hashlib.sha256(self.line).hexdigest()


def sealing(before: Seal | None, lines: Sequence[bytes], now: int, key: SealKey | None) -> Seal:
    """The seal of a batch of events, which follows the seal `before`."""
    first = before.last_event + 1 if before else 1
    bare = Seal(
        number=before.number + 1 if before else 1,
        form=FORM,
        first_event=first,
        last_event=first + len(lines) - 1,
        event_count=len(lines),
        batch_hash=batch_hash(lines),
        marks=base64.b64encode(b"".join(mark(line) for line in lines)).decode(),
        sealed_at=now,
        key_id=key.key_id if key else "",
        before_hash=before.seal_hash if before else NO_SEAL,
    )
    return Seal(**{**asdict(bare), "seal_hash": bare.hashed(key)})


def batch_hash(lines: Iterable[bytes]) -> str:
    """The hash of a batch: SHA-256 of its events' lines, one after another."""
    return hashlib.sha256(b"".join(lines)).hexdigest()


def mark(line: bytes) -> bytes:
    """What tells one event from another within a batch."""
    return hashlib.sha256(line).digest()[:MARK_BYTES]


def seal_key(environ: Mapping[str, str] = os.environ) -> SealKey | None:
    """The key of keyed seals, from JOINEDUP_SEAL_KEY or the file that JOINEDUP_SEAL_KEY_FILE names; None where neither is set."""
    text, named = environ.get(KEY_VARIABLE), environ.get(KEY_FILE_VARIABLE)
    if text and named:
        raise KeyProblem(f"both {KEY_VARIABLE} and {KEY_FILE_VARIABLE} are set, and one key is expected; unset one of them")
    if named:
        try:
            text = Path(named).expanduser().read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            raise KeyProblem(f"the file that {KEY_FILE_VARIABLE} names can't be read as a key; {HOW_TO_MAKE}") from None
    return derived_seal_key(parse_key(text, KEY_VARIABLE if not named else f"the file that {KEY_FILE_VARIABLE} names")) if text else None


def derived_seal_key(secret: bytes) -> SealKey:
    """The key that follows from a secret of 32 bytes: HKDF (RFC 5869) with SHA-256, a label for each use."""
    return SealKey(_derived(secret, "seal", 32), _derived(secret, "name", 8).hex())


def _derived(secret: bytes, use: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"joinedup access log 1 {use}".encode()).derive(secret)


def append_seals(file: Path, after: Callable[[int], Iterable[Seal]]) -> None:
    """Nothing; the file then holds the seals that come `after` its last one, too, on disk.

    StoreProblem when the log doesn't hold the file's last seal. A line that was cut short by a crash stays as it is, and its seal is
    written again below it.
    """
    with _file_errors(file), os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+", buffering=0) as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        size = out.seek(0, os.SEEK_END)
        out.seek(max(0, size - TAIL))
        end = out.read()
        last = max(filter(None, map(_parsed, end.splitlines())), key=lambda seal: seal.number, default=None)
        missing = list(after(last.number - 1 if last else 0))
        if last and (not missing or missing.pop(0) != last):
            raise StoreProblem(
                f"the seal file {file} ends with seal {last.number}, which this log doesn't have: it is of another log, or looks "
                f"were removed or sealed again; keep the file, verify with it, and name a new one in {FILE_VARIABLE} meanwhile"
            )
        if missing:
            lines = "".join(json.dumps(asdict(seal), separators=(",", ":")) + "\n" for seal in missing)
            content = (b"" if end.endswith(b"\n") or not end else b"\n") + lines.encode()
            while content:
                content = content[out.write(content) :]
            os.fsync(out.fileno())
            if not size:
                sync_folder(file.parent)


def last_seal_in(file: Path) -> int:
    """The number of the last seal that a file holds; 0 where it holds none or isn't there."""
    return max((seal.number for seal in read_seals(file)), default=0) if file.exists() else 0


def read_seals(file: Path) -> list[Seal]:
    """The seals of a file in its order; lines that are none are left out, for a crash may cut one short."""
    with _file_errors(file):
        return [seal for seal in map(_parsed, file.read_bytes().splitlines()) if seal]


def _parsed(line: bytes) -> Seal | None:
    try:
        content = json.loads(line)
        seal = Seal(**content)
    except (ValueError, TypeError, RecursionError):
        return None
    numbers = (seal.number, seal.form, seal.first_event, seal.last_event, seal.event_count, seal.sealed_at)
    texts = (seal.batch_hash, seal.marks, seal.key_id, seal.before_hash, seal.seal_hash)
    right = all(type(value) is int and 0 <= value < MOST for value in numbers) and all(isinstance(value, str) for value in texts)
    return seal if right else None


@contextmanager
def _file_errors(file: Path) -> Iterator[None]:
    """Turns what the operating system says about a seal file into a StoreProblem of one sentence."""
    try:
        yield
    except OSError as error:
        raise StoreProblem(f"the seal file {file} can't be read or written: {error.strerror}") from None
