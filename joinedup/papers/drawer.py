"""Draws charts in a process of its own, so that pages are made beside it: the library that draws holds its whole interpreter meanwhile.

Run as a file it takes a specification a line and answers each with its drawing; it imports nothing of joinedup, for it starts in a moment.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from xml.etree import ElementTree

import vl_convert

SVG = "http://www.w3.org/2000/svg"
HREF = "{http://www.w3.org/1999/xlink}href"
BASE = "https://vega.github.io/vega-datasets/"
"""What the library puts before a relative address; pages mean their own neighbours."""
LABEL = "aria-label"
MOST = 1.28
"""How many times its drawn width a picture takes where there is room; beyond that its letters would shout."""
FOR_SCRIPTS = ("role", "aria-roledescription", "aria-hidden", "pointer-events", "cursor")
"""What Vega writes for its own scripts and reading order; a page's picture has one role and one name."""


def drawn(specification: str) -> str:
    """The SVG of a specification, as it stands in a page without scripts."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(vl_convert.vegalite_to_svg(specification))  # noqa: S314 - drawn here, from our own specification
    for element in root.iter():
        _tidy(element)
        _keep_empty_lines(element)
    root.set("width", f"{MOST * float(root.attrib['width']):.0f}")
    for name in ("height", "class", "version"):
        root.attrib.pop(name, None)
    return ElementTree.tostring(root, encoding="unicode")


def _tidy(element: ElementTree.Element) -> None:
    """Nothing; the element then has no attribute that is for scripts, and its link is a plain one with a name."""
    if HREF in element.attrib:
        element.set("href", element.attrib.pop(HREF).removeprefix(BASE))
        element.set(LABEL, next((part.get(LABEL, "") for part in element), ""))
    else:
        element.attrib.pop(LABEL, None)
    for name in FOR_SCRIPTS:
        element.attrib.pop(name, None)


def _keep_empty_lines(element: ElementTree.Element) -> None:
    """Nothing; the height of empty lines of words is then that of the line after them, for browsers ignore an empty one."""
    carried = 0.0
    for line in [part for part in element if part.tag.endswith("}tspan")]:
        carried += float(line.get("dy", 0))
        if line.text:
            line.set("dy", f"{carried:g}")
            carried = 0.0
        else:
            element.remove(line)


class Drawer:
    """A process that draws, started with the first chart that it is given; whatever keeps it from drawing, this process draws instead."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._thread = ThreadPoolExecutor(1)

    def begin(self, specification: str) -> Future[str]:
        """The drawing, once it is there."""
        return self._thread.submit(self._ask, specification)

    def end(self) -> None:
        """Nothing; the process is gone, with what it hadn't drawn."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._process is not None:
            self._process.kill()
        self._thread.shutdown()
        if self._process is not None:
            self._process.communicate()

    def _ask(self, specification: str) -> str:
        if self._process is None:
            command = [sys.executable, "-P", __file__]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{specification}\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return str(answer)


def drawing_of(waited_for: Future[str], specification: str) -> str:
    """The drawing that was begun; drawn here where the other process couldn't, which tells what is wrong with a specification."""
    try:
        return waited_for.result() or drawn(specification)
    except (OSError, ValueError, CancelledError):
        return drawn(specification)


def main() -> None:
    """Nothing, until there is no further line: the drawing of each is written as it comes, an empty one where it can't be drawn."""
    for line in sys.stdin:
        try:
            found = drawn(line)
        except ValueError:
            found = ""
        sys.stdout.write(f"{json.dumps(found)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
