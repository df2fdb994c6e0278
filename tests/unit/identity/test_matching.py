"""Matching, on people made by hand: who is found, who is left in doubt, and what no score may ever do.

There are too few records here to learn from, so that the weights are those that come with the package.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from joinedup.engine.duck import connect_encrypted
from joinedup.errors import StoreProblem
from joinedup.identity import comparisons, matching, scoring
from joinedup.identity.asking import person_ids_of
from joinedup.identity.comparisons import COMPARISONS, ELSE, level_column
from joinedup.identity.deciding import decide, with_known_share
from joinedup.identity.matching import own_connection
from joinedup.kept.decisions import DECIDED_SCHEMA
from joinedup.kept.erasing import Act, by_number, by_person, erase
from joinedup.kept.identity_register import IdentityRegister, open_register
from joinedup.kept.merges import EVENT
from joinedup.kept.pairs import PAIR
from joinedup.place.model import Linking
from tests.unit.identity.people import KEYS, Linked, linked, nhs_number

MATCHED = Linking()
GIVEN = ("Ada", "Bertram", "Cora", "Dennis", "Edith", "Frank", "Greta", "Harold", "Imogen", "Joseph", "Katherine", "Leonard")
FAMILY = ("Ackroyd", "Barraclough", "Crossley", "Dyson", "Eastwood", "Firth", "Greenwood", "Hirst", "Ibbotson", "Jagger", "Kershaw")


def who(place: int, **said: Any) -> dict[str, Any]:
    """The place-th of the people on the list: all that is known of one, or with other values."""
    found = {
        "nhs_number": nhs_number(place),
        "person_birth_date": date(1940, 1, 1) + timedelta(days=place * 479 % 25_000),
        "person_family_name": FAMILY[place % len(FAMILY)],
        "person_given_name": GIVEN[place * 5 % len(GIVEN)],
        "postcode_of_usual_address": f"ZZ{10 + place % 40} {place % 9}{'ABDEFGHJ'[place % 8]}{'LNPQRSTU'[place % 7]}",
    }
    return found | said


EVERYONE = [who(place) for place in range(60)]


def without_number(row: dict[str, Any], **said: Any) -> dict[str, Any]:
    return row | {"nhs_number": None} | said


def found(folder: Path | IdentityRegister, listed: list[dict[str, Any]], rows: list[dict[str, Any]], **more: Any) -> Linked:
    """What comes of a hospital's rows where the list has everyone and these."""
    sources = {"list": ("register", [*EVERYONE, *listed]), "hospital": ("apc", rows), **more.pop("sources", {})}
    return linked(folder, sources, linking=MATCHED, **more)


def person_of(result: Linked, row: dict[str, Any]) -> int:
    """The person of the list's row with that number."""
    [(person,)] = result.con.execute("SELECT DISTINCT person_id FROM linked_register WHERE nhs_number = ?", [row["nhs_number"]]).fetchall()
    return int(person)


def test_who_gives_all_but_the_number_is_found_and_named_as_probable(tmp_path: Path) -> None:
    result = found(tmp_path, [], [without_number(EVERYONE[7]), EVERYONE[8]])
    assert result.rows("apc") == [("probability", person_of(result, EVERYONE[7])), ("nhs_number", person_of(result, EVERYONE[8]))]
    assert "weights-not-learned" in result.rules()
    told = dict(result.con.execute("SELECT figure, value FROM linkage_run").fetchall())
    assert (told["linked"], told["records"], told["trained"]) == (1, 1, 0)


def test_matching_can_be_off(tmp_path: Path) -> None:
    result = linked(
        tmp_path, {"list": ("register", EVERYONE), "hospital": ("apc", [without_number(EVERYONE[7])])}, linking=Linking(link_at=1)
    )
    assert result.rows("apc") == [("no_number", None)]
    assert result.con.execute("SELECT count(*) FROM linkage_weight").fetchall() == [(0,)]


