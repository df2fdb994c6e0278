"""How each kind of fault is put into rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Ints, Texts
from joinedup.sources.synthetic.fault_kinds import Kind
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.households import MAN, WOMAN
from joinedup.sources.synthetic.names import postcodes
from joinedup.sources.synthetic.possible_faults import confused_with
from joinedup.sources.synthetic.rows import Rows
from joinedup.sources.synthetic.seasons import dates

AREAS = {"LSOA_OF_RESIDENCE", "LSOA_2011", "LSOA11", "LSOAR"}
"""What contracts call the small area that follows from the address."""
EARLIER = 2
"""Of a household's addresses, the one before the span."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a fault is put into: the columns named for it, at some rows, with luck to draw on."""

    block: Block
    rows: Rows
    at: Ints
    names: list[str]
    kind: Kind
    rng: np.random.Generator
    written: set[str] = field(default_factory=set)
    """The columns that it was put into so far."""

    def column(self, name: str) -> np.ndarray:
        """A column's values at those rows."""
        return self.rows.columns[name][self.at]

    def put(self, name: str, values: np.ndarray) -> None:
        """Nothing; the column has these values at those rows. Longer text makes a wider column."""
        self.written.add(name)
        column = self.rows.columns[name]
        made = column.astype(np.promote_types(column.dtype, np.asarray(values).dtype))
        made[self.at] = values
        self.rows.columns[name] = made


def _wrong_check_digit(work: Work) -> None:
    digits = _digits(work)
    last = (digits[:, 9].astype(np.int64) + work.rng.integers(1, 10, len(work.at))) % 10
    digits[:, 9] = last.astype("U1")
    work.put("NHS_NUMBER", _joined(digits))


def _spaced_number(work: Work) -> None:
    digits = _digits(work)
    blank = np.full((len(digits), 1), " ")
    work.put("NHS_NUMBER", _joined(np.concatenate([digits[:, :3], blank, digits[:, 3:6], blank, digits[:, 6:]], axis=1)))


def _missing_number(work: Work) -> None:
    work.put("NHS_NUMBER", np.full(len(work.at), ""))
    work.put("NHS_NUMBER_STATUS_INDICATOR_CODE", np.full(len(work.at), "07"))


def _wrong_birth_date(work: Work) -> None:
    """Day and month swapped where that gives another date; else a digit of day or year that is too low."""
    born = work.column("PERSON_BIRTH_DATE")
    month = born.astype("datetime64[M]")
    day_of_month = (born - month).astype(np.int64) + 1
    month_of_year = month.astype(np.int64) % 12 + 1
    swaps = (day_of_month <= 12) & (day_of_month != month_of_year) & (work.rows.day[work.at] - born.astype(np.int64) > 400)
    year = born.astype("datetime64[Y]")
    swapped = (year.astype("datetime64[M]") + (np.minimum(day_of_month, 12) - 1)).astype("datetime64[D]") + (month_of_year - 1)
    slipped = born - np.array([1, 10, 365, 3653])[work.rng.integers(0, 4, len(born))]
    work.put("PERSON_BIRTH_DATE", np.where(swaps, swapped, slipped))


def _missing_birth_date(work: Work) -> None:
    work.put("PERSON_BIRTH_DATE", np.full(len(work.at), "NaT", dtype="datetime64[D]"))


def _untraced_without_birth_date(work: Work) -> None:
    _missing_birth_date(work)
    work.put("NHS_NUMBER_STATUS_INDICATOR_CODE", np.full(len(work.at), "02"))
    for name in work.names[2:]:  # the month of birth
        work.put(name, np.full(len(work.at), ""))


def _different_sex(work: Work) -> None:
    was_man = work.column(work.names[0]) == str(MAN)
    work.put(work.names[0], np.where(was_man, str(WOMAN), str(MAN)))


def _another_value(work: Work) -> None:
    work.put(work.names[0], np.full(len(work.at), work.kind.value))


def _null_date(work: Work) -> None:
    work.put(work.names[0], np.full(len(work.at), work.kind.value, dtype="datetime64[D]"))


def _end_before_start(work: Work) -> None:
    start, end = work.names
    work.put(end, work.column(start) - work.rng.integers(1, 60, len(work.at)))


def _birth_after_death(work: Work) -> None:
    died, born = work.names
    work.put(born, work.column(died) + work.rng.integers(1, 400, len(work.at)))


def _impossible_date(work: Work) -> None:
    work.written.update(work.names)
    mask = np.zeros(len(work.rows.person), dtype=np.bool_)
    mask[work.at] = True
    work.rows.spoiled[work.names[0]] = mask


def _closed_practice(work: Work) -> None:
    practices, span = work.block.setting.practices, work.block.setting.span
    closed = np.flatnonzero(practices.closed < span.end - 1)
    if not len(closed):
        return
    chosen = closed[work.rng.integers(0, len(closed), len(work.at))]
    after = practices.closed[chosen] + 1 + (work.rng.random(len(chosen)) * (span.end - 1 - practices.closed[chosen])).astype(np.int64)
    code, start = work.names
    work.put(code, practices.code[chosen])
    work.put(start, dates(np.minimum(after, span.end - 1)))


