"""What partners sent: by source and month, by file and rule, and everything that was found wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from statistics import median

import altair

from joinedup.access.published import evidence_key
from joinedup.findings import Finding, Severity
from joinedup.papers.figure import BOTH, Column, Figure, Table, chart_of, layered, titled
from joinedup.papers.numbers import NO_DATA, day, month, share, whole
from joinedup.papers.theme import AREA_FILL, INK, NARROW, Size
from joinedup.papers.words import capital, listed, many
from joinedup.periods import add_months
from joinedup.place.model import Place
from joinedup.sources.accounts import FileAccount
from joinedup.sources.contract import ContractSpec
from joinedup.sources.freshness import MONTHS_SHOWN, SourceMonths, source_months
from joinedup.sources.providers import OF_PROVIDERS
from joinedup.sources.restricted import RESTRICTED, held_in, roughly

LATE = 2
"""Months by which a source may lie behind the newest before it is said to (our choice, 2026)."""
BLANK_NAMED = 3
"""Columns named for each file, those with most blanks."""
MOST_FINDINGS = 200
"""Findings shown on a page; the file has them all."""


@dataclass(frozen=True)
class Deliveries:
    """The files of a place, and what was found."""

    place: Place
    contracts: Mapping[str, ContractSpec]
    files: Sequence[FileAccount]
    """As others than who landed them may have them (`for_others`)."""
    findings: Sequence[Finding]

    @cached_property
    def sources(self) -> tuple[Sent, ...]:
        """What each source of the place sent, in the order of sources.yml; a source without a file has none."""
        names = {partner.id: partner.name for partner in self.place.partners}
        given = {found.source: found for found in source_months(self.place, self.contracts, self.files)}
        return tuple(
            Sent(
                source.name,
                names.get(source.partner, source.partner),
                self.contracts[source.contract],
                tuple(file for file in self.files if file.source == source.name),
                given.get(source.name),
            )
            for source in self.place.sources
            if source.contract in self.contracts
        )

    @cached_property
    def newest(self) -> date | None:
        """The latest day that any source tells of."""
        return max((sent.data_to for sent in self.sources if sent.data_to and not sent.contract.lists), default=None)

    @cached_property
    def drawn(self) -> list[date]:
        """The months that pictures and tables are of."""
        last = self.place.as_at.replace(day=1)
        seen = [each for sent in self.sources for each in sent.months]
        first = max(min(seen, default=last), add_months(last, 1 - MONTHS_SHOWN))
        return [each for each in (add_months(last, 1 - back) for back in range(MONTHS_SHOWN, 0, -1)) if each >= first]


@dataclass(frozen=True)
class Sent:
    """One source of a place with its files."""

    source: str
    partner: str
    contract: ContractSpec
    files: Sequence[FileAccount]
    given: SourceMonths | None
    """Its months as the findings judge them; None of a list of what is so."""

    @property
    def name(self) -> str:
        """What it is, in words."""
        return f"{self.contract.title}, {self.partner}"

    @cached_property
    def months(self) -> Mapping[date, int]:
        """Rows loaded by the month that they are of; none for a list of what is so."""
        counted: Counter[date] = Counter()
        for file in self.files:
            counted.update(file.months)
        return counted if not self.contract.lists else {}

    @property
    def data_to(self) -> date | None:
        """The latest day that it tells of; a mistyped one far behind its last month isn't."""
        if self.given:
            return self.given.data_to
        return max((file.data_to for file in self.files if file.data_to), default=None)

    def sum(self, name: str) -> int:
        """A count over its files."""
        return sum(getattr(file, name) for file in self.files)

    @property
    def usual(self) -> int | None:
        """Rows in the middle one of the months that it has given."""
        given = [rows for rows in self.given.rows.values() if rows] if self.given else []
        return int(median(given)) if given else None

    @property
    def gaps(self) -> list[date]:
        """Months without any row between the first and the last that it has given."""
        return self.given.missing if self.given else []


