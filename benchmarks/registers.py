"""The identity register of a million people, on SQLite and on a PostgreSQL server of its own: seconds, and memory.

    python -m benchmarks.registers [--people 1000000] [--json]

A landing of everyone into an empty register; the next landing, which reads all of it; a change of key; a backup; and restoring it. Each
stage is a process of its own, so that its most memory is its own. The rows are arrays, so that what is measured is the register alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from joinedup.kept.backup import backup
from joinedup.kept.identity_register import KNOWN_SCHEMA, open_register, register_place
from joinedup.kept.keys import derived_keys
from joinedup.kept.restore import restore
from joinedup.kept.rotation import rekey
from tests.postgresql import running_server

KEYS, OTHER = (derived_keys(hashlib.sha256(text).digest()) for text in (b"only for benchmarks", b"another"))
STAGES = ("land", "check", "read", "land again", "rekey", "backup", "restore")


def people_of(count: int) -> pa.Table:
    """So many people: an id, a hash and identifiers of everyone, of the lengths that real ones have."""
    chance = np.random.default_rng(1)
    ids = pa.array(np.sort(chance.choice(2**62, count, replace=False)))
    hashes = pa.FixedSizeBinaryArray.from_buffers(pa.binary(32), count, [None, pa.py_buffer(chance.bytes(32 * count))]).cast(pa.binary())
    number = pa.array(chance.integers(9_000_000_000, 9_999_999_999, count)).cast(pa.string())
    born = pa.array(chance.integers(-14_000, 19_000, count).astype("int32")).cast(pa.date32())
    words = {
        name: pc.binary_join_element_wise(name, pc.utf8_slice_codeunits(number, start), "-")
        for name, start in (("FAMILY", 5), ("GIVEN", 7))
    }
    address = pc.binary_join_element_wise(pc.utf8_slice_codeunits(number, 7), "STREET OF THE INVENTED", " ")
    return pa.table({"person_id": ids, "hash": hashes, "nhs_number": number, "person_birth_date": born, **words, "address": address})


def stage(name: str, count: int, kept: Path) -> None:
    """Nothing; one stage has been done on the register that the environment names."""
    register = open_register(register_place(kept))
    keys = KEYS if STAGES.index(name) <= STAGES.index("rekey") else OTHER
    if name in {"land", "land again"}:
        rows = people_of(count)
        began = time.perf_counter()
        with register.landing(name, keys, "benchmark") as entry:
            known = pa.Table.from_batches(entry.known(), KNOWN_SCHEMA)
            if not known.num_rows:
                entry.add_people(rows["person_id"])
                lookups = rows.select(["hash", "person_id"]).add_column(0, "scheme", pa.repeat("nhs_number", count))
                entry.add_lookups(lookups)
                entry.add_identifiers("register", rows.drop_columns(["hash"]))
    else:
        began = time.perf_counter()
        if name == "check":
            register.database.verify()
            register.check(keys, "benchmark")
        elif name == "read":
            with register.landing("a look", keys) as entry:
                assert entry.identifiers("register").num_rows == count
        elif name == "rekey":
            rekey(register, KEYS, OTHER, account="benchmark")
        elif name == "backup":
            backup("benchmark", kept, kept / "one.backup")
        else:
            restore("benchmark", kept, kept / "one.backup", replace=True)
    seconds = time.perf_counter() - began
    size = (kept / "one.backup").stat().st_size / 1e6 if name == "backup" else None
    print(json.dumps({"seconds": round(seconds, 1), "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "file_mb": size}))


def measured(count: int, kept: Path, **environment: str) -> dict[str, dict[str, float]]:
    """Seconds and most megabytes of each stage, as whole processes."""
    spent = {}
    for name in STAGES:
        command = [sys.executable, "-m", "benchmarks.registers", "--stage", name, "--kept", str(kept), "--people", str(count)]
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
        spent[name] = json.loads(done.stdout)
        print(f"{name}: {spent[name]}", file=sys.stderr)
    return spent


def main() -> None:
    """Prints both databases side by side."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--stage", choices=STAGES)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.stage:
        stage(given.stage, given.people, given.kept)
        return
    with tempfile.TemporaryDirectory() as name, running_server() as server:
        found = {
            "sqlite": measured(given.people, Path(name, "sqlite")),
            "postgresql": measured(given.people, Path(name, "postgresql"), JOINEDUP_REGISTER=server.url(server.new_database())),
        }
    if given.json:
        print(json.dumps(found, indent=1))
        return
    for of in STAGES:
        print(of, *(f"{kind} {spent[of]['seconds']} s, {spent[of]['mb']:,} MB" for kind, spent in found.items()), sep=" | ")


if __name__ == "__main__":
    main()