def _activity_after_death(work: Work) -> None:
    shift = work.rows.died[work.at] + work.rng.integers(1, 40, len(work.at)) - work.rows.day[work.at]
    for name in work.names:
        work.put(name, work.column(name) + shift)


def _extra_spaces(work: Work) -> None:
    for name in work.names:
        work.put(name, np.char.add(np.char.add("  ", work.column(name)), " "))


def _another_number(work: Work) -> None:
    work.put("NHS_NUMBER", work.block.nhs_numbers[confused_with(work.block)[work.rows.person[work.at]]].astype("U12"))


def _twins_number(work: Work) -> None:
    work.put("NHS_NUMBER", work.block.nhs_numbers[work.block.people.twin[work.rows.person[work.at]]].astype("U12"))


def _typed_name(work: Work) -> None:
    """A letter that was typed on the key beside its own."""
    (name,) = work.names
    names = work.column(name)
    letters = np.ascontiguousarray(names).view("U1").reshape(len(names), -1).copy()
    at = 1 + (work.rng.random(len(names)) * np.maximum(np.strings.str_len(names) - 1, 1)).astype(np.int64)
    at = np.minimum(at, letters.shape[1] - 1)
    rows = np.arange(len(names))
    letters[rows, at] = np.array([BESIDE.get(str(letter), "e") for letter in letters[rows, at]], dtype="U1")
    work.put(name, _joined(letters))


def _other_form(work: Work, forms: dict[str, str]) -> None:
    for name in work.names:
        seen, where = np.unique(work.column(name), return_inverse=True)
        work.put(name, np.array([forms.get(str(each), str(each)) for each in seen])[where])


def _nickname(work: Work) -> None:
    _other_form(work, figures("dirt")["nicknames"])


def _transliteration(work: Work) -> None:
    _other_form(work, figures("dirt")["transliterations"])


def _former_family_name(work: Work) -> None:
    work.put(work.names[0], work.block.former_family_names[work.rows.person[work.at]])


def _swapped_names(work: Work) -> None:
    given, family = (work.column(name) for name in work.names)
    work.put(work.names[0], family)
    work.put(work.names[1], given)


def _former_address(work: Work) -> None:
    """The address before the last move or, of those who didn't move lately, one a little way off."""
    stays, person, day = work.block.stays, work.rows.person[work.at], work.rows.day[work.at]
    stay = stays.on(person, day)
    moved = stays.address[stay] > 0
    first = np.searchsorted(stays.person, person)
    _live_at(work, stays.area[np.where(moved, first, stay)], np.where(moved, 0, EARLIER))


def _temporary_address(work: Work) -> None:
    """An address somewhere in the place: of relatives, a hostel, a hotel."""
    somewhere = work.rng.integers(0, work.block.setting.areas.inside, len(work.at))
    _live_at(work, somewhere, work.rng.integers(EARLIER + 1, EARLIER + 900, len(work.at)))


def _live_at(work: Work, area: Ints, address: Ints) -> None:
    """Nothing; the rows have the postcode of that address, and its small area where they have one."""
    household = work.block.people.household[work.rows.person[work.at]] + 17 * address + work.block.number * 1009
    work.put(work.names[0], postcodes(area, household))
    for name in AREAS & work.rows.columns.keys():
        work.put(name, work.block.setting.areas.code[area])


def _nothing_yet(work: Work) -> None:
    """Blank lines and repeated rows are made of the rows as a whole."""


def _digits(work: Work) -> np.ndarray:
    return np.ascontiguousarray(work.column("NHS_NUMBER").astype("U10")).view("U1").reshape(-1, 10).copy()


def _joined(letters: np.ndarray) -> Texts:
    found: Texts = np.ascontiguousarray(letters).view(f"U{letters.shape[1]}")[:, 0]
    return found


_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
BESIDE = {
    letter: row[(at + 1) % len(row)]
    for rows in (_KEYS, tuple(row.upper() for row in _KEYS))
    for row in rows
    for at, letter in enumerate(row)
}
"""The letter on the key to the right of each, as keyboards here have them."""

FAULTS: dict[str, Callable[[Work], None]] = {
    "wrong_check_digit": _wrong_check_digit,
    "missing_number": _missing_number,
    "spaced_number": _spaced_number,
    "wrong_birth_date": _wrong_birth_date,
    "missing_birth_date": _missing_birth_date,
    "untraced_without_birth_date": _untraced_without_birth_date,
    "different_sex": _different_sex,
    "unknown_code": _another_value,
    "end_before_start": _end_before_start,
    "impossible_date": _impossible_date,
    "unknown_practice": _another_value,
    "closed_practice": _closed_practice,
    "birth_after_death": _birth_after_death,
    "activity_after_death": _activity_after_death,
    "extra_spaces": _extra_spaces,
    "null_date": _null_date,
    "blank_line": _nothing_yet,
    "exact_duplicate": _nothing_yet,
    "resubmission": _nothing_yet,
    "default_birth_date": _null_date,
    "another_number": _another_number,
    "twins_number": _twins_number,
    "typed_name": _typed_name,
    "nickname": _nickname,
    "transliteration": _transliteration,
    "former_family_name": _former_family_name,
    "swapped_names": _swapped_names,
    "no_fixed_abode": _another_value,
    "former_address": _former_address,
    "temporary_address": _temporary_address,
}
"""How each kind is put into rows."""
