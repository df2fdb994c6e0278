"""The artificial HES samples land whole: real column names, null dates and codes, a source's own pseudonym, no spell id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from joinedup.engine.duck import connect
from joinedup.engine.files_lines import Connection
from joinedup.findings import Severity
from joinedup.place.folder import read_place
from joinedup.place.model import Place
from joinedup.sources.accounts import Staging
from joinedup.sources.contract import contracts
from joinedup.sources.landing import stage

pytestmark = pytest.mark.shared


@dataclass(frozen=True)
class Samples:
    """The samples, staged."""

    place: Place
    con: Connection
    staging: Staging

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()

    def found(self, file: str) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Rule -> count and first rows, of one file."""
        return {finding.rule: (finding.count, finding.rows) for finding in self.staging.findings if finding.file == file}


@pytest.fixture(scope="module")
def samples(root: Path, shared: Path) -> Iterator[Samples]:
    place = read_place(root / "tests" / "place" / "hes_samples", contract_names=tuple(contracts()))
    con = connect(threads=1)
    yield Samples(place, con, stage(con, place, shared / "open-data" / "extracts" / "hes_artificial"))
    con.close()


def test_every_row_is_accounted_for(samples: Samples) -> None:
    counts = [(file.file, file.rows_read, file.loaded, file.superseded, file.rejected) for file in samples.staging.files]
    assert counts == [
        ("hes_apc_0102.csv", 2075, 2055, 0, 20),
        ("hes_op_0304.csv", 1000, 999, 0, 1),
        ("hes_ae_0708.csv", 1000, 1000, 0, 0),
    ]
    assert samples.ask("SELECT source_row, rule FROM staged_rejected WHERE rule <> 'restricted-code'") == [(1942, "required-value-missing")]
    restricted = [(file.rejected_by.get("restricted-code", 0), file.blanked_codes) for file in samples.staging.files]
    assert restricted == [(19, 3), (1, 0), (0, 0)]  # drawn by chance: genitourinary medicine, HIV, abortion and the like
    assert [finding for finding in samples.staging.findings if finding.severity is Severity.ERROR] == []


def test_what_was_found(samples: Samples) -> None:
    assert samples.found("hes_apc_0102.csv") == {
        "missing-columns": (0, ()),
        "extra-columns": (0, ()),
        "unknown-code": (4, (169, 1790, 1881, 2053)),  # discharged to 86, a code of admission only
        "code-after-its-end": (212, (2, 3, 19, 27, 34)),  # ethnic categories of the years before, and the last of several codes
        "restricted-code": (0, ()),
        "required-value-missing": (1, (1942,)),  # admitted on 1801-01-01, which is no date
    }
    assert samples.found("hes_ae_0708.csv").keys() == {"missing-columns", "extra-columns"}


def test_people_have_the_pseudonym_of_hes_in_one_namespace(samples: Samples) -> None:
    assert {source.pseudonym for source in samples.place.sources} == {"hes"}
    query = "SELECT count(*), count(source_pseudonym), count(DISTINCT source_pseudonym), count(nhs_number) FROM "
    assert samples.ask(query + "staged_apc") == [(2055, 2055, 983, 0)]
    assert samples.ask(query + "staged_ecds") == [(1000, 1000, 672, 0)]
    assert samples.ask("SELECT count(*) FROM staged_apc WHERE source_pseudonym NOT LIKE 'TEST%' OR length(source_pseudonym) <> 32") == [
        (0,)
    ]


def test_null_dates_and_codes_are_null(samples: Samples) -> None:
    assert samples.ask("SELECT count(*) FROM staged_apc WHERE least(admidate, disdate, epistart, epiend) < DATE '1900-01-01'") == [(0,)]
    assert samples.ask("SELECT min(admidate)::VARCHAR, max(admidate)::VARCHAR FROM staged_apc") == [("1996-05-23", "2002-02-12")]
    codes = ["gpprac", "diag_01", "diag_02", "diag_03", "opertn_01", "opertn_03", "tretspef", "mainspef"]
    dashes = " OR ".join(f"{code} IN ('&', '-', '-  ', '')" for code in codes)
    assert samples.ask(f"SELECT count(*) FROM staged_apc WHERE {dashes}") == [(0,)]
    assert samples.ask("SELECT count(opertn_01), count(diag_02), count(lsoa11) FROM staged_apc") == [(1074, 1287, 1983)]


