"""What a folder is and what it may be used for: which release, from which build, under which agreements and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from joinedup.access.caller import Caller
from joinedup.access.stamp import Stamp
from joinedup.hand_off.described import Table
from joinedup.papers.numbers import day
from joinedup.papers.words import listed
from joinedup.place.model import Agreement, Place
from joinedup.place.sharing import covering


@dataclass(frozen=True, slots=True)
class Who:
    """Who asked, as a folder says it; blank for the public."""

    account: str = ""
    role: str = ""
    scope: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is said of a folder as a whole."""

    place: str
    invented: bool
    release: int | None
    """Its number in the register of releases; None of a folder of counts alone."""
    written_at: datetime
    build_id: str
    built_at: datetime
    version: str
    as_at: date
    data_to: tuple[tuple[str, date], ...]
    """Partner and extract, and up to which day it tells."""
    account: str
    role: str
    scope: str
    purpose: str
    reason: str
    audience: str
    agreements: tuple[tuple[str, str, date, int], ...]
    """Title, reference, first day on which it no longer holds, months that its data may be kept."""
    destroy_by: date | None

    @property
    def said(self) -> list[tuple[str, str]]:
        """The same in words: what it is, line by line."""
        people = " (invented people)" if self.invented else ""
        by = f" by {self.account}, {self.role}, for {self.scope}" if self.account else ""
        lines = [
            ("Place", f"{self.place}{people}, as at {day(self.as_at)}"),
            ("Release", "none: counts alone" if self.release is None else f"{self.release} of the register of releases"),
            ("Written", f"{self.written_at:%Y-%m-%d %H:%M} UTC{by}"),
            ("Purpose", self.purpose + (f": {self.reason}" if self.reason else "")),
            ("Build", f"{self.build_id}, of {self.built_at:%Y-%m-%d %H:%M} UTC, by joinedup {self.version}"),
            ("For", "staff, internal" if self.audience == "internal" else "the public: 1 to 7 not shown, others rounded to 5"),
        ]
        agreed = [
            f"{title} ({reference}; until {day(ends)}; kept {months} months at most)" for title, reference, ends, months in self.agreements
        ]
        lines.append(("Agreements", "; ".join(agreed) or "none needed: the people are invented"))
        if self.destroy_by is not None:
            lines.append(("Destroy by", day(self.destroy_by)))
        return lines

    def as_json(self) -> dict[str, Any]:
        """The same as JSON has it."""
        made = asdict(self)
        made["written_at"], made["built_at"] = self.written_at.isoformat(timespec="seconds"), self.built_at.isoformat(timespec="seconds")
        made["as_at"] = self.as_at.isoformat()
        made["destroy_by"] = self.destroy_by.isoformat() if self.destroy_by else None
        made["data_to"] = [{"extract": name, "to": to.isoformat()} for name, to in self.data_to]
        made["agreements"] = [
            {"title": title, "reference": reference, "ends": ends.isoformat(), "retention_months": months}
            for title, reference, ends, months in self.agreements
        ]
        return made


def terms_of(  # noqa: PLR0913 - what a folder is made of
    place: Place, caller: Caller, stamp: Stamp, used: Sequence[str], *, release: int | None, audience: str, now: datetime
) -> Terms:
    """What is said of a folder; `used` are the sources that the build uses for the purpose."""
    who = Who() if audience == "public" else Who(caller.account, caller.role, f"{caller.scope}", caller.reason)
    found = {each.id: each for name in used for each in covering(place, name, caller.purpose, now.date())}
    return Terms(
        place=place.name,
        invented=place.invented,
        release=release,
        written_at=now.replace(microsecond=0),
        build_id=stamp.build_id,
        built_at=stamp.built_at,
        version=stamp.version,
        as_at=place.as_at,
        data_to=tuple((f"{each.partner_name}: {each.title}", each.data_to) for each in stamp.sources if each.data_to is not None),
        account=who.account,
        role=who.role,
        scope=who.scope,
        purpose=caller.purpose,
        reason=who.reason,
        audience=audience,
        agreements=tuple((each.title, each.reference, each.ends, each.retention_months) for each in found.values()),
        destroy_by=min((_kept_to(each, now.date()) for each in found.values()), default=None),
    )


def _kept_to(agreement: Agreement, today: date) -> date:
    """The last day on which what is received today may be kept: the months agreed, and no longer than the agreement allows."""
    months = today.year * 12 + today.month - 1 + agreement.retention_months
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, 28))


def readme(terms: Terms, tables: Sequence[Table], also: Sequence[str]) -> str:
    """README.txt: what this is, and what must not be done with it."""
    rows = [table for table in tables if table.door == "records"]
    lines = [f"{terms.place}: tables handed off by joinedup", "", *(f"{name}: {said}" for name, said in terms.said), ""]
    lines += ["What is here", ""]
    lines += [
        f"  {table.name}: {table.title}; {table.grain}; {table.rows:,} rows ({listed([each.path for each in table.files])})"
        for table in tables
    ]
    lines += [f"  {name}" for name in also]
    lines += ["", "What must not be done with it", "", *_rules(terms, personal=bool(rows))]
    return "\n".join(lines) + "\n"


OF_ROWS = """\
  It holds rows of single people under pseudonyms: personal data in law. Keep it where its owner alone can read it.
  Do not try to find out who anybody is, and join it with nothing that could tell: no other release, no list of names or addresses.
  Pass it to nobody who is not named in the agreements.
  Publish no count of 1 to 7 from it, and nothing that such a count follows from.
  Do not guess what is empty: people whose details are protected have no area, practice or provider here."""
OF_COUNTS = "  These are true counts, not for publication: no count of 1 to 7, and nothing that such a count follows from."
FOR_THE_PUBLIC = "  Counts of 1 to 7 are not shown and others are rounded: do not try to work them out from other tables."


def _rules(terms: Terms, *, personal: bool) -> list[str]:
    """What must not be done, line by line."""
    if not personal and terms.audience == "public":
        return [FOR_THE_PUBLIC]
    rules = ["  Use it for the purpose above and no other.", OF_ROWS if personal else OF_COUNTS]
    if terms.destroy_by is not None:
        rules.append(f"  Destroy it by {day(terms.destroy_by)}, and all copies and results that hold rows of it.")
    if terms.release is not None:
        ended = f"joinedup releases PLACE --end {terms.release} --reason 'destroyed'"
        rules.append(f"  When it is destroyed tell the information governance lead, who runs: {ended}")
    return [*rules, *(["", "The people are invented: nobody here is real. Treat it as if they were."] if terms.invented else [])]
