"""The command line as its users meet it: examples, exit codes, sentences."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from joinedup.cli import INTERRUPTED, main
from joinedup.engine.store import Store

VERBS = list(main.commands)


def run(*arguments: object, **environment: str) -> Result:
    """What a verb answered; JOINEDUP_KEY and JOINEDUP_KEY_FILE are unset unless given."""
    unset: dict[str, str | None] = {"JOINEDUP_KEY": None, "JOINEDUP_KEY_FILE": None}
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=unset | environment)


@pytest.fixture
def place(root: Path, tmp_path: Path) -> Path:
    """A copy of the example place, which a test may spoil."""
    return shutil.copytree(root / "places" / "calderdale", tmp_path / "places" / "mine")


@pytest.fixture(scope="module")
def demo(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo's command has run, on few people."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(root / "places" / "calderdale", folder / "places" / "calderdale")
    made = run("demo", folder / "places" / "calderdale", "--people", 300, "--out", folder / "demo" / "calderdale", "--no-serve")
    assert made.exit_code == 0, made.stderr
    assert made.stdout == f"{folder / 'demo' / 'calderdale' / 'pages' / 'index.html'}\n"
    visits = "NHS number,Date of visit,What was done\n9990000018,02/06/2025,Call\n9990000026,03/06/2025,Call\n"
    (folder / "demo" / "calderdale" / "extracts" / "visits.csv").write_text(visits, encoding="utf-8")
    return folder


ABSENT = {
    "demo",
    "--end",
    "--find",
    "sign-in",
    "--published",
    "keyring:calderdale",
    "--new-key-file",
    "restore",
    "--landed",
    "--person",
    "--by-number",
    "--reference",
    "--verify",
    "my_table.sql",
    "places/mine",
    "places/mine/cohorts/diabetes_and_depression.sql",
}
"""Words of examples that need more than the demo's folder."""


def examples() -> list[str]:
    """Every example of every verb's help, but those that need Java (tests/place builds on Spark) or a terminal (tests/unit/cli has one)."""
    lines = "\n".join(command.epilog or "" for command in main.commands.values()).splitlines()
    return [line.strip() for line in lines if line.startswith("  ") and "spark" not in line and "review places/calderdale --" not in line]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    answer = run(verb, "--help")
    assert answer.exit_code == 0
    assert f"joinedup {verb} " in answer.stdout.partition("Examples:")[2]
    assert run(verb, "-h").stdout == answer.stdout


def test_the_list_of_verbs_fits_a_terminal_uncut() -> None:
    answer = run("--help", COLUMNS="80")
    assert max(map(len, answer.stdout.splitlines())) <= 80
    assert "..." not in answer.stdout.partition("Commands:")[2]
    assert [line.split()[0] for line in answer.stdout.partition("Commands:")[2].splitlines() if line] == VERBS


@pytest.mark.parametrize("line", [line for line in examples() if line.startswith("joinedup ") and not ABSENT & {*line.split()}])
def test_every_example_runs_after_the_demo(line: str, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo)
    words = [word.replace("~", str(tmp_path)) for word in shlex.split(line)[1:]]
    answer = run(*words, "--people", 100) if words[0] == "synth" else run(*words)
    found = words[0] == "check" and "--extracts" in words
    assert answer.exit_code == int(found), answer.stderr


def test_the_examples_of_the_demo_are_read_as_they_stand() -> None:
    for line in (line for line in examples() if " demo " in line):
        with main.commands["demo"].make_context("demo", shlex.split(line)[2:], resilient_parsing=True) as context:
            assert context.params["out"]


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in {"new", "new-key", "template"}])
def test_a_place_that_isnt_there_is_a_wrong_question(verb: str, tmp_path: Path) -> None:
    words = [verb, "verify"] if verb == "audit" else [verb]
    answer = run(*words, tmp_path / "nowhere", *(["--out", tmp_path / "out"] if verb in {"synth", "pack", "demo"} else []))
    assert answer.exit_code == 2
    assert "nowhere' does not exist" in answer.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["land", "build"])
def test_no_folder_of_extracts_is_said_before_a_key_is_asked_for(verb: str, place: Path) -> None:
    answer = run(verb, place)
    assert answer.exit_code == 2
    assert "--extracts" in answer.stderr


