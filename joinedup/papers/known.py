"""What each measure can be known of: which providers and months are in it, which are left out and why, and who holds it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby

from joinedup.access.published import evidence_key
from joinedup.papers.facts import Facts, Row
from joinedup.papers.figure import Column, Table
from joinedup.papers.needs import MeasureSpec
from joinedup.papers.numbers import day, month, share
from joinedup.papers.words import capital, listed, many

SMALL_SHARE = 0.01
"""Of an area's stays: providers with less that are no partners are named together (our choice, 2026)."""
ACUTE = "acute_provider"
"""The role of an organisation of the place that has stays in hospital to tell of."""
FIELDS = {
    "admission_method": "method of admission",
    "diagnosis": "diagnosis",
    "duration": "length of stay",
    "ready_date": "discharge-ready date",
}
GAPS = {
    "too recent": "what they led to or cost is not all known yet",
    "not yet sent": "it had sent nothing yet",
    "month missing": "no record, and some before and after",
    "part missing": "less than half as many records as in the months around",
    "not given": "it gives no {field}s",
    "hardly given": "it gives hardly any {field}s",
    "not yet given": "it gave no {field}s yet",
    "no longer given": "it gives no {field}s any more",
    "given less": "it gave far fewer {field}s than usual",
}


@dataclass(frozen=True)
class Provider:
    """What is known of one provider for one measure, month by month."""

    code: str
    name: str
    partner: bool
    months: Sequence[Row]

    @property
    def known(self) -> int:
        """In how many months it can be known."""
        return sum(row["known"] for row in self.months)

    @property
    def share(self) -> float | None:
        """Its part of the stays of the place's people; None where that isn't told."""
        part: float | None = self.months[0]["share"]
        return part

    @property
    def small(self) -> bool:
        """Whether it is no partner and so few stays are there that it isn't named."""
        return not self.partner and (self.share is None or self.share < SMALL_SHARE)

    @property
    def complete_to(self) -> date | None:
        """The last day up to which every month is known; None where the first isn't."""
        reached = None
        for row in self.months:
            if not row["known"]:
                break
            reached = row["month_end"] - timedelta(days=1)
        return reached

    def left_out(self) -> str:
        """Which months are left out and why, in words; empty where none is."""
        out = [row for row in self.months if not row["known"]]
        told = [f"{self._when(list(rows))}, as {_why(why, self.months)}" for why, rows in groupby(out, key=lambda row: row["why"])]
        return "; ".join(told)

    def _when(self, out: Sequence[Row]) -> str:
        if len(out) == len(self.months):
            return "the whole period"
        if len(out) > 1 and out[-1] is self.months[-1]:
            return f"from {month(out[0]['month'])} on"
        return listed([month(row["month"]) for row in out]) if len(out) < 4 else f"{len(out)} months from {month(out[0]['month'])}"


def _why(why: str, months: Sequence[Row]) -> str:
    """Why a month can't be known, in words."""
    if why == "ends early":
        reached = months[0]["known_to"]
        return f"its extract ends on {day(reached)}" if reached else "its extract ends before"
    field, _, gap = why.partition(" ")
    return GAPS[gap].format(field=FIELDS[field]) if field in FIELDS else GAPS.get(why, why)


