"""Files of a lake on whatever else Spark's own Hadoop reaches: HDFS, a view of several file systems, a store of another maker."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark import SparkContext

from joinedup.engine.store import PRIVATE_FILE
from joinedup.errors import StoreProblem

HADOOP = "spark.hadoop."
EXISTS = ("FileAlreadyExistsException", "FileAlreadyExists")


class HadoopFiles:
    """Files of a Hadoop file system.

    `create` writes beside and renames without overwriting, which HDFS does at once and refuses where there is a file of that name. A file
    system that copies to rename must not be a lake by this way; the object stores that do so have another (lake_files.py).
    """

    def __init__(self, address: str, settings: Mapping[str, str]) -> None:
        self.root = address
        SparkContext._ensure_initialized()
        self.jvm: Any = SparkContext._jvm
        with _told(address):
            hadoop = self.jvm.org.apache.hadoop
            configuration = hadoop.conf.Configuration()
            for name, value in settings.items():
                if name.startswith(HADOOP):
                    configuration.set(name.removeprefix(HADOOP), value)
            uri = hadoop.fs.Path(address).toUri()
            self.system = hadoop.fs.FileSystem.get(uri, configuration)
            self.context = hadoop.fs.FileContext.getFileContext(uri, configuration)

    def _path(self, name: str) -> Any:  # noqa: ANN401 - an object of Java
        return self.jvm.org.apache.hadoop.fs.Path(f"{self.root}/{name}")

    def create(self, name: str, content: bytes) -> bool:
        """Whether the file was made now."""
        return self._named(name, lambda beside: self._write(beside, content))

    def put(self, name: str, path: Path) -> None:
        """Nothing; the file holds what `path` does."""
        self._named(name, lambda beside: self.system.copyFromLocalFile(False, True, _local(self.jvm, path), beside))

    def _named(self, name: str, write: Any) -> bool:  # noqa: ANN401 - a function of a path of Java
        """Whether what was written beside has the name now."""
        with _told(self.root):
            path = self._path(name)
            beside = self._path(f"{name.rpartition('/')[0]}/.{uuid4().hex}")
            self.system.mkdirs(path.getParent())
            try:
                write(beside)
                self.context.rename(beside, path, self._without_overwriting())
            except Py4JJavaError as error:
                if not error.java_exception.getClass().getSimpleName().startswith(EXISTS):
                    raise
                return False
            finally:
                self.system.delete(beside, False)
            return True

    def _without_overwriting(self) -> Any:  # noqa: ANN401 - an array of Java
        rename = getattr(self.jvm.org.apache.hadoop.fs, "Options$Rename")
        options = SparkContext._gateway.new_array(rename, 1)
        options[0] = rename.NONE
        return options

    def _write(self, path: Any, content: bytes) -> None:  # noqa: ANN401 - a path of Java
        stream = self.system.create(path, False)
        try:
            stream.write(bytearray(content))
            if stream.hasCapability("hsync"):
                stream.hsync()
        finally:
            stream.close()

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""
        with _told(self.root):
            path = self._path(name)
            if not self.system.exists(path):
                return None
            stream = self.system.open(path)
            try:
                return bytes(stream.readAllBytes())
            finally:
                stream.close()

    def fetch(self, name: str, path: Path) -> None:
        """Nothing; `path` holds what the file does."""
        with _told(self.root):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE))
            self.system.copyToLocalFile(False, self._path(name), _local(self.jvm, path), True)

    def below(self, folder: str) -> dict[str, datetime]:
        """The files in a folder and below it, and when each was written."""
        with _told(self.root):
            path = self._path(folder)
            if not self.system.exists(path):
                return {}
            return dict(self._listed(self.system.listFiles(path, True)))

    def _listed(self, files: Any) -> Iterator[tuple[str, datetime]]:  # noqa: ANN401 - an iterator of Java
        start = len(self.system.makeQualified(self.jvm.org.apache.hadoop.fs.Path(self.root)).toString()) + 1
        while files.hasNext():
            status = files.next()
            yield status.getPath().toString()[start:], datetime.fromtimestamp(status.getModificationTime() / 1000, UTC)

    def remove(self, names: Sequence[str]) -> None:
        """Nothing; the files are gone."""
        with _told(self.root):
            for name in names:
                self.system.delete(self._path(name), False)


def _local(jvm: Any, path: Path) -> Any:  # noqa: ANN401 - objects of Java
    return jvm.org.apache.hadoop.fs.Path(f"file://{path.resolve()}")  # of %20 Hadoop makes no blank


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Turns what Hadoop says into one sentence."""
    try:
        yield
    except Py4JJavaError as error:
        kind, said = error.java_exception.getClass().getSimpleName(), (error.java_exception.getMessage() or "").partition("\n")[0]
        raise StoreProblem(
            f"the lake {address} can't be used: {kind}: {said[:300]}; look at its address, the rights of this account and whether Spark "
            "has the jars for it"
        ) from error
