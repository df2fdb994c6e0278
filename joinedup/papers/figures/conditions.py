"""Conditions: how many people have each, and how practices or neighbourhoods compare once age and sex are allowed for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from joinedup.access.published import evidence_key
from joinedup.papers.facts import Area, Facts, Row
from joinedup.papers.figure import BOTH, Column, Figure, Table, headed
from joinedup.papers.figures import standardised, strip
from joinedup.papers.numbers import fraction, share, whole
from joinedup.papers.words import listed, lower_first, many
from joinedup.statistics.chance import beyond_chance

LEAST_EXPECTED = 5
"""People expected, from which on a practice or area is drawn: of fewer, chance is all that there is to see (our choice, 2026)."""
KINDS = {
    "long-term": ("Long-term conditions", ("long-term condition",)),
    "others": (
        "Mental health, disability and circumstances",
        ("mental health", "disability", "frailty", "circumstance", "life stage", "risk"),
    ),
}
"""The pictures: their names, and the kinds of condition on each; a kind that is on none stands with the last."""
MOST = 24
"""Conditions drawn on one picture; the table has them all."""


def figures(facts: Facts, area: Area) -> list[Figure]:
    """A picture for each group of kinds; none where nothing of conditions is known."""
    about = {row["condition_id"]: row for row in facts.listed("condition_about")}
    known = {row["condition_id"]: row for row in facts.profiled("conditions")[area]}
    found = []
    for name, (heading, kinds) in KINDS.items():
        placed = {kind for _, each in KINDS.values() for kind in each}
        wanted = [each for each in about.values() if each["kind"] in kinds or (name == "others" and each["kind"] not in placed)]
        ids = [each["condition_id"] for each in sorted(wanted, key=lambda each: each["condition_order"]) if each["condition_id"] in known]
        if any(known[each]["people"] != 0 for each in ids):
            found.append(figure(facts, area, name, heading, {each: about[each]["title"] for each in ids}))
    return found


def figure(facts: Facts, area: Area, name: str, heading: str, titles: Mapping[str, str]) -> Figure:
    """The conditions of an area by how they compare with the place."""
    about = f"{heading}: people of {facts.as_at} with each, and how areas compare with {facts.whole.name} for their age and sex"
    key = _key(facts, area)
    rows = {row["condition_id"]: row for row in facts.profiled("conditions")[area]}
    shares = {each: fraction(rows[each]["people"], rows[each]["population"]) for each in titles}
    drawn = sorted((each for each in titles if rows[each]["people"] != 0), key=lambda each: -(shares[each] or 0))[:MOST]
    strips = [strip.Strip(titles[each], _words(rows[each]), _dots(facts, area, each)) for each in drawn]
    charts = {size: headed(strip.chart(strips, size), size, facts, about, key) for size in BOTH}
    told = table(facts, area, heading, titles)
    id_ = f"conditions-{name}"
    said = finding(facts, area, heading, titles)
    return Figure(id_, said, about, key, told, charts, notes=notes(facts), why=area.why("conditions"))


def _key(facts: Facts, area: Area) -> str:
    each = "practice" if facts.internal else facts.place.word.singular
    dots = f"A circle is a {each}; a filled one differs by more than chance brings about in 1 of 500."
    return dots if area == facts.whole else f"Diamond: {area.name}. {dots} Blue: its own."


def _words(row: Row) -> str:
    part = share(row["people"], row["population"])
    return f"{part} ({whole(row['people'])})" if row["people"] is not None else "too few to show"


def _dots(facts: Facts, area: Area, condition: str) -> list[strip.Dot]:
    """The practices, of which the area's own are picked out, and the area; for the public neighbourhoods instead of practices."""
    own = _practices(facts, area)
    others = [row for row in _spread(facts) if row["condition_id"] == condition]
    here = [row for row in facts.profiled("conditions")[area] if row["condition_id"] == condition] if area != facts.whole else []
    shown = [(row, row["area_id"] in own, False) for row in others if row["area_id"] != area.id] + [(row, True, True) for row in here]
    enough = [each for each in shown if each[0]["people"] is not None and (each[0]["expected"] or 0) >= LEAST_EXPECTED]
    beyond = beyond_chance([row["people"] for row, *_ in enough], [row["expected"] for row, *_ in enough])
    return [
        strip.Dot(row["people"] / row["expected"], bool(far), of_area, itself)
        for (row, of_area, itself), far in zip(enough, beyond, strict=True)
    ]


