"""Options of verbs that may run on a cluster: where Spark runs, where it keeps what, and its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from joinedup.cli.shared import Verb

if TYPE_CHECKING:
    from joinedup.engine.cluster import Cluster
    from joinedup.engine.store import Store
    from joinedup.place.model import Place


def _pairs(_context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Names with values, as NAME=VALUE has them; what was written is not repeated, for it may hold a key."""
    parted = [each.partition("=") for each in given]
    if any(not (name and sign) for name, sign, _ in parted):
        raise click.BadParameter("write NAME=VALUE, such as spark.executor.memory=8g", param=option)
    return {name.strip(): value for name, _, value in parted}


OPTIONS = (
    click.option("--master", metavar="ADDRESS", help="Of Spark: local[4], spark://host:7077, yarn or k8s://… [that of PLACE/spark.yml]."),
    click.option(
        "--lake",
        metavar="ADDRESS",
        help="Where Spark's workers read and write: s3a://bucket/folder, abfss://…, gs://…, hdfs://… or file:///folder "
        "[that of PLACE/spark.yml].",
    ),
    click.option("--setting", "settings", multiple=True, metavar="NAME=VALUE", callback=_pairs, help="A setting of Spark; many times."),
)


def cluster_options(verb: Verb) -> Verb:
    """The verb with these options."""
    for option in reversed(OPTIONS):
        verb = option(verb)
    return verb


def note_lake(store: Store, cluster: Cluster) -> None:
    """Nothing; the store's list of copies has the lake, once, from before anything is written there."""
    from joinedup.kept.copies import copies, note_copy

    if cluster.lake and not any(copy.kind == "lake" and copy.path == cluster.lake for copy in copies(store.kept)):
        note_copy(store.kept, "lake", cluster.lake)


def cluster_of(place: Place, engine: str, master: str | None, lake: str | None, settings: dict[str, str]) -> Cluster:
    """Where Spark runs: as the place says, but for what the command line says; a usage error where it can't."""
    from joinedup.engine.cluster import faults

    if engine != "spark" and (master is not None or lake is not None or settings):
        raise click.UsageError("--master, --lake and --setting are of Spark: add --engine spark")
    cluster = place.spark.overridden(master, lake, settings)
    if found := [message for _, _, message in faults(cluster)]:
        raise click.UsageError("; ".join(found))
    return cluster
