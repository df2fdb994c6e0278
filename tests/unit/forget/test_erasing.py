"""One person erased: nothing of them is left where the store reaches, everybody else is as before, and nobody comes back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from joinedup.errors import Refused
from joinedup.forget.certificate import what_of_nobodys_rows
from joinedup.forget.details import read_details, with_details
from joinedup.forget.erasing import Work as Erasing
from joinedup.forget.erasing import catch_up, forget, held
from joinedup.kept.backup import backup
from joinedup.kept.erased_tables import lookup_hash
from joinedup.kept.erasing import Act, Erasure, Subject, by_number, by_person, erasures
from joinedup.kept.identity_register import identifiers_of, open_register, register_place
from joinedup.kept.restore import restore
from joinedup.place.model import Linking, Source
from joinedup.sources.landed import read_landing
from tests.postgresql import PostgreSQL
from tests.unit.identity.people import KEYS, nhs_number
from tests.unit.test_land import PEOPLE, Work, admitted, listed, write

ACT = Act("DPO-2026-17", "objection", "ada", "bert")
WHO = PEOPLE[1]
UNUSUAL = {**WHO, "PERSON_FAMILY_NAME": "QUETZALCOATLUS", "PERSON_GIVEN_NAME": "ZYXWVUTS", "POSTCODE_OF_USUAL_ADDRESS": "ZZ98 7QX"}
EVERYBODY = [PEOPLE[0], UNUSUAL, *PEOPLE[2:]]


@dataclass
class Place:
    """A small place that has landed, its register in either database."""

    work: Work

    def desk(self) -> Erasing:
        return Erasing(self.work.place, self.work.store, open_register(register_place(self.work.store.kept)), KEYS)

    def subject(self, number: str = WHO["NHS_NUMBER"]) -> Subject:
        desk = self.desk()
        with desk.register.database.reading() as connection:
            return by_number(connection, desk.own_keys(), number)

    def forget(self, number: str = WHO["NHS_NUMBER"]) -> Subject:
        subject, desk = self.subject(number), self.desk()
        with self.work.store.lock("erasure"):
            forget(desk, subject, ACT, found=held(desk, subject))
        return subject

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        record = read_landing(self.work.store)
        return {
            name: pq.read_table(self.work.store.root / table.file, partitioning=None).to_pylist() for name, table in record.tables.items()
        }

    def ids(self) -> dict[str, set[int]]:
        return {name: {row["person_id"] for row in rows if row.get("person_id")} for name, rows in self.tables().items()}


_landed: dict[str, tuple[Path, str]] = {}
"""Where the place lies that has landed, by kind of database, with the name of its database on the server."""


@pytest.fixture(params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Place:
    """A place that has landed: a copy of one that landed before, its register with it."""
    server: PostgreSQL | None = request.getfixturevalue("postgresql_server") if request.param == "postgresql" else None
    if request.param not in _landed:
        folder, name = tmp_path_factory.mktemp("landed"), server.new_database() if server else ""
        with monkeypatch.context() as meanwhile:
            if server:
                meanwhile.setenv("JOINEDUP_REGISTER", server.url(name))
            _land(Work(folder))
        _landed[request.param] = folder, name
    folder, like = _landed[request.param]
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    if server:
        url = request.getfixturevalue("postgresql")
        server.fill(url, like)
        monkeypatch.setenv("JOINEDUP_REGISTER", url)
    return Place(Work(tmp_path))


def _land(work: Work) -> None:
    write(work.extracts / "list.csv", [listed(person) for person in EVERYBODY[:3]])
    write(work.extracts / "apc.csv", [admitted(person, key) for key, person in enumerate([*EVERYBODY, UNUSUAL])])
    work.land()


def test_the_copy_of_a_place_that_landed_is_whole(place: Place) -> None:
    assert place.work.land().reused


def test_the_hash_is_that_of_the_register(place: Place) -> None:
    desk = place.desk()
    assert place.subject().keys == (("nhs_number", lookup_hash(desk.own_keys(), "nhs_number", WHO["NHS_NUMBER"])),)


def test_one_person_goes_and_everybody_else_stays(place: Place) -> None:
    before = place.tables()
    (gone,) = place.forget().person_ids
    after = place.tables()
    assert all(gone not in ids for ids in place.ids().values())
    for name in ("landed_register", "landed_apc", "landed_person"):
        assert after[name] == [row for row in before[name] if row["person_id"] != gone]
    assert [row["rule"] for row in after["rejected"]] == ["erased"] * 3
    accounts = {file.file: (file.rows_read, file.loaded, file.rejected, file.linked) for file in read_landing(place.work.store).files}
    assert accounts == {"apc.csv": (5, 3, 2, 3), "list.csv": (3, 2, 1, 2)}
    desk = place.desk()
    with desk.register.database.reading() as connection:
        assert by_person(connection, gone) == Subject((), ())
    assert identifiers_of(desk.register, KEYS, Subject((gone,), ()).ids).num_rows == 0
    others = Subject(tuple(sorted(place.ids()["landed_person"])), ())
    assert len(others.person_ids) == 3
    assert identifiers_of(desk.register, KEYS, others.ids).num_rows == 5


def by_file_name(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The same rows with the name of each file for its number, which it changed when another came before it; without counts of groups."""
    names = {row["file_id"]: row["file"] for row in tables["landed_file"]}
    return {
        name: [{**row, "file_id": names[row["file_id"]]} if "file_id" in row else row for row in rows]
        for name, rows in tables.items()
        if name not in ("linkage_rate", "linkage_spread")
    }


