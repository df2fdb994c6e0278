"""A page as HTML: its template filled with what the page shows and with what all pages do."""

from __future__ import annotations

from functools import cache, partial

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader

from joinedup.papers import changed, evidence
from joinedup.papers.evident import evident, rooted
from joinedup.papers.facts import Facts
from joinedup.papers.page import Page
from joinedup.papers.words import capital, local


@cache
def environment() -> Environment:
    """The templates."""
    loader = ChoiceLoader([PackageLoader("joinedup.papers"), PackageLoader("nhsuk_frontend_jinja")])
    environment = Environment(loader=loader, undefined=ChainableUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["first_capital"] = capital
    environment.globals["evident"] = evident
    return environment


def render(page: Page, facts: Facts) -> str:
    """The page as it is written."""
    shared = {
        "page": page,
        "root": page.root,
        "assetPath": f"{page.root}assets",
        "place": facts.place,
        "areas": facts.areas,
        "invented": facts.stamp.invented,
        "internal": facts.internal,
        "logged": facts.access is not None,
        "has_cohorts": bool(facts.cohorts),
        "has_measures": bool(facts.measure_list),
        "code_lists": facts.code_lists,
        "told_how": facts.built is not None,
        "told_changes": facts.changes is not None,
        "changes_headline": "" if facts.changes is None else changed.headline(facts.changes, facts.specs),
        "evidence": evidence.evidence(facts),
        "local": partial(local, word=facts.place.word),
        "in_short": evidence.in_short(facts),
        "as_at": facts.as_at,
        "period_words": f"Figures are for the 12 months from {facts.period}, people as on {facts.as_at}.",
    }
    return rooted(environment().get_template(page.template).render(**shared, **page.shows), page.root)
