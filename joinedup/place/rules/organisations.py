"""Partners have roles, and contracts name partners."""

from __future__ import annotations

from collections.abc import Iterator

from joinedup.findings import Finding
from joinedup.place.facts import Facts
from joinedup.place.sentences import nearest
from joinedup.place.spans import Span

ROLES = (
    "council",
    "commissioner",
    "acute_provider",
    "mental_health_provider",
    "community_provider",
    "ambulance_provider",
    "primary_care_provider",
    "primary_care_network",
    "social_care_provider",
    "voluntary_sector",
    "hospice",
    "public_health",
)
"""What a partner can be to a place. Another word is kept as it is written, and warned of."""


def roles_are_known(facts: Facts) -> Iterator[Finding]:
    """A role that joinedup has no word for."""
    for partner in facts.partners:
        for role in partner.value.roles:
            if role not in ROLES:
                message = (
                    f"{partner.value.id} has the role {role!r}, which is not known{nearest(role, ROLES)}: known are {', '.join(ROLES)}"
                )
                yield partner.warning("unknown-role", message, "roles")


def there_are_partners(facts: Facts) -> Iterator[Finding]:
    """A place of nobody."""
    if not facts.partners and "partners.csv" not in facts.unread:
        yield Finding("partners.csv", "no-partners", "names no partner: write one row for each organisation of the place", line=1)


def contracts_name_partners(facts: Facts) -> Iterator[Finding]:
    """A provider, lead or associate that is no partner."""
    known = facts.partner()
    for contract in facts.contracts:
        named = {"provider": (contract.value.provider,), "lead_commissioner": (contract.value.lead_commissioner,)}
        for part, ids in (named | {"associates": contract.value.associates}).items():
            for id in ids:
                if id not in known and "partners.csv" not in facts.unread:
                    message = f"{part} is {id}, which is not in partners.csv{nearest(id, known)}: write a partner_id"
                    yield contract.fault("unknown-partner", message, part)


def leads_are_commissioners(facts: Facts) -> Iterator[Finding]:
    """A lead commissioner that has another role."""
    known = facts.partner()
    for contract in facts.contracts:
        lead = known.get(contract.value.lead_commissioner)
        if lead and "commissioner" not in lead.roles:
            message = f"lead commissioner {lead.id} has not the role commissioner in partners.csv: add it, or name another lead"
            yield contract.warning("lead-not-commissioner", message, "lead_commissioner")


def contracts_hold_while_partners_do(facts: Facts) -> Iterator[Finding]:
    """A contract dated before one of its partners begins, or after it ends; what is left blank lasts as long as the partners do."""
    known = facts.partner()
    for contract in facts.contracts:
        for id in dict.fromkeys((contract.value.provider, contract.value.lead_commissioner, *contract.value.associates)):
            life = Span.of(known[id].start, known[id].end) if id in known else Span()
            runs = Span.of(contract.value.start, contract.value.end)
            outlives = runs.end > life.end if contract.value.end else facts.as_at is not None and facts.as_at >= life.end
            if outlives or (contract.value.start and runs.start < life.start):
                message = f"the contract runs {runs} but {id} is a partner {life}: end it, and write the one that followed"
                yield contract.warning("contract-outlives-partner", message, "start")


RULES = (roles_are_known, there_are_partners, contracts_name_partners, leads_are_commissioners, contracts_hold_while_partners_do)
