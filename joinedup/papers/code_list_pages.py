"""Pages of code lists, for staff: which there are and how far they are used, and each by itself: its codes, its practices, its versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from joinedup.access.published import evidence_key
from joinedup.papers.facts import Facts, Row
from joinedup.papers.figure import BOTH, Column, Figure, Table, headed
from joinedup.papers.figures import bars
from joinedup.papers.figures.conditions import sending_nothing
from joinedup.papers.numbers import day, fraction, share, whole
from joinedup.papers.page import Desk, Page, shown, tables_of
from joinedup.papers.words import many
from joinedup.sources.contract import contracts

FOLDER = "code-list"
MOST_CODES, MOST_GROUPS = 250, 8
"""Codes and groups that a page shows; the files have all."""
MARKS = {
    "several practices": "● several practices",
    "one practice": "◐ one practice only",
    "no practice of today": "○ nobody registered today",
    "nobody": "✕ nobody",
}
"""How widely a code is used, with a mark for each, the widest first."""
TO_ASK = tuple(MARKS)[1:]


def pages(facts: Facts, desk: Desk) -> Iterator[Page]:
    """The list of lists, then a page for each; none for the public, and where the build has none."""
    lists = facts.code_lists
    if lists:
        used = _by_list(facts.listed("code_use"))
        yield _index(facts, desk, used)
        groups, effects = _by_list(facts.listed("code_group_use")), _by_list(facts.listed("code_list_effect"))
        for each in lists:
            name = each["list_id"]
            yield _page(facts, each, used.get(name, []), groups.get(name, []), effects.get(name, []))


def _by_list(rows: Sequence[Row]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["list_id"], []).append(row)
    return found


def _index(facts: Facts, desk: Desk, used: Mapping[str, list[Row]]) -> Page:
    picture = shown(_figure(facts, used), "code-lists", desk)
    unmatched = _unmatched(facts)
    tables = {"unmatched": unmatched, **tables_of([picture])}
    crumbs = ({"href": "index.html", "text": facts.place.name},)
    return Page("code-lists.html", "code-lists.jinja", "Code lists", {"picture": picture, "unmatched": unmatched}, tables, crumbs=crumbs)


def _figure(facts: Facts, used: Mapping[str, list[Row]]) -> Figure:
    """How many of each list's codes anybody has."""
    about, key = (
        f"Codes of each list that anybody of {facts.place.name} has, % of its codes",
        "A bar is a list; in brackets how many codes it has.",
    )
    lists = sorted(facts.code_lists, key=lambda each: -_part(used.get(each["list_id"], [])))
    drawn = [
        bars.Bar(each["title"], _part(own), None, f"{share(_used(own), len(own))} ({whole(len(own))})")
        for each in lists
        for own in [used.get(each["list_id"], [])]
    ]
    charts = {size: headed(bars.chart(drawn, 1.0, size), size, facts, about, key) for size in BOTH}
    every = [row for own in used.values() for row in own]
    alone = sum(row["used_by"] == "one practice" for row in every)
    nobody = share(len(every) - _used(every), len(every))
    said = f"{nobody} of {whole(len(every))} listed codes are used by nobody here, {whole(alone)} by one practice only"
    return Figure("lists", said, about, key, _of_lists(facts, used), charts, why="code_use")


def _used(rows: Sequence[Row]) -> int:
    return sum(row["used_by"] != "nobody" for row in rows)


def _part(rows: Sequence[Row]) -> float:
    return fraction(_used(rows), len(rows)) or 0.0


def _of_lists(facts: Facts, used: Mapping[str, list[Row]]) -> Table:
    lists = facts.code_lists
    ids = [each["list_id"] for each in lists]
    counts = [Counter(row["used_by"] for row in used.get(name, [])) for name in ids]
    links = [Markup('<a href="{}/{}.html">{}</a>').format(FOLDER, each["list_id"], each["title"]) for each in lists]
    columns = [
        Column("List", links, "list_id", ids),
        Column("Version", [each["version"] for each in lists], "version", [each["version"] for each in lists], text=True),
        Column("Codes", [whole(sum(count.values())) for count in counts], "codes", [sum(count.values()) for count in counts]),
        *(
            Column(mark.capitalize(), [whole(count[name]) for count in counts], name.replace(" ", "_"), [count[name] for count in counts])
            for name, mark in MARKS.items()
        ),
        Column(
            "To be reviewed by", [day(each["review_by"]) for each in lists], "review_by", [each["review_by"] for each in lists], text=True
        ),
    ]
    return Table("Code lists, and by whom their codes are used", columns, why=[evidence_key("code_use", name) for name in ids])


def _unmatched(facts: Facts) -> Table:
    """Entries that no list names, by extract and system, the largest share first."""
    rows = sorted(facts.listed("code_unmatched"), key=lambda row: (-row["unmatched_share"], row["contract"], row["system"]))
    titles: dict[str, str] = {name: contract.title for name, contract in contracts().items()}
    columns = [
        Column(
            "Extract",
            [titles.get(str(row["contract"])) or str(row["contract"]) for row in rows],
            "contract",
            [row["contract"] for row in rows],
        ),
        Column("System", [row["system"] for row in rows], "system", [row["system"] for row in rows], text=True),
        Column("Entries", [whole(row["entries"]) for row in rows], "entries", [row["entries"] for row in rows]),
        Column(
            "In no list", [whole(row["unmatched_entries"]) for row in rows], "unmatched_entries", [row["unmatched_entries"] for row in rows]
        ),
        Column("Share", [share(row["unmatched_share"], 1) for row in rows], "unmatched_share", [row["unmatched_share"] for row in rows]),
        Column(
            "Codes in no list", [whole(row["unmatched_codes"]) for row in rows], "unmatched_codes", [row["unmatched_codes"] for row in rows]
        ),
    ]
    keys = [evidence_key("code_unmatched", row["contract"], row["system"]) for row in rows]
    return Table("Coded entries that no list names", columns, why=keys)


