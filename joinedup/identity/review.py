"""Review of pairs in doubt: who may, and what a person is shown of a pair: what is needed to judge, and no more."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from joinedup.errors import Refused
from joinedup.kept.answers import Reviewer
from joinedup.place.model import Place, StaffMember
from joinedup.place.staff import span

REVIEWERS = ("ig_lead", "coordinator")
"""The roles that may answer."""
ALIKE_PLACES = 2
"""Numbers and postcodes that differ in more places than this are unlike, and neither is shown."""
TELLS_APART = ("Postcode", "NHS number", "Local number")
"""Without any of these a record may be of several people of one name and date of birth."""
YEARS_OF_A_GENERATION = 14
OLD_DAYS = 731
NEVER = date(1850, 1, 1)
LONGEST = 80
"""Characters of a value that are shown."""

SAME, DIFFERS, ONE_SIDED = "same", "differs", "one side only"


@dataclass(frozen=True, slots=True)
class Field:
    """Something that both sides of a pair may say: its label, what kind of thing it is, and the landed names that it comes under."""

    label: str
    kind: str
    names: tuple[str, ...]


FIELDS = (
    Field("Family name", "name", ("person_family_name", "family")),
    Field("Given name", "name", ("person_given_name", "given")),
    Field("Date of birth", "date", ("person_birth_date", "born", "mydob")),
    Field("Sex", "word", ("sex", "person_stated_gender_code", "gender", "person_phenotypic_sex")),
    Field("Postcode", "postcode", ("postcode_of_usual_address", "postcode")),
    Field("NHS number", "number", ("nhs_number", "number")),
    Field("Local number", "number", ("local_patient_identifier", "local")),
    Field("Practice", "code", ("practice",)),
)
"""All that is ever shown of a pair: nothing clinical, whatever a pair brings."""


TELLS_WHERE = ("Postcode", "Practice")
"""What isn't shown of either side where the person's details are protected."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of a pair as it is shown: its text on either side (empty: not needed), same or differs, and what explains it."""

    label: str
    record: str
    person: str
    verdict: str
    note: str = ""


def reviewer_for(place: Place, staff: Sequence[StaffMember], account: str, day: date) -> Reviewer:
    """Who reviews under an account; Refused when neither the staff file nor that the people are invented gives the right to.

    A pair may be of any neighbourhood, so that only who acts for the whole place reviews. Accounts of one name are one person.
    """
    rows = [row for row in staff if row.account == account]
    rights = [row for row in rows if day in span(row) and row.role in REVIEWERS and row.scope_kind == "place"]
    if not rows and place.invented:
        return Reviewer(account, "coordinator", (account,))
    if not rights:
        raise Refused(
            f"pairs in doubt are for {' and '.join(REVIEWERS)} of the whole place, and staff.csv of {place.name} gives {account} "
            "neither role today; ask whoever keeps that file"
        )
    names = {_folded(row.name) for row in rows}
    accounts = {row.account for row in staff if _folded(row.name) in names}
    role = min((row.role for row in rights), key=REVIEWERS.index)
    return Reviewer(account, role, tuple(sorted(accounts | {account})))


def without_where(said: Mapping[str, str]) -> dict[str, str]:
    """What a pair says, without what tells where either side lives or is registered."""
    names = {f"{side}{name}" for field in FIELDS if field.label in TELLS_WHERE for name in field.names for side in ("r_", "p_")}
    return {name: value for name, value in said.items() if name not in {*names, "r_source", "p_source"}}  # a source may be one practice's


def compared(said: Mapping[str, str]) -> list[Compared]:
    """The fields of which either side says something. Of what both say alike only names are shown, for how common they are matters."""
    return [_compare(field, *sides) for field in FIELDS if any(sides := (_said(said, "r_", field), _said(said, "p_", field)))]


def _said(said: Mapping[str, str], side: str, field: Field) -> str:
    return next((text for name in field.names if (text := clean(said.get(side + name, "")))), "")


