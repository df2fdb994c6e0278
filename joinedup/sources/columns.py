"""Which column of a file is which field of a contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from joinedup.engine.files_text import plain
from joinedup.findings import Finding, Severity
from joinedup.place.model import Source
from joinedup.sources.contract import ContractSpec
from joinedup.sources.naming_people import telling

PERSON_FIELDS = ("NHS_NUMBER", "SOURCE_PSEUDONYM")
"""A file needs one of these, or nobody in it could be told from anybody else."""
NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the fields of a contract stand in a file, and what doesn't fit."""

    at: Mapping[str, int]
    """Field -> position of its column."""
    repeated: Mapping[str, int]
    """Field -> position of a second column of the same name."""
    missing: tuple[str, ...]
    """Fields with neither a column nor a constant."""
    extra: tuple[str, ...]
    """Columns that no field takes; by their position where their names are blank or may be people's."""
    findings: tuple[Finding, ...]


def known_names(contract: ContractSpec, source: Source) -> dict[str, tuple[str, int]]:
    """Every name that a column may have -> its field, and how it ranks: a rename before the field's own name, that before its others."""
    names: dict[str, tuple[str, int]] = {}
    for field in contract.fields:
        for rank, name in enumerate((field.name, *field.also), 1):
            names.setdefault(plain(name), (field.name, rank))
    own = {field.name for field in contract.fields}
    return names | {plain(theirs): (plain(ours), 0) for theirs, ours in source.rename.items() if plain(ours) in own}


def match(contract: ContractSpec, source: Source, header: Sequence[str], file: str) -> Columns:
    """The fields of a contract in the columns of a file; its findings are errors where the file can't be used."""
    names = known_names(contract, source)
    candidates: dict[str, list[tuple[int, int]]] = {}
    for position, name in enumerate(header):
        if name in names:
            field, rank = names[name]
            candidates.setdefault(field, []).append((rank, position))
    at = {field: min(found)[1] for field, found in candidates.items()}
    repeated = {
        field: other for field, found in candidates.items() for _, other in sorted(found)[1:2] if header[other] == header[at[field]]
    }
    given = set(at) | {plain(name) for name in source.constants}
    missing = tuple(field.name for field in contract.fields if field.name not in given)
    used = {*at.values(), *repeated.values()}
    hidden = telling(header, names)
    extra = tuple(name if name and at_ not in hidden else f"column {at_ + 1}" for at_, name in enumerate(header) if at_ not in used)
    found = Columns(at, repeated, missing, extra, ())
    findings = (*_refusals(contract, found, file), *_remarks(contract, source, found, header, file))
    return Columns(at, repeated, missing, extra, findings)


def _refusals(contract: ContractSpec, found: Columns, file: str) -> Iterator[Finding]:
    needed = [field.name for field in contract.fields if field.header_required and field.name in found.missing]
    if needed:
        message = f"has no column {_listed(needed)}, without which a file of the contract {contract.contract} can't be used"
        if not found.at:
            message += (
                f"; none of its {len(found.extra)} columns is known: perhaps its first line is no header, or another sign parts its columns"
            )
        else:
            message += f"; it has {_listed(found.extra) or 'no other column'}: name what stands for it under rename in sources.yml"
        yield Finding(file, "missing-column", message, endangers=f"everything from {contract.title.lower()}")
    elif all(field in found.missing for field in PERSON_FIELDS):
        message = f"has neither {' nor '.join(PERSON_FIELDS)}, so nobody in it can be told from anybody else: ask for one of them"
        yield Finding(file, "missing-column", message, endangers=f"everything from {contract.title.lower()}")


def _remarks(contract: ContractSpec, source: Source, found: Columns, header: Sequence[str], file: str) -> Iterator[Finding]:
    names = known_names(contract, source)

    def remark(rule: str, message: str, endangers: str = "") -> Finding:
        return Finding(file, rule, message, severity=Severity.WARNING, endangers=endangers)

    if not found.at:
        return  # a line that is no header may hold people
    unneeded = {contract.deleted_by.field} if contract.deleted_by else set()  # a source may have another way to delete, or none
    absent = [field.name for field in contract.fields if field.name in {*found.missing} - unneeded and not field.identifier]
    if absent:
        yield remark("missing-columns", f"has no column for {_listed(absent)}: what they would tell stays unknown")
    others = [header[at] for at in range(len(header)) if header[at] in names and at not in {*found.at.values(), *found.repeated.values()}]
    for name in dict.fromkeys(others):
        field = names[name][0]
        if names[header[found.at[field]]][1] == 0:
            continue  # the place has chosen
        yield remark("column-not-used", f"{name} also stands for {field}, and {header[found.at[field]]} is used: rename the one you want")
    unknown = [name for name in found.extra if name not in names]
    if unknown:
        yield remark("extra-columns", f"has columns that the contract doesn't know, and that are left out: {_listed(unknown)}")
    if found.at and (hidden := telling(header, names)):
        called = "column has a name" if len(hidden) == 1 else "columns have names"
        message = (
            f"{len(hidden)} {called} that may be of people (names, initials or long "
            "numbers) and that isn't said; what stands there is left out: of a sheet with a column for each client make one with a row for "
            "each client and day"
        )
        yield remark("columns-named-like-people", message)
    for name in source.rename:
        if plain(name) not in header:
            yield remark("rename-not-found", f"has no column {name}, which sources.yml renames to {source.rename[name]}")
    for name in source.constants:
        if plain(name) in found.at:
            yield remark("constant-not-used", f"has a column for {name}, so the constant in sources.yml isn't used: take one of them out")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in names[:NAMES_SHOWN])
    return shown + (f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else "")
