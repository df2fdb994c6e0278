"""The record once more, in plain Python from the extracts' CSV files: rows, people, lists and spells as the definitions say.

Nothing here reads a landed or derived table or runs SQL. From the package come only what a place folder says (Place). The faults that the
invented extracts don't have (files of other encodings, other dates, other delimiters) are left to the tests of the sources.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

from joinedup.place.model import Place

Row = dict[str, str]
NO_DATES = ("1800-01-01", "1801-01-01", "1802-01-01")  # HES writes these for a date that was not given
FOREVER = date.max


def day(text: str) -> date | None:
    """A date as written, None for one that is missing or doesn't exist."""
    try:
        return None if text in NO_DATES else date.fromisoformat(text)
    except ValueError:
        return None


def birth(row: Row) -> date | None:
    """The date of birth that a row gives; what systems write for none is none."""
    said = day(row["PERSON_BIRTH_DATE"])
    return None if said is None or said < date(1900, 1, 3) or said == date(1901, 1, 1) else said


def before(earlier: str, later: str) -> Callable[[Row], bool]:
    """Whether the second date of a row lies before the first."""
    return lambda row: bool((first := day(row[earlier])) and (second := day(row[later])) and second < first)


def left_too_early(row: Row) -> bool:
    """Whether someone left emergency care on the day of arrival, at an earlier time."""
    times = row["DEPARTURE_TIME"], row["ARRIVAL_TIME"]
    return row["DEPARTURE_DATE"] == row["ARRIVAL_DATE"] and all(times) and times[0] < times[1]


PRACTICE, REGISTERED = "GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION", "START_DATE_GMP_PATIENT_REGISTRATION"
LEFT = "END_DATE_GMP_PATIENT_REGISTRATION"
ADMITTED = "START_DATE_HOSPITAL_PROVIDER_SPELL"
REFUSED: dict[str, list[Callable[[Row], bool]]] = {
    "register": [lambda row: not row[PRACTICE], before(REGISTERED, LEFT), before("START_DATE_RESIDENCE", "END_DATE_RESIDENCE")],
    "apc": [
        lambda row: not day(row["ADMIDATE"]),
        before("EPISTART", "EPIEND"),
        before("ADMIDATE", "DISDATE"),
        before("PERSON_BIRTH_DATE", "ADMIDATE"),
        lambda row: row["OPERTN_01"].startswith("Q383") or row["DIAG_01"] in {"O049", "B24X"},  # what the law restricts
    ],
    "ecds": [
        lambda row: not day(row["ARRIVAL_DATE"]),
        before("ARRIVAL_DATE", "DEPARTURE_DATE"),
        left_too_early,
        before("PERSON_BIRTH_DATE", "ARRIVAL_DATE"),
        lambda row: row["DIAGNOSIS_CODE_1"] == "240589008",
    ],
    "deaths": [lambda row: not day(row["REG_DATE_OF_DEATH"]), before("PERSON_BIRTH_DATE", "REG_DATE_OF_DEATH")],
    "discharge_ready": [
        lambda row: not day(row[ADMITTED]),
        before(ADMITTED, "DISCHARGE_DATE_HOSPITAL_PROVIDER_SPELL"),
        before("PERSON_BIRTH_DATE", ADMITTED),
    ],
    "opt_out": [lambda row: not row["OPT_OUT_KIND"]],
}
"""What makes a row useless, as the rules of the contracts say."""
REACHES = {
    "apc": ("ADMIDATE", "EPISTART", "EPIEND", "DISREADYDATE", "DISDATE"),
    "discharge_ready": (ADMITTED, "DISCHARGE_READY_DATE", "DISCHARGE_DATE_HOSPITAL_PROVIDER_SPELL"),
}
"""The dates that tell how far a file reaches."""
KEY = {
    "register": ("NHS_NUMBER", PRACTICE, REGISTERED, "START_DATE_RESIDENCE"),
    "apc": ("EPIKEY",),
    "ecds": ("EPIKEY",),
    "deaths": ("NHS_NUMBER", "REG_DATE_OF_DEATH"),
    "discharge_ready": ("NHS_NUMBER", "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER", ADMITTED),
    "opt_out": ("NHS_NUMBER", "OPT_OUT_KIND", "OPT_OUT_FROM"),
}
"""Rows with one key are versions of one record, of which the last counts."""