def test_check_without_extracts_checks_the_folder_alone(place: Path) -> None:
    answer = run("check", place)
    assert (answer.exit_code, answer.stdout) == (0, "0 errors, 0 warnings\n")
    assert "--extracts" in answer.stderr


def spoil(place: Path, old: str, new: str, file: str = "practices.csv") -> None:
    text = (place / file).read_text(encoding="utf-8")
    assert old in text
    (place / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_check_ends_with_1_and_names_file_and_line(place: Path) -> None:
    spoil(place, "2019-10-01", "20x9-10-01")
    answer = run("check", place)
    assert answer.exit_code == 1
    assert "practices.csv:2: wrong-date" in answer.stdout
    assert answer.stdout.endswith("1 error, 0 warnings\n")


def test_check_speaks_to_programs_too(place: Path) -> None:
    spoil(place, "2019-10-01", "20x9-10-01")
    found = json.loads(run("check", place, "--format", "json").stdout)
    assert [(f["severity"], f["file"], f["line"], f["rule"]) for f in found] == [("error", "practices.csv", 2, "wrong-date")]
    assert run("check", place, "--format", "csv").stdout.splitlines()[1].startswith("error,practices.csv,2,wrong-date,")


def test_check_writes_a_page(place: Path, tmp_path: Path) -> None:
    (place / "extracts").mkdir()
    answer = run("check", place, "--out", tmp_path / "check")
    assert answer.exit_code == 1
    assert answer.stdout.endswith(f"{tmp_path / 'check' / 'check.html'}\n")
    assert "missing-file" in (tmp_path / "check" / "check.html").read_text(encoding="utf-8")
    assert run("check", place, "--out", place / "check").exit_code == 2


def test_check_may_let_warnings_pass(place: Path, demo: Path) -> None:
    extracts = demo / "demo" / "calderdale" / "extracts"
    assert run("check", place, "--extracts", extracts).exit_code == 1
    assert run("check", place, "--extracts", extracts, "--errors-only").exit_code == 0


def test_what_a_finding_says_is_not_said_over_again(place: Path, tmp_path: Path) -> None:
    spoil(place, "2019-10-01", "20x9-10-01")
    answer = run("build", place, "--no-land", "--store", tmp_path / "store")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.count("20x9") == 1
    assert answer.stderr.endswith("joinedup: 1 error, 0 warnings\n")


def landing(place: Path, demo: Path, **options: object) -> Result:
    given = {"extracts": demo / "demo" / "calderdale" / "extracts", "store": place.parent / "store"} | options
    return run("land", place, *(word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)))


def test_no_key_ends_with_4(place: Path, demo: Path) -> None:
    assert (landing(place, demo).exit_code, (place.parent / "store").exists()) == (4, False)


def key_file(path: Path, text: str = "0b5c" * 16, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="ascii")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("0" * 64, 0o600, "could be guessed"),
        ("hello", 0o600, "holds no key"),
        ("0b5c", 0o600, "2 bytes"),
        ("0b5c" * 16, 0o644, "chmod 600"),
    ],
)
def test_a_key_that_wont_do_ends_with_4_and_says_why(text: str, mode: int, said: str, place: Path, demo: Path, tmp_path: Path) -> None:
    answer = landing(place, demo, key_file=key_file(tmp_path / "key", text, mode))
    assert answer.exit_code == 4
    assert said in answer.stderr
    assert text not in answer.stderr


def test_a_key_in_the_place_folder_ends_with_4(place: Path, demo: Path) -> None:
    answer = landing(place, demo, key_file=key_file(place / "key"))
    assert answer.exit_code == 4
    assert "move it out of there" in answer.stderr


def test_another_key_than_the_registers_ends_with_4(demo: Path, tmp_path: Path) -> None:
    assert run("new-key", tmp_path / "other").stdout == f"{tmp_path / 'other'}\n"
    store = demo / "demo" / "calderdale" / "store"
    answer = landing(demo / "places" / "calderdale", demo, store=store, key_file=tmp_path / "other")
    assert answer.exit_code == 4
    assert "nothing was written" in answer.stderr


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    run("new-key", tmp_path / "key")
    before = (tmp_path / "key").read_bytes()
    assert run("new-key", tmp_path / "key").exit_code == 4
    assert (tmp_path / "key").read_bytes() == before


