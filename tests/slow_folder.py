"""A network folder for tests: sshfs over a line on which each question takes a while, or nothing where this machine can't mount one.

sshfs speaks SFTP with OpenSSH's sftp-server; in the place of ssh stands this module, run as a program, which delays all that is asked.
Two such mounts of one folder are as two hosts: the kernel's locks on the one don't reach the other.
"""

from __future__ import annotations

import os
import queue
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")

OPTIONS = "dir_cache=no,attr_timeout=0,entry_timeout=0"
"""What one host writes the other sees when it next opens the file, as on NFS; by itself sshfs remembers sizes for 20 seconds."""


def server() -> str | None:
    """Where OpenSSH's sftp-server lies; None where it isn't installed."""
    return next((path for path in SERVERS if Path(path).exists()), None)


def why_not() -> str:
    """Why no network folder can be mounted here; empty where one can."""
    if shutil.which("sshfs") is None or server() is None:
        return "a network folder needs sshfs and sftp-server (on Debian: apt-get install sshfs openssh-sftp-server)"
    return "" if os.access("/dev/fuse", os.W_OK) else "a network folder needs /dev/fuse"


@contextmanager
def mounted(remote: Path, at: Path, *, milliseconds: float) -> Iterator[Path]:
    """The folder `at`, through which one sees `remote`, each question to it taking so many milliseconds."""
    at.mkdir(parents=True)
    program = shlex.join([sys.executable, str(Path(__file__).resolve()), str(milliseconds)])
    command = ["sshfs", f"slow:{remote}", str(at), "-o", f"ssh_command={program}", "-o", OPTIONS]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    try:
        yield at
    finally:
        subprocess.run(["fusermount3", "-u", "-z", str(at)], check=True, timeout=60)


def relay(milliseconds: float) -> int:
    """The exit code of sftp-server, to which stdin was passed on, each part of it so much later."""
    found = server()
    assert found is not None
    asked: queue.Queue[tuple[float, bytes]] = queue.Queue()
    with subprocess.Popen([found], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        descriptor = process.stdin.fileno()

        def pass_on() -> None:
            while True:
                due, part = asked.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not part:
                    os.close(descriptor)
                    return
                os.write(descriptor, part)

        threading.Thread(target=pass_on, daemon=True).start()
        while part := os.read(0, 1 << 16):
            asked.put((time.monotonic() + milliseconds / 1000, part))
        process.terminate()
    return process.returncode


if __name__ == "__main__":
    sys.exit(relay(float(sys.argv[1])))