def test_landing_again_changes_nothing_and_brings_nobody_back(place: Place) -> None:
    place.forget()
    rewritten = place.tables()
    assert place.work.land().reused
    write(place.work.extracts / "more.csv", [admitted(UNUSUAL, 99)])
    (place.work.extracts / "more.csv").rename(place.work.extracts / "apc2.csv")
    landing = place.work.land()
    assert not landing.reused
    found = {(finding.file, finding.count) for finding in landing.findings if finding.rule == "erased-person"}
    assert found == {("apc.csv", 2), ("apc2.csv", 1), ("list.csv", 1)}
    (place.work.extracts / "apc2.csv").unlink()
    place.work.land()
    assert by_file_name(place.tables()) == by_file_name(rewritten)
    assert place.subject().person_ids == ()


def test_who_was_known_by_records_alone_goes_and_landing_goes_on(place: Place) -> None:
    baby = {**UNUSUAL, "NHS_NUMBER": "", "LOCAL_PATIENT_IDENTIFIER": "", "PERSON_BIRTH_DATE": "2025-06-03", "PERSON_FAMILY_NAME": "NOVAK"}
    rows = [admitted(person, key) for key, person in enumerate([*EVERYBODY, baby, {**baby, "PERSON_FAMILY_NAME": "NOVACK"}])]
    write(place.work.extracts / "apc.csv", rows)
    place.work.land()
    (person,) = {row["person_id"] for row in place.tables()["landed_apc"] if row["linked_by"] == "probability"}
    desk = place.desk()
    with desk.register.database.reading() as connection:
        subject = by_person(connection, person)
    with place.work.store.lock("erasure"):
        forget(desk, subject, ACT, found=held(desk, subject))
    write(place.work.extracts / "list.csv", [listed(each) for each in EVERYBODY])
    place.work.land()
    assert all(person not in ids for ids in place.ids().values())
    assert len(place.tables()["landed_apc"]) == len(EVERYBODY)


def test_a_register_of_before_forgets_again(place: Place, tmp_path: Path) -> None:
    work = place.work
    backup("testplace", work.store.kept, tmp_path / "before.backup")
    shutil.copytree(work.store.landed, tmp_path / "landed-before")
    (gone,) = place.forget().person_ids
    restore("testplace", work.store.kept, tmp_path / "before.backup", replace=True)
    shutil.rmtree(work.store.landed)
    shutil.copytree(tmp_path / "landed-before", work.store.landed)
    assert place.subject().person_ids == (gone,)
    work.land()
    assert place.subject().person_ids == ()
    assert all(gone not in ids for ids in place.ids().values())
    assert catch_up(place.desk()) == 0


def test_somebody_who_is_not_known_is_kept_out(place: Place) -> None:
    stranger = {**PEOPLE[3], "NHS_NUMBER": nhs_number(77)}
    place.forget(stranger["NHS_NUMBER"])
    write(place.work.extracts / "apc.csv", [admitted(person, key) for key, person in enumerate([*EVERYBODY, stranger])])
    place.work.land()
    assert len(place.tables()["landed_apc"]) == 4


NOBODYS = {**UNUSUAL, "NHS_NUMBER": "", "LOCAL_PATIENT_IDENTIFIER": ""}
UNA = {
    **NOBODYS,
    "PERSON_FAMILY_NAME": "NOVAK",
    "PERSON_GIVEN_NAME": "UNA",
    "PERSON_BIRTH_DATE": "1971-02-03",
    "POSTCODE_OF_USUAL_ADDRESS": "HX7 7AA",
}
TOLD = [
    "family: Quetzalcoatlus, Smith",
    "given: Zyxwvuts",
    f"born: {WHO['PERSON_BIRTH_DATE']}",
    "postcode: zz98 7qx, HX1 1AA",
    "local: rwy q7",
]


