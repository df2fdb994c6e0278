"""What stands behind a published table or measure, as the manifest of the build says: definition, tables, code lists, sources, changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from graphlib import TopologicalSorter

from joinedup.access.disclosure import Audience
from joinedup.access.measure_evidence import FORMS, counted_in, in_words, lines_behind
from joinedup.access.published import PUBLISHED, TOLD
from joinedup.engine.lineage import ROWS, ColumnOf, MadeOf, behind, read_noted
from joinedup.engine.manifest import Manifest, TableRecord
from joinedup.outcomes.measure_definition import STANDARD, MeasureDefinition
from joinedup.outcomes.measure_lines import countable, lines_of
from joinedup.place.model import Place
from joinedup.place.sharing import covering
from joinedup.sources.accounts import FileAccount, read_accounts
from joinedup.sources.contract import contracts
from joinedup.sources.restricted import RESTRICTED, roughly

LANDED = "landed_"
LISTED = "code_list_version"
"""The table of all code lists, through which every number that stands on one goes."""
OF_EVERY_ROW = {"person_id", "linked_by", "file_id", "source_row", ROWS}
"""Columns that every landed table has: who and whence a row is, not what it says."""


@dataclass(frozen=True, slots=True)
class Step:
    """One table on the way to a number: how many rows it has, and which of its columns are used."""

    table: str
    title: str
    kind: str
    """landed, place, reference, or derived."""
    version: int
    columns: tuple[str, ...]
    reads: tuple[str, ...] = ()
    rows: int | None = None
    """None where it isn't told, as for the public."""
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class CodeList:
    """Reference data that decide what counts: their version and source."""

    table: str
    """The table, or the name of a list among the code lists."""
    title: str
    version: int | str
    source: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file and what became of its rows."""

    file: str
    sha256: str | None
    rows_read: int
    loaded: int
    superseded: int
    rejected: int
    superseded_by: Mapping[str, int]
    rejected_by: Mapping[str, int | str]
    """Rule -> rows; of what the law keeps out, roughly how many."""


@dataclass(frozen=True, slots=True)
class SourceBehind:
    """One source: under which agreements it is used, and what became of its rows."""

    source: str
    partner: str
    contract: str
    title: str
    data_to: date | None
    agreements: tuple[str, ...] = ()
    files: tuple[SourceFile, ...] = ()

    def sum(self, name: str) -> int:
        """A count over its files."""
        return sum(getattr(each, name) for each in self.files)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a measure is, by which rules."""

    text: str
    numerator: str
    denominator: str
    statistic: str
    per: float
    unit: str
    version: int
    source: str
    owner: str
    valid_from: date
    needs: tuple[str, ...]
    """The contracts that it can't do without."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What of all this differs from the build before: tables that came from outside, and those made from them."""

    since: str
    inputs: tuple[str, ...]
    tables: tuple[str, ...]
    compared: int


@dataclass(frozen=True, slots=True)
class BuiltBy:
    """Which build."""

    build_id: str
    built_at: str
    version: str
    engine: str