def in_template(sent: Deliveries) -> dict[str, object]:
    """What the template of a page shows of it, but for the picture."""
    return {
        "by_source": by_source(sent),
        "by_file": [by_file(source.files, _summary(source)) for source in sent.sources if source.files],
        "organisations": organisations(sent),
        "found": found(sent),
        "restricted": restricted(sent),
        "findings": len(sent.findings),
        "errors": sum(each.severity is Severity.ERROR for each in sent.findings),
        "read": f"{sum(file.rows_read for file in sent.files):,}",
        "files": len(sent.files),
        "sources": len(sent.sources),
    }


def tables(sent: Deliveries) -> dict[str, Table]:
    """The tables that can be downloaded beside such a page."""
    every = {"by-source": by_source(sent), "by-file": by_file(sent.files, "Every file"), "found": found(sent)}
    every["organisations"] = organisations(sent)
    return every | {"restricted": restricted(sent)}


def _summary(source: Sent) -> str:
    files = many(len(source.files), "file", "files")
    return f"{source.name}: {files}, {source.sum('rows_read'):,} rows read, {source.sum('rejected'):,} rejected"


def freshness(sent: Deliveries) -> Figure:
    """Which months each source has given, a strip of bars each."""
    about = "Rows loaded by month, each source on a scale of its own"
    key = "A bar is a month with rows, × a month without any since the source's first."
    drawn = [source for source in sent.sources if any(source.months.get(each) for each in sent.drawn)]
    if not drawn:
        return Figure("freshness", "Months that partners have given", about, key, reason="No file has rows that are of a month.")
    charts = {size: titled(_strips(sent, drawn, size), size, about, key, invented=sent.place.invented) for size in BOTH}
    return Figure("freshness", _freshest(sent), about, key, _by_month(sent, drawn), charts, why="deliveries")


def _freshest(sent: Deliveries) -> str:
    """Who is behind the newest, and who has gaps."""
    newest = sent.newest
    limit = add_months(newest.replace(day=1), 1 - LATE) if newest else None
    behind = [source.name for source in sent.sources if limit and source.months and source.data_to and source.data_to < limit]
    gaps = [source.name for source in sent.sources if source.gaps]
    said = [f"{many(len(behind), 'source is', 'sources are')} more than {LATE} months behind the newest" if behind else ""]
    said.append(f"{many(len(gaps), 'source has', 'sources have')} months without rows" if gaps else "")
    told = [each for each in said if each]
    return capital(listed(told)) if told else "Every source reaches the newest months, without gaps"


def _strips(sent: Deliveries, drawn: Sequence[Sent], size: Size) -> altair.FacetChart:
    """A small bar chart for each source, one above the other."""
    rows = [
        {
            "source": _short(source, size),
            "month": each.isoformat(),
            "part": _part(source, each),
            "sign": _sign(source, each),
        }
        for source in drawn
        for each in sent.drawn
    ]
    axis = altair.Axis(labelExpr="utcFormat(datum.value, '%b %Y')", values=_ticks(sent.drawn), labelAlign="left")
    x = altair.X("month:T", title=None, scale=altair.Scale(type="utc"), axis=axis)
    base = chart_of(rows).encode(x)
    y = altair.Y("part:Q", title=None, axis=None, scale=altair.Scale(domain=[0, 1]))
    step = (size.width - 8) / max(len(sent.drawn), 1)
    bars = base.mark_bar(color=AREA_FILL, size=max(step - 2, 2)).encode(y)
    none = base.mark_text(color=INK, baseline="bottom", fontSize=min(size.text, max(step + 3, 8))).encode(
        altair.Text("sign:N"), y=altair.YValue(30)
    )
    order = list(dict.fromkeys(row["source"] for row in rows))
    facet = altair.Facet("source:N", title=None, sort=order, header=altair.Header(labelOrient="top"))
    return layered(bars, none).properties(width=size.width - 8, height=30).facet(facet, columns=1, spacing=10)


