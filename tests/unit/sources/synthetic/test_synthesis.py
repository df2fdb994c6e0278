"""The whole: files that the landing can read, the same for every number of workers, with the truth about them."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from joinedup.engine.duck import connect
from joinedup.errors import PlaceError
from joinedup.place.folder import read_place
from joinedup.place.model import Place, Source
from joinedup.progress import Step
from joinedup.sources.landing import stage
from joinedup.sources.synthetic import synthesise
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.hospitals import hospitals_of
from joinedup.sources.synthetic.truth import FOLDER
from tests.unit.sources.synthetic.places import FILES, changing_place, plain_place

ODD = (
    Source(
        name="register",
        partner="board",
        contract="register",
        files=("list/*.csv.gz",),
        delimiter="|",
        date_format="%d/%m/%Y",
        rename={"Sex at list": "PERSON_STATED_GENDER_CODE", "LSOA": "LSOA_OF_RESIDENCE"},
        values={"PERSON_STATED_GENDER_CODE": {"M": "1", "F": "2"}, "CARE_HOME_INDICATOR": {"yes": "Y", "no": "N"}},
    ),
    Source(name="apc", partner="trust", contract="apc", files=("apc_*.parquet",), constants={"PROCODET": "RZZ", "PROCODE3": "RZZ"}),
    Source(name="ecds", partner="trust", contract="ecds", files=("ae1.csv", "ae2.csv"), encoding="utf-16", date_format="%d %b %Y"),
    Source(name="deaths", partner="council", contract="deaths", files=("deaths.txt",), delimiter="\t", encoding="cp1252"),
)


def truth(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(out / FOLDER / "faults.parquet").to_pylist()
    return found


COMPARED = {
    "register": "general_medical_practice_code_patient_registration, lsoa_of_residence, care_home_indicator, start_date_residence",
    "apc": "epistart, epiend, diag_01, procodet, speldur",
    "ecds": "arrival_time, acuity, site, lsoa_2011, final_price_pence",
    "deaths": "reg_date_of_death, pod_type, lsoar",
}


def staged(place: Place, out: Path) -> dict[str, set[tuple[Any, ...]]]:
    """What the landing makes of the extracts: by contract, the rows by the compared columns."""
    con = connect()
    stage(con, place, out)
    return {contract: set(con.execute(f"SELECT {columns} FROM staged_{contract}").fetchall()) for contract, columns in COMPARED.items()}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extracts of 2,000 people of the plain place."""
    out = tmp_path_factory.mktemp("plain")
    synthesise(plain_place(), 2_000, 7, out)
    return out