def test_what_spells_are_made_from_is_there(samples: Samples) -> None:
    assert samples.ask("SELECT count(susspellid) FROM staged_apc") == [(0,)]
    parts = ["procode3", "admidate", "epiorder", "spelbgin", "spelend", "epistart"]
    assert samples.ask(f"SELECT {', '.join(f'count({part})' for part in parts)} FROM staged_apc") == [(2055,) * len(parts)]
    assert samples.ask("SELECT spelbgin, count(*) FROM staged_apc GROUP BY 1 ORDER BY 1") == [("0", 214), ("1", 23), ("2", 1818)]
    assert samples.ask(
        "SELECT epikey, admidate::VARCHAR, admimeth, disdate, diag_01, diag_05, mydob FROM staged_apc WHERE source_row = 1"
    ) == [("513700125763", "2001-09-27", "28", None, "F321", "O721", "041968")]


def test_codes_of_the_older_emergency_data_are_mapped(samples: Samples) -> None:
    assert samples.ask("SELECT department_type, count(*) FROM staged_ecds GROUP BY 1 ORDER BY 1") == [(None, 1000)]  # all are 99, not known
    assert samples.ask("SELECT arrival_mode, count(*) FROM staged_ecds GROUP BY 1 ORDER BY 1") == [("1048031000000100", 248), (None, 752)]
    assert samples.ask("SELECT attendance_category, count(*) FROM staged_ecds GROUP BY 1 ORDER BY 1") == [
        ("1", 928),
        ("2", 18),
        ("4", 43),
        (None, 11),
    ]
    assert samples.ask("SELECT count(arrival_time), count(departure_time), count(final_price_pence) FROM staged_ecds") == [(1000, 955, 0)]
    assert samples.ask("SELECT arrival_date::VARCHAR, arrival_time, departure_time FROM staged_ecds WHERE source_row = 1") == [
        ("2008-02-12", "10:16", "00:34")
    ]


def test_outpatients_land_with_their_own_codes_and_without_null_dates(samples: Samples) -> None:
    assert samples.ask("SELECT min(apptdate)::VARCHAR, max(apptdate)::VARCHAR, count(DISTINCT attendkey) FROM staged_outpatient") == [
        ("2003-04-01", "2004-03-31", 999)
    ]
    assert samples.ask("SELECT attended, count(*) FROM staged_outpatient GROUP BY 1 ORDER BY 1") == [
        ("2", 40),
        ("3", 91),
        ("4", 51),
        ("5", 805),
        ("6", 12),
    ]
    assert samples.ask("SELECT firstatt, count(*) FROM staged_outpatient GROUP BY 1 ORDER BY 1") == [("1", 279), ("2", 691), ("9", 29)]
    assert samples.ask("SELECT count(*), count(source_pseudonym), count(procode3), count(lsoa11) FROM staged_outpatient") == [
        (999, 999, 999, 995)
    ]
    assert samples.ask("SELECT count(reqdate), min(reqdate)::VARCHAR, count(opertn_01), count(tretspef) FROM staged_outpatient") == [
        (821, "1998-05-05", 36, 933)  # 178 null dates, 963 and 66 null codes
    ]
    assert {rule: found[0] for rule, found in samples.found("hes_op_0304.csv").items()} == {
        "missing-columns": 0,
        "extra-columns": 0,
        "restricted-code": 0,
        "referral-after-appointment": 172,  # its fields are drawn one by one
        "procedure-without-attendance": 12,
    }
