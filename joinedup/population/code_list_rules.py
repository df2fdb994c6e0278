"""What is to be known of a code list that can be used: told, and changed by nobody but its owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from joinedup.findings import Finding, Severity
from joinedup.population.code_forms import LONGEST_PREFIX, systems
from joinedup.population.code_lists import CodeList, ListedCode
from joinedup.sources.restricted import legal_codes, restricted_list

LAWFUL = {"ICD-10": ("ICD-10",), "READ": ("Read v2", "CTV3"), "SNOMED CT": ("SNOMED CT",), "BNF": ("BNF",)}
"""What restricted codes call the systems of lists."""
SHOWN = 3
"""Examples that a message names."""


def doubts(found: CodeList, today: date) -> Iterator[Finding]:
    """The findings about the version of a list in use, on a day."""
    yield from dates(found, today)
    yield from lost_groups(found)
    yield from told(found, "code-in-two-groups", in_two_groups(found), "in more than one group, counted in each")
    yield from told(
        found,
        "overlapping-codes",
        overlapping(found),
        "behind a beginning that is listed too: each group counts, the longest names the entry",
    )
    yield from told(
        found,
        "code-under-two-systems",
        under_two_systems(found),
        "under more than one system, which seldom means the same: see that each is meant",
    )
    yield from told(
        found, "restricted-code", restricted(found), "which the law keeps out of the record, so that no entry of it is ever found"
    )
    yield from told(
        found, "group-spelt-twice", spelt_twice(found), "of a group whose name differs in capitals or blanks alone from another's"
    )
    yield from told(
        found, "long-prefix", too_long(found), f"longer than the {LONGEST_PREFIX} characters of a prefix, matching themselves alone"
    )


def dates(found: CodeList, today: date) -> Iterator[Finding]:
    """Findings about the days of a list: a review that is due, a version that begins after it should have been reviewed."""
    head = found.head
    if head.review_by < head.valid_from:
        message = f"review_by is {head.review_by}, before valid_from, {head.valid_from}: write the day by which it is to be reviewed again"
        yield found.spot.fault("wrong-dates", message, at=("review_by",), severity=Severity.WARNING)
    elif head.review_by < today:
        message = f"was to be reviewed by {head.review_by}: have {head.owner} review it, and write the next day"
        yield found.spot.fault("review-past", message, at=("review_by",), severity=Severity.WARNING)
    if head.valid_from > today:
        message = f"valid_from is {head.valid_from}, and yet the list is in use: write the day on which this version came into use"
        yield found.spot.fault("wrong-dates", message, at=("valid_from",), severity=Severity.WARNING)


def lost_groups(found: CodeList) -> Iterator[Finding]:
    """A finding where a list of the place lacks groups that the package's of its name has, which rules may ask for."""
    packaged = next((codes for version, codes in found.earlier.items() if version.startswith("package ")), ())
    lost = [group for group in dict.fromkeys(code.group_id for code in packaged) if group not in found.groups]
    if lost:
        named = ", ".join(repr(group) for group in lost[:SHOWN]) + (", …" if len(lost) > SHOWN else "")
        message = f"replaces a list of the package and lacks {len(lost)} of its groups ({named}): what names them finds nobody"
        yield Finding(found.file, "groups-missing", message, line=1, severity=Severity.WARNING, count=len(lost))


def told(found: CodeList, rule: str, pairs: Iterable[tuple[ListedCode, ...]], what: str) -> Iterator[Finding]:
    """One finding for all codes of which the same is to be told, with the first of them."""
    every = list(pairs)
    if every:
        shown = "; ".join(
            " and ".join(f"{each.written} in {each.group_id} (line {each.line})" for each in codes) for codes in every[:SHOWN]
        )
        more = "; …" if len(every) > SHOWN else ""
        message = f"has {len(every)} {'code' if len(every) == 1 else 'codes'} {what}: {shown}{more}"
        yield Finding(found.file, rule, message, line=every[0][0].line, severity=Severity.WARNING, count=len(every))


def in_two_groups(found: CodeList) -> list[tuple[ListedCode, ...]]:
    """Codes of one system that several groups have."""
    by: dict[tuple[str, str], list[ListedCode]] = defaultdict(list)
    for code in found.codes:
        by[code.system, code.code].append(code)
    return [tuple(codes) for codes in by.values() if len(codes) > 1]


def under_two_systems(found: CodeList) -> list[tuple[ListedCode, ...]]:
    """Codes that several systems have, one of each."""
    by: dict[str, dict[str, ListedCode]] = defaultdict(dict)
    for code in found.codes:
        by[code.code].setdefault(code.system, code)
    return [tuple(codes.values()) for codes in by.values() if len(codes) > 1]


def overlapping(found: CodeList) -> list[tuple[ListedCode, ...]]:
    """Codes that begin with a prefix which the list has as well, each behind the longest such prefix."""
    prefixes = {(code.system, code.code): code for code in found.codes if code.matches == "prefix"}
    pairs: list[tuple[ListedCode, ...]] = []
    for code in found.codes:
        shorter = (prefixes.get((code.system, code.code[:length])) for length in range(len(code.code) - 1, 0, -1))
        if first := next((each for each in shorter if each), None):
            pairs.append((first, code))
    return pairs


def restricted(found: CodeList) -> list[tuple[ListedCode, ...]]:
    """Codes of which every entry is dropped at landing: those listed by law, and what lies below them where their system is built so."""
    hierarchies: dict[str, bool] = {name: system.hierarchical for name, system in restricted_list().systems.items()}
    kept_out = {(each.system, systems()[system].plain(each.code)) for each in legal_codes() for system in LAWFUL.get(each.system, ())}
    names = {system: name for name, every in LAWFUL.items() for system in every}

    def is_one(code: ListedCode) -> bool:
        name = names.get(code.system)
        if name is None:
            return False
        lengths = range(1, len(code.code) + 1) if hierarchies[name] else (len(code.code),)
        return any((name, code.code[:length]) in kept_out for length in lengths)

    return [(code,) for code in found.codes if is_one(code)]


def spelt_twice(found: CodeList) -> list[tuple[ListedCode, ...]]:
    """The first codes of groups that somebody may have meant to be one."""
    by: dict[str, dict[str, ListedCode]] = defaultdict(dict)
    for code in found.codes:
        by["".join(code.group_id.split()).casefold().replace("-", "_")].setdefault(code.group_id, code)
    return [tuple(codes.values()) for codes in by.values() if len(codes) > 1]


def too_long(found: CodeList) -> list[tuple[ListedCode, ...]]:
    """Codes that can't match as a prefix."""
    return [(code,) for code in found.codes if code.matches == "prefix" and len(code.code) > LONGEST_PREFIX]