@dataclass(frozen=True, slots=True)
class Behind:
    """All that stands behind the cells of one published table or measure."""

    name: str
    title: str
    what: str
    population: str
    statistic: str
    period: tuple[date, date]
    as_at: date
    audience: Audience
    build: BuiltBy
    definition: Definition | None = None
    steps: tuple[Step, ...] = ()
    code_lists: tuple[CodeList, ...] = ()
    sources: tuple[SourceBehind, ...] = ()
    linked_by: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Contract -> way of linking -> rows."""
    changed: Changed | None = None
    """None where there was no build before that says what its tables are."""


def behind_of(  # noqa: PLR0913, PLR0917 - two builds, and what is asked of them
    manifest: Manifest,
    before: Manifest | None,
    place: Place,
    measure: MeasureDefinition | None,
    name: str,
    audience: Audience,
) -> Behind:
    """What stands behind a measure, or behind a published table by its name."""
    plain = _plain(manifest, place, measure, name, audience)
    if measure is None and name in TOLD:
        if TOLD[name].origin != "landing":
            return plain
        return replace(plain, sources=_sources(manifest, place, None, audience), linked_by=_links(manifest, None, audience))
    known = {each: _made_of(record) for each, record in manifest.tables.items()}
    found = frozenset().union(*(behind(known, *each) for each in _columns(name, measure)))
    if measure is not None:
        found |= {ColumnOf(table, column) for table, columns in counted_in(measure) for column in columns}
    steps = tuple(_steps(manifest, found, audience))
    tables = {step.table for step in steps}
    return replace(
        plain,
        steps=steps,
        code_lists=tuple(_code_lists(manifest, tables)),
        sources=_sources(manifest, place, _contracts(found), audience),
        linked_by=_links(manifest, _contracts(found), audience),
        changed=_changed(manifest, before, tables),
    )


def _plain(manifest: Manifest, place: Place, measure: MeasureDefinition | None, name: str, audience: Audience) -> Behind:
    """What it is, before anything is looked up."""
    if measure is not None:
        title, what, population, statistic = measure.title, measure.definition, _parts(measure)[1], FORMS[measure.form]
    elif name in TOLD:
        told = TOLD[name]
        title, what, population, statistic = told.title, f"From the {told.origin}", told.of, "count"
    else:
        of = PUBLISHED[name]
        title, population, statistic = of.title, of.population, of.statistic
        what = f"Counted by {_by(of.grain)}, in the table {of.table} of the build"
    built = BuiltBy(manifest.build_id, manifest.built_at.isoformat(), str(manifest.about.get("version", "")), manifest.software)
    period = (place.period.start, place.period.end)
    definition = None if measure is None else _definition(measure)
    return Behind(name, title, what, population, statistic, period, place.as_at, audience, built, definition)


def _by(grain: Sequence[str]) -> str:
    """What a table is counted by, in words."""
    names = [name.removesuffix("_id").replace("_", " ") for name in grain if name != "area_type"]
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _columns(name: str, measure: MeasureDefinition | None) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Which columns of which tables hold it, or what a measure is counted from."""
    if measure is not None:
        return lines_behind(measure)
    of = PUBLISHED[name]
    return [(of.table, of.columns or of.counts)]


def _made_of(record: TableRecord) -> MadeOf:
    """What a table is made of; of a build that doesn't say, all that it reads."""
    if record.made_of:
        return read_noted(record.made_of, record.constants)
    return MadeOf({}, frozenset(ColumnOf(name, ROWS) for name in record.inputs))


def _steps(manifest: Manifest, found: Iterable[ColumnOf], audience: Audience) -> Iterable[Step]:
    """The tables, each after what it reads."""
    used: dict[str, set[str]] = {}
    for each in found:
        used.setdefault(each.table, set()).add(each.column)
    reads = {name: [each for each in manifest.tables[name].inputs if each in used] if name in manifest.tables else [] for name in used}
    for name in TopologicalSorter({each: sorted(reads[each]) for each in sorted(reads)}).static_order():
        made, given = manifest.tables.get(name), manifest.inputs.get(name)
        record = made or given
        if record is None:
            continue
        kind = "derived" if made is not None else (given.kind if given else "") or "landed"
        open_rows = audience == "internal" or kind == "reference"
        yield Step(
            name,
            record.title or name,
            kind,
            record.version,
            tuple(sorted(used[name] - {ROWS})),
            tuple(reads[name]),
            record.rows if open_rows else None,
            record.digest if open_rows else None,
        )


def _code_lists(manifest: Manifest, tables: Iterable[str]) -> Iterable[CodeList]:
    for name in sorted(tables):
        given = manifest.inputs.get(name)
        if name == LISTED:
            for list_id, said in sorted((manifest.about.get("code_lists") or {}).items()):
                yield CodeList(list_id, said["title"], said["version"], said["source"], said["codes"], said["digest"])
        elif given is not None and given.kind == "reference":
            yield CodeList(name, given.title, given.version, given.source, given.rows, given.digest)


