"""Takes the pictures of docs/screenshots again: `python -m tools.screenshots PAGES OUT`.

PAGES is a folder of pages as `joinedup` writes them; its overview and its first neighbourhood are taken at the width of
a desktop and of a phone, its measures and a pack at that of a desktop, from the top and as far down as a picture of
moderate size goes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.browser import Tab, address, browser

SIZES = {"desktop": (1024, 1500), "phone": (390, 2400)}


def main(pages: Path, out: Path) -> list[Path]:
    """The pictures taken."""
    neighbourhoods = sorted((pages / "neighbourhood").glob("*.html"))
    if not neighbourhoods:
        raise SystemExit(f"no pages in {pages}: run `make demo SERVE=0` first, or name the folder of pages")
    out.mkdir(parents=True, exist_ok=True)
    with browser() as started:
        tab = started.tab()
        shown = {"overview": pages / "index.html", "neighbourhood": neighbourhoods[0]}
        also = {
            "measures": pages / "measures.html",
            "measure": pages / "measure-emergency_admissions.html",
            "pack": pages / f"pack-{neighbourhoods[0].stem}.html",
        }
        taken = [_take(tab, page, size, out / f"{name}-{on}.png") for name, page in shown.items() for on, size in SIZES.items()]
        return taken + [_take(tab, page, SIZES["desktop"], out / f"{name}-desktop.png") for name, page in also.items()]


def _take(tab: Tab, page: Path, size: tuple[int, int], to: Path) -> Path:
    width, height = size
    tab.show(address(page), width)
    to.write_bytes(tab.picture(height=height))
    return to


if __name__ == "__main__":
    for picture in main(Path(sys.argv[1]), Path(sys.argv[2])):
        sys.stderr.write(f"{picture}: {picture.stat().st_size // 1000} kB\n")
