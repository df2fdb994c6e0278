"""What a contract says of its records over several files of a source: whose they are, how long they go on, when they end."""

from __future__ import annotations

from joinedup.engine.specs import Column, ColumnType, Frozen


class Deletion(Frozen):
    """How a row says that the record of its key is to be taken out."""

    field: str
    codes: tuple[str, ...]


class SamePerson(Frozen):
    """What tells, in a contract whose key names a person by NHS_NUMBER, that rows of one source are about one person."""

    known_by: tuple[str, ...] = ("NHS_NUMBER", "SOURCE_PSEUDONYM")
    """Identifiers, the surest first. A source's own number of a person goes first where it stays while the NHS number is added, corrected
    or taken out."""
    record: str | None = None
    """The source's own number of the record: one that stays while the identifiers of its person change."""
    by_name: bool = False
    """Whether full name and date of birth tell it where nothing else does: only where the rest of the key tells people apart too."""
    ends: str | None = None
    """The field that ends the record: records of one number and person that overlap are one whose first day was corrected. Without a
    number, a person has no two such records at once: those of different files that overlap are told."""
    once: bool = False
    """Whether a person has one such record only, so that another day in a later file is a correction."""


class GoesOn(Frozen):
    """Which records stand in every file whose months they reach: a later file that covers the last of them replaces them."""

    when: str
    """SQL over landed columns."""
    ends: str
    """The field that gives their last day."""
    price: str | None = None
    """The field that gives what a unit of them costs."""
    price_unit: str | None = None
    """The field that says which unit."""
    codes: tuple[str, ...] = ()
    """Parts of the key that say of what kind they are, and may be corrected."""


class PricedTogether(Frozen):
    """Which rows are of one stay, whose price may stand on each of them."""

    number: str
    """The field that numbers the stay; a row without it is one of its own, by the contract's key."""
    within: tuple[str, ...]
    """Fields within which that number is unique."""
    price: str
    """The field with the price: of the stay or of the row, as the source says (price_of)."""


class Repeated(Frozen):
    """Which records each file repeats until they end, so that one without an end that a later file lacks has ended."""

    until: str
    """The field that says when they end."""
    by: tuple[str, ...]
    """Fields whose values come in files of their own, such as the kind of record: a file ends none of a kind that it hasn't."""


class KeepsBack(Frozen):
    """What the records of a contract are that keep people's data back."""

    called: str
    """In a word, such as objections."""
    kind: str | None = None
    """The field that says which of several kinds it is."""
    ends: str
    """The field that says on which day it was taken back."""


LISTED = (
    Column(
        name="listed_from",
        type=ColumnType.DATE,
        meaning="Day of the first list that has the record; empty where the first of all lists has it, or its files are no lists of a day",
    ),
    Column(
        name="listed_to",
        type=ColumnType.DATE,
        meaning="Day of the first list, or later file, that has it no more; empty while the last one has it",
    ),
    Column(
        name="version_from",
        type=ColumnType.DATE,
        meaning="Day of the first list that shows it as it stands here; empty where none before showed it otherwise",
    ),
    Column(name="version_to", type=ColumnType.DATE, meaning="Day of the first list that shows it otherwise; empty where none after does"),
)
"""What the landed table of a list tells of each record, where its source sends a snapshot a day."""


WAITING = (
    Column(
        name="listed_on",
        type=ColumnType.DATE,
        meaning="Day of the last list that has the stay; empty where its source sends no lists of a day",
    ),
    Column(
        name="listed_to",
        type=ColumnType.DATE,
        meaning="Day of the provider's next list, which has it no more; empty while the last one has it, or where there are no lists",
    ),
)
"""What the landed table tells of each stay where a source lists day by day who waits."""


NO_LONGER_SENT = (
    Column(
        name="listed_to",
        type=ColumnType.DATE,
        meaning="Day of the first later file that has a record without an end no more; empty while the last one has it",
    ),
)
"""What the landed table tells of each record that every file repeats until it ends."""
