"""How well and how fast rows that no number decides are matched: `python benchmarks/matching.py dirt|size|open …`.

    dirt EXTRACTS     precision and recall on invented extracts with their truth, by ethnic group and by kind of fault
    size EXTRACTS     seconds and memory of matching apart, as a process of its own
    open FOLDER       FEBRL 4 and fake_1000 (shared open data): F1 beside Splink's own models on the same data

Each prints a JSON object, and writes it into benchmarks/results-matching.json under its name.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import resource
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import splink
import splink.comparison_library as cl
from splink import block_on

from joinedup.engine.duck import connect, connect_encrypted
from joinedup.identity import linking, matching, records, scoring
from joinedup.identity.candidates import find_candidates
from joinedup.identity.staged import Staged
from joinedup.kept.identity_register import open_register
from joinedup.kept.keys import derived_keys
from joinedup.land import _source_files
from joinedup.place.folder import read_place
from joinedup.sources.landing import stage

RESULTS = Path(__file__).parent / "results-matching.json"
DECIDED_OTHERWISE = "('nhs_number', 'nhs_number_traced', 'nhs_number_alone', 'source_pseudonym', 'register_row')"

LEFT = """
    CASE WHEN u.local IS NOT NULL OR u.number IS NOT NULL AND NOT list_has_any(f.kinds, ['missing_number', 'another_number'])
    THEN 'a number'
    WHEN (u.born IS NOT NULL)::INTEGER + (u.given IS NOT NULL AND u.family IS NOT NULL)::INTEGER
        + (u.postcode IS NOT NULL AND NOT list_has_any(f.kinds, ['former_address', 'temporary_address', 'no_fixed_abode']))::INTEGER <= 1
    THEN 'little' ELSE 'enough' END
"""
"""What a row has left by which anybody could tell whose it is, by the faults planted and what its source gives, whatever matching
makes of it: little are those without any number of the person's own (nearly right counts), and with one at most of date of birth,
name and home (mistyped ones count): many share a day of birth or a name, and a household its home."""


def linked(place_folder: Path, extracts: Path, folder: Path) -> tuple[Staged, dict[str, float]]:
    """The place's extracts staged and linked, and what matching took of it."""
    place = read_place(place_folder)
    con = connect_encrypted(folder / "spill")
    staging = stage(con, place, extracts, lambda step: None)
    staged = Staged(con, _source_files(place, staging))
    took: dict[str, float] = {}

    def timed(name: str, work: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: object, **named: object) -> object:
            before = resource.getrusage(resource.RUSAGE_SELF)
            began, memory = time.perf_counter(), before.ru_maxrss
            found = work(*arguments, **named)
            after = resource.getrusage(resource.RUSAGE_SELF)
            took[f"{name}, seconds"] = round(time.perf_counter() - began, 1)
            took[f"{name}, processor seconds"] = round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1)
            took[f"{name}, MB at most before"], took[f"{name}, MB at most after"] = memory // 1024, after.ru_maxrss // 1024
            return found

        return run

    for module, function, name in ((linking, "match", "matching"), (records, "find_people", "gathering people")):
        setattr(module, function, timed(name, getattr(module, function)))
    register = open_register(folder / "identity.sqlite")
    began = time.perf_counter()
    with register.landing("first", derived_keys(hashlib.sha256(b"benchmark").digest())) as entry:
        linking.link(staged, entry, invented=True, linking=place.linking)
    took["linking as a whole, seconds"] = round(time.perf_counter() - began, 1)
    return staged, took | dict(con.execute("SELECT figure, value FROM linkage_run").fetchall())


