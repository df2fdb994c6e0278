"""The stamp on every page: which build, from which extracts, how far they reach, and which are missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from joinedup.access.rounding import public_count
from joinedup.engine.manifest import Manifest
from joinedup.outcomes.measure_definition import MeasureDefinition
from joinedup.place.model import Place
from joinedup.sources.accounts import FileAccount, read_accounts
from joinedup.sources.contract import ContractSpec, contracts
from joinedup.sources.restricted import for_others

SUFFERS = {
    "register": "every count of people and every rate",
    "apc": "hospital admissions in use and cost",
    "ecds": "emergency attendances in use and cost",
    "deaths": "who is counted as registered: people who died may still be on the list",
}


@dataclass(frozen=True, slots=True)
class SourceStamp:
    """One source in the build: up to which day it tells, and what became of its rows; a suppressed count of rows is None."""

    source: str
    partner: str
    partner_name: str
    contract: str
    title: str
    sector: str
    data_to: date | None
    rows_read: int | None
    loaded: int | None
    superseded: int | None
    rejected: int | None
    linked: int | None


@dataclass(frozen=True, slots=True)
class Missing:
    """A contract without an extract in the build, and what suffers from that, in words."""

    contract: str
    title: str
    sector: str
    endangers: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which build the numbers are from."""

    place: str
    invented: bool
    build_id: str
    built_at: datetime
    version: str
    sources: tuple[SourceStamp, ...]
    missing: tuple[Missing, ...]
    register: str
    """Which identity register the people come from and how far it had grown, in words; empty where the landing doesn't say."""
    register_findings: tuple[str, ...]
    """What was found wrong with that register, such as that it had been restored from an earlier copy."""
    not_for_planning: frozenset[str] = frozenset()
    """Contracts with extracts of which none may be used for planning."""

    def data_to(self, contract: str) -> date | None:
        """The last day that every partner's extract of a contract tells of, each partner's sources together; None when none says."""
        latest: dict[str, date] = {}
        for source in self.sources:
            if source.contract == contract and source.data_to:
                latest[source.partner] = max(source.data_to, latest.get(source.partner, source.data_to))
        return min(latest.values(), default=None)

    @property
    def missing_contracts(self) -> frozenset[str]:
        """The contracts without an extract that may be counted."""
        return frozenset(missing.contract for missing in self.missing) | self.not_for_planning


def stamp_of(manifest: Manifest, place: Place, measures: Mapping[str, MeasureDefinition]) -> Stamp:
    """The stamp of a build, from what its manifest says of the landing that it stands on."""
    files = tuple(map(for_others, read_accounts(manifest.about["landing"]["files"])))
    sources = tuple(_sources(files, {partner.id: partner.name for partner in place.partners}))
    here = {source.contract for source in sources}
    return Stamp(
        place=place.id,
        invented=place.invented,
        build_id=manifest.build_id,
        built_at=manifest.built_at,
        version=str(manifest.about["version"]),
        sources=sources,
        missing=tuple(_missing(spec, measures) for name, spec in contracts().items() if name not in here and not spec.stays),
        register=_register(manifest.about["landing"].get("register_version")),
        register_findings=tuple(
            finding["message"] for finding in manifest.about["landing"].get("findings", ()) if finding["file"] == "identity register"
        ),
    )


def _register(version: Mapping[str, object] | None) -> str:
    """Which identity register, in words; empty where it isn't known."""
    if not version:
        return ""
    return (
        f"register {version['register_id']}, landing {version['landing']} of it, form {version['form']}, "
        f"under key {version['key_fingerprint']}, ids {version['ids_fingerprint']}"
    )


def rounded_stamp(stamp: Stamp) -> Stamp:
    """The stamp as the public may have it: rows are rounded like all counts, for a list of few people is short."""
    return replace(stamp, sources=tuple(map(_rounded, stamp.sources)))


def _rounded(source: SourceStamp) -> SourceStamp:
    return replace(
        source,
        rows_read=public_count(source.rows_read),
        loaded=public_count(source.loaded),
        superseded=public_count(source.superseded),
        rejected=public_count(source.rejected),
        linked=public_count(source.linked),
    )


def _sources(files: Iterable[FileAccount], partners: Mapping[str, str]) -> Iterable[SourceStamp]:
    """One stamp for each source, its files together."""
    key = lambda file: (file.source, file.partner, file.contract)  # noqa: E731 - said once, used twice
    for (source, partner, contract), group in groupby(sorted(files, key=key), key=key):
        own = list(group)
        yield SourceStamp(
            source=source,
            partner=partner,
            partner_name=partners.get(partner, partner),
            contract=contract,
            title=contracts()[contract].title,
            sector=contracts()[contract].sector,
            data_to=max((file.data_to for file in own if file.data_to), default=None),
            rows_read=sum(file.rows_read for file in own),
            loaded=sum(file.loaded for file in own),
            superseded=sum(file.superseded for file in own),
            rejected=sum(file.rejected for file in own),
            linked=sum(file.linked or 0 for file in own),
        )


def _missing(spec: ContractSpec, measures: Mapping[str, MeasureDefinition]) -> Missing:
    """What suffers without a contract: what is said of it here, and the measures that need it."""
    needing = [measure.title for measure in measures.values() if spec.contract in measure.needs]
    parts = [
        SUFFERS.get(spec.contract, f"use and cost of {spec.sector} ({spec.title})"),
        f"the measures {'; '.join(needing)}" if needing else "",
    ]
    return Missing(spec.contract, spec.title, spec.sector, ", and ".join(part for part in parts if part))