def bytes_of(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_two_workers_write_what_one_writes(tmp_path: Path) -> None:
    """Over more than two blocks, the last of them not full."""
    steps: list[Step] = []
    one = synthesise(changing_place(), 20_100, 5, tmp_path / "one", workers=1, progress=steps.append)
    two = synthesise(changing_place(), 20_100, 5, tmp_path / "two", workers=2)
    assert [path.name for path in one] == [path.name for path in two] == ["register.csv", "apc.csv", "ecds.csv", "deaths.csv"]
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    assert [(step.done, step.total) for step in steps] == [(1, 3), (2, 3), (3, 3)]
    assert steps[2].name == "people 20001 to 20100"


def test_the_first_people_are_the_same_however_many_follow(tmp_path: Path) -> None:
    synthesise(plain_place(), 10_000, 5, tmp_path / "few")
    synthesise(plain_place(), 10_050, 5, tmp_path / "more")
    for name in ("register.csv", "apc.csv", "ecds.csv", "deaths.csv"):
        assert (tmp_path / "more" / name).read_bytes().startswith((tmp_path / "few" / name).read_bytes())


def test_another_seed_gives_other_people(plain: Path, tmp_path: Path) -> None:
    synthesise(plain_place(), 2_000, 8, tmp_path)
    for source in FILES:
        assert (tmp_path / source.files[0]).read_bytes() != (plain / source.files[0]).read_bytes()


def test_the_landing_reads_every_row_and_accounts_for_it(plain: Path) -> None:
    con = connect()
    staging = stage(con, plain_place(), plain)
    counted = {(row["file"], row["kind"]): row["rows"] for row in truth(plain)}
    rows = {row["file"]: row["rows_in_file"] for row in truth(plain)}
    assert {file.file: file.rows_read for file in staging.files} == rows
    for file in staging.files:
        assert file.rows_read == file.loaded + file.superseded + file.rejected
        assert file.superseded == counted[file.file, "exact_duplicate"] + counted[file.file, "resubmission"]
        ends = counted.get((file.file, "end_before_start"), 0) + counted.get((file.file, "birth_after_death"), 0)
        at_fault = file.rejected - file.rejected_by.get("restricted-code", 0)
        assert ends <= at_fault <= ends + counted[file.file, "impossible_date"]


def test_an_odd_sources_yml_lands_the_same_rows(plain: Path, tmp_path: Path) -> None:
    """Renamed, mapped, packed, split, in other encodings, delimiters, dates and formats: faults apart, the landing can't tell."""
    place = plain_place(sources=ODD)
    files = synthesise(place, 2_000, 7, tmp_path)
    assert len(files) == 6
    with gzip.open(files[0]) as packed:
        assert packed.readline().startswith(b"NHS_NUMBER|")
    one, other = staged(plain_place(), plain), staged(place, tmp_path)
    for contract, rows in one.items():
        faults = 0.1 if contract == "deaths" else 0.01  # those that only some kinds of file can have
        assert len(rows & other[contract]) > (1 - faults) * max(len(rows), len(other[contract])), contract


def test_the_truth_names_the_rows_that_have_faults(plain: Path) -> None:
    lines = (plain / "ecds.csv").read_text(encoding="utf-8").splitlines()
    at = lines[0].split(",").index("NHS_NUMBER")
    told = pq.read_table(plain / FOLDER / "faulty_rows.parquet").to_pylist()
    missing = {row["source_row"] for row in told if row["file"] == "ecds.csv" and row["kind"] == "missing_number"}
    assert missing
    assert missing == {number for number, line in enumerate(lines) if number and line.split(",")[at] == ""}


def test_blank_lines_have_numbers_in_the_truth(tmp_path: Path) -> None:
    synthesise(plain_place(), 30_000, 1, tmp_path)
    lines = (tmp_path / "deaths.csv").read_text(encoding="utf-8").splitlines()
    told = pq.read_table(tmp_path / FOLDER / "faulty_rows.parquet").to_pylist()
    after = {row["source_row"] for row in told if row["kind"] == "blank_line"}
    assert after
    assert after == {number + 1 for number, line in enumerate(lines) if line == ""}


def test_no_source_reads_the_truth(plain: Path) -> None:
    read = {path for source in FILES for entry in source.files for path in plain.glob(entry)}
    assert read
    assert not any(FOLDER in path.parts for path in read)


def beside_the_first(place: Place, seed: int, neighbourhoods: int) -> float:
    """How much people use the second hospital for each use of the first, where all neighbourhoods use hospitals alike."""
    hospitals = hospitals_of(place, seed, neighbourhoods)
    drawn = hospitals.shares("apc") * hospitals.ways.near[:neighbourhoods]
    first, second = (drawn / drawn.sum(axis=1, keepdims=True)).mean(axis=0)
    return float(second / first)


def test_hospitals_share_a_place_and_one_may_lack_a_code_or_an_extract(tmp_path: Path) -> None:
    other = Source(name="apc-2", partner="other-trust", contract="apc", files=("other.csv",))
    place = plain_place(sources=(*FILES, other))
    first, second, _ = figures("rates")["by_provider"]
    assert np.median([beside_the_first(place, seed, 1) for seed in range(400)]) == pytest.approx(second / first, rel=0.15)
    synthesise(place, 3_000, 1, tmp_path)
    sizes = {row["file"]: row["rows_in_file"] for row in truth(tmp_path)}
    # besides, each treatment function has its hospital: a factor whose logarithm spreads by 0.5, over some twenty functions
    assert sizes["other.csv"] / sizes["apc.csv"] == pytest.approx(beside_the_first(place, 1, 3), rel=2 * 0.5 / 20**0.5)
    assert ",ZZ1,ZZ101," in (tmp_path / "other.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("left_out", [("apc", "ecds"), ("register",), ("deaths", "apc")])
def test_a_place_may_lack_sources(left_out: tuple[str, ...], tmp_path: Path) -> None:
    place = plain_place(sources=tuple(source for source in FILES if source.contract not in left_out))
    assert len(synthesise(place, 300, 1, tmp_path)) == 4 - len(left_out)


def test_a_place_without_sources_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match="Plain names no source"):
        synthesise(plain_place(sources=()), 10, 1, tmp_path)


@pytest.mark.parametrize("people", [1, 50])
def test_a_few_people_are_a_place_too(people: int, tmp_path: Path) -> None:
    files = synthesise(changing_place(sources=ODD), people, 1, tmp_path)
    assert all(path.stat().st_size > 0 for path in files)


@pytest.mark.parametrize(("what", "value"), [("people", 0), ("people", -5), ("seed", -1), ("workers", 0)])
def test_numbers_that_make_no_sense_are_refused(what: str, value: int, tmp_path: Path) -> None:
    asked = {"people": 10, "seed": 1, "workers": 1} | {what: value}
    with pytest.raises(PlaceError, match=f"{what} must be a whole number from"):
        synthesise(plain_place(), asked["people"], asked["seed"], tmp_path / "out", workers=asked["workers"])
    assert not (tmp_path / "out").exists()


def test_a_real_place_gets_no_invented_people(tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match="Plain isn't marked as invented"):
        synthesise(plain_place(invented=False), 10, 1, tmp_path)


def test_a_broken_run_leaves_no_half_file(tmp_path: Path) -> None:
    def fails(step: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(plain_place(), 100, 1, tmp_path, progress=fails)
    assert list(tmp_path.iterdir()) == []


SCRIPT = """
import sys
from pathlib import Path
from joinedup.sources.synthetic import synthesise
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.hospitals import hospitals_of
from tests.unit.sources.synthetic.places import plain_place

def shown(step):
    print(step.name, flush=True)

"""


def script(call: str, root: Path, tmp_path: Path) -> subprocess.Popen[str]:
    """A process of its own that runs a script which ends with `call`."""
    file = tmp_path / "script.py"
    file.write_text(SCRIPT + call, encoding="utf-8")
    command = [sys.executable, str(file), str(tmp_path / "out")]
    pipe, paths = subprocess.PIPE, {"PYTHONPATH": str(root)}
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=os.environ | paths, start_new_session=True)


def test_ctrl_c_is_spoken_of_once(root: Path, tmp_path: Path) -> None:
    """A terminal sends it to every process of the command; what a shell begins in the background would ignore it."""
    heeded = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    call = f"{heeded}if __name__ == '__main__':\n    synthesise(plain_place(), 60_000, 5, Path(sys.argv[1]), workers=2, progress=shown)\n"
    with script(call, root, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "people 1 to 10000\n"
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert said.count("Traceback") == 1
    assert said.endswith("KeyboardInterrupt\n")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_script_without_a_main_guard_ends_with_a_sentence(root: Path, tmp_path: Path) -> None:
    with script("synthesise(plain_place(), 10_100, 5, Path(sys.argv[1]), workers=2)\n", root, tmp_path) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "StoreProblem: a worker process ended too early" in said
    assert said.endswith('below if __name__ == "__main__":\n')
    assert list((tmp_path / "out").iterdir()) == []


def test_the_example_can_be_invented(root: Path, tmp_path: Path) -> None:
    place = read_place(root / "places" / "calderdale")
    assert len(synthesise(place, 500, 1, tmp_path)) == len(place.sources)