DIRT: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "day and month swapped": lambda p: {**p, "person_birth_date": date(1950, 9, 4)},
    "a digit of the birth date": lambda p: {**p, "person_birth_date": date(1950, 4, 8)},
    "1 January 1900": lambda p: {**p, "person_birth_date": date(1900, 1, 1)},
    "a digit of the number": lambda p: {
        **p,
        "nhs_number": p["nhs_number"][:4] + str((int(p["nhs_number"][4]) + 1) % 10) + p["nhs_number"][5:],
    },
    "a letter of the name": lambda p: without_number(p, person_family_name="Mohamned"),
    "another spelling": lambda p: without_number(p, person_family_name="Muhammad"),
    "names swapped": lambda p: without_number(p, person_family_name="Ayesha", person_given_name="Mohammed"),
    "moved": lambda p: {**p, "person_birth_date": date(1950, 4, 8), "postcode_of_usual_address": "ZZ77 7ZZ"},
    "no fixed abode": lambda p: {**p, "person_birth_date": date(1950, 9, 4), "postcode_of_usual_address": "ZZ99 3VZ"},
    "a digit of the number, and no birth date or name": lambda p: {
        **p,
        "nhs_number": p["nhs_number"][:4] + str((int(p["nhs_number"][4]) + 1) % 10) + p["nhs_number"][5:],
        "person_birth_date": None,
        "person_family_name": None,
        "person_given_name": None,
    },
    "no name": lambda p: {**p, "person_birth_date": date(1950, 9, 4), "person_family_name": None, "person_given_name": None},
}


@pytest.mark.parametrize("dirt", DIRT)
def test_dirt_that_is_seen_through(dirt: str, tmp_path: Path) -> None:
    ayesha = who(
        70,
        person_birth_date=date(1950, 4, 9),
        person_family_name="Mohammed",
        person_given_name="Ayesha",
        postcode_of_usual_address="ZZ33 3AB",
    )
    result = found(tmp_path, [ayesha], [DIRT[dirt](ayesha)])
    assert result.rows("apc") == [("probability", person_of(result, ayesha))]


@pytest.mark.parametrize(
    ("given_name", "born", "status"),
    [(-1, 0, "in_doubt"), (0, 0, "in_doubt"), (1, 0, "probability"), (-1, -1, "probability"), (0, 1, "probability")],
)
def test_a_hospitals_number_that_is_given_again_is_not_its_former_holders(given_name: int, born: int, status: str) -> None:
    """The hospital's own number agrees, and a weight that would link: is it enough, by what given name and date of birth say?"""
    said = {comparisons.LOCAL: 1, comparisons.GIVEN: given_name, comparisons.BORN: born}
    con = duckdb.connect()
    con.execute("CREATE TABLE record AS SELECT 1 AS id, 'r' AS record; CREATE TABLE person AS SELECT 2 AS id, 7 AS person_id")
    levels = ", ".join(f"{said.get(each, -1)} AS {level_column(each)}" for each in COMPARISONS)
    con.execute(f"CREATE TABLE scored AS SELECT 1 AS one, 2 AS other, 20.0::DOUBLE AS weight, {levels}")
    decide(
        con,
        MATCHED,
        pa.table({"record": pa.array([], pa.string()), "person_id": pa.array([], pa.int64()), "same": pa.array([], pa.bool_())}),
    )
    assert con.execute("SELECT status FROM decision").fetchall() == [(status,)]


def test_a_short_form_of_a_name_is_that_name(tmp_path: Path) -> None:
    margaret = who(71, person_given_name="Margaret", person_family_name="Ibbotson", postcode_of_usual_address="ZZ33 3AD")
    rows = [without_number(margaret, person_given_name="Peggy"), without_number(margaret, person_given_name="Doris")]
    result = found(tmp_path, [margaret], rows)
    assert result.rows("apc") == [("probability", person_of(result, margaret)), ("no_number", None)]


@pytest.mark.parametrize(("known", "strangers", "share"), [(900, 100, 0.9), (300, 700, 0.3), (1000, 0, 0.95), (0, 0, 0.5)])
def test_how_many_records_are_of_people_known_is_told_by_their_scores(known: int, strangers: int, share: float) -> None:
    """And moves every weight alike: where most are strangers, more must speak for a pair."""
    con = duckdb.connect()
    con.execute("CREATE TABLE record AS SELECT i AS id FROM range($1) r(i)", [known + strangers])
    con.execute(
        "CREATE TABLE scored AS SELECT i AS one, 20.0::DOUBLE AS weight FROM range($1) r(i) UNION ALL SELECT i, -8.0 FROM range($1) r(i)",
        [known],
    )
    found = with_known_share(con, least=1.0)
    assert found == pytest.approx(share, abs=0.02)
    moved = 20 + math.log2(found / (1 - found))
    assert con.execute("SELECT count(*), coalesce(avg(weight), $1) FROM scored", [moved]).fetchall() == [(known, pytest.approx(moved))]


