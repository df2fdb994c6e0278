"""Two hosts that land into one store at once, where no lock tells them: the second publishes nothing, and says why."""

from __future__ import annotations

import pytest

import joinedup.land as story
from joinedup.errors import StoreProblem
from joinedup.land import land
from joinedup.sources.landed import LandingRecord, publish_landing, read_landing
from tests.unit.identity.people import KEYS
from tests.unit.test_land import PEOPLE, Work, admitted, work, write

__all__ = ["work"]


def test_a_landing_that_was_overtaken_publishes_nothing(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    before, elsewhere = work.land().record, list[LandingRecord]()
    write(work.extracts / "apc.csv", [admitted(PEOPLE[0], 0)])
    whole = story._land_anew

    def overtaken(*given):  # type: ignore[no-untyped-def]
        made = whole(*given)
        elsewhere.append(before.model_copy(update={"landing_id": "elsewhere"}))
        (work.store.landed / "elsewhere").mkdir()
        publish_landing(work.store, elsewhere[0])
        return made

    monkeypatch.setattr(story, "_land_anew", overtaken)
    with pytest.raises(
        StoreProblem, match=rf"landing elsewhere is current in .* begun on {before.landing_id}: another host, .* land again"
    ):
        land(work.place, work.extracts, work.store, KEYS)
    assert read_landing(work.store) == elsewhere[0]
    monkeypatch.setattr(story, "_land_anew", whole)
    assert work.land().record.links["apc"] == {"nhs_number": 1}