def clean(text: str) -> str:
    """The text on one line without anything that could move a terminal's cursor or turn its direction; marks show where it was."""
    kept = "".join(
        " " if each.isspace() else each if _harmless(each) else "\N{REPLACEMENT CHARACTER}" for each in unicodedata.normalize("NFC", text)
    )
    short = " ".join(kept.split())
    return short if len(short) <= LONGEST else short[: LONGEST - 1] + "…"


def _harmless(character: str) -> bool:
    category = unicodedata.category(character)
    return not category.startswith("C") and category not in {"Zl", "Zp", "Me"}


def _folded(text: str) -> str:
    """Letters and digits alone, without accents and case."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(each for each in plain if each.isalnum()).casefold()


def _compare(field: Field, record: str, person: str) -> Compared:
    if not record or not person:
        return Compared(field.label, "given" if record else "not given", "given" if person else "not given", ONE_SIDED)
    same = _folded(record) == _folded(person)
    if field.kind == "date":
        return _compare_dates(field.label, record, person)
    if same:
        return Compared(field.label, record, person, SAME) if field.kind == "name" else Compared(field.label, "", "", SAME)
    if field.kind in {"number", "postcode", "code"}:
        return _compare_hidden(field, record, person)
    return Compared(field.label, record, person, DIFFERS, _about(field, record, person))


def _about(field: Field, record: str, person: str) -> str:
    if field.label == "Sex":
        return "no evidence by itself"
    return _about_names(record, person) if field.kind == "name" else ""


def _compare_dates(label: str, record: str, person: str) -> Compared:
    one, other = _day(record), _day(person)
    if one and one == other:
        weak = (one.day, one.month) == (1, 1)
        note = f"1 January {one.year}: often written where the day isn't known" if weak else ""
        return Compared(label, "", "", SAME, note)
    if not one or not other:
        return Compared(label, record, person, SAME if _folded(record) == _folded(person) else DIFFERS)
    return Compared(label, one.isoformat(), other.isoformat(), DIFFERS, _about_dates(one, other))


def _about_dates(one: date, other: date) -> str:
    if (one.day, one.month, one.year) == (other.month, other.day, other.year):
        return "day and month the other way round"
    if (one.month, one.year) == (other.month, other.year):
        return "same month"
    if (one.day, one.month) == (other.day, other.month):
        return f"same day, {abs(one.year - other.year)} years apart"
    digits = sum(here != there for here, there in zip(one.isoformat(), other.isoformat(), strict=True))
    days = abs((one - other).days)
    apart = f"{days} days apart" if days < 2 * 365 else f"{round(days / 365.25)} years apart"
    return "one digit differs" if digits == 1 else apart


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _compare_hidden(field: Field, record: str, person: str) -> Compared:
    """What differs in a few places, with the places that agree hidden; where it is unlike neither is shown.

    So no address is ever shown, that of somebody whose details are protected neither, and no number.
    """
    one, other = re.sub(r"\W", "", record).upper(), re.sub(r"\W", "", person).upper()
    apart = [at for at, (here, there) in enumerate(zip(one, other, strict=False)) if here != there]
    near = "same postcode district" if field.kind == "postcode" and one[:-3] == other[:-3] else ""
    if field.kind == "code" or len(one) != len(other) or len(apart) > ALIKE_PLACES:
        return Compared(field.label, "", "", DIFFERS, near or "unlike")
    swapped = len(apart) == 2 and one[apart[0]] == other[apart[1]] and one[apart[1]] == other[apart[0]]
    note = "two of them the other way round" if swapped else f"{len(apart)} of {len(one)} places differ"
    one, other = ("".join(each if at in apart else "•" for at, each in enumerate(text)) for text in (one, other))
    return Compared(field.label, one, other, DIFFERS, "; ".join(part for part in (note, near) if part))


def _about_names(record: str, person: str) -> str:
    one, other = _folded(record), _folded(person)
    if len(one) == 1 or len(other) == 1:
        return "an initial" if one[:1] == other[:1] else ""
    if one.startswith(other) or other.startswith(one):
        return "one begins the other"
    edits = _edits(one, other)
    return {1: "one letter", 2: "two letters"}.get(edits, "")


def _edits(one: str, other: str) -> int:
    """How many letters must be put in, taken out, changed or swapped with the next to make one word of the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        last, before, row = before, row, [at]
        for to, there in enumerate(other, start=1):
            best = min(before[to] + 1, row[-1] + 1, before[to - 1] + (letter != there))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == there:
                best = min(best, last[to - 2] + 1)
            row.append(best)
    return row[-1]


