"""Small areas are described once at a time, on one deprivation index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from joinedup.findings import Finding, Severity
from joinedup.place.facts import Facts
from joinedup.place.located import Located
from joinedup.place.model import SmallArea
from joinedup.place.sentences import nearest
from joinedup.place.spans import Span, overlapping


def span(found: Located[SmallArea]) -> Span:
    """When a description of an area holds."""
    return Span.of(found.value.start, found.value.end)


def there_are_areas(facts: Facts) -> Iterator[Finding]:
    """A place that says nothing of its small areas."""
    if not facts.areas and "areas.csv" not in facts.unread:
        message = "is missing or names no area: without it nobody's deprivation is known"
        yield Finding("areas.csv", "no-areas", message, severity=Severity.WARNING, endangers="everything by deprivation")


def described_once_at_a_time(facts: Facts) -> Iterator[Finding]:
    """Two descriptions of an area that hold on the same day."""
    of_area: dict[str, list[Located[SmallArea]]] = defaultdict(list)
    for found in facts.areas:
        of_area[found.value.code].append(found)
    for code, described in of_area.items():
        for first, second in overlapping(described, span):
            message = f"area {code} is described for the same time on line {first.spot.line_of(())}: end the one where the other starts"
            yield second.fault("overlapping-areas", message)


def areas_lie_in_neighbourhoods(facts: Facts) -> Iterator[Finding]:
    """An area in a neighbourhood that place.yml doesn't describe."""
    known = facts.neighbourhood()
    for found in facts.areas if "place.yml" not in facts.unread else ():
        name = found.value.neighbourhood
        if name is not None and name not in known:
            message = f"area {found.value.code} is put into neighbourhood {name}, which place.yml doesn't describe{nearest(name, known)}"
            yield found.fault("unknown-neighbourhood", message, "neighbourhood")


def deprivation_names_its_index(facts: Facts) -> Iterator[Finding]:
    """A rank or decile of no named index, or a rank without the decile that pages group by."""
    for found in facts.areas:
        area = found.value
        if (area.deprivation_rank or area.deprivation_decile) and not area.deprivation_index:
            message = f"area {area.code} has a deprivation rank or decile of no index: write which, such as IMD 2025"
            yield found.fault("index-missing", message, "deprivation_index")
        if area.deprivation_index and not area.deprivation_decile:
            message = f"area {area.code} has no deprivation_decile: its people count as of unknown deprivation"
            yield found.warning("decile-missing", message, "deprivation_decile", "everything by deprivation")


def one_index_at_a_time(facts: Facts) -> Iterator[Finding]:
    """Areas of the as-at date that are ranked on different indices, whose ranks can't be compared."""
    current = [found for found in facts.areas if facts.as_at and facts.as_at in span(found) and found.value.deprivation_index]
    names = [found.value.deprivation_index for found in current]
    for found in current:
        if found.value.deprivation_index != names[0]:
            message = (
                f"area {found.value.code} is ranked on {found.value.deprivation_index}, the first area on {names[0]}: rank all on one index"
            )
            yield found.warning("mixed-indices", message, "deprivation_index", "everything by deprivation")


def people_live_in_areas(facts: Facts) -> Iterator[Finding]:
    """Residents of areas that areas.csv doesn't name, or counted twice."""
    known = {found.value.code for found in facts.areas}
    strange = [found for found in facts.area_people if known and found.value.area not in known]
    if strange:
        name, more = strange[0].value.area, len({found.value.area for found in strange}) - 1
        message = (
            f"people of area {name}{f' and {more} more' if more else ''} are counted, which areas.csv doesn't name{nearest(name, known)}"
        )
        yield strange[0].warning("unknown-area", message, "area_code", "ages and ethnic groups of invented people")
    seen: dict[tuple[str, str], int] = {}
    for found in facts.area_people:
        told = (found.value.area, found.value.group)
        if told in seen:
            message = f"group {told[1]} of area {told[0]} is counted on line {seen[told]} already: keep one of them"
            yield found.fault("repeated-group", message, "group")
        seen.setdefault(told, found.spot.line_of(()))


RULES = (
    there_are_areas,
    people_live_in_areas,
    described_once_at_a_time,
    areas_lie_in_neighbourhoods,
    deprivation_names_its_index,
    one_index_at_a_time,
)
