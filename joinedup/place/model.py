"""A place as frozen values: who its partners are, which neighbourhoods it has, and what belongs to them when."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from joinedup.engine.cluster import Cluster
from joinedup.findings import Finding
from joinedup.periods import Period, twelve_months_to
from joinedup.place.file_name import FileNames
from joinedup.place.values import (
    Account,
    Article6,
    Article9,
    Code,
    DateFormat,
    Day,
    Decile,
    Delimiter,
    Encoding,
    Files,
    LinkAt,
    Margin,
    Name,
    Names,
    NullValues,
    People,
    Probability,
    Rank,
    Roles,
    ScopeIds,
    Slug,
    Successors,
    Text,
    several,
)


class Frozen(BaseModel):
    """A value that doesn't change and takes no field it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))


class LocalWord(Frozen):
    """What people here call a neighbourhood."""

    singular: Text = "neighbourhood"
    plural: Text = "neighbourhoods"


class Tile(Frozen):
    """Where a neighbourhood stands on the tile map: row 1 is the north, column 1 the west."""

    row: int = Field(ge=1, le=50)
    column: int = Field(ge=1, le=50)


class Neighbourhood(Frozen):
    """A neighbourhood, known by this id in folder, tables and addresses, from `start` up to `end`."""

    id: Slug
    name: Text
    code: Code | None = None
    """The code of its primary care network, where it has one."""
    start: Day | None = None
    end: Day | None = None
    succeeded_by: Successors = ()
    list_size: People | None = None
    """Registered patients as published; for comparison, never a denominator."""
    tile: Tile | None = None


class Partner(Frozen):
    """An organisation of the place and what it does there, from `start` up to `end`."""

    id: Name
    name: Text
    code: Code | None = None
    """Its Organisation Data Service code."""
    roles: Roles
    start: Day | None = None
    end: Day | None = None
    succeeded_by: Name | None = None


class Contract(Frozen):
    """Who commissions a provider: one lead commissioner and any associates, from `start` up to `end`."""

    provider: Name
    lead_commissioner: Name
    associates: tuple[Name, ...] = ()
    services: Text
    start: Day | None = None
    end: Day | None = None


class Practice(Frozen):
    """A general practice, open from `opened` up to `closed`."""

    code: Code
    name: Text
    opened: Day | None = None
    closed: Day | None = None
    list_size: People | None = None
    list_aged_65_over: People | None = None
    """How many of them are aged 65 and over, as published; for invented people."""
    succeeded_by: Code | None = None
    status: Literal["active", "dormant"] = "active"
    """Dormant, as the Organisation Data Service has it: on the books, seeing nobody."""
    commissioner: Code | None = None
    """The code of the organisation that commissions it."""


class Membership(Frozen):
    """A practice belongs to a neighbourhood from `start` up to `end`."""

    practice: Code
    neighbourhood: Slug
    start: Day | None = None
    end: Day | None = None


class SmallArea(Frozen):
    """A lower layer super output area: its ward, its deprivation rank and decile on a named index."""

    code: Code
    name: Text | None = None
    ward_code: Code | None = None
    ward_name: Text | None = None
    deprivation_index: Text | None = None
    deprivation_rank: Rank | None = None
    deprivation_decile: Decile | None = None
    population: People | None = None
    neighbourhood: Slug | None = None
    """The neighbourhood it mostly lies in, where the place has said so."""
    start: Day | None = None
    end: Day | None = None


AGE_GROUPS = {
    "aged_0_15": (0, 15),
    "aged_16_24": (16, 24),
    "aged_25_34": (25, 34),
    "aged_35_49": (35, 49),
    "aged_50_64": (50, 64),
    "aged_65_over": (65, None),
}
"""Groups of people by age, first and last, as the Census publishes them by small area."""
ETHNIC_GROUPS = {"white": "ABC", "mixed": "DEFG", "asian": "HJKLR", "black": "MNP", "other": "S"}
"""Broad ethnic groups of Census 2021, each with the categories of the NHS Data Dictionary that it holds."""


class AreaPeople(Frozen):
    """How many people of one group live in a small area, as published."""

    area: Code
    group: Literal[
        "aged_0_15", "aged_16_24", "aged_25_34", "aged_35_49", "aged_50_64", "aged_65_over", "white", "mixed", "asian", "black", "other"
    ]
    people: People


class Threshold(Frozen):
    """One value that the place has chosen, with its unit, date and source."""

    name: Name
    value: float = Field(allow_inf_nan=False)
    unit: Text
    start: Day
    source: Text