def _spread(facts: Facts) -> Sequence[Row]:
    """The rows of practices; for the public, who isn't told of them, of neighbourhoods."""
    kind = "practice" if facts.internal else "neighbourhood"
    return [row for row in facts.listed("conditions") if row["area_type"] == kind]


def _practices(facts: Facts, area: Area) -> set[str]:
    """The ids of what is picked out on the page of an area: its practices as at the day of the population, or for the whole all."""
    if area == facts.whole:
        return {row["area_id"] for row in _spread(facts)}
    day = facts.place.as_at
    return {
        each.practice
        for each in facts.place.memberships
        if each.neighbourhood == area.id and (each.start is None or each.start <= day) and (each.end is None or day < each.end)
    }


def finding(facts: Facts, area: Area, heading: str, titles: Mapping[str, str]) -> str:
    """The commonest, and what stands out most against the place or, for the whole, where practices differ most."""
    rows = {row["condition_id"]: row for row in facts.profiled("conditions")[area] if row["people"] and row["condition_id"] in titles}
    if not rows:
        return f"{heading} in {area.name}"
    first = max(rows.values(), key=lambda row: row["people"] / (row["population"] or 1))
    said = f"{titles[first['condition_id']]} is commonest, {share(first['people'], first['population'])} of people"
    if area == facts.whole:
        return f"{said}; {_most_spread(facts, titles)}" if _most_spread(facts, titles) else said
    known = [row for row in rows.values() if (row["expected"] or 0) >= LEAST_EXPECTED]
    far = beyond_chance([row["people"] for row in known], [row["expected"] for row in known])
    apart = [row for row, each in zip(known, far, strict=True) if each]
    if not apart:
        return f"{said}; for its age and sex nothing differs from {facts.whole.name} by more than chance"
    most = max(apart, key=lambda row: abs(row["people"] - row["expected"]) / row["expected"] ** 0.5)
    ratio = most["people"] / most["expected"]
    more = f"{abs(ratio - 1):.0%} {'more' if ratio > 1 else 'less'} often than in {facts.whole.name} for age and sex"
    return f"{said}; {lower_first(titles[most['condition_id']])} {more}"


def _most_spread(facts: Facts, titles: Mapping[str, str]) -> str:
    """The condition in which most practices differ by more than chance."""
    counts: dict[str, tuple[int, int]] = {}
    for each in titles:
        rows = [row for row in _spread(facts) if row["condition_id"] == each and row["people"] is not None]
        rows = [row for row in rows if (row["expected"] or 0) >= LEAST_EXPECTED]
        far = beyond_chance([row["people"] for row in rows], [row["expected"] for row in rows])
        counts[each] = int(far.sum()), len(rows)
    most = max(counts, key=lambda each: counts[each], default="")
    if not most or not counts[most][0]:
        return ""
    of = "practices" if facts.internal else facts.place.word.plural
    return f"{counts[most][0]} of {counts[most][1]} {of} differ by more than chance in {lower_first(titles[most])}, the most of any"


def notes(facts: Facts) -> list[str]:
    """Who is not in it, and what a difference may be."""
    said = [
        "Practices and areas differ by chance, by how ill people are, and by how illness is recorded: a low share may be people who were "
        "never asked. What lies beyond a third or three times is drawn at the end; where fewer than "
        f"{LEAST_EXPECTED} people are expected nothing is drawn."
    ]
    known = {row["condition_id"] for row in facts.profiled("conditions")[facts.whole]}
    missing = [lower_first(each["title"]) for each in facts.listed("condition_about") if each["condition_id"] not in known]
    if missing:
        count = many(len(missing), "condition", "conditions")
        said.append(f"{count} can't be known here, as the extract that would tell hasn't landed: {', '.join(missing)}.")
    if silent := sending_nothing(facts):
        said.append(
            f"Nothing is known of the records of {listed(silent)}, which send none or have stopped: their people are in no count here."
        )
    return said