def dirt(place: Path, extracts: Path) -> dict[str, Any]:
    """Of rows that no number decides and whose person is in the landing: linked rightly, wrongly, not at all."""
    with tempfile.TemporaryDirectory() as folder:
        staged, figures = linked(place, extracts, Path(folder))
        con = staged.con
        con.register("file_name", pa.table({"file_id": [f.file_id for f in staged.files], "file": [f.file for f in staged.files]}))
        con.execute("""
            CREATE TEMP TABLE first_people AS SELECT DISTINCT CAST(number AS VARCHAR) AS value, person_id
            FROM identity_linked WHERE linked_by LIKE 'nhs_number%' AND contract <> 'opt_out'
        """)
        truth = extracts / "truth"
        con.execute(f"""
            CREATE TEMP TABLE judged AS
            WITH numbers AS (
                SELECT person, ethnic_category, unnest(list_append(former_nhs_numbers, nhs_number)) AS number FROM '{truth}/people.parquet'
            ),
            known AS (
                SELECT n.person, max(n.ethnic_category) AS ethnic, min(p.person_id) AS person_id
                FROM numbers n JOIN (SELECT value, person_id FROM first_people) p ON p.value = n.number GROUP BY n.person
            ),
            own AS (SELECT contract, file_id, source_row, linked_by, person_id FROM link WHERE linked_by NOT IN {DECIDED_OTHERWISE})
            SELECT o.*, CASE WHEN len(f.kinds) = 1 THEN f.kinds[1] ELSE 'several' END AS kind, {LEFT} AS things_left,
                k.person, k.ethnic, k.person_id AS right_id
            FROM own o JOIN file_name USING (file_id)
            JOIN (
                SELECT file, source_row, person, list(DISTINCT kind) AS kinds FROM '{truth}/faulty_rows.parquet'
                GROUP BY file, source_row, person
            ) f ON f.file = file_name.file AND f.source_row = o.source_row
            LEFT JOIN known k ON k.person = f.person
            LEFT JOIN unlinked_row w ON w.contract = o.contract AND w.file_id = o.file_id AND w.source_row = o.source_row
            LEFT JOIN unlinked_record u ON u.record = w.record
        """)
        counted = """
            count(*) FILTER (person_id = right_id) AS right, count(*) FILTER (person_id <> right_id) AS wrong,
            count(*) FILTER (person_id IS NULL AND right_id IS NOT NULL) AS missed
        """
        left = "CASE WHEN things_left = 'little' THEN 'nothing left to go by' ELSE 'something left to go by' END"
        parts = {"all": "'all'", "by what is left": left, "kind": "kind", "ethnic group": "ethnic", "contract": "contract"}
        found: dict[str, Any] = {"figures": figures}
        for name, by in parts.items():
            rows = con.execute(f"SELECT {by}, {counted} FROM judged WHERE right_id IS NOT NULL GROUP BY 1 ORDER BY 1").fetchall()
            found[name] = {each: rates(*counts) for each, *counts in rows}
        [(nobody, linked_rows)] = con.execute("""
            SELECT count(*), count(*) FILTER (person_id IN (SELECT person_id FROM first_people)) FROM judged WHERE right_id IS NULL
        """).fetchall()
        found["rows of people whom no number of the landing knows"] = {"rows": nobody, "linked to another": linked_rows}
    return found


def rates(right: int, wrong: int, missed: int) -> dict[str, float]:
    """Precision and recall of counts."""
    there, every = right + wrong, right + wrong + missed
    return {
        "right": right,
        "wrong": wrong,
        "missed": missed,
        "precision": round(right / there, 5) if there else 1.0,
        "recall": round(right / every, 5) if every else 1.0,
    }


def size(place: Path, extracts: Path) -> dict[str, Any]:
    """What matching takes beside the rest of linking."""
    with tempfile.TemporaryDirectory() as folder:
        staged, figures = linked(place, extracts, Path(folder))
        [(rows,)] = staged.con.execute("SELECT count(*) FROM link").fetchall()
    return {"rows": rows, **figures}


def f1(found: set[tuple[str, str]], truth: set[tuple[str, str]]) -> dict[str, float]:
    """Of pairs."""
    both = len(found & truth)
    precision, recall = both / max(len(found), 1), both / len(truth)
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "F1": round(2 * precision * recall / max(precision + recall, 1e-9), 4),
    }


