"""Whole places, made once for the tests that look at them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from joinedup.build import build
from joinedup.engine.store import Store
from joinedup.kept.keys import Keys, read_key, write_new_key
from joinedup.land import Landing, land
from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.sources.contract import contracts
from joinedup.sources.synthetic import synthesise


@dataclass(frozen=True)
class Example:
    """A place folder with extracts, landed and built."""

    place: Place
    folder: Path
    extracts: Path
    store: Store
    keys: Keys
    landing: Landing


def opened(folder: Path) -> Place:
    return read_place(folder, contract_names=tuple(contracts()))


def landed(folder: Path, extracts: Path, work: Path) -> Example:
    """A place whose extracts have been landed into a store of its own, under a key of its own."""
    place, store = opened(folder), Store(work / "store").create()
    key_file = work / "key"
    write_new_key(key_file)
    keys = read_key(key_file, outside=(folder, store.root))
    return Example(place, folder, extracts, store, keys, land(place, extracts, store, keys))


def invented(folder: Path, people: int, work: Path, seed: int = 1) -> Example:
    """A place folder with invented people laid on it, landed."""
    extracts = work / "extracts"
    synthesise(opened(folder), people, seed, extracts)
    return landed(folder, extracts, work)


@pytest.fixture(scope="session")
def example(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The example place with 5,000 people, landed and built on DuckDB."""
    work = tmp_path_factory.mktemp("example")
    folder = work / "calderdale"
    shutil.copytree(root / "places" / "calderdale", folder)
    made = invented(folder, 5_000, work)
    build(made.place, made.store)
    return made


def copy_of(example: Example, work: Path) -> Example:
    """The same landing in a store of its own, nothing built."""
    store = Store(work / "copy").create()
    shutil.copytree(example.store.landed, store.landed, dirs_exist_ok=True)
    shutil.copytree(example.store.kept, store.kept, dirs_exist_ok=True)
    return Example(example.place, example.folder, example.extracts, store, example.keys, example.landing)
