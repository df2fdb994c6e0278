"""Chromium without a window, told what to do through a pipe: for pictures of pages and for tests that look at them.

It speaks the DevTools protocol by the standard library alone. Nothing waits for a fixed time: each step waits for the
browser's own word that it is done.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--disable-lcd-text",  # grey edges of letters, so that pictures are the same everywhere and smaller
    "--font-render-hinting=none",
)


def program() -> str | None:
    """The browser on this machine, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Tab:
    """One page in the browser, of a given width."""

    browser: Browser
    session: str

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """The browser's answer to one command about this page."""
        return self.browser.call(method, self.session, **params)

    def show(self, address: str, width: int, height: int = 800, media: dict[str, str] | None = None) -> None:
        """Nothing; the page is loaded, styles and all, in a window of that size."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [{"name": name, "value": value} for name, value in (media or {}).items()]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Page.enable")
        self.call("Page.navigate", url=address)
        self.browser.wait_for("Page.loadEventFired")

    def evaluate(self, expression: str) -> object:
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"the page can't evaluate {expression}: {answer['exceptionDetails']['text']}")
        return answer["result"].get("value")

    def picture(self, top: int = 0, height: int | None = None) -> bytes:
        """A PNG of the page from `top`, down to its end or as high as said."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": top, "width": size["width"], "height": min(height or size["height"], size["height"] - top), "scale": 1}
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)["data"])

    def pdf(self) -> bytes:
        """The page as printed on A4."""
        return base64.b64decode(
            self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True, printBackground=False)["data"]
        )


@dataclass
class Browser:
    """A running browser: commands go in, answers and events come out."""

    to: BinaryIO
    since: BinaryIO
    asked: int = 0
    pending: bytes = b""
    events: list[dict[str, Any]] = field(default_factory=list)

    def call(self, method: str, session: str | None = None, **params: object) -> dict[str, Any]:
        """The answer to one command; raises RuntimeError when the browser refuses it."""
        self.asked += 1
        message = {"id": self.asked, "method": method, "params": params} | ({"sessionId": session} if session else {})
        self.to.write(json.dumps(message).encode() + b"\0")
        self.to.flush()
        while True:
            heard = self._hear()
            if heard.get("id") == self.asked:
                if "error" in heard:
                    raise RuntimeError(f"the browser refuses {method}: {heard['error']['message']}")
                return heard["result"]
            self.events.append(heard)

    def wait_for(self, event: str) -> None:
        """Nothing; the event has happened since it was last waited for."""
        while not any(heard.get("method") == event for heard in self.events):
            self.events.append(self._hear())
        self.events.clear()

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self.pending:
            more = os.read(self.since.fileno(), 1 << 16)
            if not more:
                raise RuntimeError("the browser ended before it answered")
            self.pending += more
        message, _, self.pending = self.pending.partition(b"\0")
        return json.loads(message)

    def tab(self) -> Tab:
        """A new page."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        return Tab(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a profile of its own, ended and forgotten afterwards: it ends when the pipe to it closes."""
    found = program()
    if found is None:
        raise RuntimeError("no Chromium on this machine; on Debian: apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
        flags = [*FLAGS, f"--user-data-dir={profile}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        pipes = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        command = ["/bin/bash", "-c", pipes, found, *flags]
        process = subprocess.Popen(command, pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            with os.fdopen(ours_out, "wb") as to, os.fdopen(ours_in, "rb") as since:
                yield Browser(to, since)
        finally:
            process.wait()


def address(path: Path) -> str:
    """The address of a file on this machine."""
    return path.resolve().as_uri()