class Source(Frozen):
    """Where one partner's extract lies, which contract it follows, and how its columns differ from the contract's."""

    name: Name
    partner: Name
    contract: Name
    files: Files
    """File names or patterns, relative to the folder of extracts; of several files the later one here is read later."""
    sends: Literal["changes", "everything", "snapshot", "months"] = "changes"
    """What each file is to those before it: it adds and corrects by key; it replaces all of them; it lists who or what is there on
    its day, and absence ends that; or it replaces the months that it covers."""
    file_name: FileNames = ()
    """What the names of its files say, such as register_{day:%Y-%m-%d}.csv; the rest is literal or *. Several where a partner names files
    in several ways: each file fits one."""
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None
    sheet: Text | None = None
    """Of a spreadsheet: the sheet with the table; the first when absent."""
    date_format: DateFormat | None = None
    """As in strptime, such as %d/%m/%Y; the contract's own styles when absent."""
    date_formats: dict[Text, DateFormat] = Field(default_factory=dict)
    """The same for single columns of the contract, where they differ."""
    rename: dict[str, Text] = Field(default_factory=dict)
    """Their column -> the contract's column."""
    values: dict[Text, dict[str, str]] = Field(default_factory=dict)
    """The contract's column -> their value -> the contract's value."""
    constants: dict[Text, str] = Field(default_factory=dict)
    """The contract's column -> a value for every row, where the file has no such column."""
    null_values: dict[Text, NullValues] = Field(default_factory=dict)
    """The contract's column -> further values that mean missing; under '*' for every column."""
    price_of: Literal["spell", "episode"] = "spell"
    """Of admitted care: whether a price is of the whole spell, on all its rows or on one of them, or of the row's own episode."""
    pseudonym: Name | None = None
    """The namespace of the source's own person pseudonym (contract column SOURCE_PSEUDONYM) where it brings one
    instead of an NHS number: sources that share the namespace share their people."""
    ended_confirmed: dict[Text, int] = Field(default_factory=dict)
    """Of a source of lists, such as of registrations or objections: a file that ends many -> how many, as somebody has confirmed; another
    number isn't."""


Role = Literal["analyst", "commissioner", "finance", "coordinator", "care_team", "ig_lead", "safety_officer", "board", "public"]
"""What an account may be for. Whoever has no row in staff.csv is the public."""
ScopeKind = Literal["place", "neighbourhood", "practice", "service"]


LogId = Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")]
"""What tells an access log from others: `joinedup audit pin` says it."""
PublicKey = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
"""Of a trusted host: `joinedup land --hand-over` says it."""
SignIn = Annotated[str, Field(pattern=r"^([0-9a-f]{32}:[0-9a-f]{64})?$")]
"""Salt and scrypt hash of a word to sign in by: `joinedup sign-in` makes both."""


class StaffMember(Frozen):
    """For whom an account of the operating system acts, from `starts` up to `ends`."""

    account: Account
    name: Text
    role: Role
    scope_kind: ScopeKind = "place"
    scope_ids: ScopeIds = ()
    """The neighbourhoods, practices or (for a service) partners whose people it may look at; none where it is the whole place."""
    starts: Day | None = None
    ends: Day | None = None
    sign_in: SignIn = ""
    """What the word hashes to by which this person, and nobody else who uses the same account, signs in; blank without one."""


CodeSystem = Literal["ICD-10", "OPCS-4", "READ", "SNOMED CT", "HRG", "TREATMENT FUNCTION", "BNF", "MHSDS REFERRAL REASON"]
"""Of which system a code is that may not enter the record."""


class RestrictedCode(Frozen):
    """A code that may not enter the record of a place, beside those that the law restricts everywhere."""

    system: CodeSystem
    code: Annotated[str, Field(min_length=2, max_length=20)]
    """As its system writes it; a point or blank within it counts for nothing."""


