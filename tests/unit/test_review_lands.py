"""What two people agree on acts at the next landing: linked or kept apart for good, and parted again when an answer is taken back."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from joinedup.identity.review import warnings
from joinedup.kept.answers import Reviewer, give_answer, take_back, waiting
from joinedup.kept.decisions import DIFFERENT, SAME
from joinedup.kept.identity_register import identifiers_of, open_register, register_place
from joinedup.kept.merges import EVENT, MERGE, SPLIT
from joinedup.kept.pairs import opened_pair
from joinedup.place.model import Linking, Source
from tests.unit.test_land import KEYS, PEOPLE, Row, Work, admitted, listed, write

ASK = Linking(link_at=0.9999999, review_from=0.01)
"""So that what would be linked by probability is asked of people."""
JOHN = {**PEOPLE[0], "PERSON_FAMILY_NAME": "HILL", "PERSON_GIVEN_NAME": "JOHN", "POSTCODE_OF_USUAL_ADDRESS": "HX1 1AA"}
TWIN = {**PEOPLE[1], **{name: JOHN[name] for name in ("PERSON_FAMILY_NAME", "POSTCODE_OF_USUAL_ADDRESS", "PERSON_BIRTH_DATE")}}
TWIN |= {"PERSON_GIVEN_NAME": "PETER"}
RECORD = {**JOHN, "NHS_NUMBER": "", "PERSON_GIVEN_NAME": "JON", "LOCAL_PATIENT_IDENTIFIER": "X1"}
OTHER_HOSPITAL = Source(name="other", partner="other_trust", contract="apc", files=("other.csv",))
ADA, BEN, LEA = (Reviewer(account, "coordinator", (account,)) for account in ("ada", "ben", "lea"))


class Reviewed(Work):
    """A small place whose hospital has an admission without a number, by somebody who may be on the list."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, database: Path | str) -> None:
        super().__init__(folder)
        if isinstance(database, str):
            monkeypatch.setenv("JOINEDUP_REGISTER", database)
        self.monthly = 0
        write(self.extracts / "list.csv", [listed(JOHN), listed(TWIN), listed(PEOPLE[2])])
        self.admit(admitted(JOHN, 1), admitted(TWIN, 2), admitted(RECORD, 3))

    def admit(self, *rows: Row) -> None:
        write(self.extracts / "apc.csv", rows)

    def linked(self) -> list[tuple[int | None, str]]:
        """How each admission is linked, after landing."""
        self.land(linking=ASK)
        return [(row["person_id"], row["linked_by"]) for row in self.table("landed_apc").to_pylist()]

    def register(self):
        return open_register(register_place(self.store.kept))

    def waits(self) -> list[int]:
        with self.register().connected(KEYS) as connection:
            return [each.pair for each in waiting(connection, Reviewer("cas", "coordinator", ("cas",)))]

    def say(self, said: str, *who: Reviewer, pair: int = 1) -> None:
        for reviewer in who:
            with self.register().connected(KEYS, writes=True) as connection:
                give_answer(connection, pair, reviewer, said, "other")

    def back(self, pair: int, reviewer: Reviewer) -> None:
        with self.register().connected(KEYS, writes=True) as connection:
            take_back(connection, pair, reviewer)

    def events(self) -> list[tuple[str, int, int | None]]:
        with self.register().connected(KEYS) as connection:
            return [tuple(row) for row in connection.execute(sa.select(EVENT.c.kind, EVENT.c.person_id, EVENT.c.other_person_id))]

    def given_names(self, person_id: int) -> set[str]:
        return set(identifiers_of(self.register(), KEYS, pa.array([person_id]))["person_given_name"].to_pylist())

    def people_of(self, person: Row) -> set[int]:
        """The ids of whoever was born in this person's month."""
        months = {row["person_id"]: f"{row['birth_month']:%Y-%m}" for row in self.table("landed_person").to_pylist()}
        return {person_id for person_id, month in months.items() if month == person["PERSON_BIRTH_DATE"][:7]}

    def people(self) -> set[int]:
        return set(self.table("landed_person")["person_id"].to_pylist())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reviewed:
    return Reviewed(tmp_path, monkeypatch, tmp_path)


def test_a_pair_in_doubt_is_linked_when_two_people_say_same_and_parted_when_one_takes_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path | str
) -> None:
    place = Reviewed(tmp_path, monkeypatch, database)
    (john, how), (twin, _), unlinked = place.linked()
    assert (how, unlinked) == ("nhs_number", (None, "no_number"))
    before = place.people()
    place.say(SAME, ADA)
    assert place.linked()[2] == (None, "no_number"), "one person is not enough"
    place.say(SAME, BEN)
    assert place.waits() == [], "if the record is John's it isn't the twin's"
    assert place.linked() == [(john, "nhs_number"), (twin, "nhs_number"), (john, "confirmed")]
    assert place.people() == before
    assert place.events() == [(MERGE, john, None)]
    assert "JON" not in place.given_names(john), "what may be parted again isn't kept as his"
    landed = place.land(linking=ASK)
    assert landed.reused, "once it has acted nothing is new"
    place.back(1, BEN)
    assert place.linked()[2] == (None, "no_number")
    assert place.events() == [(MERGE, john, None), (SPLIT, john, None)]
    assert place.people() == before, "no person_id is lost, doubled or changed"
    assert place.waits() == [1, 2], "it is asked again, and so is whether it is the twin"


