"""Persons whose identifiers changed from file to file, made one in the temp table `whom`, and people whom one number holds told apart.

`whom` has each row's identifiers by their level, the rest of its key, and whom it is about so far.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from joinedup.engine.files_lines import Connection
from joinedup.sources.contract import ContractSpec

NUMBER = "NHS_NUMBER"
SEVERAL_SHARE = 0.05
"""Our choice, 2026: of the numbers of records in a file, how many may stand with several people, as joint assessments do, before they are
taken to be counted anew for each person."""
MOVED_DAYS = 14
"""Our choice, 2026: by how many days the day of a session may be corrected; numbers that are counted anew with each month's list come
again after four weeks."""
ROUNDS = 4
"""How often people are joined over and over: each round doubles the length of a chain of changed identifiers that is followed."""


def join_people(con: Connection, contract: ContractSpec) -> None:
    """Nothing; rows of `whom` that are about one person name the same, and rows of one record the same day."""
    _forget_reused_numbers(con, contract)
    levels = len(contract.same_person.known_by) + 1
    within = ("rest",) if contract.same_person.known_by[0] == NUMBER else ()
    for at in range(1, levels - 1):
        _join(con, ("source", *within, f"level_{at}", "born"), _never_together("file_id", "given", "local"), "level_0 IS NOT NULL")
    for at in range(1, levels):
        _resolve(con, at, ("born",))
        _resolve(con, at, ())
    for keys, having, where in _joins(contract):
        _join(con, keys, having, where)
    _join_days(con, contract)


def _forget_reused_numbers(con: Connection, contract: ContractSpec) -> None:
    """Nothing; a source's own number that one file gives to several people, by NHS number and by birth, tells nobody apart."""
    for at, level in enumerate(contract.same_person.known_by):
        if level == NUMBER:
            continue
        con.execute(f"""
            UPDATE whom SET level_{at} = NULL FROM (
                SELECT DISTINCT source, value FROM (
                    SELECT source, level_{at} AS value FROM whom WHERE level_{at} IS NOT NULL AND number IS NOT NULL
                    GROUP BY source, file_id, level_{at} HAVING min(number) <> max(number) AND min(born) <> max(born)
                )
            ) AS reused WHERE whom.source = reused.source AND level_{at} = reused.value AND number IS NOT NULL
        """)
    places = ", ".join(f"level_{at}" for at in range(len(contract.same_person.known_by) + 1))
    con.execute(f"UPDATE whom SET person = coalesce({places}, slip) WHERE person IS DISTINCT FROM coalesce({places}, slip)")


def _resolve(con: Connection, at: int, also: Sequence[str]) -> None:
    """Nothing; rows whose first identifier is of the level `at` are about the one person of their source with whom it stands elsewhere.

    `also` are columns that have to agree too. A date of birth that none of that person's rows has speaks against it.
    """
    above = f"coalesce({', '.join(f'level_{place}' for place in range(at))})"
    same = " AND ".join(f"whom.{name} = found.{name}" for name in ("source", f"level_{at}", *also))
    lacking = f"{above} IS NULL AND level_{at} IS NOT NULL"
    if not con.execute(f"SELECT count(*) FROM whom WHERE {lacking}").fetchall()[0][0]:
        return
    con.execute(f"""
        UPDATE whom SET person = found.person FROM (
            SELECT source, level_{at}, {"".join(f"{name}, " for name in also)} min(person) AS person,
                list(DISTINCT born) FILTER (born IS NOT NULL) AS births
            FROM whom WHERE level_{at} IS NOT NULL AND {above} IS NOT NULL
            GROUP BY {", ".join(("source", f"level_{at}", *also))} HAVING min(person) = max(person)
        ) AS found
        WHERE {same} AND {above.replace("level_", "whom.level_")} IS NULL AND whom.person = whom.level_{at}
            AND (whom.born IS NULL OR coalesce(len(found.births), 0) = 0 OR list_contains(found.births, whom.born))
    """)


