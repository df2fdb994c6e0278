"""The crosswalk: whom sources' own pseudonyms stand for, when, and what is found where it contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from joinedup.kept.identity_register import IdentityRegister, open_register
from joinedup.kept.merges import EVENT
from tests.unit.identity.people import KEYS, Linked, linked, nhs_number

ANN, BEN = nhs_number(1), nhs_number(2)
MAY, JUNE = date(1950, 5, 4), date(1950, 6, 4)
DAY, LATER = date(2025, 4, 1), date(2025, 9, 1)


def stands(pseudonym: str, number: str | None = None, of: str = "hospice", **more: Any) -> dict[str, Any]:
    return {"pseudonym_of": of, "source_pseudonym": pseudonym, "nhs_number": number, **more}


def also(pseudonym: str, other: str, of: str = "hospice", other_of: str = "council") -> dict[str, Any]:
    return stands(pseudonym, of=of, other_pseudonym=other, other_pseudonym_of=other_of)


def visit(pseudonym: str, day: date = DAY, born: date | None = None) -> dict[str, Any]:
    return {"source_pseudonym": pseudonym, "activity_date": day, "person_birth_date": born}


@pytest.fixture
def register(database: Path | str) -> Iterator[IdentityRegister]:
    opened = open_register(database)
    yield opened
    opened.close()


def landed(
    register: Any, crosswalk: list[dict[str, Any]] | None, *visits: dict[str, Any], landing_id: str = "first", **more: Any
) -> Linked:
    sources: dict[str, Any] = {
        "list": ("register", [{"nhs_number": ANN, "person_birth_date": MAY}, {"nhs_number": BEN, "person_birth_date": JUNE}]),
        "hospice": ("community_activity", visits),
        **more,
    }
    if crosswalk is not None:
        sources["pairs"] = ("crosswalk", crosswalk)
    return linked(register, sources, landing_id=landing_id)


def test_a_pseudonym_leads_to_the_person_of_its_number(tmp_path: Path) -> None:
    found = landed(tmp_path, [stands("A", ANN), stands(" B ", BEN)], visit("A"), visit(" B"), visit("C"))
    ann, ben = found.people("register")
    assert found.statuses("community_activity") == ["source_pseudonym"] * 3
    assert found.people("community_activity")[:2] == [ann, ben]
    assert found.people("community_activity")[2] not in {ann, ben, None}
    assert len(found.landed_people()) == 3, "the crosswalk makes nobody"
    assert found.rows("crosswalk") == []
    assert not found.findings


def test_a_crosswalk_that_comes_later_links_earlier_rows(register: IdentityRegister) -> None:
    [alone] = landed(register, None, visit("A")).people("community_activity")
    for landing_id in ("second", "third"):
        found = landed(register, [stands("A", ANN)], visit("A"), landing_id=landing_id)
        ann = found.people("register")[0]
        assert found.people("community_activity") == [ann]
    assert landed(register, None, visit("A"), landing_id="fourth").people("community_activity") == [alone]
    with register.connected(KEYS) as connection:
        told = [tuple(row) for row in connection.execute(sa.select(EVENT.c.kind, EVENT.c.person_id, EVENT.c.other_person_id))]
    assert told == [("merge", ann, alone), ("split", ann, alone)]


def test_a_date_of_birth_that_disagrees_stands_against_the_crosswalk(tmp_path: Path) -> None:
    found = landed(tmp_path, [stands("A", ANN)], visit("A", born=MAY), visit("A", born=JUNE), visit("A"))
    assert found.statuses("community_activity") == ["source_pseudonym", "birth_date_disagrees", "source_pseudonym"]


def test_a_pseudonym_stands_for_somebody_for_a_time(tmp_path: Path) -> None:
    pairs = [stands("A", ANN, valid_to=LATER), stands("A", BEN, valid_from=LATER)]
    found = landed(tmp_path, pairs, visit("A", DAY), visit("A", LATER), visit("A", None))  # type: ignore[arg-type]
    ann, ben = found.people("register")
    assert found.people("community_activity")[:2] == [ann, ben]
    assert found.people("community_activity")[2] not in {ann, ben}, "without a day nobody is meant"
    assert not found.findings


def test_a_pseudonym_of_two_numbers_is_followed_to_neither(tmp_path: Path) -> None:
    found = landed(tmp_path, [stands("A", ANN), stands("A", BEN), stands("B", BEN)], visit("A"), visit("B"))
    one, two = found.people("community_activity")
    assert one not in found.people("register")
    assert two == found.people("register")[1]
    assert {(f.rule, f.rows) for f in found.findings} == {("crosswalk-of-two-numbers", (1, 2))}


def test_two_pseudonyms_of_one_source_for_one_number_are_followed_and_found(tmp_path: Path) -> None:
    found = landed(tmp_path, [stands("A", ANN), stands("B", ANN)], visit("A"), visit("B"))
    assert found.people("community_activity") == found.people("register")[:1] * 2
    assert {(f.rule, f.count) for f in found.findings} == {("crosswalk-two-pseudonyms-of-one-source", 2)}


def test_pseudonyms_that_stand_for_each_other_are_one_person(tmp_path: Path) -> None:
    council: Any = ("cld", [{"source_pseudonym": "4711"}, {"source_pseudonym": "4712"}])
    found = landed(
        tmp_path, [also("A", "4711"), also("B", "4712"), stands("4712", ANN, of="council")], visit("A"), visit("B"), council=council
    )
    first, ann = found.people("cld")
    assert found.people("community_activity") == [first, ann]
    assert ann == found.people("register")[0]
    assert first not in found.people("register")


def test_what_leads_to_nobody_is_said(tmp_path: Path) -> None:
    found = landed(tmp_path, [stands("A", ANN, of="nowhere"), stands("A", "123"), also("A", "1", other_of="nobody")], visit("A"))
    assert {(f.rule, f.rows) for f in found.findings} == {("crosswalk-of-no-source", (1, 3)), ("crosswalk-without-usable-number", (2,))}
    assert found.people("community_activity")[0] not in found.people("register")
    assert not any(value in finding.message for finding in found.findings for value in (ANN, "nowhere", "123"))


def test_a_superseded_number_leads_to_the_one_in_use(tmp_path: Path) -> None:
    changes: Any = ("superseded_number", [{"superseded_nhs_number": nhs_number(3), "nhs_number": ANN}])
    found = landed(tmp_path, [stands("A", nhs_number(3))], visit("A"), changes=changes)
    assert found.people("community_activity") == found.people("register")[:1]


@pytest.mark.parametrize("dated", [True, False])
def test_a_word_for_not_known_makes_nobody_one(tmp_path: Path, dated: bool) -> None:
    days = [{"valid_from": date(2000, 1, 1 + n)} if dated else {} for n in range(30)]
    pairs = [also(f"A{n}", "UNKNOWN") | days[n] for n in range(30)] + [also("B", "C")]
    visits = [visit(f"A{n}") for n in range(30)] + [visit("B")]
    found = landed(tmp_path, pairs, *visits, council=("apc", [{"source_pseudonym": "C"}]))
    people = found.people("community_activity")
    assert len(set(people)) == 31
    assert found.people("apc") == [people[-1]], "others of the source are followed"
    [told] = [finding for finding in found.findings if finding.rule == "crosswalk-pseudonym-of-many"]
    assert told.count == 30
    assert "UNKNOWN" not in told.message


def test_a_pseudonym_with_many_dates_of_birth_is_nobodys(tmp_path: Path) -> None:
    visits = [visit("0", born=date(1930 + n, 1, 1)) for n in range(30)] + [visit("A", born=date(1930 + n, 1, 1)) for n in range(3)]
    found = landed(tmp_path, None, *visits)
    assert found.statuses("community_activity") == ["no_number"] * 30 + ["source_pseudonym"] * 3
    assert found.people("community_activity")[:30] == [None] * 30
    assert "pseudonym-of-many" in found.rules()