def test_a_landing_that_dies_before_it_is_published_loses_no_decision(place: Reviewed, monkeypatch: pytest.MonkeyPatch) -> None:
    (john, _), *_ = place.linked()
    place.say(SAME, ADA, BEN)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr("joinedup.land.publish_landing", die)
        with pytest.raises(KeyboardInterrupt):
            place.land(linking=ASK)
    assert place.linked()[2] == (john, "confirmed")
    assert place.events() == [(MERGE, john, None)], "once"
    assert place.land(linking=ASK).reused


def test_a_pair_that_two_people_say_is_different_is_not_linked_and_not_asked_again(place: Reviewed) -> None:
    place.linked()
    for pair in (1, 2):
        place.say(DIFFERENT, ADA, BEN, pair=pair)
    assert place.linked()[2] == (None, "no_number")
    assert place.waits() == []
    place.admit(admitted(RECORD, 7), admitted(JOHN, 8))
    assert place.linked()[0] == (None, "no_number"), "in another file and row, too"
    assert place.waits() == []
    assert place.events() == []
    assert place.land(linking=Linking(link_at=0.9, review_from=0.5)).record.links["apc"]["no_number"] == 1, (
        "however likely matching holds it"
    )


def test_a_record_that_was_somebody_of_its_own_gets_that_id_back_when_it_is_parted(place: Reviewed) -> None:
    place.place = place.place.model_copy(update={"sources": (*place.place.sources, OTHER_HOSPITAL)})
    write(place.extracts / "other.csv", [admitted(RECORD, 30)])
    write(place.extracts / "list.csv", [listed(PEOPLE[2])])
    place.admit(admitted(RECORD, 3))
    [(own, how)] = set(place.linked())
    assert (how, own is not None) == ("probability", True), "two partners know somebody whom no list has"
    write(place.extracts / "list.csv", [listed(JOHN), listed(PEOPLE[2])])
    place.linked()
    john = {row["person_id"] for row in place.table("landed_register").to_pylist() if row["linked_by"]} - place.people_of(PEOPLE[2])
    place.say(SAME, ADA, BEN)
    assert set(place.linked()) == {(*john, "confirmed")}
    assert place.events() == [(MERGE, *john, own)]
    place.back(1, ADA)
    place.say(DIFFERENT, ADA, LEA)
    place.back(1, BEN)
    assert set(place.linked()) == {(own, "probability")}, "the id that it had"
    assert place.events() == [(MERGE, *john, own), (SPLIT, *john, own)]


def test_two_extracts_of_one_partner_make_nobody_of_a_record(place: Reviewed) -> None:
    second = OTHER_HOSPITAL.model_copy(update={"partner": "trust"})
    place.place = place.place.model_copy(update={"sources": (*place.place.sources, second)})
    write(place.extracts / "other.csv", [admitted(RECORD, 30)])
    write(place.extracts / "list.csv", [listed(PEOPLE[2])])
    place.admit(admitted(RECORD, 3))
    assert set(place.linked()) == {(None, "no_number")}, "one system's word twice"


def test_what_is_decided_holds_in_a_place_that_matches_nothing(place: Reviewed) -> None:
    (john, _), *_ = place.linked()
    place.say(SAME, ADA, BEN)
    place.land(linking=Linking(link_at=1))
    assert place.table("landed_apc").to_pylist()[2]["person_id"] == john


def test_a_reviewer_sees_whence_and_is_warned_of_the_twin(place: Reviewed) -> None:
    place.linked()
    with place.register().connected(KEYS) as connection:
        said = opened_pair(connection, KEYS, 1)
    assert (said["r_source"], said["r_date"], said["p_source"]) == ("hospital", "2025-11-12", "the registration list")
    assert (said["r_given"], said["p_given"]) == ("JON", "JOHN")
    assert "another person of this family name lives at one of these postcodes, born on the same day" in warnings(said)[0]


def test_nothing_of_a_pair_is_in_clear_anywhere(place: Reviewed) -> None:
    place.linked()
    place.say(SAME, ADA, BEN)
    place.linked()
    for path in place.store.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(name in content for name in (b"HILL", b"HX1 1AA", b"HX11AA", b"1950-05-04")), path.name
    for path in place.store.landed.rglob("*.parquet"):
        texts = [column for column in pq.read_table(path, partitioning=None).columns if pa.types.is_string(column.type)]
        assert not {"HILL", "JOHN", "JON", "HX11AA"} & {text for column in texts for text in column.to_pylist()}