def test_a_store_that_is_a_file_ends_with_5(place: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = run("build", place, "--no-land", "--store", tmp_path / "file")
    assert answer.exit_code == 5
    assert "--store" in answer.stderr


def test_a_store_that_is_held_ends_with_8_and_names_the_holder(place: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "store").lock("build"):
        answer = run("build", place, "--no-land", "--store", tmp_path / "store")
    assert answer.exit_code == 8
    assert f"process {os.getpid()} " in answer.stderr


def test_an_output_folder_that_cant_be_written_ends_with_5_and_no_traceback(place: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = run("synth", place, "--people", 10, "--out", tmp_path / "file" / "extracts")
    assert answer.exit_code == 5
    assert answer.stderr.startswith("joinedup: ")


@pytest.mark.parametrize(("verb", "more"), [("build", ["--no-land"]), ("pack", ["--out", "pages"])])
def test_what_was_never_landed_or_built_ends_with_6(verb: str, more: list[str], place: Path, tmp_path: Path) -> None:
    answer = run(verb, place, "--store", tmp_path / "store", *more)
    assert answer.exit_code == 6
    assert "run joinedup" in answer.stderr


def test_a_manifest_that_cant_be_read_is_built_anew(demo: Path, tmp_path: Path) -> None:
    place, store = demo / "places" / "calderdale", shutil.copytree(demo / "demo" / "calderdale" / "store", tmp_path / "store")
    (store / "manifest.json").write_text("{", encoding="ascii")
    assert run("pack", place, "--store", store, "--out", tmp_path / "pages").exit_code == 5
    assert run("build", place, "--no-land", "--store", store).exit_code == 0
    assert run("pack", place, "--store", store, "--out", tmp_path / "pages").exit_code == 0


def test_a_build_again_prints_the_same_id_and_says_that_nothing_changed(demo: Path) -> None:
    place, store = demo / "places" / "calderdale", demo / "demo" / "calderdale" / "store"
    first, again = (run("build", place, "--no-land", "--store", store) for _ in range(2))
    assert again.stdout == first.stdout
    assert "nothing has changed" in again.stderr


def test_quiet_leaves_the_result_alone(demo: Path) -> None:
    made = demo / "demo" / "calderdale"
    words = ["--extracts", made / "extracts", "--store", made / "store", "--key-file", made / "invented-people.key"]
    answer = run("build", demo / "places" / "calderdale", *words, "--quiet")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert len(answer.stdout.splitlines()) == 1


@pytest.mark.parametrize("verb", ["demo", "pack"])
def test_no_door_opens_for_people_who_may_be_real(verb: str, demo: Path, place: Path, tmp_path: Path) -> None:
    spoil(place, "invented: true", "invented: false", "place.yml")
    store = ["--store", demo / "demo" / "calderdale" / "store", "--audience", "internal"] if verb == "pack" else []
    answer = run(verb, place, *store, "--out", tmp_path / "out")
    assert answer.exit_code == 7
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_into_the_place_folder(demo: Path, place: Path) -> None:
    store = demo / "demo" / "calderdale" / "store"
    before = sorted(place.rglob("*"))
    for words in (
        ["pack", "--store", store, "--out", place / "pages"],
        ["demo", "--out", place / "demo"],
        ["land", "--store", place, "--extracts", demo],
    ):
        answer = run(words[0], place, *words[1:])
        assert (answer.exit_code, "place folder" in answer.stderr) == (2, True)
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize(
    "words", [["bogus"], ["check"], ["synth", "."], ["synth", ".", "--out", "x", "--people", "0"], ["check", ".", "--format", "xml"]]
)
def test_a_question_asked_wrongly_ends_with_2(words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_an_interrupt_ends_with_130_and_one_sentence(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("joinedup.sources.synthetic.synthesise", lambda *_, **__: interrupted())
    answer = run("synth", place, "--out", place.parent / "out")
    assert answer.exit_code == INTERRUPTED == 128 + signal.SIGINT
    assert answer.stderr == "joinedup: stopped; what was published before is as it was\n"


def test_the_list_of_verbs_is_there_before_any_engine(root: Path) -> None:
    code = "import sys; from joinedup.cli import main; main(['-h'], standalone_mode=False); sys.exit('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=False).returncode == 0
