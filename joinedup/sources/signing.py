"""The signature of what is handed over: by the trusted host, whose public half the place folder names (Ed25519, RFC 8032)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE_FILE = "landing.signature.json"
LONGEST = 10_000
"""Bytes of a signature file that are read: twenty times what one has."""


def public_key(secret: bytes) -> str:
    """The public half of the key that follows from a secret of 32 bytes, as place.yml names it."""
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw().hex()


def signature(record: bytes, place_id: str, secret: bytes) -> str:
    """The content of a signature file: who signed, and the signature of the record, which holds the hash of every table."""
    signed = Ed25519PrivateKey.from_private_bytes(secret).sign(_said(record, place_id))
    return json.dumps({"form": 1, "signed_by": public_key(secret), "signature": signed.hex()}, indent=1) + "\n"


def fault(record: bytes, place_id: str, content: bytes | None, trusted: str) -> str:
    """Why a record isn't what the holder of the trusted key signed, as the end of a sentence; blank where it is."""
    if content is None:
        return "isn't signed"
    try:
        said = json.loads(content)
        by, signed = (str(said[name]) for name in ("signed_by", "signature")) if isinstance(said, Mapping) else ("", "")
        if by != trusted:
            return f"is signed by {by[:16] or 'nobody'}…, and place.yml trusts {trusted[:16]}…"
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(trusted)).verify(bytes.fromhex(signed), _said(record, place_id))
    except (InvalidSignature, ValueError, KeyError, TypeError, RecursionError):
        return "isn't as it was signed"
    return ""


def _said(record: bytes, place_id: str) -> bytes:
    return b"joinedup hand-over 1\n" + place_id.encode() + b"\n" + hashlib.sha256(record).digest()
