"""What is compared of a record and a person, in levels from the best agreement to none. Sex is not among it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOTHING, ELSE = "nothing to compare", "anything else"


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of agreement: what must hold of the two sides' columns (`_l`, `_r`), and the column whose rarity counts."""

    label: str
    when: str
    rare: str | None = None
    every: bool = False
    """Whether any two that agree so are a candidate pair."""
    equal: str | None = None
    """Where it says that two values are equal: the value, of either side."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Something that is compared: its name, when there is nothing to compare, and its levels, the best first; all else is the last."""

    name: str
    nothing: str
    levels: tuple[Level, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all levels, by number: 0 is the last."""
        return (ELSE, *(level.label for level in reversed(self.levels)))

    @property
    def equal(self) -> dict[int, str]:
        """The numbers of the levels that say that two values are equal, with the value."""
        return {len(self.levels) - at: level.equal for at, level in enumerate(self.levels) if level.equal}

    @property
    def every(self) -> tuple[int, ...]:
        """The numbers of the levels of which every agreeing pair is a candidate."""
        return tuple(len(self.levels) - at for at, level in enumerate(self.levels) if level.every)


def _missing(name: str) -> str:
    return f"{name}_l IS NULL OR {name}_r IS NULL"


def _in_common(name: str) -> str:
    return f"list_has_any({name}_l, {name}_r)"


SWAPPED = "coalesce(given_l = family_r AND family_l = given_r AND given_l <> family_l, false)"
SAME_DATE = "exact_l AND exact_r AND born_l = born_r"
SAME_MONTH = "year(born_l) = year(born_r) AND month(born_l) = month(born_r)"


def _apart(days: int, give_or_take: int) -> str:
    return f"abs(abs(born_l - born_r) - {days}) <= {give_or_take}"


def _name_levels(name: str, several: str) -> tuple[Level, ...]:
    part = " OR ".join(
        f"(length({a}) >= 4 AND (starts_with({b}, {a}) OR ends_with({b}, {a})))"
        for a, b in ((f"{name}_l", f"{name}_r"), (f"{name}_r", f"{name}_l"))
    )
    return (
        Level("the same", f"{name}_l = {name}_r", name, equal=name),
        Level("one that the person has also had", _in_common(several)),
        Level("nearly the same", f"jaro_winkler_similarity({name}_l, {name}_r) >= 0.92 OR damerau_levenshtein({name}_l, {name}_r) <= 1"),
        Level("alike in sound, or part of it", f"{name}_sound_l = {name}_sound_r OR {part}"),
    )


SHORT_FORM = Level("a short form of it", _in_common("given_forms"))
GIVEN = Comparison(
    "given name",
    _missing("given"),
    (
        *_name_levels("given", "givens")[:1],
        Level("given and family name swapped", SWAPPED),
        *_name_levels("given", "givens")[1:3],
        SHORT_FORM,
        *_name_levels("given", "givens")[3:],
    ),
)
FAMILY = Comparison("family name", f"{_missing('family')} OR {SWAPPED}", _name_levels("family", "families"))
BORN = Comparison(
    "date of birth",
    _missing("born"),
    (
        Level("the same day", SAME_DATE, equal="CASE WHEN exact THEN born END"),
        Level(
            "the same month, no more is known",
            f"NOT (exact_l AND exact_r) AND {SAME_MONTH}",
        ),
        Level(
            "day and month swapped",
            "exact_l AND exact_r AND year(born_l) = year(born_r) AND month(born_l) = day(born_r) AND day(born_l) = month(born_r)",
        ),
        Level("one digit other, or two swapped", "exact_l AND exact_r AND damerau_levenshtein(born_text_l, born_text_r) = 1"),
        Level(
            "two of day, month and year the same",
            "exact_l AND exact_r AND (year(born_l) = year(born_r))::INTEGER + (month(born_l) = month(born_r))::INTEGER "
            "+ (day(born_l) = day(born_r))::INTEGER = 2",
        ),
        Level(
            "at most a month apart, or one or ten years to within three days",
            f"exact_l AND exact_r AND ({_apart(0, 31)} OR {_apart(365, 3)} OR {_apart(3653, 3)})",
        ),
    ),
)
WHERE = Comparison(
    "address",
    f"({_missing('postcode')}) AND NOT coalesce({_in_common('practices')}, false)",
    (
        Level("the same postcode", "postcode_l = postcode_r", "postcode", equal="postcode"),
        Level("a postcode that the person has also had", _in_common("postcodes")),
        Level("the same sector, and the same practice", f"sector_l = sector_r AND {_in_common('practices')}"),
        Level("the same sector", "sector_l = sector_r"),
        Level("the same practice, no address is given", f"({_missing('postcode')}) AND {_in_common('practices')}"),
        Level("the same practice", _in_common("practices")),
        Level("the same district", "district_l = district_r"),
    ),
)
BORN_AGREES = " OR ".join(f"({level.when})" for level in BORN.levels)
NUMBER = Comparison(
    "NHS number",
    _missing("number"),
    (
        Level("the same, though not verified", f"number_l = number_r AND coalesce({BORN_AGREES}, true)", every=True),
        Level("one digit other, or two swapped", "number_l <> number_r AND damerau_levenshtein(number_l, number_r) = 1"),
        Level("the same, with another date of birth", "number_l = number_r", every=True),
    ),
)
LOCAL = Comparison(
    "number at a provider",
    "NOT coalesce(list_has_any(providers_l, providers_r), false)",
    (Level("the same", "list_has_any(locals_l, locals_r)", every=True),),
)
COMPARISONS = (NUMBER, BORN, GIVEN, FAMILY, WHERE, LOCAL)

COLUMNS = """
    number, born, exact, strftime(born, '%Y%m%d') AS born_text, family, families, given, givens, postcode, postcodes,
    left(postcode, -2) AS sector, left(postcode, -3) AS district, practices, locals, providers
"""
"""What both sides have beside the sounds of their names and `given_forms`, the names that the given name may be short for, and itself."""


def column_of(comparison: Comparison) -> str:
    """Its name as part of a column's name."""
    return comparison.name.replace(" ", "_")


def level_column(comparison: Comparison) -> str:
    """The column that says at which level two agree: -1 where there is nothing to compare."""
    return f"level_{column_of(comparison)}"


def level_number(comparison: Comparison, label: str) -> int:
    """The number of a level by its label."""
    return comparison.labels.index(label)


def splink_comparison(comparison: Comparison, weights: Mapping[str, tuple[float, float]] | None = None) -> dict[str, Any]:
    """The comparison as Splink has it; with the m and u of each level, by label, where `weights` are given."""
    said = [{"sql_condition": comparison.nothing, "label_for_charts": NOTHING, "is_null_level": True}]
    for level in (*comparison.levels, Level(ELSE, "ELSE")):
        one: dict[str, Any] = {"sql_condition": level.when, "label_for_charts": level.label}
        if level.rare:
            one |= {"tf_adjustment_column": level.rare, "tf_adjustment_weight": 1.0, "tf_minimum_u_value": 0.00001}
        if weights:
            one["m_probability"], one["u_probability"] = weights[level.label]
        said.append(one)
    return {"output_column_name": column_of(comparison), "comparison_levels": said}
