"""Keys and registers that are wrong, absent, damaged or old, and landings that are killed: said, and nothing lost or told."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.gauntlet.case import Case, expect
from benchmarks.gauntlet.files import landed
from benchmarks.gauntlet.ground import Ground, rewritten
from benchmarks.gauntlet.planting import NHS, PEOPLE, PLANTED
from benchmarks.gauntlet.stores import killed
from joinedup.sources.landed import read_landing

Made = Callable[[Ground, Path], tuple[object, ...]]
LONG_NUMBER = re.compile(r"\d{11,}")
"""A number that is no NHS number: a person_id, whose digits are chance, holds the ten of one of two thousand people in one run of many."""


def _other(ground: Ground, folder: Path) -> tuple[object, ...]:
    ground.cli("new-key", folder / "other").ended(0)
    return ("--key-file", folder / "other")


def _half(ground: Ground, folder: Path) -> tuple[object, ...]:
    ground.cli("new-key", "--split", folder / "one", folder / "two").ended(0)
    return ("--key-file", folder / "one")


def _text(text: str, mode: int = 0o600) -> Made:
    def made(ground: Ground, folder: Path) -> tuple[object, ...]:
        (folder / "key").write_text(text, encoding="utf-8")
        (folder / "key").chmod(mode)
        return ("--key-file", folder / "key")

    return made


def _open(ground: Ground, folder: Path) -> tuple[object, ...]:
    shutil.copy2(ground.key, folder / "key")
    (folder / "key").chmod(0o644)
    return ("--key-file", folder / "key")


KEYS: dict[str, tuple[str, Made, str]] = {
    "wrong": ("another place's key", _other, "record: wrong key"),
    "absent": ("no key", lambda ground, folder: (), "record: absent key"),
    "not-there": ("a key file that isn't there", lambda ground, folder: ("--key-file", folder / "nowhere"), "record: absent key"),
    "half": ("one of two halves", _half, "doors: half the key"),
    "cut": ("a key of which half was copied", _text("9f2c" * 8), "doors: half the key"),
    "weak": ("a key of noughts", _text("00" * 32), "record: wrong key"),
    "words": ("a sentence for a key", _text("correct horse battery staple"), "record: wrong key"),
    "readable": ("a key file that others may read", _open, "record: wrong key"),
}


def cases() -> Iterator[Case]:
    """A case for each fault of a key or register, and what a landing leaves."""
    for name, (broken, make, line) in KEYS.items():
        yield Case(f"key/{name}", broken, "the landing ends with 4 and writes nothing", partial(_key, name, make), (line,))
    yield Case(
        "register/cut",
        "the register's file is cut short",
        "the landing ends with 5 and asks for a backup",
        partial(_damaged, "cut", lambda whole: whole[: len(whole) // 2]),
        ("doors: the register's file truncated",),
    )
    yield Case(
        "register/not-one",
        "another file stands in the place of the register",
        "the landing ends with 5 and asks for a backup",
        partial(_damaged, "not-one", lambda whole: b"not a database"),
        ("doors: the register's file truncated",),
    )
    yield Case(
        "register/other-place",
        "the register of another place",
        "the landing ends with 5 and names both",
        _other_place,
        ("doors: a register from another place",),
    )
    yield Case(
        "kill/landing",
        "a landing is killed after the register has it and before it is published",
        "nothing lies in clear; the next landing completes with the same people",
        _killed,
        ("record: kill -9 in the middle", "doors: landing never spills in clear"),
    )
    yield Case(
        "register/yesterday",
        "the register is restored from yesterday while the build is of today",
        "the build says so, and landing again repairs it with the same people",
        _yesterday,
        ("doors: the register restored from yesterday",),
    )
    yield Case(
        "leak/store",
        "names and numbers of planted people in all odd files",
        "they are in no file of the store, in clear",
        _leaks,
        ("doors: nothing leaks into errors, logs or temporary files",),
    )


def _key(name: str, make: Made, ground: Ground) -> str:
    copy = ground.copy(f"key-{name}")
    before = _register(copy).read_bytes()
    words = make(ground, copy.place_folder.parent)
    found = copy.verb("land", "--extracts", ground.extracts, *words).ended(4)
    expect(_register(copy).read_bytes() == before, "the register was written to")
    return found


def _register(ground: Ground) -> Path:
    return ground.store.kept / "identity.sqlite"


def _damaged(name: str, damage: Callable[[bytes], bytes], ground: Ground) -> str:
    copy = ground.copy(f"register-{name}")
    rewritten(_register(copy), damage(_register(copy).read_bytes()))
    return copy.land().ended(5, "backup")


def _other_place(ground: Ground) -> str:
    copy = ground.copy("other-place")
    place = copy.place_folder / "place.yml"
    place.write_text(f"id: elsewhere\n{place.read_text(encoding='utf-8')}", encoding="utf-8")
    return copy.land().ended(5, "elsewhere was given")


def _today(ground: Ground) -> tuple[Ground, bytes]:
    """A copy that landed once more, killed at first; and the register of before."""
    return ground.once("today", partial(_land_again, ground))


def _land_again(ground: Ground) -> tuple[Ground, bytes]:
    copy = ground.copy("today")
    extracts = copy.place_folder.parent / "extracts"
    shutil.copytree(ground.extracts, extracts, ignore=shutil.ignore_patterns("truth"))
    lines = (extracts / "register.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (extracts / "register.csv").write_text("".join(lines[:-5]), encoding="utf-8")
    copy, yesterday = replace(copy, extracts=extracts), _register(copy).read_bytes()
    current = read_landing(copy.store)
    words = ("--extracts", extracts, "--store", copy.store.root, "--key-file", copy.key, "--quiet")
    killed(copy, ("joinedup.land", "_hand_over", "1"), "land", copy.place_folder, *words)
    expect(read_landing(copy.store) == current, "the killed landing was published")
    numbers = [line.split(",")[0].encode() for line in lines[1:200] if line[:10].isdigit()]
    expect(len(numbers) > 100, "no number to look for")
    in_clear = [path.name for path in copy.store.root.rglob("*") if path.is_file() and _holds(path, numbers)]
    expect(not in_clear, f"numbers lie in clear in {in_clear}")
    copy.land("--quiet").ended(0)
    expect(not list(copy.store.tmp.iterdir()), "something was left half written")
    expect(_people(copy) <= _people(ground), "somebody has another id")
    return copy, yesterday


def _holds(path: Path, numbers: list[bytes]) -> bool:
    content = path.read_bytes()
    return any(number in content for number in numbers)


def _people(ground: Ground) -> set[int]:
    table = read_landing(ground.store).tables["landed_person"]
    return set(pq.read_table(ground.store.root / table.file, columns=["person_id"])["person_id"].to_pylist())


def _killed(ground: Ground) -> str:
    copy, _ = _today(ground)
    return f"published landing untouched, no number in clear; the next landing completed with {len(_people(copy))} people"


def _yesterday(ground: Ground) -> str:
    copy, yesterday = _today(ground)
    people = _people(copy)
    rewritten(_register(copy), yesterday)
    found = copy.build().ended(0, "register-behind")
    copy.land("--quiet").ended(0)
    expect(_people(copy) == people, "somebody has another id")
    expect("register-behind" not in copy.build().all, "it is still behind")
    return found


def _leaks(ground: Ground) -> str:
    """What searching the store of the odd files found."""
    store = landed(ground).root
    sought = [*(name.encode() for name in PLANTED), *(number.encode() for number in NHS[: 150 * PEOPLE])]
    files = [path for path in store.rglob("*") if path.is_file()]
    for path in files:
        if path.suffix == ".parquet":
            table = pq.read_table(path, partitioning=None)
            content = "\n".join(
                value for column in table.columns if str(column.type) == "string" for value in column.unique().to_pylist() if value
            )
            content = LONG_NUMBER.sub("", content).encode()
        else:
            content = path.read_bytes()
        told = sum(each in content for each in sought)
        expect(told == 0, f"{told} names and numbers of planted people in {path.name}")
    return f"{len(files)} files searched for {len(sought)} names and numbers"
