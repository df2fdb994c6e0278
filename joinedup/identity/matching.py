"""Matching: records that no number decides, compared with the people of the landing and with one another."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from joinedup.engine.duck import connect_encrypted
from joinedup.findings import Finding, Severity
from joinedup.identity import records
from joinedup.identity.alike import with_people_alike, with_sources
from joinedup.identity.candidates import find_candidates, find_record_pairs
from joinedup.identity.comparisons import COLUMNS, COMPARISONS
from joinedup.identity.deciding import LEAST_TELLING, decide, find_clusters, weight_of, with_known_share
from joinedup.identity.hashing import hmac_parameters, hmac_sql, joined_sql
from joinedup.identity.minting import mint_records
from joinedup.identity.scoring import LEAST_RECORDS, Model, learn, model_of_ours, quiet, score
from joinedup.identity.staged import Staged
from joinedup.identity.told import keep_out_told
from joinedup.kept.decisions import decided
from joinedup.kept.identity_register import RegisterLanding
from joinedup.kept.merges import RECORD_SCHEME
from joinedup.kept.pairs import offer_pairs
from joinedup.place.model import Linking

FIGURES = {
    "link_at": "Probability from which a record is linked",
    "review_from": "Probability from which people are asked",
    "margin": "Match weight by which the best person must be ahead of the second best",
    "prior": "Probability that a record and a person, taken at random, are one",
    "known_share": "Share of the records whose person is among those known, as the scores have it; the prior is made of it",
    "trained": "1 where the weights were learned from this landing, 0 where they are those of the package",
    "people": "People known by number or by the registration list",
    "records": "Records without a person that have enough to be compared",
    "records_too_little": "Records without a person that have too little to be compared",
    "pairs": "Pairs of a record and a person that were scored",
    "linked": "Records linked by probability to a person known by number or the list",
    "confirmed": "Records linked because two people agreed",
    "in_doubt": "Records of which people are asked",
    "among_themselves": "Records that match nobody known and are one person with other records",
    "not_linked": "Records linked to nobody and in no doubt",
}
"""What `linkage_run` tells."""

MATCHED_ROW = """
    CREATE OR REPLACE TEMP TABLE matched_row (
        contract VARCHAR, file_id INTEGER, source_row BIGINT, person_id BIGINT, linked_by VARCHAR, born DATE
    )
"""
NO_TABLES = (
    "CREATE OR REPLACE TEMP TABLE linkage_weight (comparison VARCHAR, level INTEGER, label VARCHAR, m DOUBLE, u DOUBLE, weight DOUBLE)",
    "CREATE OR REPLACE TEMP TABLE linkage_run (figure VARCHAR, value DOUBLE, meaning VARCHAR)",
)
UNTRAINED = (
    f"too few records (under {LEAST_RECORDS}) or people to learn from how they agree, or what was learned made no sense; the weights that "
    "come with the package were used, learned from invented people: look at the pairs in doubt with more care"
)


LEAST_PEOPLE = 1000
"""However few are known, somebody else might have been meant: a small place's people have neighbours."""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Nothing; the tables that matching fills are there, empty."""
    for statement in (MATCHED_ROW, *NO_TABLES):
        con.execute(statement)


def match(staged: Staged, entry: RegisterLanding, linking: Linking) -> list[Finding]:
    """What was found; `matched_row` has the rows that matching gave a person, `linkage_weight` and `linkage_run` how it came to it.

    Before it rows are linked by number, the views linked_<contract> are there and the tables are prepared.
    """
    con = staged.con
    records.find_records(staged)
    [(there,)] = con.execute(f"SELECT count(*) FROM ({records.RECORD_SIDE})").fetchall()
    judged = _judged(staged, entry)
    findings = keep_out_told(con, entry, judged)
    run = _Run(linking)
    if linking.off or not there:
        _link_confirmed(con, judged)
        run.write(con)
        return findings
    records.find_people(staged)
    own = own_connection(con)
    try:
        with quiet("matching"):
            _copy_sides(staged, own)
            model = run.matched(own, judged)
            _bring_back(staged, own)
    finally:
        own.close()
    mint_records(con, entry)
    con.execute(LINKED_ROWS)
    offer_pairs(entry, with_sources(staged, with_people_alike(con, _pairs_in_doubt(staged))))
    run.write(con)
    untrained = Finding("matching", "weights-not-learned", UNTRAINED, severity=Severity.WARNING, endangers="links by probability")
    return findings if model.trained else [*findings, untrained]


