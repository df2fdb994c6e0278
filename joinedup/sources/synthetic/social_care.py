"""Adult social care: requests, assessments, services and reviews of people, and of those who care for them without pay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from joinedup.sources.synthetic.admissions import EMERGENCY
from joinedup.sources.synthetic.block import Block
from joinedup.sources.synthetic.draws import Bools, Floats, Ints, Table, Texts, pick_named, stack, take
from joinedup.sources.synthetic.figures import columns, figures, points
from joinedup.sources.synthetic.happenings import window
from joinedup.sources.synthetic.life import COMMUNITY, NONE, NURSING
from joinedup.sources.synthetic.rows import MISSING
from joinedup.sources.synthetic.seasons import NEVER, YEAR, season
from joinedup.sources.synthetic.streams import stream

ADULT, OLD = 18, 65
REQUEST, ASSESSMENT, SERVICE, REVIEW = "REQUEST", "ASSESSMENT", "SERVICE", "REVIEW"
TEXTS = (
    "CLIENT_TYPE",
    "EVENT_OUTCOME",
    "REQUEST_ROUTE_OF_ACCESS",
    "ASSESSMENT_TYPE",
    "SERVICE_TYPE",
    "SERVICE_COMPONENT",
    "DELIVERY_MECHANISM",
    "COST_FREQUENCY_UNIT_TYPE",
    "REVIEW_REASON",
)
TO_ASSESSMENT, TO_REABLEMENT, TO_SERVICES, DIED, PLANNED_END, IN_HOSPITAL = (
    "PROGRESS TO ASSESSMENT, REVIEW OR REASSESSMENT",
    "PROGRESS TO REABLEMENT/ST-MAX",
    "PROGRESS TO SUPPORT PLANNING OR SERVICES",
    "NFA: DECEASED",
    "NFA: SUPPORT ENDED AS PLANNED",
    "ADMITTED TO HOSPITAL",
)
LONG_TERM = np.array(["", "LONG TERM SUPPORT: COMMUNITY", "LONG TERM SUPPORT: RESIDENTIAL CARE", "LONG TERM SUPPORT: NURSING CARE"])
IN_A_HOME = np.array(["", "", "LONG TERM RESIDENTIAL CARE", "LONG TERM NURSING CARE"])
REABLEMENT, SHORT_STAY = "REABLEMENT", "SHORT TERM RESIDENTIAL CARE"
CARER = "UNPAID CARER"


@dataclass(frozen=True)
class _Of:
    """Whose care: what every part looks at."""

    block: Block
    start: Ints
    """The first day on which each person can be seen, as an adult."""
    end: Ints
    """The day from which they can't."""

    def stream(self, subject: str) -> np.random.Generator:
        return stream(self.block.setting.seed, f"social care: {subject}", self.block.number)

    def young(self, person: Ints, day: Ints) -> Bools:
        found: Bools = self.block.people.age_on(person, np.maximum(day, self.start[person])) < OLD
        return found


def events_of(block: Block) -> Table:
    """One entry per event: person, first and last day (NEVER while it goes on), kind, and what the extract says of it; MISSING costs."""
    start, end = window(block.setting, block.people)
    adult = block.people.born + int(np.ceil(ADULT * YEAR))
    of = _Of(block, np.maximum(start, adult), np.where(block.people.outside, 0, end))
    asked, long_term = _requests(of), _long_term(of)
    parts = [asked, _assessments(of, asked), _equipment(of, asked), long_term, *_before(of, long_term), *_after_hospital(of), _reviews(of)]
    return stack([*parts, *_carers(of)])


def _event(person: Ints, start: Ints, last: Ints, kind: str, **said: Texts | str) -> Table:
    """Events of one kind, what isn't said left blank."""
    size = len(person)
    made: Table = {"person": person, "start": start, "last": last, "EVENT_TYPE": np.full(size, kind)}
    for name in TEXTS:
        value = said.get(name, "SERVICE USER" if name == "CLIENT_TYPE" else "")
        made[name] = np.full(size, value) if isinstance(value, str) else value
    return made | {"UNIT_COST": np.full(size, MISSING), "PLANNED_UNITS_PER_WEEK": np.full(size, np.nan)}


def _days(rng: np.random.Generator, told: list[float], size: int) -> Ints:
    """So many lengths: median, and spread of the log."""
    found: Ints = np.ceil(told[0] * np.exp(told[1] * rng.standard_normal(size))).astype(np.int64)
    return found


