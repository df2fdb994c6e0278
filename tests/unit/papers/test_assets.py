from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from joinedup.papers import assets

ADDRESS = re.compile(r"(?:https?:)?//[^\s\"')]+")


def test_the_style_sheet_holds_no_address_but_of_the_svg_namespace() -> None:
    for name, content in assets.files().items():
        found = ADDRESS.findall(content.decode())
        assert not [address for address in found if "www.w3.org/" not in address], name


def test_the_style_sheet_has_arial_and_no_brand() -> None:
    css = assets.files()["nhsuk-frontend.css"].decode()
    assert "font-family:arial" in css
    assert "frutiger" not in css.lower()
    assert "url(" not in css


def test_what_calls_home_is_taken_out_and_the_rest_stays() -> None:
    css = (
        '@import url("//cdn.example/x.css");@font-face{font-family:Frutiger W01;src:url(https://assets.example/a.woff2)}'
        "body{font-family:Frutiger W01,arial,sans-serif}i{background:url(/assets/images/x.svg)}\n/*# sourceMappingURL=a.css.map */"
    )
    assert assets.without_calls_home(css) == "body{font-family:arial,sans-serif}i{background:none}\n"


def test_the_lock_file_names_no_registry(root: Path) -> None:
    lock = (root / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in lock
    package = json.loads(lock)["packages"]["node_modules/nhsuk-frontend"]
    assert package["integrity"].startswith("sha512-")
    assert package["version"] == json.loads((root / "package.json").read_text(encoding="utf-8"))["dependencies"]["nhsuk-frontend"]
    assert "omit-lockfile-registry-resolved=true" in (root / ".npmrc").read_text(encoding="utf-8")


def test_nothing_is_done_when_the_style_sheet_is_there(root: Path, tmp_path: Path) -> None:
    shutil.copy(assets.STATIC / "nhsuk-frontend.css", tmp_path)
    assert assets.bring(root, tmp_path) is False


def test_a_missing_style_sheet_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "STATIC", tmp_path / "static")
    with pytest.raises(assets.AssetsMissing, match="run `make demo` or `make test`"):
        assets.files()


def test_outside_a_checkout_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(assets.AssetsMissing, match=r"no package-lock\.json"):
        assets.bring(tmp_path, tmp_path / "static")


def test_a_failing_npm_is_told_in_its_own_words(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(root / "package-lock.json", tmp_path)
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'no such registry' >&2\nexit 3\n")
    npm.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(assets.AssetsMissing, match=r"ended with 3\): no such registry"):
        assets.bring(tmp_path, tmp_path / "static")
    assert not (tmp_path / "static").exists()
