"""Rows of coded entries of general practice: conditions, circumstances, reviews, measurements, illnesses that pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic import further, needs
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, pick_named
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.households import MAN
from joinedup.sources.synthetic.life import NURSING, RESIDENTIAL
from joinedup.sources.synthetic.primary_care import calendar_of, events, fifth_of, known, middle_ages, onsets, patients, practice_of, rate
from joinedup.sources.synthetic.rows import Rows, area_on, ethnic_category, identity, record_numbers, sources_of
from joinedup.sources.synthetic.seasons import NEVER, dates
from joinedup.sources.synthetic.streams import stream


@dataclass(frozen=True, slots=True)
class Entries:
    """Some entries: who, when, which of the codes of the figures, and up to two values (nan for none)."""

    person: Ints
    day: Ints
    code: Ints
    first: Floats
    second: Floats


def rows(block: Block) -> Rows:
    """The coded entries of everyone whom a practice of the place has had in the span; conditions since their onset."""
    held = _together(
        [*_conditions(block), *_circumstances(block), *_reviews(block), *_measurements(block), _acute(block), *_further(block)]
    )
    held = _by_person_and_day(held)
    person, day = held.person, held.day
    practice = practice_of(block, person, day)
    fields = identity(block, "gp_record", person, day) | {
        "ENTRY_ID": record_numbers(block, 11, len(person)).astype("U13"),
        "PRACTICE": block.setting.practices.code[practice],
        "EVENT_DATE": dates(day),
        "RECORD_DATE": dates(_entered(block, day)),
        "SEX": block.people.sex[person].astype("U1"),
        "ETHNIC": ethnic_category(block, "gp_record", person),
        "LSOA": area_on(block, person, day),
    }
    return Rows(
        contract="gp_record",
        person=person,
        source=sources_of(block, "gp_record", practice),
        day=day,
        columns=fields | _coded(block, held, practice),
        died=block.people.died[person],
        whole=np.ones(len(person), dtype=np.bool_),
    )


def first_told(block: Block) -> Entries:
    """The entries that tell of conditions and circumstances, without reviews, measurements and illnesses that pass."""
    return _together([*_conditions(block), *_circumstances(block), *_further(block)])


def _code(name: str) -> int:
    return int(np.flatnonzero(columns("gp_record", "entries")["entry"] == name)[0])


def _languages() -> tuple[Texts, int]:
    """The languages that have a code, and the number of the first of them, after those of the entries."""
    return columns("gp_record", "languages")["language"], len(columns("gp_record", "entries")["entry"])


def _entries(person: Ints, day: Ints, code: Ints | int, first: Floats | float = np.nan, second: Floats | float = np.nan) -> Entries:
    size = len(person)
    return Entries(person, day, *(np.broadcast_to(each, size) for each in (code, first, second)))


def _together(parts: list[Entries]) -> Entries:
    return Entries(*(np.concatenate([getattr(part, name) for part in parts]) for name in Entries.__slots__))


def _by_person_and_day(held: Entries) -> Entries:
    order = np.lexsort((held.code, held.day, held.person))
    return Entries(*(getattr(held, name)[order] for name in Entries.__slots__))


def _at(block: Block, holds: Bools, day: Ints, code: Ints | int) -> Entries:
    """One entry for each of those for whom something holds: on its day, in the span not before they joined; none after they went."""
    start, end = patients(block)
    when = np.where(day >= block.setting.span.start, np.maximum(day, start), day)
    at = np.flatnonzero(holds & (start < end) & (when < end))
    return _entries(at, when[at], np.broadcast_to(code, len(holds))[at])


def _conditions(block: Block) -> list[Entries]:
    person, condition = np.nonzero(onsets(block) < NEVER)
    codes = np.array([_code(name) for name in needs.conditions()])[condition]
    of_men = (codes == _code("cancer")) & (block.people.sex[person] == MAN)
    return [_entries(person, onsets(block)[person, condition], np.where(of_men, _code("cancer_of_men"), codes))]


def _circumstances(block: Block) -> list[Entries]:
    """Who cares, has autism, is anxious or dependent, falls, needs an interpreter, lives in a care home, nears death, expects a child."""
    people, life = block.people, block.life
    start, end = patients(block)
    rng = stream(block.setting.seed, "circumstances in the record", block.number)
    long_ago = np.maximum(people.born + 30, start - (rng.exponential(4, len(start)) * 365).astype(np.int64))
    lately = start + (rng.random(len(start)) * np.maximum(end - start, 1)).astype(np.int64)
    home = np.select(
        [life.support == NURSING, life.support == RESIDENTIAL], [_code("nursing_home"), _code("residential_home")], _code("care_home")
    )
    names, first = _languages()
    spoken = np.argmax(life.language[:, None] == names[None, :], axis=1)
    told = (life.language[:, None] == names[None, :]).any(axis=1) & _writes_read(practice_of(block, np.arange(len(start)), lately))
    dependence = np.where(people.ages(start) < 40, _code("drugs"), _code("alcohol"))
    grown = np.where(people.ages(start) >= 14, lately, np.maximum(people.born + 14 * 366, lately))
    return [
        _at(block, known(block, "carer", life.carer), lately, _code("carer")),
        _at(block, known(block, "autism", life.autism), np.maximum(long_ago, people.born + 3 * 366), _code("autism")),
        _at(block, known(block, "anxiety", life.anxiety), np.maximum(long_ago, people.born + 10 * 366), _code("anxiety")),
        _at(block, known(block, "substance", life.substance), grown, dependence),
        _at(block, known(block, "falls", life.falls), lately, _code("falls")),
        _at(block, known(block, "interpreter", life.interpreter), np.maximum(people.joined, people.born + 30), _code("interpreter")),
        _at(block, known(block, "language", told), np.maximum(people.joined, people.born + 30), first + spoken),
        _at(block, people.care_home, np.where(life.support_from < NEVER, life.support_from, lately), home),
        _at(block, life.palliative_from < NEVER, life.palliative_from, _code("palliative_care")),
        _pregnancies(block),
    ]


def _further(block: Block) -> list[Entries]:
    """Further conditions and circumstances, health checks, plans for the end of life."""
    coded = [*further.conditions_coded(block), *further.health_checks(block, onsets(block)), further.advance_care_plans(block)]
    return [_entries(each.person, each.day, _code(each.entry)) for each in coded]


def _pregnancies(block: Block) -> Entries:
    """The first visit of each pregnancy, in its eighth to eleventh week."""
    held, (start, end) = block.life.pregnancies, patients(block)
    rng = stream(block.setting.seed, "pregnancies in the record", block.number)
    day = held.conceived + rng.integers(56, 77, len(held.person))
    told = rng.random(len(day)) < figures("gp_record")["known"]["pregnant"]
    at = np.flatnonzero(told & (day >= start[held.person]) & (day < np.minimum(end[held.person], np.minimum(held.born, held.lost))))
    return _entries(held.person[at], day[at], _code("pregnant"))


def _reviews(block: Block) -> list[Entries]:
    """Reviews of each condition, and of diabetes the long-term blood sugar."""
    told, plan = figures("gp_record"), columns("gp_record", "reviews")
    rng = stream(block.setting.seed, "reviews", block.number)
    calendar, since, (start, end) = calendar_of(block, told), onsets(block), patients(block)
    found = []
    for at, (review, per_year) in enumerate(zip(plan["review"], plan["per_year"], strict=True)):
        from_ = np.maximum(start, np.minimum(since[:, at], end))
        who, day = events(rng, calendar, from_, end, np.full(len(end), per_year))
        if review != "body_mass_index":
            found.append(_entries(who, day, _code(str(review))))
    diabetes = np.maximum(start, np.minimum(since[:, needs.conditions()["diabetes"]], end))
    who, day = events(rng, calendar, diabetes, end, np.full(len(end), told["hba1c"]["per_year"]))
    level = np.clip(rng.normal(told["hba1c"]["mean"], told["hba1c"]["spread"], len(who)), 30, 140)
    return [*found, _entries(who, day, _code("hba1c"), np.rint(level))]


def _measurements(block: Block) -> list[Entries]:
    """Blood pressure, body mass index, smoking and frailty, more often of those whose conditions ask for it."""
    told, plan = figures("gp_record"), columns("gp_record", "reviews")
    rng = stream(block.setting.seed, "measurements", block.number)
    calendar, (start, end) = calendar_of(block, told), patients(block)
    having = block.people.conditions & (middle_ages(block) >= 18)[:, None]
    ages = middle_ages(block)
    pressure = events(rng, calendar, start, end, points(told["blood_pressure"]["age"], ages) + having @ plan["blood_pressure"])
    mass = events(rng, calendar, start, end, points(told["body_mass_index"]["age"], ages) + having @ plan["body_mass_index"])
    smoking = events(rng, calendar, start, end, points(told["smoking"]["age"], ages))
    old = ages >= told["frailty"]["from_age"]
    frailty = events(rng, calendar, start, end, np.where(old, told["frailty"]["per_year"], 0.0))
    return [
        _pressure(rng, block, *pressure),
        _entries(*mass, _code("body_mass_index"), _mass(rng, block, mass[0])),
        _entries(*smoking, _smoking(block)[smoking[0]]),
        _frailty(block, *frailty),
    ]


def _pressure(rng: np.random.Generator, block: Block, who: Ints, day: Ints) -> Entries:
    told = figures("gp_record")["blood_pressure"]
    mean, rise, raised, spread = told["systolic"]
    hypertension = block.people.conditions[who, needs.conditions()["hypertension"]]
    systolic = mean + rise * (block.people.age_on(who, day) - 50) + raised * hypertension + spread * rng.standard_normal(len(who))
    systolic = np.clip(np.rint(systolic), 84, 224)
    diastolic = np.clip(np.rint(rng.normal(told["diastolic"][0], told["diastolic"][1], len(who))), 45, systolic - 18)
    return _entries(who, day, _code("blood_pressure"), systolic, diastolic)


def _mass(rng: np.random.Generator, block: Block, who: Ints) -> Floats:
    told = figures("gp_record")["body_mass_index"]
    obese = block.people.conditions[who, needs.conditions()["obesity"]]
    own = stream(block.setting.seed, "body mass", block.number).standard_normal(len(block.people.sex))[who]
    usual = np.where(obese, told["obese"], told["mean"]) * np.exp(told["spread"] * own)
    found: Floats = np.round(np.clip(usual + 0.5 * rng.standard_normal(len(who)), 14, 65), 1)
    return found


def _smoking(block: Block) -> Ints:
    """The code of what each person does: one for all of their entries."""
    told = figures("gp_record")["smoking"]
    luck = stream(block.setting.seed, "smoking", block.number).random(len(block.people.sex))
    smokers = np.array(told["smokers"])[fifth_of(block)]
    smoked = points(told["smoked"], middle_ages(block))
    return np.where(luck < smokers, _code("smoker"), np.where(luck < smokers + smoked, _code("ex_smoker"), _code("never_smoked")))


def _frailty(block: Block, who: Ints, day: Ints) -> Entries:
    told = figures("gp_record")["frailty"]
    latent = block.people.frailty[who] + told["rise"] * (block.people.age_on(who, day) - 75)
    level = np.searchsorted(told["above"], latent)
    at = np.flatnonzero(level > 0)
    codes = np.array([_code("mild_frailty"), _code("moderate_frailty"), _code("severe_frailty")])
    return _entries(who[at], day[at], codes[level[at] - 1])


def _acute(block: Block) -> Entries:
    told = figures("gp_record")
    rng = stream(block.setting.seed, "illnesses that pass", block.number)
    per_year = rate(block, told["acute"], middle_ages(block))
    who, day = events(rng, calendar_of(block, told), *patients(block), per_year)
    named = pick_named(rng, told["acute"]["kinds"], len(who))
    kinds, which = np.unique(named, return_inverse=True)
    return _entries(who, day, np.array([_code(str(kind)) for kind in kinds], dtype=np.int64)[which])


def _writes_read(practice: Ints) -> Bools:
    """Whether a practice writes Read codes."""
    every = figures("gp_record")["read_practices"]
    found: Bools = practice % every == every - 1
    return found


def _coded(block: Block, held: Entries, practice: Ints) -> Table:
    """Code, system, term, values and unit, as the practice writes them."""
    told, spoken = columns("gp_record", "entries"), columns("gp_record", "languages")
    either = np.append((told["snomed"] != "") & (told["read"] != ""), np.zeros(len(spoken["read"]), dtype=np.bool_))
    only_read = np.append(told["snomed"] == "", np.ones(len(spoken["read"]), dtype=np.bool_))
    read = np.where(either[held.code], _writes_read(practice), only_read[held.code])  # every practice writes what has one code only
    snomed = np.append(told["snomed"], np.full(len(spoken["read"]), ""))
    suppliers = np.array(figures("gp_record")["suppliers"])
    return {
        "GP_SYSTEM_SUPPLIER": suppliers[practice % len(suppliers)],
        "CODE": np.where(read, np.append(told["read"], spoken["read"])[held.code], snomed[held.code]),
        "CODE_SYSTEM": np.where(read, "Read v2", "SNOMED CT"),
        "TERM": np.where(
            read, np.append(told["read_term"], spoken["term"])[held.code], np.append(told["snomed_term"], spoken["term"])[held.code]
        ),
        "VALUE1_CONDITION": held.first,
        "VALUE2_CONDITION": held.second,
        "UNIT": np.append(told["unit"], np.full(len(spoken["read"]), ""))[held.code],
    }


def _entered(block: Block, day: Ints) -> Ints:
    """The day on which each entry was made: its own for most, never after the span."""
    share, mean = figures("gp_record")["entered_late"]
    rng = stream(block.setting.seed, "entries made late", block.number)
    late = np.where(rng.random(len(day)) < share, rng.exponential(mean, len(day)), 0).astype(np.int64)
    found: Ints = np.maximum(day, np.minimum(day + late, block.setting.span.end - 1))
    return found