def _page(facts: Facts, about: Row, codes: Sequence[Row], groups: Sequence[Row], effects: Sequence[Row]) -> Page:
    name = about["list_id"]
    tables = {"codes": _codes(name, codes), "practices": _practices(facts, name, groups), "versions": _versions(name, effects)}
    counts = Counter(row["used_by"] for row in codes)
    shows: dict[str, Any] = {
        "about_list": about,
        "review_by": day(about["review_by"]),
        "valid_from": day(about["valid_from"]),
        "summary": _summary(counts, len(codes)),
        "summary_why": evidence_key("code_use", name),
        "codes_left": max(len(codes) - MOST_CODES, 0),
        **tables,
    }
    crumbs = ({"href": "../index.html", "text": facts.place.name}, {"href": "../code-lists.html", "text": "Code lists"})
    return Page(f"{FOLDER}/{name}.html", "code-list.jinja", about["title"], shows, tables, crumbs=crumbs)


def _summary(counts: Counter[str], codes: int) -> list[str]:
    """What shows at once: how many codes nobody uses, or one practice only."""
    said = [f"{MARKS[name]}: {many(counts[name], 'code', 'codes')}" for name in TO_ASK if counts[name]]
    return [f"{many(codes, 'code', 'codes')} in all, {whole(counts['several practices'])} of them used by several practices", *said]


def _codes(name: str, rows: Sequence[Row]) -> Table:
    """The codes, those to ask about first."""
    order = {each: at for at, each in enumerate(reversed(MARKS))}
    every = sorted(rows, key=lambda row: (order[row["used_by"]], row["group_id"], -row["people"], row["system"], row["code"]))
    top = every[:MOST_CODES]
    columns = [
        Column(
            "Code", [f"{row['written']}{' …' if row['matches'] == 'prefix' else ''}" for row in top], "code", [row["code"] for row in every]
        ),
        Column("System", [row["system"] for row in top], "system", [row["system"] for row in every], text=True),
        Column("In words", [row["term"] or "—" for row in top], "term", [row["term"] for row in every], text=True),
        Column("Group", [row["group_id"].replace("_", " ") for row in top], "group_id", [row["group_id"] for row in every], text=True),
        Column("Used by", [MARKS[row["used_by"]] for row in top], "used_by", [row["used_by"] for row in every], text=True),
        *(
            Column(head, [whole(row[of]) for row in top], of, [row[of] for row in every])
            for head, of in (("Practices", "practices"), ("People", "people"), ("Entries", "entries"))
        ),
    ]
    return Table("Codes, those that few or none use first", columns, why=[evidence_key("code_use", name, row["group_id"]) for row in top])


def _practices(facts: Facts, name: str, rows: Sequence[Row]) -> Table:
    """People with any code of a group, by practice, the groups that most people have first."""
    names = {practice.code: practice.name for practice in facts.place.practices}
    totals: Counter[str] = Counter()
    for row in rows:
        totals[row["group_id"]] += row["people"]
    groups = [group for group, _ in totals.most_common()]
    silent = {each: f"{each} (sends no record of general practice)" for each in sending_nothing(facts)}
    practices = sorted({row["practice_code"] for row in rows}, key=lambda code: str(names.get(code) or code))
    people = {(row["practice_code"], row["group_id"]): row["people"] for row in rows}
    shown = [str(names.get(code) or code) for code in practices]
    columns = [Column("Practice", [silent.get(name, name) for name in shown], "practice_code", practices)]
    for at, group in enumerate(groups):
        counts = [people.get((code, group), 0) for code in practices]
        keys = [evidence_key("code_group_use", name, group) for _ in practices]
        head = group.replace("_", " ").capitalize() if at < MOST_GROUPS else ""
        columns.append(Column(head, [whole(count) for count in counts], group, counts, why=keys))
    return Table("People registered today with any code of a group, by practice", columns)


def _versions(name: str, rows: Sequence[Row]) -> Table:
    """What the version in use changes, against each earlier one."""
    columns = [
        Column("Group", [row["group_id"].replace("_", " ") for row in rows], "group_id", [row["group_id"] for row in rows]),
        Column("Earlier version", [row["version"] for row in rows], "version", [row["version"] for row in rows], text=True),
        *(
            Column(head, [whole(row[of]) for row in rows], of, [row[of] for row in rows])
            for head, of in (
                ("People before", "people_before"),
                ("Lost", "people_lost"),
                ("Gained", "people_gained"),
                ("People now", "people_now"),
            )
        ),
    ]
    keys = [evidence_key("code_list_effect", name, row["version"], row["group_id"]) for row in rows]
    return Table("What this version changes, on the same record", columns, why=keys)