def _sign(source: Sent, each: date) -> str:
    """What stands where a month has no bar: nothing before the source's first month."""
    since = min(source.given.rows, default=None) if source.given and source.given.enough else None
    return "×" if since and each > since and not source.months.get(each) else ""


def _short(source: Sent, size: Size) -> str:
    """The name of a source, cut on a narrow picture."""
    most = 36 if size is NARROW else 90
    return source.name if len(source.name) <= most else f"{source.name[: most - 1]}…"


def _ticks(months: Sequence[date]) -> list[dict[str, object]]:
    return [{"year": each.year, "month": each.month, "date": 1, "utc": True} for each in months[:: max(len(months) // 3, 1)]]


def _part(source: Sent, each: date) -> float:
    """A month's rows as a part of the most that the source has in one."""
    return source.months.get(each, 0) / max(source.months.values())


def _by_month(sent: Deliveries, drawn: Sequence[Sent]) -> Table:
    """Rows by month, latest first, a column for each source."""
    latest_first = sent.drawn[::-1]
    columns = [Column("Month", [month(each) for each in latest_first], "month", latest_first)]
    for source in drawn:
        counts = [source.months.get(each, 0) for each in latest_first]
        keys = [evidence_key("deliveries", source.source, each) for each in latest_first]
        columns.append(Column(source.name, [whole(count) if count else "none" for count in counts], source.source, counts, why=keys))
    return Table("Rows loaded by month", columns)


def by_source(sent: Deliveries) -> Table:
    """Each source: how far it reaches, which months it lacks, and what became of its rows."""
    sources = sent.sources
    reach = [source.data_to for source in sources]
    gaps = [source.gaps for source in sources]
    usual = [source.usual for source in sources]
    columns = [
        Column("Source", [source.name for source in sources], "source", [source.source for source in sources]),
        Column("Data to", [day(each) if each else NO_DATA for each in reach], "data_to", reach, text=True),
        Column("Months without rows", [_gaps(each) for each in gaps], "gaps", [len(each) for each in gaps], text=True),
        Column("Rows in a usual month", [whole(each) if each is not None else "—" for each in usual], "usual_month", usual),
        *_accounts(sources),
    ]
    return Table("Partners' data by source", columns, why=[evidence_key("accounting", source.source) for source in sources])


def _gaps(gaps: Sequence[date]) -> str:
    shown = listed([month(each) for each in gaps[:3]])
    return f"{shown} and {len(gaps) - 3} more" if len(gaps) > 3 else shown or "none"


def _accounts(of: Sequence[Sent] | Sequence[FileAccount]) -> list[Column]:
    """What became of rows; the parts always add up to what was read."""
    heads = {"Rows read": "rows_read", "Loaded": "loaded", "Superseded": "superseded", "Rejected": "rejected"}

    def counted(name: str) -> list[int]:
        return [each.sum(name) if isinstance(each, Sent) else int(getattr(each, name)) for each in of]

    loaded, linkable = counted("loaded"), counted("linkable")
    shares = [share(part, total) if total else "—" for part, total in zip(linkable, loaded, strict=True)]
    columns = [Column(head, [whole(count) for count in counted(name)], name, counted(name)) for head, name in heads.items()]
    return [*columns, Column("Can be linked", shares, "linkable", linkable)]


def by_file(files: Sequence[FileAccount], caption: str) -> Table:
    """Each file: what became of its rows, by which rules some were rejected, and which columns are mostly blank."""
    reach = [file.data_to for file in files]
    return Table(
        caption,
        [
            Column("File", [file.file + (" (refused)" if file.refused else "") for file in files], "file", [file.file for file in files]),
            Column(name="source", values=[file.source for file in files]),
            Column(name="refused", values=[file.refused for file in files]),
            Column("Data to", [day(each) if each else NO_DATA for each in reach], "data_to", reach, text=True),
            *_accounts(files),
            Column(
                "Rejected for",
                [_rules(file) for file in files],
                "rejected_by",
                [_rules(file) for file in files],
                text=True,
            ),
            Column("Most blank", [_blanks(file) for file in files], "blank", [_counted(file.blank) for file in files], text=True),
            Column(
                "No column for",
                [str(len(file.missing_columns)) for file in files],
                "missing_columns",
                [" ".join(f.missing_columns) for f in files],
            ),
        ],
        why=[evidence_key("files", file.source, file.file) for file in files],
    )


def organisations(sent: Deliveries) -> Table:
    """Organisations that stopped, began late or lack months within a source that others go on with."""
    titles = {source.given.file: source.name for source in sent.sources if source.given}
    told = sorted(
        (each for each in sent.findings if each.rule in OF_PROVIDERS), key=lambda each: (OF_PROVIDERS.index(each.rule), each.message)
    )
    columns = [
        Column("Extract", [titles.get(each.file, each.file) for each in told], "file", [each.file for each in told]),
        Column("Rule", [each.rule for each in told], "rule", [each.rule for each in told], text=True),
        Column("What is missing", [each.message for each in told], "message", [each.message for each in told], text=True),
    ]
    keys = [evidence_key("findings", each.rule, each.file) for each in told]
    return Table("Organisations that stopped, began late or lack months", columns, why=keys)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count) or "—"


def _rules(file: FileAccount) -> str:
    """Rules and their rows; of restricted codes no more than roughly how many."""
    others = [_counted(file.rejected_by)] if file.rejected_by else []
    return ", ".join([*others, *([f"{RESTRICTED}: {roughly(file.kept_out, 'row')}"] if file.kept_out else [])]) or "—"


def restricted(sent: Deliveries) -> Table:
    """What was kept out of the record by contract since the law restricts it: roughly how many rows and codes."""
    of = {name: [file for file in sent.files if file.contract == name] for name in sorted({file.contract for file in sent.files})}
    rows = {name: sum(file.kept_out for file in files) for name, files in of.items()}
    codes = {name: sum(file.blanked_codes for file in files) for name, files in of.items()}
    named = [name for name in of if held_in(name)]
    told = {what: [roughly(counts[name], what) for name in named] for what, counts in (("row", rows), ("code", codes))}
    return Table(
        "Legally restricted codes, kept out of the record",
        [
            Column("Extract", [sent.contracts[name].title for name in named], "contract", named),
            Column("Rows rejected", told["row"], "rows", told["row"], text=True),
            Column("Codes of other rows blanked", told["code"], "codes", told["code"], text=True),
        ],
        why=[evidence_key("restricted", name) for name in named],
    )


def _blanks(file: FileAccount) -> str:
    """The columns with most blanks, of those that hold anything."""
    some = {name: count for name, count in file.blank.items() if 0 < count < file.loaded}
    worst = sorted(some, key=lambda name: (-some[name], name))[:BLANK_NAMED]
    return ", ".join(f"{name} {share(some[name], file.loaded)}" for name in worst) or "—"


def found(sent: Deliveries) -> Table:
    """Every finding, the grave ones first: where, what, and which page or measure it endangers."""
    ordered = sorted(sent.findings, key=lambda each: (each.severity is not Severity.ERROR, -each.count, each.file, each.rule))
    shown = ordered[:MOST_FINDINGS]
    columns = [
        Column("Where", [each.where for each in shown], "file", [each.file for each in ordered]),
        Column("How grave", [str(each.severity) for each in shown], "severity", [str(each.severity) for each in ordered], text=True),
        Column("Rule", [each.rule for each in shown], "rule", [each.rule for each in ordered], text=True),
        Column("What was found", [each.message for each in shown], "message", [each.message for each in ordered], text=True),
        Column(name="count", values=[each.count for each in ordered]),
        Column(
            "What it endangers", [each.endangers or "—" for each in shown], "endangers", [each.endangers for each in ordered], text=True
        ),
    ]
    keys = [evidence_key("findings", each.rule, each.file) for each in shown]
    return Table("Everything that was found wrong with files and folder", columns, why=keys)