Pairs = Callable[[float], set[tuple[str, str]]]
"""The pairs found from a match weight on."""
SIDE = """
    SELECT row_number() OVER (ORDER BY uid) * 2 + {odd} AS id, row_number() OVER (ORDER BY uid) AS record, uid AS value, uid AS person_id,
        1 AS row_count, 1 AS senders, true AS valid, number, born, true AS exact, family, [family] AS families, given, [given] AS givens,
        postcode, [postcode] AS postcodes, NULL::VARCHAR[] AS practices, [local] AS locals, [local_kind] AS providers FROM ({query})
"""


def ours(queries: tuple[str, str], *, one_side: bool) -> Pairs:
    """Pairs by our own model: with `one_side` all pairs from link_at on, else each record's best with the margin, by match weight."""
    own = connect()
    for odd, (side, query) in enumerate(zip(("person", "record"), queries, strict=True)):
        own.execute(f"CREATE TABLE {side}_rows AS {SIDE.format(odd=odd, query=query)}")
    matching.prepare_sides(own)
    find_candidates(own)
    if one_side:
        own.execute("DELETE FROM candidate WHERE one - 1 = other")
    [(people,)] = own.execute("SELECT count(*) FROM person").fetchall()
    with scoring.quiet("benchmark"):
        model = scoring.learn(own, (3 if one_side else 1) / people)
        scoring.score(own, "candidate", model, -6.0, "scored")
    scored = own.execute("""
        SELECT r.value, p.person_id, s.weight, s.weight - coalesce(lead(s.weight) OVER of, -99), row_number() OVER of
        FROM scored s JOIN record r ON r.id = s.one JOIN person p ON p.id = s.other WINDOW of AS (PARTITION BY s.one ORDER BY s.weight DESC)
    """).fetchall()

    def pairs(at: float) -> set[tuple[str, str]]:
        if one_side:
            return {(min(a, b), max(a, b)) for a, b, weight, *_ in scored if weight >= at and a != b}
        return {(a, b) for a, b, weight, margin, place in scored if weight >= at and place == 1 and margin >= 3}

    return pairs


def splinks(
    con: duckdb.DuckDBPyConnection, tables: list[str], settings: splink.SettingsCreator, train: list[Any], sure: list[Any]
) -> Pairs:
    """Pairs by one of Splink's own models, trained as its tutorial does."""
    api = splink.DuckDBAPI(con)
    linker = splink.Linker(
        [api.register(name) for name in tables] if len(tables) > 1 else api.register(tables[0]), settings, log_level=None
    )
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in train:
        linker.training.estimate_parameters_using_expectation_maximisation(block)
    scored = linker.inference.predict(threshold_match_probability=0.01).as_duckdbpyrelation()
    rows = scored.project("unique_id_l, unique_id_r, match_weight").fetchall()

    def pairs(at: float) -> set[tuple[str, str]]:
        return {(min(str(a), str(b)), max(str(a), str(b))) for a, b, weight in rows if weight >= at}

    return pairs


WEIGHTS = (-6, -3, 0, 3, 5, 7.6, 10, 15)


def beside(mine: Pairs, theirs: Pairs, truth: set[tuple[str, str]]) -> dict[str, Any]:
    """F1 of both at their best threshold of match weight, and of ours at the package's."""
    told = {"ours, by match weight": mine, "Splink's, by match weight": theirs}
    by_weight = {name: {at: f1(pairs(at), truth) for at in WEIGHTS} for name, pairs in told.items()}
    best = {name.replace("by match weight", "best F1"): max(each["F1"] for each in found.values()) for name, found in by_weight.items()}
    return best | by_weight


FEBRL = (
    "rec_id",
    "given_name",
    "surname",
    "street_number",
    "address_1",
    "address_2",
    "suburb",
    "postcode",
    "state",
    "date_of_birth",
    "soc_sec_id",
)