def rows_of_nobody(place: Place, *rows: dict[str, str]) -> Any:
    """The landing, when these rows without a number have been sent with everybody's."""
    people = [*EVERYBODY, UNUSUAL, *rows]
    write(place.work.extracts / "apc.csv", [admitted(person, key) for key, person in enumerate(people)])
    return place.work.land(linking=Linking(link_at=1))


def forget_with(place: Place, *told: str) -> Erasing:
    desk = place.desk()
    subject = with_details(desk, place.subject(), read_details(told))
    with place.work.store.lock("erasure"):
        forget(desk, subject, ACT, found=held(desk, subject) | {"told": len(subject.told_of)})
    return desk


def test_rows_linked_to_nobody_go_by_what_was_told(place: Place) -> None:
    theirs = [
        NOBODYS,
        {**NOBODYS, "POSTCODE_OF_USUAL_ADDRESS": ""},
        {**NOBODYS, "PERSON_FAMILY_NAME": "ZYXWVUTS", "PERSON_GIVEN_NAME": "Quetzalcoatlus"},
    ]
    of_others = [
        {**NOBODYS, "PERSON_GIVEN_NAME": "OTHER"},
        {**NOBODYS, "PERSON_BIRTH_DATE": "1961-01-01"},
        {**NOBODYS, "POSTCODE_OF_USUAL_ADDRESS": "HX9 9ZZ"},
    ]
    rows_of_nobody(place, *theirs, *of_others)
    assert sum(row["person_id"] is None for row in place.tables()["landed_apc"]) == 6
    desk = forget_with(place, *TOLD)
    (erasure,) = _erasures(desk)
    assert "they stay until the next landing" in what_of_nobodys_rows(desk, erasure)
    landing = rows_of_nobody(place, *theirs, *of_others)
    assert not landing.reused
    assert sum(row["person_id"] is None for row in place.tables()["landed_apc"]) == 3
    assert {finding.count for finding in landing.findings if finding.rule == "erased-person" and finding.file == "apc.csv"} == {5}
    assert "has left out those that say what was told" in what_of_nobodys_rows(desk, erasure)
    rows_of_nobody(place, *theirs, *of_others, {**NOBODYS, "PERSON_FAMILY_NAME": "SMITH", "POSTCODE_OF_USUAL_ADDRESS": "HX11AA"})
    assert sum(row["person_id"] is None for row in place.tables()["landed_apc"]) == 3


def test_without_what_was_told_the_certificate_says_so(place: Place) -> None:
    rows_of_nobody(place, NOBODYS)
    place.forget()
    desk = place.desk()
    assert "nothing was told by which the next landing would know them" in what_of_nobodys_rows(desk, _erasures(desk)[0])
    rows_of_nobody(place, NOBODYS)
    assert sum(row["person_id"] is None for row in place.tables()["landed_apc"]) == 1


def test_who_is_known_by_such_records_alone_is_kept_and_told(place: Place) -> None:
    place.work.place = place.work.place.model_copy(
        update={"sources": (*place.work.place.sources, Source(name="other", partner="other_trust", contract="apc", files=("other.csv",)))}
    )
    write(place.work.extracts / "other.csv", [admitted(UNA, 77)])
    write(place.work.extracts / "apc.csv", [admitted(each, key) for key, each in enumerate([*EVERYBODY, UNA])])
    place.work.land()
    linked = {row["linked_by"] for row in place.tables()["landed_apc"]}
    assert "probability" in linked
    forget_with(place, "family: Novak", "given: una", "born: 1971-02-03", "postcode: HX7 7AA")
    findings = place.work.land().findings
    assert [finding.count for finding in findings if finding.rule == "erased-person-known-otherwise"] == [1]
    assert {row["linked_by"] for row in place.tables()["landed_apc"]} == linked


def _erasures(desk: Erasing) -> list[Erasure]:
    with desk.register.database.reading() as connection:
        return erasures(connection)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["nhs: 9990000001"], "line 2 of what was told begins with none of"),
        (["family: A", "born: 1 May 1950"], "line 3 of what was told has another date"),
        (["local: X1"], "line 2 of what was told has a number without its provider"),
    ],
)
def test_what_was_told_and_can_not_be_read_is_refused_unsaid(lines: list[str], said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        read_details(lines)
    assert not any(line.partition(": ")[2] in str(refused.value) for line in lines)
