"""Makers of test places: folders shaped unlike the example, to hold that nothing depends on its shape."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

TEAMS = ("harbour", "harbour-east", "harbour-west", "moor", "fell", "dale", "beck", "tarn", "crag", "strand")

PLACE = """\
name: Westermark
invented: true
as_at: 2025-11-15
word: {{singular: neighbourhood team, plural: neighbourhood teams}}
linking: {{link_at: off}}

neighbourhoods:
{neighbourhoods}

contracts:
  - {{provider: old-trust, lead_commissioner: board, services: Hospital care, end: 2025-04-01}}
  - {{provider: new-trust, lead_commissioner: board, associates: [council], services: Hospital care, start: 2025-04-01}}
"""

SPLIT = {
    "harbour": "end: 2025-05-01, succeeded_by: [harbour-east, harbour-west]",
    "harbour-east": "start: 2025-05-01",
    "harbour-west": "start: 2025-05-01",
}
"""One team became two in the middle of the year that pages speak of."""

PARTNERS = """\
partner_id,partner_name,partner_code,roles,start,end,succeeded_by
council,Westermark Council,,council;public_health,,,
board,Westermark Integrated Care Board,QZZ,commissioner,2022-07-01,,
old-trust,Old Infirmary Trust,RZ1,acute_provider,,2025-04-01,new-trust
new-trust,New Infirmary Group,RZ2,acute_provider;community_provider,2025-04-01,,
"""

SOURCES = """\
sources:
  - {name: gp-list, partner: board, contract: register, files: gp_list.csv}
  - {name: inpatients, partner: new-trust, contract: apc, files: [inpatients.csv]}
  - {name: emergency, partner: new-trust, contract: ecds, files: [emergency.csv]}
  - {name: deaths, partner: council, contract: deaths, files: [registered_deaths.csv]}
"""

MOVED, CLOSED, SUCCESSOR, NOWHERE = "TST07", "TST09", "TST10", "TST25"


def with_sources(folder: Path, *names: str) -> Path:
    """The folder of a place, whose sources are now these alone: fewer land faster."""
    path, begins = folder / "sources.yml", "  - name: "
    parts = [begins + part for part in path.read_text(encoding="utf-8").split(begins)[1:]]
    kept = [part for part in parts if part.split()[2] in names]
    assert len(kept) == len(names)
    path.write_text("sources:\n" + "".join(kept), encoding="utf-8")
    return folder


def nine_teams(folder: Path) -> Path:
    """A place of nine teams, one pair of them split from a tenth in mid-year, as spreadsheets save it.

    A practice moved from one team to another, one closed into another, one belongs nowhere; the hospital trust was succeeded by a
    new one; areas changed their deprivation index; dates are DD/MM/YYYY, lines end in CR LF, the file of practices begins with a BOM.
    """
    folder.mkdir(parents=True)
    tiles = "\n".join(f"  - {{id: {team}, name: {named(team)}, tile: {tile(i)}{dated(team)}}}" for i, team in enumerate(TEAMS))
    written = {"place.yml": PLACE.format(neighbourhoods=tiles), "partners.csv": PARTNERS, "sources.yml": SOURCES}
    written["practices.csv"] = "\ufeff" + text_of(practices()).replace("\n", "\r\n")
    written["areas.csv"] = text_of(areas())
    for name, text in written.items():
        (folder / name).write_bytes(text.encode())
    return folder


def named(team: str) -> str:
    return team.replace("-", " ").title()


def dated(team: str) -> str:
    return f", {SPLIT[team]}" if team in SPLIT else ""


def tile(i: int) -> str:
    """Three in a row; the ended team shares the tile of the first that followed it."""
    row, column = divmod(max(i - 1, 0), 3)
    return f"{{row: {row + 1}, column: {column + 1}}}"


def practices() -> Iterable[tuple[object, ...]]:
    """Header and rows: 25 practices, of which some have more than one row."""
    yield ("practice_code", "practice_name", "neighbourhood", "start", "end", "opened", "closed", "list_size", "succeeded_by")
    for n in range(1, 26):
        code, name, size = f"TST{n:02}", f"The Invented Practice {n}", 4000 + 700 * (n % 9)
        closed, successor = ("01/07/2025", SUCCESSOR) if code == CLOSED else ("", "")
        for team, start, end in spells(n, code):
            yield (code, name, team, start, end, "01/04/2015", closed, size, successor)


def spells(n: int, code: str) -> list[tuple[str, str, str]]:
    """Where a practice belonged, and from when until when."""
    if code == NOWHERE:
        return [("", "", "")]
    if code == MOVED:
        return [("moor", "01/04/2020", "17/02/2025"), ("fell", "17/02/2025", "")]
    if n <= 4:
        return [("harbour", "01/04/2020", "01/05/2025"), (TEAMS[1 + n % 2], "01/05/2025", "")]
    return [(TEAMS[3 + n % 7], "01/04/2020", "01/07/2025" if code == CLOSED else "")]


def areas() -> Iterable[tuple[object, ...]]:
    """Header and rows: forty areas, each described on one index up to a day and on another from then on."""
    yield ("area_code", "ward_code", "ward_name", "deprivation_index", "deprivation_rank", "deprivation_decile", "start", "end")
    for n in range(40):
        ward = (f"E01999{n:03}", f"E05999{n // 4:03}", f"Invented Ward {n // 4 + 1}")
        yield (*ward, "IMD 2019", 400 + 800 * n, 1 + n // 4, "", "30/10/2025")
        yield (*ward, "IMD 2025", 500 + 800 * n, 1 + n // 4, "30/10/2025", "")


def text_of(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV."""
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
