from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from joinedup.access.measured import ENDS_EARLY, TOO_FEW, TOO_LITTLE
from joinedup.papers import words
from joinedup.place.model import LocalWord
from joinedup.statistics.estimates import Reason


def test_a_name_of_a_point_of_delivery_is_plain() -> None:
    assert words.point_of_delivery("Day case") == "Day case"
    assert words.point_of_delivery("same_day_care") == "Same day care"


def test_lists_read_as_sentences_do() -> None:
    assert [words.listed(["A", "B", "C"][:count]) for count in range(4)] == ["", "A", "A and B", "A, B and C"]


def test_only_a_known_comparison_is_said() -> None:
    assert words.compared_with("higher", "Vale") == "higher than Vale"
    assert words.compared_with(None, "Vale") == ""


def test_a_reason_is_in_plain_words_and_an_unknown_one_as_given() -> None:
    assert words.reason("zero denominator") == "there was nobody, or nothing, in the period to count it out of"
    assert words.reason("some other reason") == "some other reason"
    assert words.reason(None) == "the build holds no value for it"


def test_every_reason_of_the_door_has_its_words() -> None:
    assert {*map(str, Reason), ENDS_EARLY, TOO_FEW, TOO_LITTLE} == set(words.REASONS)


def test_a_general_text_takes_the_places_word() -> None:
    own = LocalWord(singular="locality", plural="localities")
    assert words.local("Neighbourhoods differ; a neighbourhood is small", own) == "Localities differ; a locality is small"


def test_a_count_has_its_noun() -> None:
    assert words.many(1, "extract", "extracts") == "1 extract"
    assert words.many(1200, "person", "people") == "1,200 people"


def test_an_abbreviation_keeps_its_capitals() -> None:
    assert words.lower_first("Day case") == "day case"
    assert words.lower_first("GP appointment") == "GP appointment"


def test_dates_stay_on_one_line_and_long_words_are_broken() -> None:
    assert words.lines("registered on 31 March 2026 here", 16) == ["registered on", "31 March 2026", "here"]
    assert words.lines("Huddersfield", 8) == ["Hudders-", "field"]


@given(st.text(alphabet="abc de", max_size=60), st.integers(min_value=2, max_value=20))
def test_no_line_is_too_long_and_no_letter_is_lost(text: str, width: int) -> None:
    broken = words.lines(text, width)
    assert all(len(line) <= width for line in broken)
    assert "".join(broken).replace("-", "").replace(" ", "") == text.replace(" ", "")