def _requests(of: _Of) -> Table:
    """Requests that nothing else here leads to, finished within days."""
    told, rng, people = figures("cld")["request"], of.stream("requests"), of.block.people
    calendar = season(of.block.setting.span, told)
    ages = people.ages((of.start + of.end) // 2)
    fifth = of.block.setting.areas.fifth[people.area]
    burden = np.exp(told["frailty"] * people.frailty - told["frailty"] ** 2 / 2) * np.where(people.care_home, told["care_home"], 1.0)
    rate = points(told["age"], ages) / 1000 * np.array(told["fifth"])[fifth] * burden
    person = np.repeat(np.arange(len(rate)), rng.poisson(rate * calendar.years(of.start, of.end)))
    day = calendar.days(rng, of.start[person], of.end[person])
    last = np.minimum(day + rng.integers(0, told["days"] + 1, len(day)), of.end[person] - 1)
    outcome = pick_named(rng, told["outcome"], len(day))
    route = pick_named(rng, told["route"], len(day))
    return _event(person, day, last, REQUEST, EVENT_OUTCOME=outcome, REQUEST_ROUTE_OF_ACCESS=route)


def _assessments(of: _Of, asked: Table) -> Table:
    """The assessments that requests lead to, if they are finished by the end."""
    told, rng = figures("cld")["assessment"], of.stream("assessments")
    led = take(asked, asked["EVENT_OUTCOME"] == TO_ASSESSMENT)
    last = led["last"] + _days(rng, told["days"], len(led["last"]))
    outcome, kind = (pick_named(rng, told[name], len(last)) for name in ("outcome", "type"))
    every = _event(led["person"], led["last"], last, ASSESSMENT, EVENT_OUTCOME=outcome, ASSESSMENT_TYPE=kind)
    return take(every, last < of.end[led["person"]])


def _equipment(of: _Of, asked: Table) -> Table:
    """The equipment, or the reablement, that requests lead to at once."""
    rng = of.stream("services at once")
    outcome = asked["EVENT_OUTCOME"]
    led = take(asked, (outcome == TO_SERVICES) | (outcome == TO_REABLEMENT))
    again = led["EVENT_OUTCOME"] == TO_REABLEMENT
    first = led["last"] + rng.integers(1, 15, len(again))
    length = np.minimum(_days(rng, figures("cld")["after_hospital"]["days"], len(again)), figures("cld")["after_hospital"]["most"])
    last = np.where(again, first + length, first)
    every = _event(
        led["person"],
        first,
        last,
        SERVICE,
        SERVICE_TYPE=np.where(again, "SHORT TERM SUPPORT: ST-MAX", "SHORT TERM SUPPORT: ONGOING LOW LEVEL"),
        SERVICE_COMPONENT=np.where(again, REABLEMENT, "EQUIPMENT"),
        EVENT_OUTCOME=PLANNED_END,
        DELIVERY_MECHANISM="CASSR COMMISSIONED SUPPORT",
    )
    return _costed(of, rng, _until_gone(of, take(every, first < of.end[led["person"]])))


def _until_gone(of: _Of, services: Table) -> Table:
    """The services cut off at death or at leaving, open where they go on at the end of the span."""
    person, span_end = services["person"], of.block.setting.span.end
    cut = services["last"] >= of.end[person]
    goes_on = cut & (of.end[person] >= span_end)
    dies = cut & (of.block.people.died[person] <= of.end[person])
    outcome = np.where(goes_on, "", np.where(dies, DIED, services["EVENT_OUTCOME"]))
    last = np.where(goes_on, NEVER, np.minimum(services["last"], of.end[person] - 1))
    return services | {"last": last, "EVENT_OUTCOME": outcome}


def _long_term(of: _Of) -> Table:
    """Long-term support that somebody had in the span, and day support besides for some."""
    told, rng, life = figures("cld")["community"], of.stream("long-term support"), of.block.life
    who = np.flatnonzero((life.support > NONE) & (life.support_to > of.block.setting.span.start))
    kind, first, until = life.support[who], life.support_from[who], life.support_to[who]
    young = of.young(who, first)
    at_home = np.where(young, pick_named(rng, told["younger"], len(who)), pick_named(rng, told["older"], len(who)))
    component = np.where(kind == COMMUNITY, at_home, IN_A_HOME[kind])
    dies = of.block.people.died[who] <= until
    every = _event(
        who,
        first,
        np.where(until < NEVER, until - 1, NEVER),
        SERVICE,
        SERVICE_TYPE=LONG_TERM[kind],
        SERVICE_COMPONENT=component,
        EVENT_OUTCOME=np.where(until >= NEVER, "", np.where(dies, DIED, "NFA: SUPPORT ENDED FOR OTHER REASON")),
        DELIVERY_MECHANISM=np.where(component == "DIRECT PAYMENT", "DIRECT PAYMENT", "CASSR MANAGED PERSONAL BUDGET"),
    )
    second = take(every, (kind == COMMUNITY) & (component != "DAY SUPPORT") & (rng.random(len(who)) < told["second"]))
    second["SERVICE_COMPONENT"] = np.full(len(second["person"]), "DAY SUPPORT")
    return _costed(of, rng, stack([every, second]))


def _before(of: _Of, long_term: Table) -> list[Table]:
    """The request and the assessment that came before support which began in the span."""
    told, rng = figures("cld")["before_long_term"]["days"], of.stream("before long-term support")
    begun = take(long_term, np.unique(long_term["person"], return_index=True)[1])
    person, first = begun["person"], begun["start"]
    asked = first - rng.integers(told[0], told[1], len(first))
    answered = asked + rng.integers(0, figures("cld")["request"]["days"] + 1, len(first))
    assessed = answered + ((first - answered) * rng.uniform(0.4, 1.0, len(first))).astype(np.int64)
    seen = asked >= of.start[person]
    adult_on = of.block.people.born[person] + int(np.ceil((ADULT + 1) * YEAR))
    route = np.where(first < adult_on, "PLANNED ENTRY (TRANSITION)", "COMMUNITY OR OTHER")
    requests = _event(person, asked, answered, REQUEST, EVENT_OUTCOME=TO_ASSESSMENT, REQUEST_ROUTE_OF_ACCESS=route)
    kind = "LONG TERM ASSESSMENT"
    assessments = _event(person, answered, assessed, ASSESSMENT, EVENT_OUTCOME=TO_SERVICES, ASSESSMENT_TYPE=kind)
    return [take(requests, seen), take(assessments, seen)]


def _after_hospital(of: _Of) -> list[Table]:
    """Requests from hospital wards, and the reablement or short stay in a home that follows the discharge."""
    told, rng, spells, people = figures("cld")["after_hospital"], of.stream("after hospital"), of.block.spells, of.block.people
    out = spells.out
    home = (spells.kind == EMERGENCY) & (out < NEVER) & ~spells.died & (out - spells.day >= told["nights"])
    at = np.flatnonzero(home & ~people.care_home[spells.person] & (spells.day >= of.start[spells.person]) & (out < of.end[spells.person]))
    person = spells.person[at]
    chance = points(told["age"], people.age_on(person, out[at]))
    waited = spells.ready[at] < out[at]
    odds = chance / (1 - chance) * np.where(waited, told["waited"], 1.0) * np.exp(0.3 * people.frailty[person])
    chosen = rng.random(len(at)) < odds / (1 + odds)
    at, person = at[chosen], person[chosen]
    asked = np.maximum(np.where(spells.ready[at] < NEVER, spells.ready[at], out[at]) - rng.integers(0, 3, len(at)), spells.day[at])
    requests = _event(person, asked, out[at], REQUEST, EVENT_OUTCOME=TO_REABLEMENT, REQUEST_ROUTE_OF_ACCESS="DISCHARGE FROM HOSPITAL")
    bed = rng.random(len(at)) < told["bed"]
    length = np.minimum(_days(rng, told["days"], len(at)), told["most"])
    last = out[at] + length
    back = _next_admission(of, at)
    services = _event(
        person,
        out[at],
        np.minimum(last, back),
        SERVICE,
        SERVICE_TYPE=np.where(bed, "SHORT TERM SUPPORT: OTHER SHORT TERM", "SHORT TERM SUPPORT: ST-MAX"),
        SERVICE_COMPONENT=np.where(bed, SHORT_STAY, REABLEMENT),
        EVENT_OUTCOME=np.where(back <= last, IN_HOSPITAL, PLANNED_END),
        DELIVERY_MECHANISM="CASSR COMMISSIONED SUPPORT",
    )
    return [requests, _costed(of, rng, _until_gone(of, services))]


def _next_admission(of: _Of, at: Ints) -> Ints:
    """The day of the same person's next spell after each of those; NEVER for none."""
    spells = of.block.spells
    following = np.full(len(spells.day), NEVER)
    following[:-1] = np.where(spells.person[1:] == spells.person[:-1], spells.day[1:], NEVER)
    return following[at]


def _reviews(of: _Of) -> Table:
    """A review a year, of some: around the day of the year on which support began."""
    told, rng, life = figures("cld")["review"], of.stream("reviews"), of.block.life
    span = of.block.setting.span
    who = np.flatnonzero(life.support > NONE)
    first, until = life.support_from[who], np.minimum(life.support_to[who], of.end[who])
    gone_by = np.maximum(np.ceil((span.start - first) / YEAR), 1).astype(np.int64)
    parts: list[Table] = []
    for later in range(int(np.ceil(span.years)) + 1):
        day = first + np.rint((gone_by + later) * YEAR + told["spread"] * rng.standard_normal(len(who))).astype(np.int64)
        done = (rng.random(len(who)) < told["share"]) & (day >= np.maximum(of.start[who], first + 30)) & (day + 14 < until)
        last = day + rng.integers(0, 14, len(who))
        reason = np.where(rng.random(len(who)) < told["planned"], "PLANNED", "UNPLANNED - OTHER REASON")
        outcome = pick_named(rng, told["outcome"], len(who))
        parts.append(take(_event(who, day, last, REVIEW, EVENT_OUTCOME=outcome, REVIEW_REASON=reason), done))
    return stack(parts)


def _carers(of: _Of) -> list[Table]:
    """The assessments and the support of unpaid carers whom the council knows."""
    told, rng = figures("cld")["carer"], of.stream("carers")
    years = np.maximum(of.end - of.start, 0) / YEAR
    who = np.flatnonzero(of.block.life.carer & (rng.random(len(years)) < told["known"] * years))
    first = of.start[who] + (rng.random(len(who)) * (of.end - of.start)[who]).astype(np.int64)
    last = first + rng.integers(0, 30, len(who))
    there = last < of.end[who]
    who, first, last = who[there], first[there], last[there]
    helped = rng.random(len(who)) < told["supported"]
    outcome = np.where(helped, TO_SERVICES, "NFA: INFORMATION AND ADVICE OR SIGNPOSTING")
    assessed = _event(who, first, last, ASSESSMENT, CLIENT_TYPE=CARER, EVENT_OUTCOME=outcome, ASSESSMENT_TYPE="UNPAID CARER ASSESSMENT")
    once = rng.random(len(who)) < told["one_off"]
    begins = last + 7
    support = _event(
        who,
        begins,
        np.where(once, begins, begins + 364),
        SERVICE,
        CLIENT_TYPE=CARER,
        SERVICE_TYPE=np.where(
            once, "UNPAID CARER SUPPORT: DIRECT TO UNPAID CARER", "UNPAID CARER SUPPORT: SUPPORT INVOLVING THE PERSON CARED-FOR"
        ),
        SERVICE_COMPONENT=np.where(once, "OTHER UNPAID CARER SUPPORT", "UNPAID CARER RESPITE"),
        EVENT_OUTCOME=PLANNED_END,
        DELIVERY_MECHANISM=np.where(once, "DIRECT PAYMENT", "CASSR COMMISSIONED SUPPORT"),
    )
    return [assessed, _costed(of, rng, _until_gone(of, take(support, helped & (begins < of.end[who]))))]


def _costed(of: _Of, rng: np.random.Generator, services: Table) -> Table:
    """The services with what a unit costs, what a unit is and how many are planned for a week."""
    told = columns("cld")
    order = np.argsort(told["component"])
    at = order[np.searchsorted(told["component"][order], services["SERVICE_COMPONENT"])]
    size = len(at)
    young = of.young(services["person"], services["start"])
    pounds = told["pounds"][at] * np.where(young, told["younger"][at], 1.0) * np.exp(told["spread"][at] * rng.standard_normal(size))
    units: Floats = np.rint(told["units"][at] * np.exp(told["units_spread"][at] * rng.standard_normal(size)) * 2) / 2
    wanted = told["units"][at] > 0
    blank = rng.random(size) < figures("cld")["cost_missing"]
    return services | {
        "UNIT_COST": np.where(blank, MISSING, np.rint(pounds * 100)).astype(np.int64),
        "COST_FREQUENCY_UNIT_TYPE": np.where(blank, "", told["frequency"][at]),
        "PLANNED_UNITS_PER_WEEK": np.where(wanted, np.maximum(units, 0.5), np.nan),
    }


def living_in(kind: Ints) -> Texts:
    """Where those live who have long-term support in a home; blank for the others."""
    found: Texts = np.where(kind == NURSING, "REGISTERED NURSING HOME", np.where(kind > COMMUNITY, "REGISTERED CARE HOME", ""))
    return found
