"""Keys of the identity register: one secret of 32 bytes, kept outside the place folder and the store."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from joinedup.engine.store import sync_folder
from joinedup.errors import KeyProblem
from joinedup.kept import key_ring
from joinedup.kept.key_halves import Half, joined, parse_half, split

KEY_VARIABLE = "JOINEDUP_KEY"
FILE_VARIABLE = "JOINEDUP_KEY_FILE"
KEYRING_VARIABLE = "JOINEDUP_KEY_KEYRING"
"""Each has a second, whose name ends in _2, for the other half of a key."""
KeyPlaces = str | Path | Sequence[str | Path] | None
"""Files, and keyring:NAME; one with a key, or two with its halves."""
KEY_BYTES = 32
FINGERPRINT_BYTES = 8
LEAST_VARIETY = 16  # of 32 random bytes about 30 differ; fewer than 16 is one chance in 10^14
HOW_TO_MAKE = "make one with joinedup new-key FILE"


@dataclass(frozen=True, slots=True, repr=False)
class Text:
    """What a variable says, which is a secret."""

    text: str


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Keys:
    """What the register and the pseudonyms are keyed with. It never shows a secret, only its fingerprint."""

    pseudonym: bytes
    """Keys the hashes by which people are looked up, and so their person_id."""
    encryption: bytes
    """Encrypts identifiers, AES-256."""
    fingerprint: str
    """Tells one key from another and nothing more; the register keeps it."""

    @property
    def ids_fingerprint(self) -> str:
        """Tells one pseudonym secret from another: under the same one the same people get the same person_id."""
        return _derive(self.pseudonym, "ids fingerprint", FINGERPRINT_BYTES).hex()

    @property
    def signing(self) -> bytes:
        """The secret of the key that signs what is handed over."""
        return _derive(self.pseudonym, "signing what is handed over", KEY_BYTES)

    def __repr__(self) -> str:
        return f"Keys({self.fingerprint})"

    __str__ = __repr__


def derived_keys(secret: bytes) -> Keys:
    """The keys that follow from the secret: HKDF (RFC 5869) with SHA-256, one label for each use."""
    return Keys(
        pseudonym=_derive(secret, "pseudonym", KEY_BYTES),
        encryption=_derive(secret, "encryption", KEY_BYTES),
        fingerprint=_derive(secret, "fingerprint", FINGERPRINT_BYTES).hex(),
    )


def _derive(secret: bytes, use: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"joinedup identity register 1 {use}".encode()).derive(secret)


def read_key(given: KeyPlaces = (), *, outside: Sequence[Path] = (), environ: Mapping[str, str] = os.environ) -> Keys:
    """The keys from where they are `given`, else from where variables say; KeyProblem when there is none.

    A place is a file, keyring:NAME or, in JOINEDUP_KEY, the key itself; it holds a key or half of one, and then there are two.
    A file must lie outside the folders `outside` (the place folder and the store, which are copied and shared) and be
    closed to other users.
    """
    places = [(str(given), given)] if isinstance(given, (str, Path)) else [(str(place), place) for place in given or ()]
    places = [(f"the key file {place}" if isinstance(place, Path) else name, place) for name, place in places]
    return derived_keys(_secret(places or _places_in(environ), outside))


def _places_in(environ: Mapping[str, str]) -> list[tuple[str, str | Path | Text]]:
    """Where the variables say that keys are, each with its name in messages; KeyProblem when they say nothing."""
    places: list[tuple[str, str | Path | Text]] = []
    for number in ("", "_2"):
        if text := environ.get(KEY_VARIABLE + number):
            places.append((KEY_VARIABLE + number, Text(text)))
        if named := environ.get(FILE_VARIABLE + number):
            path = Path(named).expanduser()
            places.append((f"the key file {path}", path))
        if named := environ.get(KEYRING_VARIABLE + number):
            places.append((key_ring.PREFIX + named, key_ring.PREFIX + named))
    if not places:
        raise KeyProblem(f"the identity register needs a key and none was given; {HOW_TO_MAKE} and set {FILE_VARIABLE} to its path")
    return places


def _secret(places: Sequence[tuple[str, str | Path | Text]], outside: Sequence[Path]) -> bytes:
    """The secret that the places hold, whole or in two halves."""
    halves: list[tuple[str, Half]] = []
    for where, place in places:
        text = _read(place, outside)
        half = parse_half(text, where)
        if half is None and len(places) > 1:
            raise KeyProblem(
                f"several places for a key are named ({', '.join(name for name, _ in places)}), and one key, or the two halves of one, is "
                "expected; unset one of them"
            )
        if half is None:
            return parse_key(text, where)
        halves.append((where, half))
    secret = joined(halves)
    if derived_keys(secret).fingerprint != halves[0][1].fingerprint:
        raise KeyProblem(f"the two halves don't make key {halves[0][1].fingerprint}, which they name; nothing was written: one was altered")
    return secret


def _read(place: str | Path | Text, outside: Sequence[Path]) -> str:
    if isinstance(place, Text):
        return place.text
    if isinstance(place, Path):
        return _read_key_file(place, outside)
    return key_ring.read(place.removeprefix(key_ring.PREFIX))


def parse_key(text: str, where: str) -> bytes:
    """The 32 bytes that `text` writes as hexadecimal or base64; KeyProblem, which says `where`, when it is malformed or weak."""
    secret = _decoded(text.strip())
    if secret is None:
        raise KeyProblem(f"{where} holds no key: 64 hexadecimal digits or 44 characters of base64 are expected; {HOW_TO_MAKE}")
    if len(secret) != KEY_BYTES:
        raise KeyProblem(f"{where} holds {len(secret)} bytes, and {KEY_BYTES} are expected; {HOW_TO_MAKE}")
    if _is_weak(secret):
        raise KeyProblem(f"{where} holds a key that could be guessed (text or a pattern), and random bytes are expected; {HOW_TO_MAKE}")
    return secret


def _decoded(text: str) -> bytes | None:
    """The bytes, or None when the text is neither hexadecimal nor base64."""
    try:
        if re.fullmatch(r"([0-9a-fA-F]{2})+", text):
            return bytes.fromhex(text)
        return base64.b64decode(text, altchars=b"-_" if re.search("[-_]", text) else None, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _is_weak(secret: bytes) -> bool:
    """Whether it is text, or has too few different bytes or steps between them to have come from chance."""
    steps = {(after - before) % 256 for before, after in pairwise(secret)}
    halves_repeat = secret[: KEY_BYTES // 2] == secret[KEY_BYTES // 2 :]
    readable = all(32 <= byte < 127 for byte in secret)
    return readable or halves_repeat or len(set(secret)) < LEAST_VARIETY or len(steps) < LEAST_VARIETY


def _read_key_file(path: Path, outside: Sequence[Path]) -> str:
    real = path.resolve()
    for folder in outside:
        if real.is_relative_to(folder.resolve()):
            raise KeyProblem(f"the key file {path} lies in {folder}, which is copied and shared; move it out of there")
    try:
        with real.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & 0o077:
                raise KeyProblem(f"the key file {path} is open to other users (mode {mode & 0o777:o}); close it with chmod 600")
            return file.read(1000)
    except UnicodeDecodeError:
        raise KeyProblem(f"the key file {path} is not text; 64 hexadecimal digits or 44 characters of base64 are expected") from None
    except OSError as error:
        raise KeyProblem(f"the key file {path} can't be read ({error.strerror}); {HOW_TO_MAKE}") from None


def write_new_key(place: str | Path) -> None:
    """Nothing; the file (or keyring:NAME) then holds a new random key, for its owner only.

    KeyProblem when it is already there or can't be written.
    """
    _write(place, secrets.token_hex(KEY_BYTES))


def write_new_halves(one: str | Path, other: str | Path) -> str:
    """The fingerprint of a new random key, half of which is in each place then; KeyProblem, and nothing, when one can't be written."""
    secret = secrets.token_bytes(KEY_BYTES)
    fingerprint = derived_keys(secret).fingerprint
    halves = split(secret, fingerprint)
    _write(one, halves[0].text())
    try:
        _write(other, halves[1].text())
    except KeyProblem:
        _forget(one)
        raise
    return fingerprint


def _write(place: str | Path, text: str) -> None:
    if isinstance(place, Path):
        _write_file(place, text)
    else:
        key_ring.write(place.removeprefix(key_ring.PREFIX), text)


def _forget(place: str | Path) -> None:
    if isinstance(place, Path):
        place.unlink()
    else:
        key_ring.forget(place.removeprefix(key_ring.PREFIX))


def _write_file(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        there = isinstance(error, FileExistsError) and Path(error.filename) == path
        advice = "name a file that isn't there yet" if there else "name a file in a folder that can be written to"
        raise KeyProblem(f"no new key can be written to {path} ({error.strerror}); {advice}") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