Purpose: TypeAlias = Literal["direct care", "planning", "payment", "research"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
"""What a source may be used for; each agreement names those that it covers."""


class LegalBasis(Frozen):
    """Why an agreement's purposes are lawful: under the UK GDPR, and under the common law duty of confidentiality."""

    article_6: Article6
    article_9: Article9
    common_law: Literal["implied consent", "explicit consent", "section 251", "statutory duty", "not confidential"]
    """Why sharing breaks no confidence. "Not confidential" is for what can't be traced to a person where it arrives."""


class Agreement(Frozen):
    """What controllers have agreed to share, with whom, for which purposes and on which legal basis, from `starts` up to `ends`."""

    id: Slug
    title: Text
    controllers: Names
    """Partners, or `practices` for the general practices of practices.csv together."""
    processor: Name | None = None
    """The partner that handles the data for the controllers, where it isn't one of them."""
    recipients: Names
    sources: Names
    purposes: Annotated[tuple[Purpose, ...], BeforeValidator(several), Field(min_length=1)]
    legal_basis: LegalBasis
    approval: Text | None = None
    """The reference of the approval under section 251, where that is the basis."""
    starts: Day
    ends: Day
    """The first day on which it no longer holds."""
    retention_months: int = Field(ge=1, le=1200)
    reference: Text
    contact: Text


class Linking(Frozen):
    """At which probability a record that no number decides is linked, and from which people are asked."""

    link_at: LinkAt = 0.98
    """Linked from here on, for counting only; 1 where nothing is matched (`off`)."""
    review_from: Probability = 0.5
    margin: Margin = 5.0
    """By how much the best person must be ahead of the second best: as a match weight, log2 of how many times likelier."""
    source: Text | None = None
    date: Day | None = None

    @property
    def off(self) -> bool:
        """Whether nothing is matched here."""
        return self.link_at == 1


class Retention(Frozen):
    """How long the store keeps what, from when it was made or last used; the defaults are choices of ours (2026)."""

    builds_days: int = Field(400, ge=1, le=36500)
    """Builds that aren't published any more, with the landings that they stand on."""
    handed_over_days: int = Field(90, ge=1, le=36500)
    """Folders that were handed over, where they were written."""
    backups_days: int = Field(400, ge=1, le=36500)
    """Backups, which are told of and never removed."""
    pairs_days: int = Field(730, ge=1, le=36500)
    """What pairs in doubt show, after the last landing that had them in doubt."""
    identifiers_months: int = Field(96, ge=1, le=1200)
    """Identifiers of people who are in no file any more: eight years, as most records (NHS England, Records Management Code, 2023)."""
    source: Text | None = None
    date: Day | None = None


class Place(Frozen):
    """Everything that a place folder says, checked."""

    id: str
    name: str
    folder: Path
    invented: bool = False
    word: LocalWord = LocalWord()
    as_at: date
    """The last day that the record is to cover."""
    district_code: str | None = None
    neighbourhoods: tuple[Neighbourhood, ...]
    partners: tuple[Partner, ...]
    contracts: tuple[Contract, ...] = ()
    practices: tuple[Practice, ...]
    memberships: tuple[Membership, ...]
    areas: tuple[SmallArea, ...] = ()
    area_people: tuple[AreaPeople, ...] = ()
    """Residents by age and ethnic group, as published: for comparison and for invented people, never a denominator."""
    thresholds: tuple[Threshold, ...] = ()
    linking: Linking = Linking()
    retention: Retention = Retention()
    access_log: str = ""
    """Which access log is the place's, by the hash of its first look; blank where the folder doesn't say."""
    handed_over_by: str = ""
    """The public key of the trusted host, which signs what it hands over; blank where the folder doesn't say."""
    sign_in: bool = False
    """Whether whoever asks at a door names themselves with the word that they alone know, beside the account they use."""
    sources: tuple[Source, ...] = ()
    staff: tuple[StaffMember, ...] = ()
    """Of staff.csv, in its order. Who acts on a day: `place.staff.acting`."""
    restricted_codes: tuple[RestrictedCode, ...] = ()
    """What the place keeps out of its record beside what the law does."""
    agreements: tuple[Agreement, ...] = ()
    has_sharing: bool = False
    """Whether the folder has a sharing.yml at all."""
    spark: Cluster = Cluster()
    """Of spark.yml: where Spark runs, where it keeps what, and its settings."""
    warnings: tuple[Finding, ...] = ()
    """What reading the folder found that doesn't stop its use."""

    @cached_property
    def period(self) -> Period:
        """The twelve whole months that its pages speak of."""
        return twelve_months_to(self.as_at)

    def threshold(self, name: str, on: date | None = None) -> float:
        """The value of a threshold in force on a day (the as-at date when none is given); KeyError when there is none."""
        day = on or self.as_at
        in_force = [t for t in self.thresholds if t.name == name and t.start <= day]
        if not in_force:
            raise KeyError(f"place.yml of {self.name} has no threshold {name} in force on {day}")
        return max(in_force, key=lambda t: t.start).value

    def summary(self) -> dict[str, Any]:
        """What a manifest keeps of it: names and counts, no contents."""
        return {
            "id": self.id,
            "name": self.name,
            "invented": self.invented,
            "as_at": self.as_at.isoformat(),
            "neighbourhoods": len(self.neighbourhoods),
            "practices": len(self.practices),
        }
