"""An S3 server in a process of its own, which refuses writes as AWS does where a file is there already."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60
"""Seconds for the server to begin."""
CODE = """
import logging, sys
from werkzeug.serving import make_server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
logging.disable(logging.CRITICAL)
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.port, flush=True)
server.serve_forever()
"""


@contextmanager
def s3_server(work: Path) -> Iterator[str]:
    """Where the server listens, on a port that was free; it ends with the block."""
    said = work / "s3.log"
    with said.open("wb") as log, subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE, stderr=log) as server:
        try:
            assert server.stdout is not None
            port = server.stdout.readline().strip().decode()
            assert port, said.read_text()
            _wait(f"http://127.0.0.1:{port}/")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait(address: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the S3 server didn't begin")


def new_bucket(address: str, name: str) -> str:
    """The name of a bucket that is there now, empty."""
    urllib.request.urlopen(urllib.request.Request(f"{address}/{name}", method="PUT"), timeout=30).close()
    return name
