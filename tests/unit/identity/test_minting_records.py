"""Ids of people known by records alone: however records cluster from landing to landing, no two people have the same."""

from __future__ import annotations

from functools import cache

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from joinedup.engine.duck import connect
from joinedup.identity.hashing import hmac_parameters, hmac_sql, joined_sql
from joinedup.identity.minting import mint, mint_records
from joinedup.kept.identity_register import IdentityRegister, open_register
from joinedup.kept.merges import RECORD_SCHEME, one_with
from tests.unit.identity.people import KEYS

RECORDS = 7
Clusters = dict[int, int]
"""Record -> cluster."""
CLUSTERS = st.dictionaries(st.integers(1, RECORDS), st.integers(1, 3), min_size=1)


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """Where landings are worked out, one after another: what is the same in all of them is made, and hashed, once."""
    con = connect(threads=1)
    con.execute("CREATE TEMP TABLE identity_former(value VARCHAR, former VARCHAR, steps INTEGER)")
    con.execute(f"CREATE TEMP TABLE unlinked_record AS SELECT range AS record, 'record ' || range AS value FROM range({RECORDS + 1})")
    hashed = hmac_sql(joined_sql(f"'{RECORD_SCHEME}'", "value"))
    con.execute(f"CREATE TEMP TABLE record_hash AS SELECT record, {hashed} AS hash FROM unlinked_record", hmac_parameters(KEYS.pseudonym))
    con.execute("CREATE TEMP TABLE matching_decision(record BIGINT, person_id BIGINT, status VARCHAR)")
    return con


def landed(register: IdentityRegister, landing_id: str, clusters: Clusters) -> Clusters:
    """Cluster -> person_id; each cluster has one."""
    con = connection()
    con.execute("CREATE OR REPLACE TEMP TABLE identity_key(scheme VARCHAR, value VARCHAR)")
    con.register("given", pa.table({"record": list(clusters), "cluster": list(clusters.values())}))
    con.execute("CREATE OR REPLACE TEMP TABLE matching_cluster AS FROM given")
    with register.landing(landing_id, KEYS) as entry:
        mint(con, entry)
        mint_records(con, entry)
    rows = con.execute("SELECT DISTINCT cluster, person_id FROM record_person JOIN matching_cluster USING (record)").fetchall()
    assert len(rows) == len(dict(rows)), "a cluster has one id"
    return dict(rows)


@settings(max_examples=8, deadline=None, database=None)
@given(landings=st.lists(CLUSTERS, min_size=2, max_size=4))
def test_clusters_and_ids_are_one_to_one(landings: list[Clusters]) -> None:
    register = open_register("sqlite://")
    for number, clusters in enumerate(landings):
        shown = landed(register, str(number), clusters)
        assert shown.keys() == set(clusters.values())
        assert len(set(shown.values())) == len(shown), "an id stands for one cluster"
        with register.connected(KEYS) as connection:
            for person in shown.values():
                assert one_with(connection, person) & set(shown.values()) == {person}, "who is held apart is one with nobody else"
        assert landed(register, f"{number} again", clusters) == shown, "the same extracts give the same ids"


def test_who_has_most_of_the_records_keeps_the_id() -> None:
    register = open_register("sqlite://")
    first = landed(register, "first", {1: 1, 2: 1, 3: 1})
    second = landed(register, "second", {1: 1, 2: 2, 3: 2})
    assert second[2] == first[1] != second[1]
    assert landed(register, "third", {1: 5, 4: 5, 3: 6}) == {5: second[1], 6: second[2]}