@dataclass(frozen=True)
class Known:
    """Of all measures, what is known of which provider."""

    facts: Facts

    @cached_property
    def by_measure(self) -> Mapping[str, Sequence[Provider]]:
        """The providers of each measure: partners first, then those with the largest share."""
        names = {partner.code: partner.name for partner in self.facts.place.partners if partner.code}
        rows = sorted(self.facts.measure_basis, key=lambda row: (row["measure_id"], row["provider_code"]))
        found: dict[str, list[Provider]] = {}
        for (measure, code), own in groupby(rows, key=lambda row: (row["measure_id"], row["provider_code"])):
            named = names.get(code, "A provider that isn't named" if code == "none" else f"Provider {code}")
            months = sorted(own, key=lambda row: row["month"])
            found.setdefault(measure, []).append(Provider(code, named, code in names, months))
        return {measure: sorted(each, key=lambda one: (not one.partner, -(one.share or 0), one.code)) for measure, each in found.items()}

    def notes(self, spec: MeasureSpec) -> list[str]:
        """Of whom and up to when a measure is known, and who is left out, in sentences; nothing where nothing at all is known."""
        providers = self.by_measure.get(spec.id, ())
        if not any(each.known for each in providers):
            return []
        whole = [each for each in providers if each.known == len(each.months)]
        until = day(self.facts.place.period.last_day)
        said = [f"Known of {_of(whole, providers)} for the whole period, to {until}."]
        partly = [each for each in providers if each.known < len(each.months)]
        said += [f"Left out: {each.name}, {each.left_out()}." for each in partly if not each.small]
        if small := [each for each in partly if each.small]:
            said.append(f"Left out in part or whole: {many(len(small), 'small provider', 'small providers')}.")
        if partly:
            said.append("The people who would have gone there in those months are left out of the rate too, by their share of stays.")
        return [*said, *self._silent(providers)]

    def _silent(self, providers: Sequence[Provider]) -> Iterator[str]:
        """Partners that have stays to tell of, and of whom no extract tells."""
        told, period = {each.code for each in providers}, self.facts.place.period
        for partner in self.facts.place.partners:
            there = (partner.start is None or partner.start < period.end) and (partner.end is None or period.start < partner.end)
            if ACUTE in partner.roles and there and partner.code not in told:
                yield f"No extract tells of stays at {partner.name}: they are missing, and how many people go there isn't known."

    def complete_to(self, spec: MeasureSpec) -> tuple[date, Provider] | None:
        """The earliest day up to which any provider that isn't small is known, and which holds it back; None where nothing is known."""
        known = [(each.complete_to, each) for each in self.by_measure.get(spec.id, ()) if not each.small]
        ends = [(reached, each) for reached, each in known if reached is not None]
        return min(ends, key=lambda pair: pair[0], default=None)


def complete_to(facts: Facts) -> str:
    """Up to which day the measures are known of every hospital that tells of itself at all, and who holds them back; empty without any."""
    known = Known(facts)
    reached = [found for spec in facts.specs.values() if (found := known.complete_to(spec))]
    if not reached:
        return ""
    until, holding = min(reached, key=lambda each: each[0])
    if until == facts.place.period.last_day:
        return f"Measures complete to {day(until)}"
    return f"Measures complete to {day(until)}, held back by {holding.name}"


def _of(whole: Sequence[Provider], every: Sequence[Provider]) -> str:
    if len(every) == 1:
        return every[0].name if whole else "no provider"
    counted = f"{len(whole)} of {len(every)} providers" if len(whole) < len(every) else f"all {len(every)} providers"
    shares = [each.share for each in every]
    if len(whole) < len(every) and all(each is not None for each in shares):
        counted += f" ({share(sum(each.share or 0 for each in whole), sum(each or 0 for each in shares))} of stays)"
    return counted


def table(known: Known) -> Table:
    """Each measure and provider: in how many months of the period it can be known, up to when without a gap, and what is left out."""
    measured = [(spec, each) for spec in known.facts.specs.values() for each in known.by_measure.get(spec.id, ())]
    rows = [(spec, each) for spec, each in measured if not each.small or each.known < len(each.months)]
    reached, data_to = [each.complete_to for _, each in rows], [each.months[0]["known_to"] for _, each in rows]
    heads, out = [f"{each.known} of {len(each.months)}" for _, each in rows], [each.left_out() for _, each in rows]
    columns = [
        Column("Measure", [spec.title for spec, _ in rows], "measure_id", [spec.id for spec, _ in rows]),
        Column("Provider", [each.name for _, each in rows], "provider_code", [each.code for _, each in rows], text=True),
        Column("Months known", heads, "months_known", [each.known for _, each in rows]),
        Column("Complete to", [day(each) if each else "—" for each in reached], "complete_to", reached, text=True),
        Column("Data to", [day(each) for each in data_to], "data_to", data_to, text=True),
        Column("Part of stays", [share(each.share, 1) for _, each in rows], "share_of_stays", [each.share for _, each in rows]),
        Column("Left out", [capital(each) or "nothing" for each in out], "left_out", out, text=True),
    ]
    keys = [evidence_key("measure_basis", spec.id, each.code) for spec, each in rows]
    return Table(f"What each measure can be known of, {known.facts.period}", columns, why=keys)
