"""Keys in the operating system's keyring, asked only where one is named as keyring:NAME."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from joinedup.errors import KeyProblem

PREFIX = "keyring:"
SERVICE = "joinedup"
ELSE = "keep the key in a file instead (--key-file)"


def read(name: str) -> str:
    """What the keyring keeps under a name; KeyProblem when that is nothing, or there is no keyring."""
    text = _asked("get_password", name)
    if not text:
        raise KeyProblem(f"the keyring holds no key under {name}; put one there with joinedup new-key {PREFIX}{name}")
    return str(text)


def write(name: str, text: str) -> None:
    """Nothing; the keyring then keeps the text under a name that it kept nothing under before."""
    if _asked("get_password", name):
        raise KeyProblem(f"no new key can be written to the keyring under {name}, for it holds one there; choose another name")
    _asked("set_password", name, text)


def forget(name: str) -> None:
    """Nothing; the keyring keeps nothing under that name."""
    _asked("delete_password", name)


def _asked(verb: str, name: str, *text: str) -> Any:  # noqa: ANN401 - as the package says it
    try:
        keyring = import_module("keyring")
    except ModuleNotFoundError:
        raise KeyProblem(
            f"{PREFIX}{name} needs the package keyring, which isn't installed; install joinedup[registers], or {ELSE}"
        ) from None
    errors = import_module("keyring.errors")
    try:
        return getattr(keyring, verb)(SERVICE, name, *text)
    except errors.NoKeyringError:
        raise KeyProblem(f"{PREFIX}{name} needs a keyring, and this operating system, or this session of it, has none; {ELSE}") from None
    except errors.KeyringError as error:
        raise KeyProblem(f"the keyring didn't do it ({type(error).__name__}): it may be locked; unlock it, or {ELSE}") from None