def rows_of(place: Place, extracts: Path, contract: str) -> list[Row]:
    """The rows of a contract that can be used, in the order in which they were read."""
    latest: dict[object, Row] = {}
    for source in (source for source in place.sources if source.contract == contract):
        for name in source.files:
            for row in read_csv(extracts / name):
                row["file"] = name
                if not any(refused(row) for refused in REFUSED[contract]):
                    latest.pop(key := key_of(row, contract), None)
                    latest[key] = row
    return list(latest.values())


def read_csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: value.strip() for name, value in row.items()}


def key_of(row: Row, contract: str) -> object:
    """What a row is a version of; a row that doesn't name its record stands for itself."""
    row["NHS_NUMBER"] = row["NHS_NUMBER"].replace(" ", "").replace("-", "")
    parts = [day(row[name]) if "DATE" in name else row[name] for name in KEY[contract]]
    return tuple(parts) if parts[0] else id(row)


def is_nhs_number(text: str) -> bool:
    """Ten digits, the last of which is the check digit of the others by Modulus 11."""
    if len(text) != 10 or not text.isdigit() or len(set(text)) == 1:
        return False
    check = -sum(int(digit) * weight for digit, weight in zip(text, range(10, 1, -1), strict=False)) % 11
    return check == int(text[9])


def months_between(month: date, on: date) -> int:
    return (on.year - month.year) * 12 + on.month - month.month


@dataclass
class Person:
    """Someone on the registration list."""

    born: date | None
    on_lists: list[tuple[date, date, str]] = field(default_factory=list)
    """From, to and practice, as the rows say."""
    listed_sex: Counter[str] = field(default_factory=Counter)
    any_sex: Counter[str] = field(default_factory=Counter)
    died: date = FOREVER
    objects_to: set[str] = field(default_factory=set)
    """The kinds of objection that haven't ended by the as-at date."""

    @property
    def counts(self) -> bool:
        """Whether the person may be counted for planning: an opt-out at the practice keeps only the practice's record back."""
        return not self.objects_to & {"NATIONAL", "SHARED RECORD"}

    @property
    def birth_month(self) -> date | None:
        return self.born and self.born.replace(day=1)

    def age(self, on: date) -> int | None:
        """Whole years, the birthday taken as the first of its month."""
        month = self.birth_month
        return None if month is None else on.year - month.year - (on.month < month.month)

    @property
    def sex(self) -> str | None:
        """What most rows of the list say, else most rows of all extracts."""
        for said in (self.listed_sex, self.any_sex):
            if said["1"] != said["2"]:
                return max("12", key=said.__getitem__)
        return None

    @cached_property
    def lived(self) -> list[tuple[date, date, str]]:
        """The rows of the list within a life, those without a day of it left out."""
        born = self.birth_month or date.min
        within = ((max(start, born), min(end, self.died), practice) for start, end, practice in self.on_lists)
        return [(start, end, practice) for start, end, practice in within if start < end]

    def on_a_list(self, on: date) -> date:
        """The day whose list tells where care belongs: the day before for the dead of that day, the first day on any list for newborns."""
        first = min((spell[0] for spell in self.lived), default=on)
        month = self.birth_month
        if month and month <= on < first and months_between(month, first) < 4:
            return first
        return on - timedelta(days=1) if on == self.died else on

    def practice_on(self, on: date) -> str | None:
        """The practice last joined, of those joined on one day the longest stayed with, as long as any of its rows goes on."""
        joined = [spell for spell in self.lived if spell[0] <= on]
        if not joined:
            return None
        practice = max(joined)[2]
        return practice if any(end > on for _, end, at in joined if at == practice) else None


