"""A small made-up place, landed and built: 900 people drawn from a seed, three neighbourhoods of odd shapes, every kind of gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from joinedup.build import about, all_specs, place_inputs
from joinedup.engine.builder import build, write_input
from joinedup.engine.reader import Reader
from joinedup.engine.specs import ColumnType, TableSpec
from joinedup.engine.store import Store
from joinedup.place.model import Membership, Neighbourhood, Partner, Place, Practice, SmallArea, Source
from joinedup.sources.accounts import FileAccount
from joinedup.sources.landed import LandingRecord
from tests.agreements import agreement

PEOPLE = 900
AS_AT = date(2026, 3, 31)
SPECS = all_specs()
ARROW = {
    ColumnType.STRING: pa.string(),
    ColumnType.INTEGER: pa.int32(),
    ColumnType.BIGINT: pa.int64(),
    ColumnType.DATE: pa.date32(),
    ColumnType.DOUBLE: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
}
Landed = dict[str, pa.Table]
CONTRACTS = ("register", "apc", "ecds", "deaths")


@dataclass(frozen=True)
class Built:
    """A place and the store that holds its build."""

    place: Place
    store: Store
    landed: Landed

    def rows(self, name: str) -> list[dict[str, Any]]:
        table: pa.Table = Reader(self.store).table(name)
        return list(table.to_pylist())


def a_place(**changes: Any) -> Place:
    """North for good, west until it was split off in October, empty for nobody; one practice in no neighbourhood."""
    values: dict[str, Any] = {
        "id": "fell-side",
        "name": "Fell Side",
        "folder": Path("fell-side"),
        "invented": True,
        "as_at": AS_AT,
        "neighbourhoods": (
            Neighbourhood(id="north", name="North"),
            Neighbourhood(id="west", name="West", start=date(2025, 10, 1)),
            Neighbourhood(id="place", name="A neighbourhood called place"),
            Neighbourhood(id="old", name="Old", end=date(2020, 1, 1)),
        ),
        "partners": (Partner(id="trust", name="Fell Trust", code="RX1", roles=("provider",)),),
        "practices": tuple(Practice(code=f"ZZ000{n}", name=f"Practice {n}") for n in range(4)),
        "memberships": (
            Membership(practice="ZZ0000", neighbourhood="north"),
            Membership(practice="ZZ0001", neighbourhood="north", end=date(2025, 10, 1)),
            Membership(practice="ZZ0001", neighbourhood="west", start=date(2025, 10, 1)),
            Membership(practice="ZZ0002", neighbourhood="north", start=date(2025, 7, 1), end=date(2025, 9, 1)),
        ),
        "sources": tuple(Source(name=name, partner="trust", contract=name, files=(f"{name}.csv",)) for name in CONTRACTS),
        "has_sharing": True,
        "agreements": (agreement(sources=CONTRACTS),),
        "areas": tuple(SmallArea(code=f"E0100000{n}", deprivation_decile=2 * n + 1, deprivation_rank=n + 1) for n in range(5)),
    }
    return Place(**(values | changes))


def table_of(spec: TableSpec, columns: dict[str, Any]) -> pa.Table:
    """A table as its spec declares it, null where nothing is given."""
    rows = len(next(iter(columns.values()))) if columns else 0
    assert set(columns) <= {column.name for column in spec.columns}
    made = {c.name: pa.array(list(columns[c.name]) if c.name in columns else [None] * rows, ARROW[c.type]) for c in spec.columns}
    return pa.table(made)


def landed_tables(seed: int) -> Landed:
    """Register, admissions, attendances and deaths of the made-up people, with unlinked rows, gaps and overlaps."""
    draw = np.random.default_rng(seed)

    def some(values: list[Any], size: int) -> list[Any]:
        return [values[index] for index in draw.integers(0, len(values), size)]

    def days(first: date, span: int, size: int) -> list[date]:
        return [first + timedelta(days=int(offset)) for offset in draw.integers(0, span, size)]

    def base(file_id: int, people: list[Any]) -> dict[str, Any]:
        linked = ["nhs_number" if person is not None else "no_number" for person in people]
        return {"person_id": people, "linked_by": linked, "file_id": [file_id] * len(people), "source_row": range(1, len(people) + 1)}

    ids = list(range(1, PEOPLE + 1))
    listed = [*ids, *some(ids, 250), None, None]
    starts = days(date(2010, 1, 1), 5930, len(listed))
    ends = [
        start + timedelta(days=int(n)) if n < 4000 else None for start, n in zip(starts, draw.integers(1, 9000, len(starts)), strict=True)
    ]
    register = base(1, listed) | {
        "person_stated_gender_code": some(["1", "2", "2", None], len(listed)),
        "general_medical_practice_code_patient_registration": some(["ZZ0000", "ZZ0001", "ZZ0002", "ZZ0003", "YY9999"], len(listed)),
        "start_date_gmp_patient_registration": starts,
        "end_date_gmp_patient_registration": ends,
        "lsoa_of_residence": some([f"E0100000{n}" for n in range(6)], len(listed)),
    }
    patients = some([*ids, None], 1500)
    admitted = days(date(2024, 4, 1), 740, 1500)
    nights = [int(n) for n in draw.geometric(0.2, 1500) - 1]
    left = [day + timedelta(days=n) for day, n in zip(admitted, nights, strict=True)]
    apc = base(2, patients) | {
        "susspellid": some([f"S{n}" for n in range(1200)], 1500),
        "procode3": ["RX1"] * 1500,
        "admidate": admitted,
        "admimeth": some(["21", "22", "11", "12", "31", None], 1500),
        "classpat": some(["1", "1", "2"], 1500),
        "disdate": left,
        "disreadydate": [day - timedelta(days=min(n, 3)) for day, n in zip(left, nights, strict=True)],
        "epistart": admitted,
        "epiend": left,
        "epiorder": [1] * 1500,
        "epistat": ["3"] * 1500,
        "diag_01": some(["J440", "L031", "F329", "I219", "C509"], 1500),
        "final_price_pence": some([None, 100, 250_000], 1500),
    }
    attended = some([*ids, None], 1300)
    ecds = base(3, attended) | {
        "arrival_date": days(date(2024, 4, 1), 740, 1300),
        "department_type": some(["01", "05"], 1300),
        "final_price_pence": some([None, 9_900], 1300),
    }
    dead = ids[:40]
    deaths = base(4, dead) | {"reg_date_of_death": days(date(2025, 1, 1), 450, 40)}
    person = {
        "person_id": ids,
        "birth_month": [day.replace(day=1) if n else None for n, day in enumerate(days(date(1930, 1, 1), 35000, PEOPLE))],
        "linked_by": ["nhs_number"] * PEOPLE,
    }
    file = {"file_id": range(1, 5), "source": CONTRACTS, "contract": CONTRACTS, "partner": ["trust"] * 4, "file": CONTRACTS}
    made = {"register": register, "apc": apc, "ecds": ecds, "deaths": deaths, "person": person, "file": file}
    return {f"landed_{name}": table_of(SPECS[f"landed_{name}"], columns) for name, columns in made.items()}


def landing_of(landed: Landed, missing: tuple[str, ...], data_to: dict[str, date]) -> LandingRecord:
    """What a landing would say of these tables."""
    contracts = [name for name in CONTRACTS if name not in missing]
    files = tuple(
        account(number, name, landed[f"landed_{name}"].num_rows, data_to.get(name, AS_AT)) for number, name in enumerate(contracts, 1)
    )
    return LandingRecord(
        landing_id="l1",
        landed_at=datetime(2026, 4, 2, tzinfo=UTC),
        software="test",
        signature="s",
        key_fingerprint="k",
        tables={},
        files=files,
        missing_contracts=missing,
    )


def account(number: int, contract: str, rows: int, data_to: date) -> FileAccount:
    """The account of one file whose every row was loaded."""
    return FileAccount(
        file_id=number,
        source=contract,
        partner="trust",
        contract=contract,
        file=f"{contract}.csv",
        sha256=None,
        rows_read=rows,
        loaded=rows,
        superseded=0,
        rejected=0,
        linked=0,
        data_to=data_to,
    )


def built(root: Path, place: Place, landed: Landed, missing: tuple[str, ...] = (), data_to: dict[str, date] | None = None) -> Built:
    """The place built from these landed tables; those of a missing contract are empty."""
    empty = {
        name: table_of(spec, {}) for name, spec in SPECS.items() if not spec.derived and spec.csv is None and not name.startswith("place_")
    }
    landed = empty | landed | {f"landed_{name}": empty[f"landed_{name}"] for name in missing}
    store = Store(root).create()
    inputs = {name: write_input(table, SPECS[name], store) for name, table in landed.items()} | place_inputs(place, store, SPECS)
    build(SPECS, inputs, store, jobs=1, about=about(place, landing_of(landed, missing, data_to or {})))
    return Built(place, store, landed)


@pytest.fixture(autouse=True)
def _releases_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with nothing released."""
    monkeypatch.setenv("JOINEDUP_RELEASES", f"sqlite:///{tmp_path / 'releases.sqlite'}")


@pytest.fixture(scope="session")
def landed() -> Landed:
    return landed_tables(20260331)


@pytest.fixture(scope="session")
def fell_side(tmp_path_factory: pytest.TempPathFactory, landed: Landed) -> Built:
    """The place with all four extracts."""
    return built(tmp_path_factory.mktemp("fell-side"), a_place(), landed)


@pytest.fixture
def build_again(tmp_path: Path, landed: Landed) -> Callable[..., Built]:
    """Builds of the same people under other circumstances."""
    return lambda place=None, **changes: built(tmp_path / "store", place or a_place(), landed, **changes)
