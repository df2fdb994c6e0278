"""What Spark says that a group of its jobs cost."""

from __future__ import annotations

from typing import Any

from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.sql import SparkSession

from joinedup.engine.measuring import EngineMeasured

WAIT = 2_000
"""Milliseconds for what Spark's tasks have told to be counted: it is told to whoever counts after the job has ended."""


def measured(session: SparkSession, group: str) -> EngineMeasured:
    """The time of tasks on all workers, the rows that they read and the bytes that they spilled; nothing where a platform hides it."""
    try:
        context = session.sparkContext
        spark = context._jsc.sc()
        spark.listenerBus().waitUntilEmpty(WAIT)
        jobs = map(context.statusTracker().getJobInfo, context.statusTracker().getJobIdsForGroup(group))
        stages = [_stage(spark.statusStore(), stage) for stage in {stage for job in jobs if job for stage in job.stageIds}]
    except (Py4JError, AttributeError):
        return EngineMeasured()
    ran = [stage for stage in stages if stage is not None]
    return EngineMeasured(
        thread_seconds=round(sum(stage.executorRunTime() for stage in ran) / 1000, 3),
        rows_read=sum(stage.inputRecords() for stage in ran),
        spilled=sum(stage.diskBytesSpilled() for stage in ran),
    )


def _stage(store: Any, stage: int) -> Any:  # noqa: ANN401 - objects of Java
    """What Spark keeps of a stage; None of one that it passed over, since its result was there already."""
    try:
        return store.lastStageAttempt(stage)
    except Py4JError:
        return None