def _link_confirmed(con: duckdb.DuckDBPyConnection, judged: pa.Table) -> None:
    """Nothing; what two people agreed on is linked, where nothing is matched."""
    con.register("judged_pairs", judged)
    con.execute("""
        INSERT INTO matched_row
        SELECT r.contract, r.file_id, r.source_row, j.person_id, 'confirmed', u.born
        FROM unlinked_row r JOIN judged_pairs j USING (record) JOIN unlinked_record u USING (record) WHERE j.same
    """)
    con.unregister("judged_pairs")


LINKED_ROWS = """
    INSERT INTO matched_row
    SELECT r.contract, r.file_id, r.source_row, p.person_id, p.status, u.born
    FROM unlinked_row r JOIN record_person p USING (record) JOIN unlinked_record u USING (record)
"""


def _judged(staged: Staged, entry: RegisterLanding) -> pa.Table:
    """What people agreed on of the records of this landing: record, person_id, same. Records then have their `hash`."""
    con = staged.con
    hashed = hmac_sql(joined_sql(f"'{RECORD_SCHEME}'", "value"))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE record_hash AS SELECT record, {hashed} AS hash FROM unlinked_record",
        hmac_parameters(entry.keys.pseudonym),
    )
    con.register("decided_pairs", decided(entry))
    found = con.sql(
        "SELECT h.record, d.person_id, d.same FROM decided_pairs d JOIN record_hash h ON h.hash = d.record_hash"
    ).to_arrow_table()
    con.unregister("decided_pairs")
    return found


def _bring_back(staged: Staged, own: duckdb.DuckDBPyConnection) -> None:
    """Nothing; the tables `decision`, `doubt` and `cluster` are in the landing's connection too."""
    for name in ("decision", "doubt", "cluster"):
        staged.con.register("brought_back", own.sql(f"FROM {name}").to_arrow_table())
        staged.con.execute(f"CREATE OR REPLACE TEMP TABLE matching_{name} AS FROM brought_back")
        staged.con.unregister("brought_back")


def _pairs_in_doubt(staged: Staged) -> pa.Table:
    """The pairs that people are asked about, with the identifiers of both; records without a name or a number nobody could judge."""
    fields = {"number": "number", "born": "CAST({0}.born AS VARCHAR)", "family": "family", "given": "given", "postcode": "postcode"}
    sides = [
        f"{(said if '{0}' in said else '{0}.' + said).format(side)} AS {prefix}_{name}"
        for prefix, side in (("r", "u"), ("p", "k"))
        for name, said in fields.items()
    ]
    return staged.con.sql(f"""
        SELECT h.hash AS record_hash, w.contract, d.person_id, 1 / (1 + pow(2, -d.weight)) AS probability, {", ".join(sides)}
        FROM matching_doubt d JOIN record_hash h USING (record) JOIN unlinked_record u USING (record)
        JOIN known_person k ON k.person_id = d.person_id
        JOIN (SELECT record, min(contract) AS contract FROM unlinked_row GROUP BY record) w USING (record)
        WHERE u.given IS NOT NULL OR u.number IS NOT NULL ORDER BY h.hash, d.person_id
    """).to_arrow_table()