def _never_together(*at_most_one: str) -> str:
    """No file has two of these people, and they agree in what they say; the first column is the file's."""
    file, *rest = at_most_one
    together = f"count(DISTINCT ({file}, person)) = count(DISTINCT {file})"
    return " AND ".join([together, *(f"count(DISTINCT {name}) <= 1" for name in rest)])


def _joins(contract: ContractSpec) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """By what people of one and the same record, in different files, are one: full name and birth, or the number of the record."""
    not_both = "(count(DISTINCT number) <= 1 OR count(DISTINCT own) <= 1)"
    if contract.same_person.by_name:
        name = f"level_{len(contract.same_person.known_by)}"
        yield ("source", "rest", name), f"{_never_together('file_id')} AND {not_both}", "true"
    if contract.same_person.record:
        yield ("source", "rest", "record"), f"{_never_together('file_id', 'born')} AND {not_both}", ONE_BY_ONE


ONE_BY_ONE = f"""whom.source NOT IN (
    SELECT source FROM (
        SELECT source, min(person) <> max(person) AS several FROM whom WHERE record IS NOT NULL GROUP BY source, file_id, record
    ) GROUP BY source HAVING count(*) FILTER (several) > {SEVERAL_SHARE} * count(*)
)"""
"""Whether the numbers of records in a source are each of one record, and not counted anew for each person."""


def _join_days(con: Connection, contract: ContractSpec) -> None:
    """Nothing; rows of one record whose day was corrected from file to file have one `known_from`."""
    said = contract.same_person
    ways = []
    if said.record:
        overlap = "max(day) <= min(coalesce(ends, DATE '9999-12-31'))"
        ways.append(("record", overlap if said.ends else f"max(day) - min(day) <= {MOVED_DAYS}", ONE_BY_ONE))
    if said.once:
        ways.append(("born", "true", "true"))
    for also, having, where in ways:
        con.execute(f"""
            UPDATE whom SET known_from = one.day FROM (
                SELECT source, person, kind, {also}, min(day) AS day FROM whom
                WHERE person IS NOT NULL AND {_varies(also, "day")} AND {where}
                GROUP BY source, person, kind, {also}
                HAVING min(day) <> max(day) AND count(DISTINCT (file_id, day)) = count(DISTINCT file_id) AND {having}
            ) AS one WHERE whom.source = one.source AND whom.person = one.person AND whom.kind = one.kind AND whom.{also} = one.{also}
        """)


def _varies(by: str, what: str) -> str:
    """Whether rows that have the same in the column `by` have several of something; asked first, as few do."""
    several = f"GROUP BY source, {by} HAVING min({what}) <> max({what})"
    return f"(source, {by}) IN (SELECT (source, {by}) FROM whom WHERE {by} IS NOT NULL {several})"


def _join(con: Connection, keys: Sequence[str], having: str, where: str = "true") -> None:
    """Nothing; people who have the same of all `keys` are one, where the group fulfils `having`."""
    by = next(name for name in reversed(keys) if name != "born")
    same = " AND ".join(f"whom.{name} = one.{name}" for name in keys)
    there = " AND ".join([where, *(f"{name} IS NOT NULL" for name in keys)])
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE one_person AS
        SELECT {", ".join(keys)} FROM whom WHERE {there} AND {_varies(by, "person")}
        GROUP BY ALL HAVING min(person) <> max(person) AND {having}
    """)
    for _ in range(ROUNDS):
        [(changed,)] = con.execute(f"""
            UPDATE whom SET person = joined.becomes FROM (
                SELECT source, person AS before, min(one) AS becomes FROM (
                    SELECT whom.source, person, min(person) OVER (PARTITION BY {", ".join(f"one.{name}" for name in keys)}) AS one
                    FROM whom JOIN one_person AS one ON {same} WHERE {where}
                ) GROUP BY ALL HAVING min(one) < person
            ) AS joined WHERE whom.source = joined.source AND whom.person = joined.before
        """).fetchall()
        if not changed:
            break
    con.execute("DROP TABLE one_person")
