"""The demo's server, and whom a demo is for."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from joinedup.demo import PORTS_TRIED, demo_key, make, open_server, serve_pages
from joinedup.errors import Refused, StoreProblem
from joinedup.kept.keys import read_key
from joinedup.place.folder import read_place
from joinedup.progress import silent


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder of one page."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "index.html").write_text("<h1>Invented people</h1>", encoding="utf-8")
    (tmp_path / "beside.txt").write_text("not a page", encoding="utf-8")
    return folder


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[str]:
    """The address of a server at work."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def fetched(address: str) -> str:
    with urllib.request.urlopen(address) as answer:
        return str(answer.read().decode())


def test_a_page_is_served_and_nothing_is_said_of_who_looked(pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(open_server(pages, 0)) as address:
        assert fetched(f"{address}/") == "<h1>Invented people</h1>"
    assert capsys.readouterr() == ("", "")


def test_nothing_beside_the_pages_is_served(pages: Path) -> None:
    with serving(open_server(pages, 0)) as address, pytest.raises(urllib.error.HTTPError, match="404") as refused:
        fetched(f"{address}/../beside.txt")
    refused.value.close()


def test_only_this_machine_is_served(pages: Path) -> None:
    with open_server(pages, 0) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_the_next_port_is_taken_when_the_one_asked_for_is_in_use(pages: Path) -> None:
    with taken() as port, open_server(pages, port) as server:
        assert port < server.server_port < port + PORTS_TRIED


def test_two_demos_never_share_a_port(pages: Path) -> None:
    with open_server(pages, 0) as first, open_server(pages, first.server_port) as second:
        assert first.server_port != second.server_port


def test_no_free_port_is_an_error_that_names_the_ports(pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joinedup.demo.PORTS_TRIED", 1)
    with taken() as port, pytest.raises(StoreProblem, match=f"no port from {port} to {port} .*--port"):
        open_server(pages, port)


def test_the_address_goes_to_stdout_and_an_interrupt_ends_it(
    pages: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ThreadingHTTPServer, "serve_forever", interrupted)
    serve_pages(pages, 0)
    out, err = capsys.readouterr()
    assert out.startswith("http://127.0.0.1:")
    assert "Ctrl+C" in err
    assert err.endswith("ended\n")


def test_a_place_that_isnt_invented_is_refused_before_anything_is_written(root: Path, tmp_path: Path) -> None:
    real = read_place(root / "places" / "calderdale").model_copy(update={"invented": False})
    with pytest.raises(Refused, match="invented: true"):
        make(real, 10, 1, tmp_path / "out", silent)
    assert not (tmp_path / "out").exists()


def test_the_key_of_a_demo_is_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = read_key(demo_key(tmp_path))
    assert "joinedup new-key" in capsys.readouterr().err
    assert read_key(demo_key(tmp_path)).fingerprint == first.fingerprint
    assert capsys.readouterr().err == ""