@dataclass
class Record:
    """Everything that the extracts say of the place's people."""

    place: Place
    extracts: Path

    @cached_property
    def rows(self) -> dict[str, list[Row]]:
        return {contract: rows_of(self.place, self.extracts, contract) for contract in KEY}

    @cached_property
    def births(self) -> dict[str, set[date]]:
        """The dates of birth that the list gives for a number."""
        found = defaultdict(set)
        for row in self.rows["register"]:
            if is_nhs_number(row["NHS_NUMBER"]) and (born := birth(row)):
                found[row["NHS_NUMBER"]].add(born)
        return found

    def who(self, row: Row) -> str | None:
        """The NHS number of the registered person whom a row is about: the date of birth agrees, or the number was traced."""
        number = self.in_use(row["NHS_NUMBER"])
        births = self.births.get(number, set())
        if len(births) != 1:
            return None
        (born,) = births
        if said := birth(row):
            return number if said == born else None
        if month := row.get("MYDOB"):
            return number if month == f"{born:%m%Y}" else None
        return number if row["NHS_NUMBER_STATUS_INDICATOR_CODE"] == "01" else None

    def taken_over(self, start: date, end: date, practice: str) -> Iterator[tuple[date, date, str]]:
        """A registration with one practice up to the day that it closed, and from then on with the one that took it over."""
        known = {each.code: each for each in self.place.practices}.get(practice)
        if known is None or known.closed is None or known.succeeded_by is None:
            yield start, end, practice
            return
        if start < min(end, known.closed):
            yield start, min(end, known.closed), practice
        if max(start, known.closed) < end:
            yield from self.taken_over(max(start, known.closed), end, known.succeeded_by)

    def in_use(self, number: str) -> str:
        """The number that has replaced a superseded one, through however many."""
        while number in self.replaced:
            number = self.replaced[number]
        return number

    @cached_property
    def replaced(self) -> dict[str, str]:
        """Superseded numbers and those that replaced them."""
        sources = (source for source in self.place.sources if source.contract == "superseded_number")
        rows = (row for source in sources for name in source.files for row in read_csv(self.extracts / name))
        return {row["SUPERSEDED_NHS_NUMBER"]: row["NHS_NUMBER"] for row in rows}

    @cached_property
    def people(self) -> dict[object, Person]:
        """Everyone on the list: by number, or as the row has them where no number can be believed."""
        found: dict[object, Person] = {}
        for row in self.rows["register"]:
            known_by = self.who(row) or tuple(row[name] for name in (*ROW_IS_KNOWN_BY, PRACTICE, REGISTERED))
            person = found.setdefault(known_by, Person(birth(row)))
            person.on_lists += self.taken_over(day(row[REGISTERED]) or date.min, day(row[LEFT]) or FOREVER, row[PRACTICE])
            person.listed_sex[row["PERSON_STATED_GENDER_CODE"]] += 1
        self._add_sex(found)
        for row in self.rows["deaths"]:
            if person := found.get(self.who(row)):
                person.died = min(person.died, day(row["REG_DATE_OF_DEATH"]) or FOREVER)
        for number, kind in self.objections:
            if person := found.get(number):
                person.objects_to.add(kind)
        return found

    @cached_property
    def objections(self) -> list[tuple[str, str]]:
        """Number and kind of each objection that hasn't ended by the as-at date; it is believed by the number alone."""
        found = []
        for row in self.rows["opt_out"]:
            start, end = day(row["OPT_OUT_FROM"]), day(row["OPT_OUT_TO"])
            end = None if start and end and end < start else end
            if is_nhs_number(row["NHS_NUMBER"]) and self.place.as_at < (end or FOREVER):
                found.append((self.in_use(row["NHS_NUMBER"]), row["OPT_OUT_KIND"].upper()))
        return found

    def _add_sex(self, people: dict[object, Person]) -> None:
        for person in people.values():
            person.any_sex = Counter(person.listed_sex)
        for contract, column in (("apc", "SEX"), ("ecds", "STATED_GENDER"), ("deaths", "DEC_SEX")):
            for row in self.rows[contract]:
                if person := people.get(self.who(row)):
                    person.any_sex[row[column]] += 1

    @cached_property
    def practices(self) -> dict[str, list[tuple[date, date, str]]]:
        """For each practice of the place its neighbourhoods: from, to (while practice and neighbourhood are there) and which."""
        there = {n.id: n for n in self.place.neighbourhoods}
        found: dict[str, list[tuple[date, date, str]]] = {practice.code: [] for practice in self.place.practices}
        opened = {p.code: (p.opened, p.closed) for p in self.place.practices}
        for member in self.place.memberships:
            team, (first, last) = there[member.neighbourhood], opened[member.practice]
            start = max(at or date.min for at in (member.start, team.start, first))
            found[member.practice].append((start, min(at or FOREVER for at in (member.end, team.end, last)), team.id))
        return found

    def area_on(self, person: Person, on: date) -> str | None:
        """The person's neighbourhood, 'none' for one in none; None for who isn't registered with the place or may not be counted."""
        if not person.counts:
            return None
        return self.listed_area_on(person, on)

    def listed_area_on(self, person: Person, on: date) -> str | None:
        """The same of everyone, objections or not."""
        practice = person.practice_on(on)
        if practice not in self.practices:
            return None
        return max(((start, area) for start, end, area in self.practices[practice] if start <= on < end), default=(on, "none"))[1]

    def days(self, person: Person, start: date, end: date) -> Iterator[tuple[str, int]]:
        """Areas and how many days of a period the person belonged to them."""
        turns = {day for spell in person.lived for day in spell[:2]}
        turns |= {
            day for practice in {spell[2] for spell in person.lived} for spell in self.practices.get(practice, ()) for day in spell[:2]
        }
        cuts = [start, *sorted(turn for turn in turns if start < turn < end), end]
        for first, last in pairwise(cuts):
            if area := self.area_on(person, first):
                yield area, (last - first).days

    @cached_property
    def activities(self) -> list[Activity]:
        """What was done for people of the place on the day that it began."""
        found = [*map(Spell, self._spells()), *map(Attendance, self.rows["ecds"])]
        for activity in found:
            activity.person = next((self.people[who] for row in activity.episodes if (who := self.who(row)) in self.people), None)
            activity.area = activity.person and self.area_on(activity.person, activity.person.on_a_list(activity.starts))
            if isinstance(activity, Spell) and activity.person:
                self._add_ready_date(activity)
        return [activity for activity in found if activity.area]

    @cached_property
    def listed(self) -> dict[object, list[Row]]:
        """The rows of lists of discharges by whom they are about, later ones last."""
        found = defaultdict(list)
        for row in self.rows["discharge_ready"]:
            found[self.who(row)].append(row)
        return found

    def _add_ready_date(self, spell: Spell) -> None:
        """What the list of discharges says of a day in the spell, where the spell itself says nothing."""
        until = spell.ends or self.place.as_at
        rows = [row for row in self.listed.get(self.who(spell.first), ()) if spell.starts <= (day(row[ADMITTED]) or FOREVER) <= until]
        rows = [row for row in rows if row["ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER"][:3] == spell.first["PROCODE3"][:3]]
        if rows:
            row = max(reversed(rows), key=lambda row: (day(row[ADMITTED]) == spell.starts, day(row[ADMITTED])))
            spell.ready = spell.ready or day(row["DISCHARGE_READY_DATE"])
            spell.ends = spell.ends or day(row["DISCHARGE_DATE_HOSPITAL_PROVIDER_SPELL"])
            spell.listed_to = self.file_reach[row["file"], row["ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER"][:3]]

    def known_until(self, spell: Spell) -> date:
        """The first day of which a spell without a discharge isn't known: after the last that files or its list tell of."""
        reached = [self.file_reach[row["file"], row["PROCODE3"][:3]] for row in spell.episodes] + (
            [spell.listed_to] if spell.listed_to else []
        )
        return min(max(reached), self.place.as_at) + timedelta(days=1)

    @cached_property
    def file_reach(self) -> dict[tuple[str, str], date]:
        """The last day up to the as-at date that a file tells of for a provider; of the whole file, if no more than a week later."""
        own: dict[tuple[str, str], date] = {}
        for contract, provider in (("apc", "PROCODE3"), ("discharge_ready", "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER")):
            for row in self.rows[contract]:
                days = [found for name in REACHES[contract] if (found := day(row[name])) and found <= self.place.as_at]
                at = row["file"], row[provider][:3]
                own[at] = max([own.get(at, date.min), *days])
        whole = {file: max(reached for (name, _), reached in own.items() if name == file) for file, _ in own}
        return {at: whole[at[0]] if (whole[at[0]] - reached).days <= 7 else reached for at, reached in own.items()}

    def _spells(self) -> Iterable[list[Row]]:
        """Episodes by spell, in order: number, provider, person and one time in hospital; else person, provider and day, else alone.

        The invented extracts lend no episode another's number, and have each episode in one file.
        """
        spells: dict[object, list[list[Row]]] = defaultdict(list)
        of_day: dict[object, set[object]] = defaultdict(set)
        for row in self.rows["apc"]:
            of_day[row["SUSSPELLID"], row["PROCODE3"], row["ADMIDATE"]] |= {self.somebody(row)} - {None}
        for row in sorted(self.rows["apc"], key=itemgetter("ADMIDATE")):
            number, provider, admitted = row["SUSSPELLID"], row["PROCODE3"], row["ADMIDATE"]
            of_number = of_day[number, provider, admitted] if number else set()
            who = self.somebody(row) or (next(iter(of_number)) if len(of_number) == 1 else None)
            if number and who:
                times = spells[number, provider, who]
                if not times or not any(day(admitted) < there_until(each) for each in times[-1]):
                    times.append([])
                times[-1].append(row)
            else:
                known_by = (number or who, admitted) if number or who else id(row)
                spells[known_by, provider] = [[*(spells[known_by, provider] or [[]])[0], row]]
        for episodes in (each for times in spells.values() for each in times):
            episodes.sort(key=lambda row: (order(row), row["EPISTART"] or "9"))
            yield episodes

    def somebody(self, row: Row) -> str | None:
        """The number of whoever a row is about, on the list or not."""
        number = self.in_use(row["NHS_NUMBER"])
        if self.births.get(number):
            return self.who(row)
        return number if is_nhs_number(number) else None