@pytest.fixture
def twins() -> list[dict[str, Any]]:
    first = who(
        80,
        person_birth_date=date(2015, 3, 9),
        person_family_name="Akhtar",
        person_given_name="Zainab",
        postcode_of_usual_address="ZZ34 4AB",
    )
    return [first, first | {"nhs_number": nhs_number(81), "person_given_name": "Layla"}]


def test_twins_are_told_apart_by_their_names_and_left_in_doubt_without(twins: list[dict[str, Any]], tmp_path: Path) -> None:
    register = open_register(tmp_path / "identity.sqlite")
    nameless = without_number(twins[0], person_given_name=None)
    result = found(register, twins, [without_number(twins[0]), without_number(twins[1]), nameless])
    assert result.rows("apc") == [("probability", person_of(result, twin)) for twin in twins] + [("no_number", None)]


def test_a_twin_whom_nobody_knows_is_not_taken_for_the_other(twins: list[dict[str, Any]], tmp_path: Path) -> None:
    register = open_register(tmp_path / "identity.sqlite")
    result = found(register, twins[:1], [without_number(twins[1])])
    assert result.rows("apc") == [("no_number", None)]
    with register.engine.connect() as connection:
        asked = connection.execute(sa.select(PAIR.c.person_id)).scalars().all()
    assert asked == [person_of(result, twins[0])], "people are asked"


@pytest.fixture
def father_and_son() -> list[dict[str, Any]]:
    father = who(
        82,
        person_birth_date=date(1955, 2, 3),
        person_family_name="Hussain",
        person_given_name="Yusuf",
        postcode_of_usual_address="ZZ35 5AB",
    )
    return [father, father | {"nhs_number": nhs_number(83), "person_birth_date": date(1984, 7, 21)}]


def test_father_and_son_of_one_name_are_told_apart_by_birth_and_left_in_doubt_without(
    father_and_son: list[dict[str, Any]], tmp_path: Path
) -> None:
    rows = [*map(without_number, father_and_son), without_number(father_and_son[0], person_birth_date=None)]
    result = found(tmp_path, father_and_son, rows)
    assert result.rows("apc") == [("probability", person_of(result, one)) for one in father_and_son] + [("no_number", None)]


def test_a_son_whom_nobody_knows_is_not_taken_for_his_father(father_and_son: list[dict[str, Any]], tmp_path: Path) -> None:
    father, son = father_and_son
    unborn = without_number(father, person_birth_date=None)
    result = found(tmp_path, [father], [without_number(son), son | {"nhs_number": father["nhs_number"]}, unborn])
    assert result.people("apc") == [None, None, None]


def test_a_child_with_the_number_of_a_parent_is_the_child(father_and_son: list[dict[str, Any]], tmp_path: Path) -> None:
    father, son = father_and_son
    child = son | {"person_given_name": "Omar", "person_birth_date": date(2012, 5, 17)}
    result = found(tmp_path, [father, child], [child | {"nhs_number": father["nhs_number"]}])
    assert result.rows("apc") == [("probability", person_of(result, child))]


def test_who_lives_where_another_of_the_name_lived_is_not_that_one(tmp_path: Path) -> None:
    tenant = without_number(EVERYONE[9], person_birth_date=date(2001, 11, 30), person_given_name="Wilhelmina")
    namesake = without_number(EVERYONE[9], person_birth_date=date(2001, 11, 30))
    result = found(tmp_path, [], [tenant, namesake])
    assert result.people("apc") == [None, None]


def test_a_number_that_a_source_gives_everybody_is_no_evidence(tmp_path: Path) -> None:
    shared = EVERYONE[0]["nhs_number"]
    result = found(tmp_path, [], [one | {"nhs_number": shared} for one in EVERYONE[1:30]])
    assert result.people("apc") == [person_of(result, one) for one in EVERYONE[1:30]]


BABY = without_number(
    who(90, person_birth_date=date(2025, 6, 3), person_family_name="Novak", person_given_name="Iryna", postcode_of_usual_address="ZZ36 6AB")
)


