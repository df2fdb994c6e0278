"""A landing: nothing that identifies anyone leaves it, every row is accounted for, and a killed one changes nothing."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from joinedup.engine.duck import connect_encrypted
from joinedup.engine.results import schema
from joinedup.engine.store import Store
from joinedup.errors import KeyProblem, NothingPublished, PlaceError, StoreProblem
from joinedup.findings import Severity
from joinedup.kept.backup import backup
from joinedup.kept.identity_register import identifiers_of, open_register
from joinedup.kept.keys import derived_keys
from joinedup.kept.restore import restore
from joinedup.kept.rotation import rekey
from joinedup.land import Landing, land, register_behind, remove_landings
from joinedup.place.model import Place, Practice, Source
from joinedup.progress import Step
from joinedup.sources.contract import contracts
from joinedup.sources.landed import current_path, read_landing
from tests.agreements import shared
from tests.forking import Forks
from tests.unit.identity.people import KEYS, nhs_number

OTHER = derived_keys(hashlib.sha256(b"another").digest())
BORN = [date(1950, 5, 4), date(1961, 6, 15), date(1972, 7, 26), date(1983, 8, 7)]
PEOPLE = [
    {
        "NHS_NUMBER": nhs_number(place),
        "PERSON_BIRTH_DATE": born.isoformat(),
        "PERSON_FAMILY_NAME": f"PLANTED{place}",
        "PERSON_GIVEN_NAME": f"GROWN{place}",
        "POSTCODE_OF_USUAL_ADDRESS": f"ZZ99 {place}VZ",
        "LOCAL_PATIENT_IDENTIFIER": f"LOCAL{place}",
    }
    for place, born in enumerate(BORN)
]
Row = Mapping[str, str]


def listed(person: Row, practice: str = "Y00001") -> Row:
    start = {"GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION": practice, "START_DATE_GMP_PATIENT_REGISTRATION": "2001-02-03"}
    return {**person, "PERSON_STATED_GENDER_CODE": "1", **start}


def admitted(person: Row, key: int) -> Row:
    return {**person, "EPIKEY": str(key), "ADMIDATE": "2025-11-12", "ADMIMETH": "21", "EPISTART": "2025-11-12", "FINAL_PRICE": "12.50"}


def write(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


class Work:
    """A small place with two sources."""

    def __init__(self, folder: Path) -> None:
        self.extracts, self.store = folder / "extracts", Store(folder / "store")
        self.place = Place(
            id="testplace",
            name="Testplace",
            folder=folder / "place",
            invented=True,
            as_at=date(2026, 3, 31),
            neighbourhoods=(),
            partners=(),
            practices=(Practice(code="Y00001", name="The Surgery"),),
            memberships=(),
            sources=(
                Source(name="list", partner="icb", contract="register", files=("list.csv",)),
                Source(name="hospital", partner="trust", contract="apc", files=("apc*.csv",)),
            ),
        )

    def land(self, **changes):
        return land(self.place.model_copy(update=changes), self.extracts, self.store, KEYS)

    def table(self, name: str):
        record = read_landing(self.store)
        return pq.read_table(self.store.root / record.tables[name].file, partitioning=None)


@dataclass(frozen=True)
class Landed:
    """A small place that has landed."""

    work: Work
    landing: Landing


def filled(folder: Path) -> Work:
    made = Work(folder)
    write(made.extracts / "list.csv", [listed(person) for person in PEOPLE[:3]])
    write(made.extracts / "apc.csv", [admitted(person, key) for key, person in enumerate(PEOPLE)])
    return made


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return filled(tmp_path)


@pytest.fixture(scope="module")
def landed_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Landing]:
    """The folder of that place after its first landing, which nobody touches."""
    folder = tmp_path_factory.mktemp("landed")
    return folder, filled(folder).land()


@pytest.fixture
def landed(landed_once: tuple[Path, Landing], tmp_path: Path) -> Landed:
    """A copy of it: the same landing, to go on from."""
    folder, landing = landed_once
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return Landed(Work(tmp_path), landing)


def test_the_copy_of_what_has_landed_is_whole(landed: Landed) -> None:
    again = landed.work.land()
    assert again.reused
    assert again.record == landed.landing.record


def test_rows_land_with_their_people(work: Work) -> None:
    landing = work.land()
    register, apc = work.table("landed_register"), work.table("landed_apc")
    assert apc["person_id"].to_pylist()[:3] == register["person_id"].to_pylist()
    assert apc["linked_by"].to_pylist() == ["nhs_number"] * 3 + ["nhs_number_alone"]
    assert apc["final_price_pence"].to_pylist() == [1250] * 4
    assert landing.record.links == {"apc": {"nhs_number": 3, "nhs_number_alone": 1}, "register": {"nhs_number": 3}}
    people = work.table("landed_person")
    assert people["person_id"].to_pylist() == sorted(apc["person_id"].to_pylist())
    assert sorted(people["birth_month"].to_pylist()) == [born.replace(day=1) for born in BORN]


def test_a_file_of_which_linking_rejects_nearly_all_rows_is_refused(work: Work) -> None:
    number = {"NHS_NUMBER": nhs_number(7, first=400_000_000)}
    write(work.extracts / "apc.csv", [admitted(PEOPLE[key] if key < 3 else {**PEOPLE[3], **number}, key) for key in range(100)])
    landing = work.land()
    account = {account.file: account for account in landing.accounts}["apc.csv"]
    assert (account.rows_read, account.loaded, account.rejected, account.linked) == (100, 0, 100, 0)
    assert work.table("landed_apc").num_rows == 0
    assert work.table("landed_register").num_rows == 3
    rejected = work.table("rejected").to_pylist()
    assert [row["source_row"] for row in rejected if row["rule"] == "most-rows-rejected"] == [1, 2, 3]
    assert len(rejected) == 100
    (error,) = [finding for finding in landing.findings if finding.rule == "most-rows-rejected"]
    assert (error.severity, error.file, error.count) == (Severity.ERROR, "apc.csv", 97)
    assert "apc" in landing.record.missing_contracts


def test_invented_people_in_a_place_that_says_it_is_real_publish_nothing(work: Work) -> None:
    nobody = {**PEOPLE[0], "NHS_NUMBER": ""}
    write(work.extracts / "list.csv", [*(listed(PEOPLE[0], f"Y{practice:05}") for practice in range(300)), listed(nobody)])
    write(work.extracts / "apc.csv", [*(admitted(PEOPLE[1], key) for key in range(100)), admitted(nobody, 100)])
    with pytest.raises(PlaceError, match="no row of 2 files can be used") as caught:
        work.land(invented=False, **shared(work.place))
    assert "most-rows-rejected" in {finding.rule for finding in caught.value.findings}
    with pytest.raises(NothingPublished):
        read_landing(work.store)


def test_a_folder_of_extracts_that_can_no_longer_be_read(landed: Landed) -> None:
    work, before = landed.work, landed.landing
    shutil.rmtree(work.extracts)
    work.extracts.write_text("a file where the folder should be")
    with pytest.raises(PlaceError) as caught:
        work.land()
    assert {finding.rule for finding in caught.value.findings} == {"unreadable-folder"}
    assert read_landing(work.store) == before.record


def test_nothing_that_identifies_anyone_leaves(work: Work) -> None:
    landing = work.land()
    hidden = {value for person in PEOPLE for value in person.values()} | {
        value.replace("-", "") for person in PEOPLE for value in person.values()
    }
    identifiers = {field.landed for contract in contracts().values() for field in contract.identifiers}
    for path in work.store.landed.rglob("*.parquet"):
        table = pq.read_table(path, partitioning=None)
        assert not identifiers & set(table.column_names)
        values = {str(value) for column in table.columns for value in column.to_pylist()}
        assert not hidden & values, path.name
        content = path.read_bytes()
        assert not any(value.encode() in content for value in hidden), path.name
    written = b"".join(path.read_bytes() for path in work.store.root.rglob("*") if path.is_file())
    assert not any(value.encode() in written for value in hidden), landing.landing_id
    assert not list(work.store.tmp.iterdir())


def test_identifiers_are_kept_and_can_be_opened(landed: Landed) -> None:
    work = landed.work
    register = open_register(work.store.kept / "identity.sqlite")
    kept = identifiers_of(register, KEYS, work.table("landed_person")["person_id"].combine_chunks())
    register.close()
    assert set(kept["person_family_name"].to_pylist()) == {person["PERSON_FAMILY_NAME"] for person in PEOPLE}


def test_files_are_private(work: Work) -> None:
    work.land()
    for path in work.store.root.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_every_table_has_the_types_of_its_declaration(landed: Landed) -> None:
    work, landing = landed.work, landed.landing
    for contract in contracts().values():
        found, declared = work.table(f"landed_{contract.contract}").schema, schema(contract.landed_spec())
        assert (found.names, found.types) == (declared.names, declared.types)
    assert {name for name, each in contracts().items() if not each.stays} - set(landing.record.missing_contracts) == {"apc", "register"}
    assert work.table("landed_ecds").num_rows == 0
    of_linkage = {"linkage_rate", "linkage_run", "linkage_spread", "linkage_truth", "linkage_weight"}
    beside = {"landed_file", "landed_person", "superseded", "rejected"} | of_linkage
    assert set(landing.record.tables) == {f"landed_{c}" for c in contracts()} | beside


def test_every_row_is_accounted_for(work: Work) -> None:
    real = {**PEOPLE[3], "NHS_NUMBER": nhs_number(7, first=400_000_000)}
    write(
        work.extracts / "apc.csv",
        [admitted(PEOPLE[0], 1), admitted(PEOPLE[1], 1), admitted(real, 2), {**admitted(PEOPLE[2], 3), "ADMIDATE": ""}],
    )
    landing = work.land()
    account = next(file for file in landing.accounts if file.contract == "apc")
    assert (account.rows_read, account.loaded, account.superseded, account.rejected, account.linked) == (4, 1, 1, 2, 1)
    rejected = {row["source_row"]: row["rule"] for row in work.table("rejected").to_pylist()}
    assert rejected[3] == "nhs-number-of-a-real-person"
    assert set(rejected) == {3, 4}
    assert work.table("landed_apc")["source_row"].to_pylist() == [2]
    files = {row["file"]: row for row in work.table("landed_file").to_pylist()}
    assert files["apc.csv"]["rejected"] == 2
    [error] = [finding for finding in landing.findings if finding.severity is Severity.ERROR]
    assert (error.rule, error.file, error.rows) == ("nhs-number-of-a-real-person", "apc.csv", (3,))


def test_what_is_wrong_between_files_and_with_the_place_is_found(work: Work) -> None:
    wrong = {**PEOPLE[0], "NHS_NUMBER": PEOPLE[0]["NHS_NUMBER"][:-1] + "X"}
    write(work.extracts / "list.csv", [listed(PEOPLE[1], practice="Y00099"), listed(wrong)])
    assert {"unknown-practice", "nhs-number-check-digit"} <= {finding.rule for finding in work.land().findings}


def test_unchanged_inputs_land_nothing(work: Work) -> None:
    first = work.land()
    before = {path: path.stat().st_mtime_ns for path in work.store.landed.rglob("*.parquet")}
    published = current_path(work.store).stat().st_ino
    again = work.land()
    assert (first.reused, again.reused) == (False, True)
    assert current_path(work.store).stat().st_ino == published
    assert again.record == first.record
    os.utime(work.extracts / "list.csv", ns=(1, 1))
    touched = work.land()
    assert touched.reused
    assert work.land(name="Another name").reused
    assert {path: path.stat().st_mtime_ns for path in work.store.landed.rglob("*.parquet")} == before


def test_whatever_a_landing_is_made_from_makes_a_new_one(work: Work) -> None:
    ids = [work.land().landing_id]
    same_size = (work.extracts / "apc.csv").read_text().replace("12.50", "99.99")
    (work.extracts / "apc.csv").write_text(same_size)
    ids.append(work.land().landing_id)
    write(work.extracts / "apc_2.csv", [admitted(PEOPLE[0], 77)])
    ids.append(work.land().landing_id)
    (work.extracts / "apc_2.csv").unlink()
    ids.append(work.land().landing_id)
    ids.append(work.land(practices=(Practice(code="Y00002", name="Another"),)).landing_id)
    assert len(set(ids)) == 5
    next((work.store.landed / ids[-1]).glob("landed_apc.parquet")).unlink()
    assert not work.land(practices=(Practice(code="Y00002", name="Another"),)).reused


def test_people_keep_their_ids_from_landing_to_landing(landed: Landed) -> None:
    work = landed.work
    before = work.table("landed_register")["person_id"].to_pylist()
    write(work.extracts / "list.csv", [listed(person) for person in reversed(PEOPLE)])
    work.land()
    assert work.table("landed_register")["person_id"].to_pylist()[::-1][:3] == before


def test_a_file_that_can_not_be_used_is_refused_and_the_rest_lands(work: Work) -> None:
    (work.extracts / "apc.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    landing = work.land()
    assert any(finding.severity is Severity.ERROR and finding.file == "apc.csv" for finding in landing.findings)
    assert {name for name, each in contracts().items() if not each.stays} - set(landing.record.missing_contracts) == {"register"}
    assert work.table("landed_register").num_rows == 3
    assert work.table("landed_apc").num_rows == 0


def test_when_no_file_can_be_used_the_last_landing_stays(landed: Landed) -> None:
    work, first = landed.work, landed.landing
    (work.extracts / "list.csv").write_bytes(b"")
    (work.extracts / "apc.csv").unlink()
    with pytest.raises(PlaceError, match="none of 1 files") as problem:
        work.land()
    assert problem.value.findings
    assert read_landing(work.store) == first.record
    assert work.table("landed_register").num_rows == 3


def test_when_no_row_can_be_used_the_register_learns_nothing(landed: Landed) -> None:
    work, first = landed.work, landed.landing
    real = [{**person, "NHS_NUMBER": nhs_number(place, first=400_000_000)} for place, person in enumerate(PEOPLE)]
    write(work.extracts / "list.csv", [listed(person) for person in real])
    write(work.extracts / "apc.csv", [admitted(person, key) for key, person in enumerate(real)])
    before = (work.store.kept / "identity.sqlite").read_bytes()
    with pytest.raises(PlaceError, match="no row"):
        work.land()
    assert read_landing(work.store) == first.record
    assert (work.store.kept / "identity.sqlite").read_bytes() == before


def test_another_key_is_refused_and_nothing_is_written(landed: Landed) -> None:
    work = landed.work
    before = {path: path.read_bytes() for path in work.store.root.rglob("*") if path.is_file() and path.name != "lock"}
    with pytest.raises(KeyProblem, match="nothing was written"):
        land(work.place, work.extracts, work.store, OTHER)
    assert {path: path.read_bytes() for path in work.store.root.rglob("*") if path.is_file() and path.name != "lock"} == before


def test_a_lost_register_is_found_and_made_again_with_the_same_people(landed: Landed) -> None:
    work, first = landed.work, landed.landing
    people = work.table("landed_register")["person_id"].to_pylist()
    (work.store.kept / "identity.sqlite").unlink()
    with pytest.raises(KeyProblem, match="change every person_id"):
        land(work.place, work.extracts, work.store, OTHER)
    again = work.land()
    assert not again.reused
    assert [finding.rule for finding in again.findings if first.landing_id in finding.message] == ["register-behind"]
    assert work.table("landed_register")["person_id"].to_pylist() == people


def test_a_damaged_record_is_replaced(landed: Landed) -> None:
    work = landed.work
    current_path(work.store).write_text("{")
    with pytest.raises(StoreProblem):
        read_landing(work.store)
    assert not work.land().reused
    assert read_landing(work.store)


def test_landings_stay_while_a_build_names_them(work: Work) -> None:
    first = work.land().landing_id
    (work.store.builds / "b1.json").write_text(json.dumps({"about": {"landing": {"landing_id": first}}}))
    (work.store.builds / "b2.json").write_text(json.dumps({"about": {}}))
    write(work.extracts / "apc_2.csv", [admitted(PEOPLE[0], 77)])
    second = work.land().landing_id
    assert {path.name for path in work.store.landed.iterdir()} == {first, second, "current.json"}
    (work.store.builds / "b1.json").unlink()
    assert remove_landings(work.store) == [first]


def test_each_step_tells_its_rows(work: Work) -> None:
    steps: list[Step] = []
    land(work.place, work.extracts, work.store, KEYS, progress=steps.append)
    assert [(step.stage, step.rows) for step in steps if step.stage != "read"] == [
        ("settle", {"loaded": 7, "superseded": 0, "rejected": 0}),
        ("check", {}),
        ("number", {}),
        ("match", {}),
        ("link", {"linked": 7, "linked to nobody": 0, "new people": 4}),
        ("write", {"loaded": 7, "superseded": 0, "rejected": 0}),
    ]


def test_the_record_keeps_what_each_step_cost(work: Work) -> None:
    steps: list[Step] = []
    landing = land(work.place, work.extracts, work.store, KEYS, progress=steps.append).record
    assert [(step.stage, step.name, step.rows) for step in landing.steps] == [(step.stage, step.name, step.rows) for step in steps]
    assert {step.of for step in steps} == {landing.landing_id}
    assert landing.measured is not None
    assert sum(step.seconds for step in landing.steps) <= landing.measured.seconds + 0.1
    assert sum(step.processor_seconds or 0 for step in landing.steps) <= landing.measured.processor_seconds + 0.1
    assert landing.measured.peak_memory > 50_000_000
    assert work.land().record == landing


def test_what_is_spilled_is_encrypted(tmp_path: Path) -> None:
    con = connect_encrypted(tmp_path, memory_limit="24MB")
    con.execute("CREATE TEMP TABLE names AS SELECT 'PLANTED' || range || repeat('x', 90) AS name, hash(range) AS h FROM range(300000)")
    spilled = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert sum(map(len, spilled)) > 1_000_000
    assert not any(b"PLANTED" in content for content in spilled)
    assert con.execute("SELECT count(*) FROM names WHERE name LIKE 'PLANTED%'").fetchall() == [(300000,)]


KILLED = """
import os, signal, sys
from pathlib import Path
import joinedup.land, joinedup.engine.store, joinedup.identity.handover, joinedup.sources.landed
from tests.unit.test_land import KEYS, Work
module, name, calls = sys.argv[2], sys.argv[3], int(sys.argv[4])
owner, seen = sys.modules[module], []
whole = getattr(owner, name)
def dying(*given, **named):
    seen.append(1)
    if len(seen) == calls:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*given, **named)