ROW_IS_KNOWN_BY = ("LOCAL_PATIENT_IDENTIFIER", "NHS_NUMBER", "PERSON_BIRTH_DATE", "PERSON_FAMILY_NAME", "PERSON_GIVEN_NAME")


def order(row: Row) -> int:
    """An episode's place in its spell; 98 and 99 are none, and come last."""
    return int(row["EPIORDER"]) if row["EPIORDER"] and int(row["EPIORDER"]) < 98 else 98


def pence(row: Row) -> int | None:
    """The price of a row; one of nothing is none, as block contracts put it on every row."""
    price = int(Decimal(row["FINAL_PRICE"]) * 100) if row["FINAL_PRICE"] else 0
    return price if price > 0 else None


class Activity:
    """A hospital spell or an attendance."""

    person: Person | None = None
    area: str | None = None
    first: Row
    starts: date
    kind: str
    episodes: list[Row]
    price: int | None

    def cost(self, unit_costs: dict[str, tuple[int, int | None]]) -> int | None:
        """In pence: the price of the extract, else the average of its episodes."""
        if self.price is not None or self.kind not in unit_costs:
            return self.price
        cost, short = unit_costs[self.kind]
        if short is None:
            return cost * len(self.episodes)
        lengths = [duration(row) for row in self.episodes]
        return None if None in lengths else sum(short if length < 2 else cost for length in lengths if length is not None)