def test_a_baby_without_number_whom_several_sources_see_is_one_person_and_stays_so(tmp_path: Path) -> None:
    register = open_register(tmp_path / "identity.sqlite")
    emergency = {"emergency": ("ecds", [BABY | {"person_family_name": "Novák"}])}
    misspelt = BABY | {"person_birth_date": date(2025, 3, 6)}
    first = found(register, [], [BABY, misspelt], sources=emergency)
    [baby] = {*first.people("apc"), *first.people("ecds")}
    assert baby is not None
    assert {*first.statuses("apc"), *first.statuses("ecds")} == {"probability"}
    assert ("probability",) in first.con.execute("SELECT linked_by FROM landed_person WHERE person_id = ?", [baby]).fetchall()

    community = {"community": ("community_activity", [BABY | {"postcode_of_usual_address": "ZZ37 7AB"}])}
    second = found(register, [], [misspelt, BABY], sources=emergency | community, landing_id="second")
    assert {*second.people("apc"), *second.people("ecds"), *second.people("community_activity")} == {baby}

    known = BABY | {"nhs_number": nhs_number(90)}
    third = found(register, [known], [BABY, misspelt], sources=emergency, landing_id="third")
    assert {*third.people("apc"), *third.people("ecds")} == {person_of(third, known)}
    found(register, [known], [BABY, misspelt], sources=emergency, landing_id="fourth")
    with register.engine.connect() as connection:
        events = connection.execute(sa.select(EVENT.c.kind, EVENT.c.person_id, EVENT.c.other_person_id)).all()
    assert [tuple(event) for event in events] == [("merge", person_of(third, known), baby)], "once"


def test_who_was_taken_for_a_namesake_is_no_longer_one_with_them(tmp_path: Path) -> None:
    register = open_register(tmp_path / "identity.sqlite")
    zainab = {"person_birth_date": date(2015, 3, 9), "person_family_name": "Akhtar", "person_given_name": "Zainab"}
    namesake, right = (who(80 + n, **zainab, postcode_of_usual_address=home) for n, home in enumerate(["ZZ45 6AB", "ZZ34 4AB"]))
    emergency = {"emergency": ("ecds", [without_number(right, postcode_of_usual_address="ZZ34 4AD"), BABY])}
    for landing_id, listed in (("first", []), ("second", [namesake]), ("third", [namesake, right])):
        last = found(register, listed, [without_number(right), BABY], sources=emergency, landing_id=landing_id)
    q, r = person_of(last, namesake), person_of(last, right)
    assert last.people("apc")[0] == r
    for person, number in ((q, namesake["nhs_number"]), (r, right["nhs_number"])):
        with register.engine.connect() as connection:
            ids = by_number(connection, KEYS, number).person_ids
        assert person_ids_of(register, KEYS, number) == list(ids)
        assert {q, r} & set(ids) == {person}
    with register.engine.connect() as connection:
        kinds = connection.execute(sa.select(EVENT.c.kind, EVENT.c.person_id)).all()
    assert [tuple(row) for row in kinds] == [("merge", q), ("split", q), ("merge", r)]


def test_landings_go_on_when_the_only_one_known_by_records_was_erased(tmp_path: Path) -> None:
    register = open_register(tmp_path / "identity.sqlite")
    emergency = {"emergency": ("ecds", [BABY])}
    (baby,) = {*found(register, [], [BABY], sources=emergency).people("apc")}
    assert baby is not None
    with register.database.writing("erasure") as connection:
        erase(connection, KEYS, by_person(connection, baby), Act("DPO-1", "objection", "ada", "bert"), {})
    for landing_id in ("second", "third"):
        after = found(register, [], [BABY, EVERYONE[3]], sources=emergency, landing_id=landing_id)
        assert after.people("apc") == [person_of(after, EVERYONE[3])], "the erased person's rows are left out"


def test_one_row_that_nobody_else_sees_makes_no_person(tmp_path: Path) -> None:
    assert found(tmp_path, [], [BABY]).rows("apc") == [("no_number", None)]


def test_babies_without_a_name_are_not_joined(tmp_path: Path) -> None:
    nameless = [BABY | {"person_given_name": name, "postcode_of_usual_address": None} for name in ("Baby", "Baby girl", "Boy")]
    result = found(tmp_path, [], nameless, sources={"emergency": ("ecds", nameless)})
    assert {*result.people("apc"), *result.people("ecds")} == {None}


