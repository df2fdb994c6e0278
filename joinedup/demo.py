"""The whole path on invented people: extracts of two months, key, landings, builds, what changed, pages, and a server for them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import rmtree
from time import perf_counter

from joinedup.access.aggregates import open_aggregates
from joinedup.access.caller import caller_for
from joinedup.access.changing import earlier_build, find_changes
from joinedup.access.handing import AskedTable
from joinedup.access.invented_looks import invented_looks
from joinedup.access.look_report import belongs_of
from joinedup.build import all_specs, build
from joinedup.engine.manifest import Manifest, read_manifest
from joinedup.engine.store import Store
from joinedup.errors import Refused, StoreProblem
from joinedup.hand_off.folder import HandOff, hand_off
from joinedup.kept.access_log import log_place, open_access_log
from joinedup.kept.keys import Keys, read_key, write_new_key
from joinedup.land import land
from joinedup.papers.pages import write_pages
from joinedup.place.model import Place
from joinedup.progress import Progress, Step
from joinedup.sources.synthetic import synthesise
from joinedup.sources.synthetic.month_before import place_before, write_month_before
from joinedup.sources.synthetic.truth import FOLDER as TRUTH

PORTS_TRIED = 20
TAKEN_AWAY = "hand-off"
"""The folder of tables beside the pages."""
TABLES = ("person", "activity", "discharge_delay", "area_month", "measure_value")
TOLD = "Tables to take away, as an analyst may have them, with their data dictionary and notebooks"


def make(place: Place, people: int, seed: int, out: Path, progress: Progress) -> Path:
    """The index page of an invented place, made from nothing but its folder; Refused where people may be real."""
    if not place.invented:
        raise Refused(f"{place.name} may hold real people: a demo needs a place whose place.yml says invented: true")
    store = Store((out / "store").resolve()).create()
    extracts = out / "extracts"
    synthesise(place, people, seed, extracts, workers=min(2, os.cpu_count() or 1), progress=progress)
    key = read_key(demo_key(out), outside=(place.folder, store.root))
    if not store.manifest.exists():
        land_month_before(place, extracts, store, key, progress)
    land(place, extracts, store, key, truth=extracts / TRUTH, progress=progress)
    compare(place, store, build(place, store, progress=progress), progress)
    make_up_looks(place, store)
    aggregates = open_aggregates(store, place, caller_for(place, "planning"))
    taken = take_away(place, store, out / TAKEN_AWAY, progress)
    beside = {f"{TAKEN_AWAY}/data-dictionary.html": TOLD} if taken else {}
    index = write_pages(aggregates, place, out / "pages", progress=progress, cache=store.root / "charts", beside=beside)[0]
    if (index.parent / TAKEN_AWAY).is_dir():
        rmtree(index.parent / TAKEN_AWAY)
    if taken:
        (out / TAKEN_AWAY).rename(index.parent / TAKEN_AWAY)
    return index


def land_month_before(place: Place, extracts: Path, store: Store, key: Keys, progress: Progress) -> None:
    """Nothing; the month before is landed and built, so that the last one is a second month."""
    then, began = place_before(place), perf_counter()
    earlier = write_month_before(place, extracts, extracts.with_name(f"{extracts.name}-month-before"))
    progress(Step("synth", "extracts of the month before", 1, 1, perf_counter() - began))
    land(then, earlier, store, key, progress=progress)
    build(then, store, progress=progress)


def compare(place: Place, store: Store, made: Manifest, progress: Progress) -> None:
    """Nothing; what changed since the build before is found out and kept, where there was one."""
    if made.before:
        with store.lock("comparison"):
            find_changes(store, place, earlier_build(store, made), made, all_specs(place), progress=progress)


def take_away(place: Place, store: Store, out: Path, progress: Progress) -> bool:
    """Whether tables of the invented people were handed off to a folder: of too few people none are."""
    if out.is_dir():
        rmtree(out)
    caller = caller_for(place, "planning", reason="to be looked at in the demo")
    for tables in (TABLES, tuple(name for name in TABLES if name != "discharge_delay")):  # of few people few wait
        with suppress(Refused):
            hand_off(HandOff(place, store, caller, tuple(map(AskedTable, tables)), progress=progress), "parquet", out)
            return True
    return False


def make_up_looks(place: Place, store: Store) -> None:
    """Nothing; a log that nobody has written to yet holds looks of the place's invented staff, each of which says that it was made up."""
    log, belongs = open_access_log(log_place(store.kept)), belongs_of(store)
    if belongs is not None and log.looks().num_rows == 0:
        log.append(invented_looks(place, belongs, read_manifest(store).build_id, datetime.now(UTC)))


def demo_key(out: Path) -> Path:
    """The key of the demo's register; a new one, and a word about it, where there is none."""
    path = (out / "invented-people.key").resolve()
    if not path.exists():
        write_new_key(path)
        sys.stderr.write(
            f"made a key for these invented people: {path}\nA register of real people needs one that is kept elsewhere: joinedup new-key\n"
        )
    return path


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line for each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: who looked at what is not for a terminal."""


def serve_pages(folder: Path, port: int) -> None:
    """Nothing, until it is interrupted: the pages of `folder` are at the address that it prints."""
    server = open_server(folder, port)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}/\n")
    sys.stdout.flush()
    sys.stderr.write("serving the pages to this machine only; Ctrl+C ends it\n")
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.stderr.write("\nended\n")


class Server(ThreadingHTTPServer):
    """Never shares its port with another server, as newer Pythons would let it."""

    allow_reuse_port = False


def open_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server on the first free port from `port` on; StoreProblem when none of them is free."""
    handler = partial(QuietHandler, directory=str(folder))
    candidates = range(port, min(port + PORTS_TRIED, 65536)) if port else [0]
    for candidate in candidates:
        try:
            return Server(("127.0.0.1", candidate), handler)
        except OSError:
            continue
    raise StoreProblem(f"no port from {port} to {candidates[-1]} on 127.0.0.1 is free for this user; choose another with --port")
