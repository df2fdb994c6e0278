"""Sets up a checkout on a machine that has Python 3.11 or later: `python3 tools/set_up.py demo|test`.

Everything goes into the checkout: uv into .uv, the locked packages into .venv, the style sheet into the package.
Only Pango (which sets the words of packs as PDF), Java (for Spark), Chromium (for tests of pages), sshfs (for tests on a network folder)
and R (for the script of a hand-off) come from the operating system: by apt where this is root on Debian; elsewhere one line says what to
install, and the tests that need them are skipped and counted.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV, VENV = ROOT / ".uv", ROOT / ".venv"
UV_VERSION = "0.13.9"
PYTHON = VENV / "bin" / "python"
SYSTEM_PACKAGES = {
    "java": "openjdk-17-jre-headless",
    "chromium": "chromium",
    "sshfs": "sshfs openssh-sftp-server",
    "Rscript": "r-base-core",
}
PANGO = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
HAS_PANGO = "import weasyprint"
"""What fails in the environment where Pango isn't there."""
NEEDED_FOR = {
    "java": "the tests on Apache Spark",
    "chromium": "the tests that look at pages in a browser",
    "sshfs": "the tests on a network folder",
    "Rscript": "the test that runs a hand-off's R script",
}


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def run(*command: str | Path) -> None:
    """Run a command in the checkout, or end with what it said."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        say(f"set-up stopped: {' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        raise SystemExit(1)


def is_root_on_debian() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> bool:
    """Whether apt could install the packages."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    commands = (["apt-get", "-q", "update"], ["apt-get", "-q", "install", "-y", "--no-install-recommends", *packages])
    return all(subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0 for command in commands)


def create_uv() -> Path:
    """uv, from the Python package index, in the checkout."""
    uv = UV / "bin" / "uv"
    if uv.exists() and (UV / UV_VERSION).exists():
        return uv
    say("installing uv")
    shutil.rmtree(UV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(UV)], capture_output=True, check=False)
    if made.returncode and is_root_on_debian() and apt_install("python3-venv"):
        shutil.rmtree(UV, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(UV)], capture_output=True, check=False)
    if made.returncode:
        raise SystemExit("set-up stopped: this Python can't make a virtual environment; install its venv module (on Debian: python3-venv)")
    run(UV / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"uv=={UV_VERSION}")
    (UV / UV_VERSION).touch()
    return uv


def digest(*names: str) -> str:
    """A short name for the content of these requirement files and for how the package describes itself."""
    content = b"".join((ROOT / "requirements" / f"{name}.txt").read_bytes() for name in names)
    return hashlib.sha256(content + (ROOT / "pyproject.toml").read_bytes()).hexdigest()[:16]


def install(uv: Path, *names: str) -> None:
    """The locked packages of these requirement files, and joinedup itself, in .venv; nothing when they are there."""
    stamp = VENV / f"installed-{'-'.join(names)}-{digest(*names)}"
    if stamp.exists():
        return
    say(f"installing the packages of requirements/{', '.join(names)}.txt")
    if not PYTHON.exists():
        run(uv, "venv", "--quiet", "--python", sys.executable, VENV)
    files = [argument for name in names for argument in ("--requirements", f"requirements/{name}.txt")]
    run(uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", PYTHON, "--require-hashes", *files)
    (VENV / "joinedup.pth").unlink(missing_ok=True)
    run(uv, "pip", "install", "--quiet", "--python", PYTHON, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    stamp.touch()


def install_system(*programs: str) -> None:
    """What only the operating system has."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and is_root_on_debian():
        say(f"installing {', '.join(missing)} by apt")
        apt_install(*(package for program in missing for package in SYSTEM_PACKAGES[program].split()))
    for program in missing:
        if shutil.which(program) is None:
            say(f"{program} is not installed: {NEEDED_FOR[program]} will be skipped; on Debian, install {SYSTEM_PACKAGES[program]}")


def install_pango() -> None:
    """Pango, which WeasyPrint finds by itself; without it packs are written as HTML alone."""

    def there() -> bool:
        return subprocess.run([str(PYTHON), "-c", HAS_PANGO], capture_output=True, check=False).returncode == 0

    if there():
        return
    if is_root_on_debian():
        say("installing Pango by apt")
        apt_install(*PANGO.split())
    if not there():
        say(f"Pango is not installed: packs will be written as HTML and not as PDF, and tests of PDF skipped; on Debian, install {PANGO}")


def main(purpose: str) -> None:
    """Everything that `make demo` or `make test` needs."""
    if sys.version_info < (3, 11):
        raise SystemExit(f"joinedup needs Python 3.11 or later; this is {sys.version.split()[0]}. Run: make PYTHON=python3.11 {purpose}")
    uv = create_uv()
    if purpose == "test":
        install(uv, "dev")
        install_system("java", "chromium", "sshfs", "Rscript")
    elif not any(VENV.glob("installed-dev-*")):
        install(uv, "base", "build", *(() if shutil.which("npm") else ("styles",)))
    install_pango()
    run(PYTHON, "-m", "joinedup.papers.assets", *(["--development"] if purpose == "test" else []))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo")
