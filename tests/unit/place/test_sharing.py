"""sharing.yml: what is refused and told, with its line; which source may be used for what on a day."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinedup.errors import PlaceError
from joinedup.findings import Finding, Severity, errors
from joinedup.place.folder import read_place
from joinedup.place.model import PURPOSES, Place
from joinedup.place.rules.agreements import ARTICLE_9, COMMON_LAW
from joinedup.place.sharing import findings, in_force, purposes_of, refuse_unshared, state
from joinedup.place.tables import tables
from tests.agreements import agreement

TODAY = date(2026, 11, 22)
ERROR, WARNING = Severity.ERROR, Severity.WARNING


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "places" / "calderdale", tmp_path / "calderdale"))


def found(folder: Path, today: date = TODAY) -> list[Finding]:
    """What is found in a folder's agreements."""
    try:
        read = list(read_place(folder, today=today).warnings)
    except PlaceError as error:
        read = list(error.findings)
    return [finding for finding in read if finding.file == "sharing.yml"]


def edit(folder: Path, old: str, new: str) -> int:
    """Replaces the first such text; its line."""
    path = folder / "sharing.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


# a text of the example, what it becomes, the rule, a word of the message, severity, lines below the edit
EDITS = [
    ("      - practices #", "      - practises #", "unknown-partner", "practises", ERROR, 0),
    ("processor: west-yorkshire-icb", "processor: nobody", "unknown-partner", "nobody", ERROR, 0),
    ("sources: [deaths, cld,", "sources: [deahts, cld,", "unknown-source", "did you mean deaths?", WARNING, 0),
    ("controllers: [council]\n    processor: west-yorkshire-icb", "controllers: [locala]", "controller-missing", "council sends", ERROR, 2),
    ("common_law: implied consent", "common_law: section 251", "basis-does-not-fit", "direct care needs implied consent", ERROR, 0),
    ("common_law: section 251", "common_law: implied consent", "basis-does-not-fit", "planning needs section 251", ERROR, 0),
    ("common_law: section 251", "common_law: not confidential", "basis-does-not-fit", "comes with identifiers", ERROR, 0),
    ("article_9: 9(2)(j)", "article_9: 9(2)(h)", "basis-does-not-fit", "research needs 9(2)(a) or 9(2)(i) or 9(2)(j)", ERROR, 0),
    ("article_9: 9(2)(j)", "article_9: 9(2)(k)", "wrong-value", "9(2)(a) to 9(2)(j)", ERROR, 0),
    ("article_6: 6(1)(e)", "article_6: yes", "wrong-value", "6(1)(a) to 6(1)(f)", ERROR, 0),
    ("purposes: [direct care]", "purposes: [marketing]", "wrong-value", "'direct care', 'planning', 'payment' or 'research'", ERROR, 0),
    ("purposes: [direct care]", "purposes: []", "wrong-value", "at least one", ERROR, 0),
    ("    ends: 2036-04-01", "    ends: 2024-04-01", "ends-before-it-starts", "not after starts", ERROR, 0),
    ("    ends: 2036-04-01", "    ends: 2026-13-01", "wrong-date", "not a day of the calendar", ERROR, 0),
    ("    ends: 2036-04-01", "    ends: 2026-11-22", "agreement-ended", "22 November 2026", WARNING, 0),
    ("    ends: 2036-04-01", "    ends: 2026-11-23", "agreement-ends-soon", "1 day from now", WARNING, 0),
    ("    ends: 2036-04-01", "    ends: 2027-02-20", "agreement-ends-soon", "90 days from now", WARNING, 0),
    ("id: nhs-planning", "id: shared-care-record", "repeated-id", "line 4", ERROR, 0),
    ("purposes: [research]", "purposes: [research, planning]", "agreements-overlap", "apc", WARNING, -1),
    ("approval: Invented approval 00/CAG/0001", "", "no-approval", "24/CAG/0001", WARNING, -4),
    ("retention_months: 96", "retention_months: 0", "wrong-value", "1 is the least", ERROR, 0),
    ("retention_months: 96", "retention: 96", "unknown-key", "did you mean retention_months?", ERROR, 0),
    ("title: Shared care record of the borough", "title: TODO", "agreement-to-be-written", "title", WARNING, 0),
    ("    starts: 2024-04-01", "    starts: TODO the day", "agreement-to-be-written", "starts", WARNING, 0),
    ("agreements:\n", "agreement:\n", "unknown-key", "did you mean agreements?", ERROR, 0),
]


@pytest.mark.parametrize(("old", "new", "rule", "word", "severity", "below"), EDITS)
def test_each_fault_is_told_with_its_line(folder, old, new, rule, word, severity, below):
    line = edit(folder, old, new)
    told = [finding for finding in found(folder) if finding.rule == rule]
    assert told, found(folder)
    assert (told[0].severity, told[0].line) == (severity, line + below)
    assert word in told[0].message


def test_the_example_has_nothing_to_tell(folder):
    assert found(folder) == []
    assert errors(findings(read_place(folder, today=TODAY), TODAY)) == []


def test_what_another_agreement_goes_on_to_cover_is_not_told_of(folder):
    text = (folder / "sharing.yml").read_text(encoding="utf-8")
    first = text[text.index("  - id: urgent-care-research") :]
    before = first.replace("urgent-care-research", "research-before").replace("2030-10-01", "2026-12-01")
    after = first.replace("starts: 2025-10-01", "starts: 2026-12-01")
    (folder / "sharing.yml").write_text(text.replace(first, before + after), encoding="utf-8")
    assert found(folder) == []