def warnings(said: Mapping[str, str], *, rivals: int = 0) -> list[str]:
    """What a reviewer could get wrong here: relatives who are alike, names the other way round, other pairs of the same record."""
    found = [text for text in (_relatives(said), _swapped(said), _another_number(said), _little(said)) if text]
    for name, what in (("p_twins", "born on the same day"), ("p_namesakes", "with a similar given name")):
        count = int(said[name]) if said.get(name, "").isdigit() else 0
        if count:
            others = "another person of this family name lives" if count == 1 else f"{count} others of this family name live"
            found.append(f"{others} at one of these postcodes, {what}: the record may be theirs")
    if rivals:
        who = "another person" if rivals == 1 else f"{rivals} other people"
        found.append(f"the same record may be {who}: those pairs are in doubt too")
    return found


def _relatives(said: Mapping[str, str]) -> str:
    """Whether the two look like relatives at one address."""
    family, given, born, _, address, *_ = ((_said(said, "r_", field), _said(said, "p_", field)) for field in FIELDS)
    if not all((*family, *address)) or _folded(family[0]) != _folded(family[1]) or _folded(address[0]) != _folded(address[1]):
        return ""
    days = [_day(text) for text in born]
    alike = all(given) and (_folded(given[0]) == _folded(given[1]) or bool(_about_names(*given)))
    if days[0] and days[0] == days[1] and all(given) and not alike:
        return "one family name, postcode and date of birth, another given name: are these twins?"
    if days[0] and days[1] and alike and abs((days[0] - days[1]).days) > YEARS_OF_A_GENERATION * 365:
        return "like names at one postcode, a generation apart: are these parent and child?"
    return ""


def _swapped(said: Mapping[str, str]) -> str:
    """Whether one side's family name is the other's given name."""
    family, given = ((_folded(_said(said, "r_", field)), _folded(_said(said, "p_", field))) for field in FIELDS[:2])
    crossed = family[0] and given[0] and family[0] == given[1] and given[0] == family[1] and family[0] != family[1]
    return "family name and given name stand the other way round" if crossed else ""


def _another_number(said: Mapping[str, str]) -> str:
    """Whether both give NHS numbers, and not the same: same then means that the record's number is wrong."""
    [of_nhs] = [field for field in FIELDS if field.label == "NHS number"]
    record, person = (_folded(_said(said, side, of_nhs)) for side in ("r_", "p_"))
    return "the record gives another NHS number than this person's: whose is it?" if record and person and record != person else ""


def _little(said: Mapping[str, str]) -> str:
    """Whether the record says so little that somebody else's could say the same."""
    if any(_said(said, "r_", field) for field in FIELDS if field.label in TELLS_APART):
        return ""
    return "the record says little: whatever rows say no more than it, now or later, would be linked with it"


def provenance(said: Mapping[str, str], today: date) -> list[tuple[str, str]]:
    """Where the record and the person are known from, and how old that is: ("Record", …) and ("Person", …), where a pair says so."""
    sides = (
        ("Record", clean(said.get("r_source", "")), _day(said.get("r_date", ""))),
        ("Person", clean(said.get("p_source", "")), _day(said.get("p_date", ""))),
    )
    return [(side, ", ".join(part for part in (source, _age(day, today)) if part)) for side, source, day in sides if source or day]


def _age(day: date | None, today: date) -> str:
    if day is None or day < NEVER:
        return ""
    days = (today - day).days
    return f"to {day.isoformat()}" + (f" ({days // 365} years old)" if days > OLD_DAYS else "")
