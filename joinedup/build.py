"""The story of a build: the place's tables, what has been landed, every derived table, published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

import joinedup.place.tables as place_tables
from joinedup.engine.builder import InputFile, PartFile, write_input
from joinedup.engine.builder import build as build_tables
from joinedup.engine.cluster import Cluster
from joinedup.engine.lake import open_lake
from joinedup.engine.manifest import Manifest, read_manifest
from joinedup.engine.profiles import BuildProfile
from joinedup.engine.reader import Reader
from joinedup.engine.specs import TableSpec, read_specs
from joinedup.engine.store import Store
from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity
from joinedup.outcomes.measure_check import check_measures
from joinedup.outcomes.measure_commentary import check_commentaries
from joinedup.outcomes.measure_folder import definitions
from joinedup.outcomes.measure_lines import countable
from joinedup.outcomes.measure_tables import checked_definitions, measure_inputs, measure_specs
from joinedup.outcomes.measure_unmatched import unmatched
from joinedup.outcomes.own_events import own_events
from joinedup.place.model import PURPOSES, Place
from joinedup.place.sharing import in_force, refuse_unshared
from joinedup.population import code_list_tables, condition_tables, conditions, score_tables
from joinedup.population.having import TABLE as HAVING
from joinedup.population.having import having
from joinedup.population.pair_check import check_pairs
from joinedup.population.pairs import Pair, pair_specs, pairs
from joinedup.population.unions import pair_tables, union_specs
from joinedup.progress import Progress, silent
from joinedup.sources.contract import contracts
from joinedup.sources.identifying import refuse_identifiers
from joinedup.sources.landed import LandedTable, LandingRecord, read_landing
from joinedup.sources.leaving import MANY_LEFT
from joinedup.sources.objections import many_ended_rule


def all_specs(place: Place | None = None) -> dict[str, TableSpec]:
    """Every table that joinedup knows, by name: landed, of the place, reference data and derived.

    With a place also those that its folder defines, its cohorts and segment models; SqlError with findings where one can't be used.
    """
    return dict(_shipped()) if place is None else _with_definitions(readable_by_pairs(place.folder), place.folder)


@cache
def _shipped() -> dict[str, TableSpec]:
    return _with_definitions(readable_by_pairs(None), None)


def readable_by_pairs(folder: Path | None) -> dict[str, TableSpec]:
    """What pairs may read: every table but theirs, with the conditions that a place folder defines as columns."""
    specs = _described()
    return specs | {HAVING: having(specs[HAVING], folder)}


def _with_definitions(specs: dict[str, TableSpec], folder: Path | None) -> dict[str, TableSpec]:
    """With the tables whose SQL is written from definitions: cohorts, segment models and measures."""
    found: tuple[Pair, ...] = pairs(folder)
    whole = specs | pair_specs(found, specs) | union_specs(found, specs)
    whole |= own_events(folder, whole)
    return whole | measure_specs(checked_definitions(folder, whole), whole)


@cache
def _described() -> dict[str, TableSpec]:
    package = Path(str(files("joinedup")))
    landed = {spec.table: spec for spec in (contract.landed_spec() for contract in contracts().values())}
    return landed | read_specs(package)


def check_definitions(folder: Path, place: Place | None = None) -> list[Finding]:
    """What is wrong with the code lists, conditions, scores, cohorts, segment models, measures and commentaries of a place folder.

    Neighbourhoods and months of commentaries are held against the place, where one is given.
    """
    own = [*code_list_tables.check_code_lists(folder), *conditions.check_conditions(folder)]
    specs = readable_by_pairs(folder)
    return [
        *own,
        *score_tables.check_scores(folder),
        *check_pairs(folder, specs),
        *check_measures(folder, specs),
        *check_commentaries(folder, place),
    ]


def build(  # noqa: PLR0913 - what a build depends on, each by its name
    place: Place,
    store: Store,
    *,
    engine: str = "duckdb",
    jobs: int | None = None,
    verify: bool = False,
    wait: float = 0,
    progress: Progress = silent,
    today: date | None = None,
    cluster: Cluster | None = None,
) -> Manifest:
    """The manifest of the published build, made from what has been landed; the same one when nothing has changed.

    Where another process holds the store it is waited for, `wait` seconds at most; StoreHeld then. Spark runs where `cluster` says, or
    else the place.

    PlaceError where a source of the place, or one that has landed, has no agreement in force `today`, which is the machine's day
    when none is given; where objections of real people could not be read, or a list ends many and nobody has confirmed it; and where
    what has landed may identify anyone.
    """
    day = today or date.today()
    refuse_unshared(place, day)
    with store.lock("build", wait=wait):
        specs = all_specs(place)
        landing = read_landing(store)
        refuse_unshared(place, day, {file.source for file in landing.files if not file.refused})
        refuse_without_objections(place, landing)
        refuse_unconfirmed(place, landing)
        refuse_identifiers(landing, store)
        inputs = landed_inputs(landing, store) | place_inputs(place, store, specs, day)
        where = (cluster or place.spark) if engine == "spark" else Cluster()
        lake = open_lake(where.lake, place.id, where.settings) if where.lake else None
        told = about(place, landing, day)
        manifest = build_tables(
            specs, inputs, store, engine=engine, jobs=jobs, about=told, progress=progress, verify=verify, cluster=where, lake=lake
        )
        if lake is not None:
            lake.publish(manifest, store)  # nothing had changed here, and yet the lake may not have it
        return manifest


def measure_findings(place: Place, store: Store) -> list[Finding]:
    """Filters of measures that match no row of the published build."""
    reader = Reader(store)
    whole = (pc.field("area_type") == "place") & (pc.field("breakdown") == "all")
    counted = set(reader.rows("measure_cell", ["line_id"], whole)["line_id"].to_pylist())
    return unmatched(definitions(place.folder), countable(), counted, reader.rows)


def profile(place: Place, store: Store, *, wait: float = 0, progress: Progress = silent) -> BuildProfile:
    """What each table of the published build costs by itself, with the plans of the slowest; the build stays as it is."""
    from joinedup.engine.profiling import profile as profile_tables  # noqa: PLC0415 - an engine starts only when it is used

    with store.lock("query profile", wait=wait):
        return profile_tables(all_specs(place), read_manifest(store), store, progress)


def refuse_without_objections(place: Place, landing: LandingRecord) -> None:
    """Nothing, unless objections or protections of real people may be missing; PlaceError then, for they would not be honoured.

    A file of them couldn't be used, or a source of them has no file.
    """
    if place.invented:
        return
    for contract in contracts().values():
        if contract.keeps_back:
            _refuse_without(contract.keeps_back.called, contract.contract, place, landing)


def _refuse_without(called: str, contract: str, place: Place, landing: LandingRecord) -> None:
    """The same for the records of one contract, such as objections."""
    lost = [file.file for file in landing.files if file.contract == contract and file.refused]
    if lost:
        which = "file" if len(lost) == 1 else "files"
        raise PlaceError(
            f"{len(lost)} {which} of {called} could not be used, so whoever is in them would not be kept back, and nothing is built: "
            "run joinedup check, mend them and land again",
            [finding for finding in landing.findings if finding.file in lost and finding.severity is Severity.ERROR],
        )
    sources = {source.name: source for source in place.sources if source.contract == contract}
    missing = sorted(sources.keys() - {file.source for file in landing.files})
    if missing:
        raise PlaceError(
            f"no file of {' and '.join(missing)} has landed, so whoever is kept back by {called} there would not be, and nothing is built: "
            "fetch its files and land again"
        )


def refuse_unconfirmed(place: Place, landing: LandingRecord) -> None:
    """Nothing, unless a list of real people ends many objections or records that nobody has confirmed; PlaceError then.

    Confirmed is the very number that the finding tells, under the source of the file.
    """
    if place.invented:
        return
    called = {many_ended_rule(each.keeps_back.called): each.keeps_back.called for each in contracts().values() if each.keeps_back}
    called[MANY_LEFT] = "records of lists"
    sources = {source.name: source for source in place.sources}
    source_of = {file.file: sources[file.source] for file in landing.files if file.source in sources}
    many = [finding for finding in landing.findings if finding.rule in called and finding.file in source_of]
    unconfirmed = [finding for finding in many if source_of[finding.file].ended_confirmed.get(finding.file) != finding.count]
    if unconfirmed:
        counts = {what: sum(each.count for each in unconfirmed if called[each.rule] == what) for what in called.values()}
        told = " and ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        raise PlaceError(f"{told} end and nobody has confirmed it, so nothing is built: read the findings", unconfirmed)


def landed_inputs(landing: LandingRecord, store: Store) -> dict[str, InputFile]:
    """The tables of a landing, as the builder takes them."""
    return {name: _landed_input(table, store.root) for name, table in landing.tables.items()}


def _landed_input(table: LandedTable, root: Path) -> InputFile:
    parts = tuple(PartFile(part.value, root / part.file, part.digest, part.rows, part.of_files) for part in table.parts)
    where = parts[0].path.parent if parts else root / table.file
    return InputFile(where, table.digest, table.rows, parts)


def place_inputs(place: Place, store: Store, specs: Mapping[str, TableSpec], day: date | None = None) -> dict[str, InputFile]:
    """The tables of a place, written to the store under the hash of what they hold."""
    found = place_tables.tables(place, day) | code_list_tables.tables(place) | condition_tables.tables(place) | score_tables.tables(place)
    found |= pair_tables(pairs(place.folder)) | measure_inputs(definitions(place.folder), countable())
    return {name: write_input(table, specs[name], store) for name, table in found.items()}


def about(place: Place, landing: LandingRecord, day: date | None = None) -> dict[str, Any]:
    """What a manifest says of the place, what its sources may be used for on the day, its measures, and the landing it stands on."""
    sources = dict.fromkeys(file.source for file in landing.files if not file.refused)
    uses = {purpose: [name for name in sources if in_force(place, name, purpose, day or date.today())] for purpose in PURPOSES}
    measures = {each.id: each.model_dump(mode="json", by_alias=True, exclude={"cases"}) for each in definitions(place.folder)}
    lists = code_list_tables.versions(place)
    said = {"landing": landing.summary(), "measures": measures, "code_lists": lists}
    return {"place": place.summary() | {"uses": uses}, "version": version("joinedup")} | said
