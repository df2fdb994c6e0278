"""Files of a lake: on object stores and shared folders by obstore, everywhere else that Hadoop reaches by Spark's own Hadoop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url

if TYPE_CHECKING:
    from obstore.store import RetryConfig

from joinedup.engine.lake import Files
from joinedup.engine.store import PRIVATE_FOLDER, store_errors
from joinedup.errors import StoreProblem

STORES = {"s3": "s3", "s3a": "s3", "s3n": "s3", "gs": "gs", "abfs": "abfs", "abfss": "abfss", "file": "file"}
"""Schemes as Hadoop has them, and as obstore does; of any other Hadoop is asked."""
PATIENCE: RetryConfig = {"max_retries": 10, "retry_timeout": timedelta(minutes=3)}
"""How often, and how long, an object store that doesn't answer is asked again."""
CHUNK = 8 << 20
"""Bytes that are fetched at a time."""


def open_files(address: str, settings: Mapping[str, str]) -> Files:
    """The files below an address; StoreProblem where they can't be reached."""
    scheme = urlsplit(address).scheme
    if scheme in STORES:
        return ObjectFiles(address)
    from joinedup.engine.lake_hadoop import HadoopFiles  # noqa: PLC0415 - starts Java

    return HadoopFiles(address, settings)


class ObjectFiles:
    """Files of an object store, or of a folder.

    Its keys come from where the platform's own tools have them: environment, instance profile, managed identity. On object stores `create`
    is a PUT with If-None-Match: *; in a folder a whole file is linked to its name, which fails where there is one.
    """

    def __init__(self, address: str) -> None:
        self.root = address
        scheme, rest = address.split("://", 1)
        if scheme == "file":
            folder = Path(urlsplit(address).path)
            with store_errors(folder):
                folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            self.store: obstore.store.ObjectStore = LocalStore(folder)
            return
        with _told(address):
            self.store = from_url(f"{STORES[scheme]}://{rest}", retry_config=PATIENCE)

    def create(self, name: str, content: bytes) -> bool:
        """Whether the file was made now."""
        with _told(self.root):
            try:
                obstore.put(self.store, name, content, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def put(self, name: str, path: Path) -> None:
        """Nothing; the file holds what `path` does."""
        with _told(self.root):
            obstore.put(self.store, name, path)

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""
        with _told(self.root):
            try:
                return bytes(obstore.get(self.store, name).bytes())
            except FileNotFoundError:
                return None

    def fetch(self, name: str, path: Path) -> None:
        """Nothing; `path` holds what the file does."""
        with _told(self.root):
            stream = obstore.get(self.store, name).stream(min_chunk_size=CHUNK)
            with store_errors(path), path.open("wb") as file:
                for chunk in stream:
                    file.write(chunk)

    def below(self, folder: str) -> dict[str, datetime]:
        """The files in a folder and below it, and when each was written."""
        with _told(self.root):
            return {each["path"]: each["last_modified"] for batch in obstore.list(self.store, prefix=folder) for each in batch}

    def remove(self, names: Sequence[str]) -> None:
        """Nothing; the files are gone."""
        if names:
            with _told(self.root):
                obstore.delete(self.store, list(names))


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Turns what an object store says into one sentence."""
    try:
        yield
    except (BaseError, OSError, ValueError, NotImplementedError) as error:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise StoreProblem(
            f"the lake {address} can't be used: {first[:300]}; look at its address and at the rights of this account"
        ) from error