setattr(owner, name, dying)
Work(Path(sys.argv[1])).land()
"""


@pytest.mark.parametrize(
    ("module", "name", "calls"),
    [
        ("joinedup.land", "stage", 1),
        ("joinedup.land", "counts_by_file", 1),
        ("joinedup.identity.handover", "move_into_place", 5),
        ("joinedup.land", "publish_landing", 1),
        ("joinedup.sources.landed", "atomic_write", 2),
        ("joinedup.land", "remove_landings", 1),
    ],
)
def test_a_killed_landing_leaves_the_last_one_and_the_next_completes(
    landed: Landed, forking: Forks, module: str, name: str, calls: int
) -> None:
    work, first = landed.work, landed.landing
    people = work.table("landed_register")["person_id"].to_pylist()
    write(work.extracts / "list.csv", [listed(person) for person in PEOPLE])
    ended = forking.run(KILLED, work.extracts.parent, module, name, calls)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    if name != "remove_landings":
        assert read_landing(work.store) == first.record
        assert work.table("landed_register")["person_id"].to_pylist() == people
    completed = work.land()
    assert read_landing(work.store) == completed.record
    assert work.table("landed_register")["person_id"].to_pylist()[:3] == people
    assert work.table("landed_register")["person_id"].to_pylist()[3] == work.table("landed_apc")["person_id"].to_pylist()[3]
    assert {path.name for path in work.store.landed.iterdir()} == {completed.landing_id, "current.json"}
    assert not list(work.store.tmp.iterdir())


def test_a_changed_key_keeps_every_person_and_the_landing_of_before(landed: Landed) -> None:
    work, first = landed.work, landed.landing
    people = work.table("landed_register")["person_id"].to_pylist()
    copy = (work.store.kept / "identity.sqlite").read_bytes()
    rekey(open_register(work.store.kept / "identity.sqlite"), KEYS, OTHER, account="someone")
    with pytest.raises(KeyProblem, match="nothing was written"):
        work.land()
    again = land(work.place, work.extracts, work.store, OTHER)
    assert again.reused
    assert again.landing_id == first.landing_id
    write(work.extracts / "list.csv", [listed(person) for person in PEOPLE])
    more = land(work.place, work.extracts, work.store, OTHER)
    assert work.table("landed_register")["person_id"].to_pylist()[:3] == people
    assert more.record.register_version.landing == 2
    assert more.record.register_version.key_fingerprint == OTHER.fingerprint
    assert more.record.register_version.ids_fingerprint == first.record.register_version.ids_fingerprint
    (work.store.kept / "identity.sqlite").write_bytes(copy)  # from before the change
    behind = work.land()
    assert "register-behind" in {finding.rule for finding in behind.findings}
    assert work.table("landed_register")["person_id"].to_pylist()[:3] == people


def test_a_register_lost_after_a_change_of_key_is_not_made_again_with_other_people(landed: Landed) -> None:
    work = landed.work
    path = work.store.kept / "identity.sqlite"
    rekey(open_register(path), KEYS, OTHER, account="someone")
    path.unlink()
    with pytest.raises(KeyProblem, match=r"change every person_id; nothing was written: .* restore the register"):
        land(work.place, work.extracts, work.store, OTHER)
    assert not work.land().reused


def test_the_register_of_another_place_is_refused(landed: Landed) -> None:
    work = landed.work
    with pytest.raises(StoreProblem, match="of the place testplace, and elsewhere was given"):
        work.land(id="elsewhere")


def test_a_register_from_before_the_current_landing_is_told_without_a_key(work: Work) -> None:
    assert register_behind(work.store) is None
    write(work.extracts / "list.csv", [listed(person) for person in PEOPLE[:2]])
    work.land()
    copy = (work.store.kept / "identity.sqlite").read_bytes()
    assert register_behind(work.store) is None
    write(work.extracts / "list.csv", [listed(person) for person in PEOPLE])
    landing = work.land()
    (work.store.kept / "identity.sqlite").write_bytes(copy)
    finding = register_behind(work.store)
    assert finding is not None
    assert (finding.rule, finding.severity) == ("register-behind", Severity.WARNING)
    assert landing.landing_id in finding.message
    work.land()
    assert register_behind(work.store) is None
    (work.store.kept / "identity.sqlite").unlink()
    assert register_behind(work.store) is None, "on an analysts' store there is no register"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_register_restored_from_yesterday_is_found_and_repaired_by_landing_again(
    work: Work, kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "postgresql":
        monkeypatch.setenv("JOINEDUP_REGISTER", request.getfixturevalue("postgresql"))
    write(work.extracts / "list.csv", [listed(person) for person in PEOPLE[:2]])
    write(work.extracts / "apc.csv", [admitted(person, key) for key, person in enumerate(PEOPLE[:2])])
    work.land()
    backup("testplace", work.store.kept, tmp_path / "yesterday.backup")
    write(work.extracts / "list.csv", [listed(person) for person in PEOPLE])
    today = work.land()
    people = work.table("landed_register")["person_id"].to_pylist()
    with pytest.raises(StoreProblem, match=f"lose what came with {today.landing_id}; rows of landing 1, .*person 2"):
        restore("testplace", work.store.kept, tmp_path / "yesterday.backup")
    restore("testplace", work.store.kept, tmp_path / "yesterday.backup", replace=True)
    behind = register_behind(work.store)
    assert behind is not None
    assert today.landing_id in behind.message
    again = work.land()
    assert not again.reused
    assert [finding.rule for finding in again.findings if today.landing_id in finding.message] == ["register-behind"]
    assert work.table("landed_register")["person_id"].to_pylist() == people
    assert again.record.register_version.register_id == today.record.register_version.register_id
    assert register_behind(work.store) is None
    assert work.land().reused


def test_ids_that_follow_from_more_than_a_number_are_learnt_again_after_a_restore(work: Work, tmp_path: Path) -> None:
    """A number that took over the id of the one that it replaced, and rows of the list without a number that have moved since."""
    home, start = {"LSOA_OF_RESIDENCE": "E01000001"}, {"START_DATE_GMP_PATIENT_REGISTRATION": "2010-01-01"}
    other = listed(PEOPLE[1]) | home | start
    twin = {name: "" if "NAME" in name else value for name, value in listed(PEOPLE[0]).items()} | {"NHS_NUMBER": ""} | home | start
    practice = "GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION"
    write(work.extracts / "list.csv", [other, twin])
    work.land()
    backup("testplace", work.store.kept, tmp_path / "yesterday.backup")
    write(work.extracts / "list.csv", [other, {**twin, practice: "B84012"}])
    work.land()
    write(work.extracts / "list.csv", [other, {**twin, practice: "B84012", "LSOA_OF_RESIDENCE": "E01000009"}])
    today = work.land()
    people = work.table("landed_register")["person_id"].to_pylist()
    restore("testplace", work.store.kept, tmp_path / "yesterday.backup", replace=True)
    again = work.land()
    [behind] = [finding for finding in again.findings if finding.rule == "register-behind"]
    assert today.landing_id in behind.message
    assert "learnt again" in behind.message
    assert work.table("landed_register")["person_id"].to_pylist() == people
    restore("testplace", work.store.kept, tmp_path / "yesterday.backup", replace=True)
    for path in (work.store.kept / "ids").iterdir():
        assert path.stat().st_mode & 0o077 == 0
        path.unlink()
    [behind] = [finding for finding in work.land().findings if finding.rule == "register-behind"]
    assert "others may have another" in behind.message