@pytest.mark.parametrize("same", [True, False])
def test_what_people_agreed_on_binds(same: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register = open_register(tmp_path / "identity.sqlite")
    row = without_number(EVERYONE[3])
    found(register, [], [row])
    other = EVERYONE[4] if same else EVERYONE[3]

    def judged(entry: object) -> pa.Table:
        con = first.con
        [(record_hash,)] = con.execute("SELECT hash FROM record_hash").fetchall()
        return pa.Table.from_pylist(
            [{"record_hash": record_hash, "person_id": person_of(first, other), "same": same}], schema=DECIDED_SCHEMA
        )

    first = found(register, [], [row], landing_id="second")
    monkeypatch.setattr(matching, "decided", judged)
    second = found(register, [], [row], landing_id="third")
    assert second.rows("apc") == ([("confirmed", person_of(second, other))] if same else [("no_number", None)])


def test_identifiers_linked_by_probability_are_not_kept_as_the_persons(tmp_path: Path) -> None:
    register = open_register(tmp_path / "identity.sqlite")
    found(register, [], [without_number(EVERYONE[5], postcode_of_usual_address="ZZ88 8ZZ")])
    with register.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM vault WHERE contract = 'apc'")).scalar() == 0


def test_what_goes_wrong_is_said_without_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object) -> str:
        raise ValueError("Barraclough 1950-04-09")

    monkeypatch.setattr(scoring, "_predicted", fails)
    with pytest.raises(StoreProblem) as raised:
        found(tmp_path, [], [without_number(EVERYONE[5])])
    assert "Barraclough" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_nothing_is_heard_of_it(tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    found(tmp_path, [], [without_number(EVERYONE[5])])
    assert (*capfd.readouterr(), caplog.text) == ("", "", "")


def test_what_does_not_fit_into_memory_is_encrypted_though_the_landing_has_spilled_before(tmp_path: Path) -> None:
    many = "CREATE TEMP TABLE names AS SELECT 'PLANTED' || range || repeat('x', 90) AS name, hash(range) AS h FROM range(300000)"
    landing = connect_encrypted(tmp_path, memory_limit="24MB")
    landing.execute(many)
    assert [path for path in tmp_path.iterdir() if path.is_file()]
    own = own_connection(landing)
    own.execute("SET memory_limit = '24MB'")
    own.execute(many)
    spilled = [path.read_bytes() for path in (tmp_path / "matching").iterdir()]
    assert sum(map(len, spilled)) > 1_000_000
    assert not any(b"PLANTED" in content for content in spilled)


def test_sex_is_not_compared() -> None:
    said = " ".join(level.when + comparison.nothing for comparison in COMPARISONS for level in comparison.levels).lower()
    assert "sex" not in said
    assert "gender" not in said


def test_our_own_weights_speak_for_and_against() -> None:
    for comparison in COMPARISONS:
        weights = scoring.model_of_ours()[comparison.name]
        assert set(weights) == set(comparison.labels)
        assert sum(m for m, _ in weights.values()) == pytest.approx(1, abs=0.01)
        assert weights[comparison.levels[0].label][0] > weights[comparison.levels[0].label][1]
        assert weights[ELSE][0] < weights[ELSE][1]


Row = tuple[int, str, int]
rows_drawn = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["no number", "sound", "birth", "name", "of another", "bare"]), st.integers(0, 2)),
    min_size=1,
    max_size=12,
)


