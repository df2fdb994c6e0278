"""How records that no number decides are linked."""

from __future__ import annotations

from collections.abc import Iterator

from joinedup.findings import Finding
from joinedup.place.facts import Facts


def asks_before_it_links(facts: Facts) -> Iterator[Finding]:
    """A probability from which people are asked that isn't below the one from which rows are linked, and values without a source."""
    for head in facts.heads:
        linking = head.value.linking
        if linking.review_from >= linking.link_at:
            message = (
                f"review_from is {linking.review_from:g}, not below link_at, {linking.link_at:g}: people look at pairs between the two"
            )
            yield head.fault("wrong-value", message, "linking")
        said = linking.model_fields_set & {"link_at", "review_from", "margin"}
        if said and not linking.off and (linking.source is None or linking.date is None):
            message = f"linking gives {', '.join(sorted(said))} without source and date: write whose choice it is, and of when"
            yield head.fault("value-missing", message, "linking")


RULES = (asks_before_it_links,)