BOMBS = {
    "aliases": "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nagreements: [*c, *c]\n",
    "a merge": "base: &base {id: a}\nagreements:\n  - <<: *base\n",
    "nesting": "agreements: " + "[" * 5_000 + "]" * 5_000,
    "a tag": "agreements: !!python/object/apply:os.system ['echo no']\n",
    "a megabyte": "agreements:\n" + "  - id: a\n" * 150_000,
    "no list": "agreements: yes\n",
    "two documents": "agreements: []\n---\nagreements: []\n",
    "control characters": "agreements: []\x00\n",
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_file_made_to_do_harm_is_a_finding(folder, what):
    (folder / "sharing.yml").write_text(BOMBS[what], encoding="utf-8")
    with pytest.raises(PlaceError) as caught:
        read_place(folder, today=TODAY)
    assert {finding.file for finding in errors(caught.value.findings)} == {"sharing.yml"}


def test_a_link_that_leads_nowhere_or_to_a_device_is_a_finding_and_not_the_same_as_no_file(folder):
    for target in ("../nowhere.yml", "/dev/zero"):
        (folder / "sharing.yml").unlink()
        (folder / "sharing.yml").symlink_to(target)
        told = found(folder)
        place = read_place(folder, today=TODAY) if not errors(told) else None
        assert place is None or errors(findings(place, TODAY))


def test_names_cannot_lead_out_of_the_folder(folder):
    for name in ("../../etc", "a/b", "a b", "é"):
        (folder / "sharing.yml").write_text(f"agreements:\n  - id: '{name}'\n", encoding="utf-8")
        assert "wrong-value" in {finding.rule for finding in found(folder)}


def place_of(*agreements, **changes) -> Place:
    values = {
        "id": "x",
        "name": "X",
        "folder": Path("x"),
        "as_at": date(2026, 3, 31),
        "neighbourhoods": (),
        "partners": (),
        "practices": (),
        "memberships": (),
        "sources": tuple(
            {"name": name, "partner": "trust", "contract": contract, "files": f"{name}.csv"}
            for name, contract in (("list", "register"), ("hospital", "apc"))
        ),
        "agreements": agreements,
        "has_sharing": True,
    }
    return Place.model_validate(values | changes)


def test_real_people_need_agreements_and_invented_ones_a_word():
    real = place_of(has_sharing=False)
    (told,) = findings(real, TODAY)
    assert (told.file, told.severity) == ("sharing.yml", ERROR)
    assert not in_force(real, "list", "planning", TODAY)
    with pytest.raises(PlaceError, match=r"sharing\.yml is missing"):
        refuse_unshared(real, TODAY)
    invented = place_of(has_sharing=False, invented=True)
    (told,) = findings(invented, TODAY)
    assert told.severity == WARNING
    refuse_unshared(invented, TODAY)
    assert all(in_force(invented, "list", purpose, TODAY) for purpose in PURPOSES)
    assert not in_force(invented, "list", "marketing", TODAY)
    assert errors(findings(place_of(invented=True), TODAY)), "an invented place with a sharing.yml is held to it"


def test_a_source_without_an_agreement_in_force_is_refused_and_named():
    ended = agreement(sources=("list", "hospital"), starts=date(2020, 1, 1), ends=TODAY)
    with pytest.raises(PlaceError) as caught:
        refuse_unshared(place_of(ended), TODAY)
    assert [(f.rule, f.severity, "ended on 2026-11-22" in f.message) for f in caught.value.findings] == [("no-agreement", ERROR, True)] * 2
    refuse_unshared(place_of(ended), TODAY - timedelta(days=1))
    with pytest.raises(PlaceError, match="no agreement is in force for 1 source"):
        refuse_unshared(place_of(agreement(sources=("list",))), TODAY)
    with pytest.raises(PlaceError):
        refuse_unshared(place_of(agreement()), TODAY, {"list", "one that landed before"})


def test_an_agreement_for_care_alone_opens_nothing_else():
    place = place_of(agreement(purposes=("direct care",)))
    assert purposes_of(place, "list", TODAY) == ("direct care",)
    assert [(f.rule, f.severity) for f in findings(place, TODAY)] == [("not-for-planning", WARNING)]


days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
spans = st.tuples(days, st.integers(1, 2000)).map(lambda both: (both[0], both[0] + timedelta(days=both[1])))
drawn = st.lists(st.tuples(spans, st.sets(st.sampled_from(PURPOSES), min_size=1), st.sampled_from(["list", "hospital"])), max_size=4)


@given(drawn, days)
def test_a_source_may_be_used_where_some_agreement_says_so_on_that_day_and_the_tables_say_the_same(agreed, day):
    made = [
        agreement(id=f"a{n}", starts=start, ends=end, purposes=tuple(purposes), sources=(source,))
        for n, ((start, end), purposes, source) in enumerate(agreed)
    ]
    place = place_of(*made)
    rows = tables(place, day)["agreement_source"].to_pylist()
    for source in ("list", "hospital"):
        for purpose in PURPOSES:
            expected = any(source == s and purpose in p and start <= day < end for (start, end), p, s in agreed)
            assert in_force(place, source, purpose, day) == expected
            assert expected == any(row["source"] == source and row["purpose"] == purpose for row in rows)
    for each in made:
        assert (state(each, day) in ("in force", "ends soon")) == (each.starts <= day < each.ends)


def test_every_purpose_has_a_basis_and_consent_is_implied_for_care_alone():
    assert [purpose for purpose in PURPOSES if "implied consent" in COMMON_LAW[purpose]] == ["direct care"]
    assert "statutory duty" not in COMMON_LAW["research"]
    assert all(ARTICLE_9[purpose] for purpose in PURPOSES)