def drawn(rows: list[Row], sex: str | None = None) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Sources with such rows, each row with a number of its own."""
    made: dict[str, list[dict[str, Any]]] = {"hospital": [], "emergency": [], "community": []}
    for number, (place, dirt, source) in enumerate(rows, start=1):
        person = who(place)
        said = {
            "no number": without_number(person),
            "sound": person,
            "birth": person | {"person_birth_date": person["person_birth_date"] + timedelta(days=1)},
            "name": without_number(person, person_given_name="Qwertz"),
            "of another": person | {"nhs_number": nhs_number((place + 1) % 6)},
            "bare": {"nhs_number": None, "person_birth_date": person["person_birth_date"]},
        }[dirt]
        name = list(made)[source]
        column = {"hospital": "sex", "emergency": "stated_gender", "community": "sex"}[name]
        made[name].append(said | {"source_row": number, column: sex or "1"})
    contracts = {"hospital": "apc", "emergency": "ecds", "community": "community_activity"}
    return {name: (contracts[name], rows_) for name, rows_ in made.items() if rows_}


def by_row(result: Linked) -> dict[int, tuple[str, int | None]]:
    """source_row -> how linked, and to whom, of the rows that were drawn."""
    query = "SELECT source_row, linked_by, person_id FROM link WHERE contract <> 'register'"
    return {row: (how, person) for row, how, person in result.con.execute(query).fetchall()}


SLOW = settings(
    max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LISTED = ("register", EVERYONE)


def new_register() -> IdentityRegister:
    """An empty register in a folder of its own, for examples that share a test's."""
    return open_register(Path(tempfile.mkdtemp(prefix="joinedup-test-")) / "identity.sqlite")


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Every pair that is scored, as ids of subjects: a record's is odd, a person's even."""
    pairs: list[tuple[int, int]] = []
    score = matching.score

    def seen(con: duckdb.DuckDBPyConnection, table: str, *arguments: Any) -> None:
        pairs.extend(con.execute(f"SELECT one, other FROM {table}").fetchall())
        score(con, table, *arguments)

    monkeypatch.setattr(matching, "score", seen)
    return pairs


@SLOW
@given(rows=rows_drawn)
def test_nobody_has_two_verified_numbers_and_two_are_never_scored(rows: list[Row], compared: list[tuple[int, int]]) -> None:
    compared.clear()
    result = linked(new_register(), {"list": LISTED, **drawn(rows)}, linking=MATCHED)
    assert all(one % 2 == 1 for one, _ in compared), "one of two is a record that no number decides"
    most = result.con.execute("""
        SELECT coalesce(max(numbers), 0) FROM (
            SELECT count(DISTINCT number) AS numbers FROM identity_linked WHERE linked_by LIKE 'nhs_number%' GROUP BY person_id
        )
    """).fetchall()
    assert most == [(1,)]
    several = result.con.execute("SELECT count(*) FROM (SELECT file_id, source_row FROM link GROUP BY ALL HAVING count(*) > 1)").fetchall()
    assert several == [(0,)], "no row has two people"


@SLOW
@given(rows=rows_drawn)
def test_a_different_recorded_sex_changes_nothing(rows: list[Row]) -> None:
    told = [by_row(linked(new_register(), {"list": LISTED, **drawn(rows, sex)}, linking=MATCHED)) for sex in ("1", "2")]
    assert told[0] == told[1]


@SLOW
@given(rows=rows_drawn, luck=st.randoms(use_true_random=False))
def test_the_order_of_rows_and_files_changes_nothing(rows: list[Row], luck: random.Random) -> None:
    sources = {"list": LISTED, **drawn(rows)}
    shuffled = [(name, (contract, luck.sample(list(said), len(said)))) for name, (contract, said) in sources.items()]
    luck.shuffle(shuffled)
    told = [by_row(linked(new_register(), each, linking=MATCHED)) for each in (sources, dict(shuffled))]
    assert told[0] == told[1]


@SLOW
@given(rows=rows_drawn, more=rows_drawn)
def test_a_new_source_changes_no_person_that_there_was(rows: list[Row], more: list[Row]) -> None:
    register = new_register()
    before = by_row(linked(register, {"list": LISTED, **drawn(rows)}, linking=MATCHED))
    new = [{**row, "source_row": 100 + number} for _, said in drawn(more).values() for number, row in enumerate(said)]
    fields = {"nhs_number", "person_birth_date", "person_family_name", "person_given_name", "postcode_of_usual_address", "source_row"}
    new_source = {"new": ("deaths", [{name: value for name, value in row.items() if name in fields} for row in new])}
    after = by_row(linked(register, {"list": LISTED, **drawn(rows), **new_source}, linking=MATCHED, landing_id="second"))
    with register.engine.connect() as connection:
        merged = {(row.other_person_id, row.person_id) for row in connection.execute(sa.select(EVENT))}
    for row, (how, person) in before.items():
        now = after[row][1]
        assert how == "probability" or now == person
        assert person is None or now in {None, person} or (person, now) in merged