@dataclass(slots=True)
class _Run:
    """One matching: what it was told, and the figures that it gives."""

    linking: Linking
    figures: dict[str, float] = field(default_factory=dict)
    model: Model | None = None

    def matched(self, own: duckdb.DuckDBPyConnection, judged: pa.Table) -> Model:
        """The model; the connection of our own has every decision."""
        [(people, there)] = own.execute("SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM record)").fetchall()
        prior = 1 / max(people, LEAST_PEOPLE)
        pairs = find_candidates(own)
        self.model = learn(own, prior) if pairs else Model(model_of_ours(), prior, trained=False)
        least = min(weight_of(self.linking.review_from), weight_of(self.linking.link_at) - self.linking.margin)
        score(own, "candidate", self.model, -LEAST_TELLING, "scored")
        share = with_known_share(own, least)
        decide(own, self.linking, judged)
        own.execute("CREATE TABLE orphan AS FROM record WHERE record NOT IN (SELECT record FROM decision)")
        find_record_pairs(own)
        score(own, "record_pair", self.model, least, "scored_records")
        find_clusters(own, self.linking)
        prior *= share / (1 - share)
        self.figures |= {
            "prior": prior,
            "known_share": share,
            "people": people,
            "records": there,
            "pairs": pairs,
            "trained": self.model.trained,
        }
        self.figures |= dict(own.execute(COUNTS).fetchall())
        return self.model

    def write(self, con: duckdb.DuckDBPyConnection) -> None:
        """Nothing; `linkage_run` and `linkage_weight` tell of it."""
        linking, counted = self.linking, self.figures.get("records", 0)
        [(every,)] = con.execute("SELECT count(*) FROM unlinked_record").fetchall()
        told = {
            "link_at": linking.link_at,
            "review_from": linking.review_from,
            "margin": linking.margin,
            "records_too_little": every - counted,
        }
        rows = [(name, float((told | self.figures).get(name, 0)), meaning) for name, meaning in FIGURES.items()]
        con.executemany("INSERT INTO linkage_run VALUES (?, ?, ?)", rows)
        if self.model:
            weights = self.model.weights
            rows_of = [(c.name, level, label, *weights[c.name][label]) for c in COMPARISONS for level, label in enumerate(c.labels)]
            con.executemany("INSERT INTO linkage_weight VALUES ($1, $2, $3, $4, $5, log2($4 / $5))", rows_of)


COUNTS = """
    SELECT CASE status WHEN 'probability' THEN 'linked' ELSE status END, count(*) FROM decision GROUP BY status
    UNION ALL SELECT 'among_themselves', count(*) FROM cluster
    UNION ALL SELECT 'not_linked', (SELECT count(*) FROM orphan) - (SELECT count(*) FROM cluster)
"""


def own_connection(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A database of its own in memory that spills, encrypted, into a folder within the landing's; all that it holds goes with it."""
    [(folder,)] = con.execute("SELECT current_setting('temp_directory')").fetchall()
    own = connect_encrypted(Path(folder) / "matching" if folder else None)
    own.execute("SET enable_progress_bar = false")
    return own


SIDES = {
    "record": (f"SELECT record * 2 + 1 AS id, * FROM ({records.RECORD_SIDE})", "record, value, row_count, senders, valid"),
    "person": ("SELECT row_number() OVER (ORDER BY person_id) * 2 AS id, * FROM known_person", "person_id"),
}
"""Each side of the comparison: everyone on it, each with a number as Splink wants it, and what is kept of them beside what is compared."""


def _copy_sides(staged: Staged, own: duckdb.DuckDBPyConnection) -> None:
    """Nothing; the two sides are in the connection of our own, ready to be compared."""
    for side, (query, _) in SIDES.items():
        own.register(f"{side}_rows", staged.con.sql(query).to_arrow_table())
    prepare_sides(own)
    for side in SIDES:
        own.unregister(f"{side}_rows")


def prepare_sides(own: duckdb.DuckDBPyConnection) -> None:
    """Nothing; `record` and `person` are made of `record_rows` and `person_rows`, with `subject` (both) and how rare their values are."""
    sounds = ", ".join(f"{records.consonants_sql(name)} AS {name}_sound" for name in ("family", "given"))
    forms = records.short_forms()
    own.register("short_form", pa.table({"short": list(forms), "forms": list(forms.values())}))
    for side, (_, keeps) in SIDES.items():
        own.execute(f"""
            CREATE TABLE {side} AS SELECT CAST(id AS BIGINT) AS id, {keeps}, {COLUMNS}, {sounds},
                coalesce(f.forms, CASE WHEN given IS NOT NULL THEN [given] END) AS given_forms
            FROM {side}_rows LEFT JOIN short_form f ON f.short = given
        """)
    own.unregister("short_form")
    described = own.execute("DESCRIBE person").fetchall()
    columns = ", ".join(column[0] for column in described if column[0] != "person_id")
    own.execute(f"CREATE TABLE subject AS SELECT {columns} FROM record UNION ALL SELECT {columns} FROM person")
    for name in ("given", "family", "postcode"):
        own.execute(f"""
            CREATE TABLE rarity_{name} AS SELECT {name}, count(*) / sum(count(*)) OVER () AS tf_{name}
            FROM person WHERE {name} IS NOT NULL GROUP BY {name}
        """)
