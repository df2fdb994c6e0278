"""What is kept of who people are: all that a contract's rows say of somebody, whenever that has changed, the latest last."""

from __future__ import annotations

from joinedup.identity.staged import Staged
from joinedup.identity.verifying import MATCHED
from joinedup.kept.identity_register import RegisterLanding
from joinedup.sources.contract import ContractSpec, contracts

EVER = "DATE '9999-12-31'"


def keep_identifiers(staged: Staged, entry: RegisterLanding, contract: str) -> None:
    """Nothing; the register has what this contract's rows say of linked people, in the order in which it came to be said.

    Of whoever is said otherwise than in the landing that last told of them all versions are kept again, so that a name that comes
    back is the latest once more. What may be parted again isn't kept.
    """
    con, spec = staged.con, contracts()[contract]
    names = [field.landed for field in spec.identifiers if field.landed in staged.columns[contract]]
    columns = ", ".join(["person_id", *names])
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE identifiers_said AS
        SELECT {columns}, max({_order_sql(spec, staged.columns[contract])}) AS said_last,
            row_number() OVER (PARTITION BY person_id ORDER BY said_last DESC) = 1 AS latest
        FROM linked_{contract} WHERE person_id IS NOT NULL AND linked_by NOT IN {MATCHED} GROUP BY {columns}
    """)
    kept = entry.identifiers(contract)
    which = "true"
    if kept is not None:
        con.register("kept_identifiers", kept)
        before = ", ".join(name if name in kept.column_names else f"NULL AS {name}" for name in ("person_id", *names))
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE identifiers_before AS
            WITH numbered AS (SELECT {before}, landing_id, row_number() OVER () AS place FROM kept_identifiers),
            by_landing AS (SELECT *, min(place) OVER (PARTITION BY landing_id) AS landing FROM numbered),
            last_told AS (SELECT *, max(landing) OVER (PARTITION BY person_id) AS last_landing FROM by_landing)
            SELECT {columns}, place = max(place) OVER (PARTITION BY person_id) AS latest FROM last_told WHERE landing = last_landing
        """)
        con.unregister("kept_identifiers")
        said, told = f"SELECT {columns}, latest FROM identifiers_said", f"SELECT {columns}, latest FROM identifiers_before"
        which = f"person_id IN (SELECT person_id FROM (({said} EXCEPT {told}) UNION ALL ({told} EXCEPT {said})))"
    new = con.sql(f"SELECT {columns} FROM identifiers_said WHERE {which} ORDER BY person_id, said_last").to_arrow_table()
    entry.add_identifiers(contract, new)
    con.execute("DROP TABLE identifiers_said")


def _order_sql(spec: ContractSpec, there: frozenset[str]) -> str:
    """When a row was true, to sort by: what lists still show comes last, then what happened last, then what was read last."""
    shown = [f"coalesce({name}, {EVER})" for name in ("listed_to", "version_to") if name in there]
    dated = spec.landed(spec.dated_by) if spec.dated_by else ""
    day = [f"coalesce(TRY_CAST({dated} AS DATE), DATE '0001-01-01')"] if dated in there else []
    return f"row({', '.join([*shown, *day, 'file_id', 'source_row'])})"
