"""What a look at people shows beside its rows: what is left out, how old the data are, and what is not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from joinedup.access.scoping import for_sure
from joinedup.access.stamp import Missing, SourceStamp


@dataclass(frozen=True, slots=True)
class Shown:
    """What a look shows: rows, how many are left out and why, and how old each partner's data are."""

    rows: pa.Table
    not_shown: Mapping[str, int]
    """How many rows are left out, by how they are linked."""
    sources: Sequence[SourceStamp]
    missing: Sequence[Missing]
    """Contracts without an extract: of what they would tell nothing is known, which is not the same as none."""
    not_agreed: Sequence[str] = ()
    """Sources that may not be used for direct care: of what they tell nothing is shown."""
    named: bool = False
    protected: bool = False
    may_have_died: int = 0
    """Of how many of these people a death record may be, which is no fact."""
    colleagues: int = 0
    """How many people who work for the partners a list leaves out."""
    after: int | None = None
    """The last person of a page that others come after; ask for those `after` it. None on the last page."""

    @property
    def notes(self) -> list[str]:
        """What must be said beside the rows, in sentences."""
        said = [f"{count:,} {'row' if count == 1 else 'rows'} not shown: linked by {how}" for how, count in self.not_shown.items()]
        said += [_may_have_died(self.may_have_died)] if self.may_have_died else []
        said += ["practice, address and who gives care withheld: the person's details are protected"] if self.protected else []
        said += [_colleagues(self.colleagues)] if self.colleagues else []
        said += [] if self.named else ["without the key of the identity register people are shown by pseudonym"]
        said += [f"there are more people: ask for those after {self.after}"] if self.after is not None else []
        said += [f"{each.partner_name}, {each.title}: {_up_to(each.data_to)}" for each in self.sources]
        said += [f"nothing of {name} is shown: no agreement lets it be used for direct care" for name in self.not_agreed]
        return said + [f"nothing is known of {each.title}: there is no such extract" for each in self.missing]


def verified(rows: pa.Table) -> tuple[pa.Table, dict[str, int]]:
    """The rows linked for sure, and how many others there are by how they are linked."""
    sure = for_sure(rows)
    if pc.all(sure).as_py():
        return rows, {}
    others = Counter(rows.filter(pc.invert(sure))["linked_by"].to_pylist())
    return rows.filter(sure), {str(how or "nothing known"): count for how, count in sorted(others.items(), key=str)}


def beside(rows: pa.Table, others: pa.Table) -> pa.Table:
    """The rows in their order, each with what `others` has of the same person_id, which has a person once; null where it hasn't."""
    at = pc.index_in(rows["person_id"], value_set=others["person_id"].combine_chunks())
    for name in (name for name in others.column_names if name != "person_id"):
        rows = rows.append_column(name, others[name].combine_chunks().take(at))
    return rows


def _may_have_died(people: int) -> str:
    whose = "this person's" if people == 1 else f"that of {people:,} of these people"
    return f"a death record may be {whose}: it is linked by likeness alone, and nobody has confirmed it; check before you write or call"


def _colleagues(people: int) -> str:
    who = "1 person who works for a partner is" if people == 1 else f"{people:,} people who work for the partners are"
    return f"{who} not in the list: look at each by person_id, and say why in a sentence"


def _up_to(day: date | None) -> str:
    return f"data to {day.isoformat()}" if day else "no date known"