class Attendance(Activity):
    def __init__(self, row: Row) -> None:
        self.first, self.episodes, self.price = row, [row], pence(row)
        self.starts = day(row["ARRIVAL_DATE"]) or FOREVER
        self.kind = "Same day emergency care" if row["DEPARTMENT_TYPE"] == "05" else "Emergency care"


class Spell(Activity):
    listed_to: date | None = None
    """Up to which day the list of discharges knows of it."""

    def __init__(self, episodes: list[Row]) -> None:
        self.first, self.episodes = episodes[0], episodes
        self.starts = min(day(row["ADMIDATE"]) or FOREVER for row in episodes)
        self.ends = max((left for row in episodes if (left := day(row["DISDATE"]))), default=None)
        self.ready = max((ready for row in episodes if (ready := day(row["DISREADYDATE"]))), default=None)
        prices = [price for row in episodes if (price := pence(row)) is not None]
        self.price = next(reversed(prices), None)
        self.kind = kind_of(episodes)


def there_until(row: Row) -> date:
    """The first day on which a row no longer knows the person in hospital; what nobody finished went on to the end of March."""
    admitted = day(row["ADMIDATE"]) or FOREVER
    if left := day(row["DISDATE"]):
        return max(left, admitted + timedelta(days=1))
    last = max(filter(None, (admitted, day(row["EPISTART"]), day(row["EPIEND"]))))
    if not day(row["EPIEND"]) and row["EPISTAT"] != "3":
        return date(last.year + (last.month > 3), 4, 1)
    return last + timedelta(days=1)


def kind_of(episodes: list[Row]) -> str:
    """The point of delivery of a spell: the first that fits."""
    classes, types, methods = ({row[name] for row in episodes} for name in ("CLASSPAT", "EPITYPE", "ADMIMETH"))
    if classes & {"3", "4"}:
        return "Regular attender"
    if "5" in classes or types & {"2", "3", "5", "6"} or methods & {"31", "32", "82", "83"}:
        return "Maternity"
    if any(method.startswith("2") or method == "81" for method in methods):
        return "Non-elective inpatient"
    if "2" in classes:
        return "Day case"
    return "Elective inpatient" if any(method.startswith("1") for method in methods) else "Other admission"


def duration(row: Row) -> int | None:
    """Days of an episode: as given, else from its first to its last day."""
    if row["EPIDUR"]:
        return int(row["EPIDUR"])
    start, end = day(row["EPISTART"]), day(row["EPIEND"])
    return (end - start) // timedelta(days=1) if start and end else None


def finished(row: Row) -> bool:
    return row["EPISTAT"] == "3" if row["EPISTAT"] else bool(day(row["EPIEND"]))