def _contracts(found: Iterable[ColumnOf]) -> frozenset[str]:
    """The contracts of which something that their rows say is used, and not only that there are such rows."""
    said = {each.table.removeprefix(LANDED) for each in found if each.table.startswith(LANDED) and each.column not in OF_EVERY_ROW}
    return frozenset(said & contracts().keys())


def _sources(manifest: Manifest, place: Place, of: frozenset[str] | None, audience: Audience) -> tuple[SourceBehind, ...]:
    """The sources of some contracts, or of all, in the order of their files; of files and counts nothing for the public."""
    names = {partner.id: partner.name for partner in place.partners}
    every: dict[str, list[FileAccount]] = {}
    for file in read_accounts(manifest.about["landing"]["files"]):
        if not file.refused and (of is None or file.contract in of):
            every.setdefault(file.source, []).append(file)
    return tuple(_source(place, names, files, audience) for files in every.values())


def _links(manifest: Manifest, of: frozenset[str] | None, audience: Audience) -> dict[str, dict[str, int]]:
    """How the rows of contracts were linked; nothing for the public."""
    links = manifest.about["landing"].get("links") or {} if audience == "internal" else {}
    return {contract: _most_first(counts) for contract, counts in sorted(links.items()) if of is None or contract in of}


def _source(place: Place, names: Mapping[str, str], files: list[FileAccount], audience: Audience) -> SourceBehind:
    first = files[0]
    reach = max((file.data_to for file in files if file.data_to), default=None)
    told = SourceBehind(first.source, names.get(first.partner, first.partner), first.contract, contracts()[first.contract].title, reach)
    if audience != "internal":
        return told
    agreed = covering(place, first.source, "planning", date.today())
    own = tuple(
        SourceFile(
            each.file,
            each.sha256,
            each.rows_read,
            each.loaded,
            each.superseded,
            each.rejected,
            _most_first(each.superseded_by),
            _by_rule(each.rejected_by),
        )
        for each in files
    )
    said = tuple(f"{each.title} ({each.id})" for each in agreed)
    return SourceBehind(told.source, told.partner, told.contract, told.title, reach, said, own)


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _by_rule(counts: Mapping[str, int]) -> dict[str, int | str]:
    """Rules and their rows; of what the law keeps out no more than roughly how many."""
    return {rule: roughly(count, "row") if rule == RESTRICTED else count for rule, count in _most_first(counts).items()}


def _parts(measure: MeasureDefinition) -> tuple[str, str]:
    """What is counted, and out of what, in words."""
    lines = lines_of(measure, STANDARD, countable())
    return ("Values as published", "None") if lines is None else (in_words(lines.count), in_words(lines.out_of))


def _definition(measure: MeasureDefinition) -> Definition:
    return Definition(
        measure.definition,
        *_parts(measure),
        FORMS[measure.form],
        measure.per,
        measure.unit,
        measure.version,
        measure.source,
        measure.owner,
        measure.valid_from,
        tuple(measure.needs),
    )


def _changed(manifest: Manifest, before: Manifest | None, tables: Iterable[str]) -> Changed | None:
    """Which of some tables hold other content than in the build before."""
    if before is None:
        return None
    now, then = (_digests(one) for one in (manifest, before))
    differ = sorted(name for name in tables if now.get(name) != then.get(name))
    inputs = tuple(name for name in differ if name in manifest.inputs)
    return Changed(before.build_id, inputs, tuple(name for name in differ if name in manifest.tables), len(set(tables)))


def _digests(manifest: Manifest) -> dict[str, str]:
    """Table -> the hash of what it holds."""
    return {name: each.digest for name, each in manifest.inputs.items()} | {name: each.digest for name, each in manifest.tables.items()}
