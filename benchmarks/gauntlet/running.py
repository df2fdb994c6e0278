"""The trying of cases: each as it is declared, and after each that nothing that was published is lost and nobody's data told."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Iterable, Iterator

from benchmarks.gauntlet.case import Case, Tried, Unexpected, expect
from benchmarks.gauntlet.ground import Ground
from benchmarks.gauntlet.planting import PLANTED
from joinedup.engine.manifest import read_manifest
from joinedup.engine.reader import Reader
from joinedup.sources.nhs_numbers import WEIGHTS

TEN_DIGITS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")


def run(cases: Iterable[Case], ground: Ground) -> Iterator[Tried]:
    """How each case came out."""
    for case in cases:
        began = time.perf_counter()
        try:
            found, passed = case.attempt(ground), True
            told_nobody(ground)
            intact(ground)
        except Unexpected as error:
            found, passed = str(error), False
        except Exception as error:
            found, passed = f"{type(error).__name__}: {error} {traceback.format_exc(limit=-3)}", False
        finally:
            ground.said.clear()
            ground.copies.clear()
        yield Tried(case, passed, " ".join(found.split()), time.perf_counter() - began)


def told_nobody(ground: Ground) -> None:
    """Nothing; Unexpected where what verbs printed holds a planted name, or a number that can be somebody's NHS number."""
    said = "\n".join(ground.said)
    names = [name for name in PLANTED if name.casefold() in said.casefold()]
    numbers = [found for found in TEN_DIGITS.findall(said) if is_valid(re.sub(r"\D", "", found))]
    expect(not names and not numbers, f"somebody's data were printed: {len(names)} planted names, {len(numbers)} NHS numbers")


def intact(ground: Ground) -> None:
    """Nothing; Unexpected where the published build of the one place, or of a copy, can't be read whole any more."""
    expect(read_manifest(ground.store) == ground.manifest, "the one build was touched")
    for copy in (ground, *ground.copies):
        reader = Reader(copy.store)
        for name, record in reader.manifest.tables.items():
            size = (copy.store.root / record.file).stat().st_size
            expect(size == record.size, f"{name} of a published build was touched")
    expect(Reader(ground.store).table("person").num_rows > 0, "the one build has no people")


def is_valid(digits: str) -> bool:
    """Whether ten digits can be an NHS number: Modulus 11 over all of them."""
    return sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True)) % 11 == 0 and len(set(digits)) > 1
