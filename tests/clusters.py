"""A cluster of Spark on this machine: a master and workers, each a process of its own, that listen on 127.0.0.1 alone."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark

from tests.java import LITTLE_JAVA

HOME = Path(pyspark.__file__).parent
PATIENCE = 120
"""Seconds for a process of the cluster to begin, on a machine that has other work."""


@dataclass(frozen=True)
class StandaloneCluster:
    """Where the master listens, and the folders that its workers write to."""

    master: str
    work: Path

    @property
    def environment(self) -> dict[str, str]:
        """For a process that builds on it."""
        return os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "JAVA_TOOL_OPTIONS": LITTLE_JAVA}


@contextmanager
def standalone_cluster(work: Path, workers: int = 2, memory: str = "1g") -> Iterator[StandaloneCluster]:
    """A master and workers of one core each, which end with the block."""
    with ExitStack() as stack:
        master = stack.enter_context(_process(work, "master", "org.apache.spark.deploy.master.Master"))
        address = _said(master, r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")
        of_worker = ["--cores", "1", "--memory", memory, address]
        for number in range(workers):
            folder = ["--work-dir", str(work / f"worker{number}")]
            log = stack.enter_context(_process(work, f"worker{number}", "org.apache.spark.deploy.worker.Worker", *folder, *of_worker))
            _said(log, "(Successfully registered with master)")
        yield StandaloneCluster(address, work)


@contextmanager
def _process(work: Path, name: str, *command: str) -> Iterator[Path]:
    """The file to which a process of the cluster writes what it says."""
    work.mkdir(parents=True, exist_ok=True)
    log = work / f"{name}.log"
    ports = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
    said = {"SPARK_HOME": str(HOME), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m", "JAVA_TOOL_OPTIONS": LITTLE_JAVA}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [HOME / "bin" / "spark-class", command[0], *ports, *command[1:]], env=os.environ | said, stdout=file, stderr=file
        )
    try:
        yield log
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _said(log: Path, pattern: str) -> str:
    """What a process has written, once it has."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := re.search(pattern, log.read_text(encoding="utf-8", errors="replace")):
            return found[1]
        time.sleep(0.1)
    raise TimeoutError(f"a process of the cluster didn't begin: {log.read_text(encoding='utf-8', errors='replace')[-1000:]}")
