"""Numbers as people read them: the one place that knows thousands, pounds, decimals and what to say when there is none.

Each function takes None for missing and gives "no data" for it, never 0.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from joinedup.periods import day_in_words

NO_DATA = "no data"
MILLION = 1_000_000
LEAST_SHARE = 0.0005
"""What a share is rounded to 0.0% below; and to 100.0% above one less it."""


def whole(value: float | None) -> str:
    """A count: 1,234."""
    return NO_DATA if value is None else f"{value:,.0f}"


def rate(value: float | None) -> str:
    """A rate with one decimal: 1,234.5."""
    return NO_DATA if value is None else f"{value:,.1f}"


def limits(lower: float | None, upper: float | None) -> str:
    """The limits of a rate: 10.2 to 13.4."""
    return NO_DATA if lower is None or upper is None else f"{rate(lower)} to {rate(upper)}"


def share(part: float | None, total: float | None) -> str:
    """A part of a total as a percentage: 12.3%; never 0.0% of some, nor 100.0% where some are missing. Of nothing there is no share."""
    value = fraction(part, total)
    if value is None:
        return NO_DATA
    if 0 < value < LEAST_SHARE:
        return "below 0.1%"
    return "over 99.9%" if 1 - LEAST_SHARE <= value < 1 else f"{value * 100:.1f}%"


def fraction(part: float | None, total: float | None) -> float | None:
    """A part of a total between 0 and 1; None where either is missing or the total is nothing."""
    return None if part is None or not total else part / total


def per(part: float | None, total: float | None, each: int) -> float | None:
    """How much falls to `each` of a total: a rate per 1,000 or per head."""
    share_of_total = fraction(part, total)
    return None if share_of_total is None else share_of_total * each


def pounds(pence: float | None) -> str:
    """Money in whole pounds: £1,234, £12.3 million from a million up; a minus sign before the pound sign."""
    if pence is None:
        return NO_DATA
    sign, value = ("−" if pence < 0 else ""), abs(pence) / 100
    if round(value) >= MILLION:
        return f"{sign}£{value / MILLION:,.1f} million"
    return f"{'' if round(value) == 0 else sign}£{value:,.0f}"


def each(pence: float | None) -> str:
    """Money for one person: £1,234 from ten pounds up, £4.20 below."""
    if pence is None or abs(pence) >= 1000:
        return pounds(pence)
    return f"{'−' if round(pence) < 0 else ''}£{abs(pence) / 100:.2f}"


def change(new: float | None, old: float | None) -> str:
    """How much more or less the new is than the old: "5% more than"; from nothing there is no percentage."""
    if new is None or not old:
        return NO_DATA
    percent = round((new / old - 1) * 100)
    if percent == 0:
        return "as many as"
    return f"{abs(percent):,}% {'more' if percent > 0 else 'fewer'} than"


def duration(seconds: float | None) -> str:
    """How long something took: 0.04 s, 3.2 s, 2 min 5 s."""
    if seconds is None:
        return NO_DATA
    if seconds >= 59.95:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes:,} min {rest} s"
    return f"{seconds:.1f} s" if seconds >= 0.95 else f"{seconds:.2f} s"


def amount(size: float | None) -> str:
    """How much memory or disk: 0 MB, 0.4 MB, 1,234 MB."""
    if size is None:
        return NO_DATA
    return f"{size / MILLION:,.{1 if 0 < size < 10 * MILLION else 0}f} MB"


def day(value: date | None) -> str:
    """A date as the NHS content guide writes it: 31 March 2026."""
    return NO_DATA if value is None else day_in_words(value)


def span(period: tuple[date, date]) -> str:
    """The days of a half-open period, the last that counts at its end: 1 April 2025 to 31 March 2026."""
    return f"{day(period[0])} to {day(period[1] - timedelta(days=1))}"


def month(value: date) -> str:
    """A month: March 2026."""
    return f"{value:%B %Y}"


def moment(value: datetime) -> str:
    """A time of day with its date and zone: 6 May 2026, 13:04 UTC."""
    return f"{day_in_words(value.date())}, {value:%H:%M} {value.tzname() or ''}".strip()