def fake_1000(folder: Path) -> dict[str, Any]:
    """One table with duplicates; ours takes the e-mail address as the number at a provider, and the town for the postcode."""
    con = duckdb.connect()
    con.execute(f"CREATE TABLE fake AS FROM read_csv('{folder}/splink_fake_1000.csv')")
    rows = con.execute("SELECT CAST(unique_id AS VARCHAR), cluster FROM fake").fetchall()
    truth = {(min(a, b), max(a, b)) for a, one in rows for b, other in rows if a < b and one == other}
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[block_on("first_name", "city"), block_on("surname"), block_on("dob"), block_on("email")],
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=False),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
    )
    train = [block_on("first_name", "surname"), block_on("dob"), block_on("email")]
    theirs = splinks(con, ["fake"], settings, train, [block_on("first_name", "surname", "dob"), block_on("email")])
    query = f"""
        SELECT CAST(unique_id AS VARCHAR) AS uid, NULL::VARCHAR AS number, CAST(dob AS DATE) AS born,
            {records.name_sql("surname")} AS family, {records.name_sql("first_name")} AS given,
            upper(city) AS postcode, lower(email) AS local,
            CASE WHEN email IS NOT NULL THEN 'e-mail' END AS local_kind FROM read_csv('{folder}/splink_fake_1000.csv')
    """
    return beside(ours((query, query), one_side=True), theirs, truth)


def _febrl(folder: Path, side: str) -> str:
    return f"read_csv('{folder}/febrl_dataset4{side}.csv', all_varchar = true, skip = 1, header = false, names = {list(FEBRL)})"


def febrl_4(folder: Path) -> dict[str, Any]:
    """Two tables, each record once in each; the social security number stands for the NHS number."""
    con = duckdb.connect()
    for side in "ab":
        trimmed = ", ".join(f"nullif(trim({name}), '') AS {name}" for name in FEBRL)
        con.execute(f"""
            CREATE TABLE febrl_{side} AS SELECT rec_id AS unique_id, * EXCLUDE (rec_id) FROM (
                SELECT {trimmed} FROM {_febrl(folder, side)}
            )
        """)
    truth = {(f"rec-{n}-dup-0", f"rec-{n}-org") for (n,) in con.execute("SELECT split_part(unique_id, '-', 2) FROM febrl_a").fetchall()}
    settings = splink.SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            block_on("given_name", "surname"),
            block_on("date_of_birth"),
            block_on("soc_sec_id"),
            block_on("postcode", "given_name"),
            block_on("postcode", "surname"),
            block_on("street_number", "address_1"),
        ],
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.LevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("postcode", [1, 2]),
        ],
    )
    theirs = splinks(
        con,
        ["febrl_a", "febrl_b"],
        settings,
        [block_on("date_of_birth"), block_on("postcode"), block_on("given_name", "surname")],
        [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
    )
    queries = tuple(
        f"""
        SELECT trim(rec_id) AS uid, nullif(trim(soc_sec_id), '') AS number, try_strptime(trim(date_of_birth), '%Y%m%d')::DATE AS born,
            {records.name_sql("trim(surname)")} AS family,
            {records.name_sql("trim(given_name)")} AS given, nullif(trim(postcode), '') AS postcode,
            NULL::VARCHAR AS local, NULL::VARCHAR AS local_kind
        FROM {_febrl(folder, side)}
        """
        for side in "ab"
    )
    return beside(ours(queries, one_side=False), theirs, truth)


def open_data(place: Path, folder: Path) -> dict[str, Any]:
    """Both open data sets."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    return {"FEBRL 4": febrl_4(folder), "fake_1000": fake_1000(folder)}


def main() -> None:
    """The figures on stdout and in benchmarks/."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("dirt", "size", "open"))
    options.add_argument("folder", type=Path)
    options.add_argument("--place", type=Path, default=Path("places/calderdale"))
    options.add_argument("--name", default="", help="under which the results are kept, beside what was measured")
    chosen = options.parse_args()
    found = {"dirt": dirt, "size": size, "open": open_data}[chosen.what](chosen.place, chosen.folder)
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept[f"{chosen.what} {chosen.name}".strip()] = found
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