def sending_nothing(facts: Facts, contract: str = "gp_record") -> list[str]:
    """The names of the practices of whose people an extract that other practices give told nothing by the end of the last year."""
    rows = [row for row in facts.listed("practices_sent") if row["contract"] == contract]
    last = max((row["year_starts"] for row in rows), default=None)
    names = {practice.code: practice.name for practice in facts.place.practices}
    return [
        str(names.get(row["practice_code"]) or row["practice_code"])
        for row in rows
        if row["year_starts"] == last and not row["told_to_end"]
    ]


def table(facts: Facts, area: Area, heading: str, titles: Mapping[str, str]) -> Table:
    """People with each condition, beside those expected and the place's share; for staff how many practices differ."""
    rows = {row["condition_id"]: row for row in facts.profiled("conditions")[area]}
    place = {row["condition_id"]: row for row in facts.profiled("conditions")[facts.whole]}
    ids: list[str] = sorted(titles, key=lambda each: -(fraction(rows[each]["people"], rows[each]["population"]) or 0))
    ratio = [fraction(rows[each]["people"], rows[each]["expected"]) for each in ids]
    columns = [
        Column("Condition", [titles[each] for each in ids], "condition_id", ids),
        Column("People", [whole(rows[each]["people"]) for each in ids], "people", [rows[each]["people"] for each in ids]),
        Column("Of", [whole(rows[each]["population"]) for each in ids], "population", [rows[each]["population"] for each in ids]),
        Column("%", [share(rows[each]["people"], rows[each]["population"]) for each in ids]),
        Column(name="expected", values=[rows[each]["expected"] for each in ids]),
    ]
    if area != facts.whole:
        columns += [
            Column(
                f"%, {facts.whole.name}",
                [share(place[each]["people"], place[each]["population"]) for each in ids],
                why=[facts.whole.why("conditions", each) for each in ids],
            ),
            Column("For age and sex", ["no data" if each is None else f"{each:.2f} times" for each in ratio], "ratio", ratio),
        ]
    columns += standardised.columns(facts, area, ids)
    return Table(f"{heading} of people of {area.name}, {facts.as_at}", columns, why=[area.why("conditions", each) for each in ids])


def by_practice(facts: Facts) -> Table | None:
    """For staff: each condition by practice, named; None where the audience isn't told of practices."""
    rows = [row for row in facts.listed("conditions") if row["area_type"] == "practice"]
    if not rows:
        return None
    names = {practice.code: practice.name for practice in facts.place.practices}
    titles = {row["condition_id"]: row["title"] for row in facts.listed("condition_about")}
    far = beyond_chance([row["people"] for row in rows], [row["expected"] for row in rows])
    found = sorted(
        ((row, bool(each)) for row, each in zip(rows, far, strict=True)),
        key=lambda pair: (not pair[1], -_apart(pair[0]), pair[0]["area_id"], pair[0]["condition_id"]),
    )
    shown = [row for row, each in found if each][:60]
    every = [row for row, _ in found]
    columns = [
        Column(
            "Practice",
            [str(names.get(row["area_id"]) or row["area_id"]) for row in shown],
            "practice_code",
            [row["area_id"] for row in every],
        ),
        Column(
            "Condition", [titles[row["condition_id"]] for row in shown], "condition_id", [row["condition_id"] for row in every], text=True
        ),
        Column("People", [whole(row["people"]) for row in shown], "people", [row["people"] for row in every]),
        Column("Of", [whole(row["population"]) for row in shown], "population", [row["population"] for row in every]),
        Column("Expected", [whole(row["expected"]) for row in shown], "expected", [row["expected"] for row in every]),
        Column(name="beyond_chance", values=[each for _, each in found]),
    ]
    keys = [_key_of(row) for row in shown]
    return Table("Practices that differ by more than chance, the furthest first", columns, why=keys)


def _apart(row: Row) -> float:
    """How far a count lies from what is expected, in about as many standard deviations."""
    apart: float = abs(row["people"] - row["expected"]) / max(row["expected"], 1) ** 0.5
    return apart


def _key_of(row: Row) -> str:
    """The key of a practice's number."""
    return evidence_key("conditions", row["area_type"], row["area_id"], row["condition_id"])
