"""What prices of admitted care are of, the source says; where they look like the other, there is a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinedup.sources.contract import contracts
from tests.unit.sources.extracts import NUMBERS, lines, source, staged

HEADER = "NHS_NUMBER,EPIKEY,SUSSPELLID,PROCODE3,ADMIDATE,ADMIMETH,EPIORDER,FINAL_PRICE"


def spells(first: float, second: float, count: int = 9) -> list[str]:
    """Spells of two episodes with these prices, and one of a single episode."""
    told = ((n, order, price) for n in range(count) for order, price in ((1, first), (2, second)))
    rows = [f"{NUMBERS[0]},{n}-{order},S{n},RWY,2025-01-02,21,{order},{price:.2f}" for n, order, price in told]
    return [HEADER, *rows, f"{NUMBERS[1]},x,SX,RWY,2025-01-02,21,1,700.00"]


def found(work: Path, rows: list[str], price_of: str | None) -> list[tuple[str, int]]:
    said = {} if price_of is None else {"price_of": price_of}
    result = staged(work, {"file.csv": lines(*rows)}, source("apc", **said))
    return [(finding.rule, finding.count) for finding in result.staging.findings if finding.rule == "price-of-the-other"]


@pytest.mark.parametrize(
    ("prices", "price_of", "expected"),
    [
        ((500, 501), None, 9),
        ((500, 501), "spell", 9),
        ((500, 501), "episode", 0),
        ((500, 500), "spell", 0),
        ((500, 500), "episode", 9),
        ((500, 0), "spell", 0),
        ((500, 0), "episode", 0),
    ],
)
def test_prices_that_look_like_the_other_are_found(tmp_path: Path, prices: tuple[int, int], price_of: str | None, expected: int) -> None:
    assert found(tmp_path, spells(*prices), price_of) == ([("price-of-the-other", expected)] if expected else [])


def test_a_few_say_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, spells(500, 501, count=7), "spell") == []


def nought(work: Path, contract: str, *rows: str) -> list[tuple[str, int]]:
    result = staged(work, {"file.csv": lines(*rows)}, source(contract))
    return [(finding.endangers, finding.count) for finding in result.staging.findings if finding.rule == "price-nought"]


@pytest.mark.parametrize(("nothing", "paid", "expected"), [(8, 32, 8), (8, 33, 0), (7, 1, 0), (40, 0, 40)])
def test_prices_of_nothing_are_found_by_their_share(tmp_path: Path, nothing: int, paid: int, expected: int) -> None:
    prices = ["0.00"] * nothing + ["250.00"] * paid
    rows = [f"{NUMBERS[0]},{n},RWY,2025-01-{1 + n % 28:02d},{price}" for n, price in enumerate(prices)]
    found = nought(tmp_path, "ecds", "NHS_NUMBER,EPIKEY,PROVIDER_CODE,ARRIVAL_DATE,FINAL_PRICE", *rows, f"{NUMBERS[0]},x,RWY,2025-01-09,")
    assert found == ([("cost", expected)] if expected else [])


def test_a_spell_with_a_price_on_one_row_has_one(tmp_path: Path) -> None:
    assert nought(tmp_path, "apc", *spells(500, 0)) == []
    assert nought(tmp_path, "apc", *spells(0, 0)) == [("cost", 9)]


def test_what_is_priced_together_is_of_the_contract() -> None:
    together = {name: contract.priced_together for name, contract in contracts().items() if contract.priced_together}
    assert list(together) == ["apc"]
    for name, told in together.items():
        assert {told.number, *told.within, told.price} <= {field.name for field in contracts()[name].fields}
