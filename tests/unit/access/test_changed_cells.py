"""Published numbers side by side."""

from __future__ import annotations

from joinedup.access.changed_cells import STEP
from joinedup.access.published import PUBLISHED
from joinedup.build import all_specs


def test_no_published_table_has_the_column_that_tells_steps_apart():
    specs = all_specs()
    assert [of.table for of in PUBLISHED.values() if of.table in specs and STEP in specs[of.table].names] == []
