"""The certificate of an erasure as a document to print: Markdown, or one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import escape

from joinedup.papers.impact import STYLE

Rows = Sequence[Sequence[str]]
STATEMENT = (
    "What this store, its identity register and its builds held of the person to whom the request refers was removed. Everything was then "
    "searched again, with the results below. This certificate holds nothing of that person but the reference of their request."
)
PAPER = "@media print{body{margin:0;max-width:none}table{page-break-inside:auto}tr{page-break-inside:avoid}}"


def parts(said: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str], Rows]]:
    """Headings, each with sentences and a table whose first row is its head."""
    about = [
        ["Request", said["reference"]],
        ["Reason", f"{said['reason']}: {said.get('reason_in_words', '')}".rstrip(": ")],
        ["By", ", ".join(said["by"]) + (" (one person alone)" if len(said["by"]) == 1 else "")],
        ["Begun", said["begun_at"]],
        ["Done", said["done_at"] or "not yet"],
        ["Erasure", f"{said['erasure']} ({said['erasure_id']})"],
        ["Landing", said["landing"] or "none"],
        ["Software", said["software"]],
    ]
    yield "About this erasure", [STATEMENT], [["", ""], *about]
    yield "What was removed", [], [["Where", "What", "Rows"], *removed(said["removed"])]
    searched = [[each["where"], f"{each['looked_through']:,} {each['unit']}", f"{each['found']:,}"] for each in said["searched_again"]]
    yield "What was searched afterwards", [], [["Where", "Looked through", "Found"], *searched]
    remains = [
        [each["what"], each.get("path", ""), "" if each["count"] is None else f"{each['count']:,}", each["why"]] for each in said["remains"]
    ]
    yield "What this erasure doesn't reach", [], [["What", "Where", "Count", "Why, and what to do"], *remains]
    yield (
        "Signature",
        ["joinedup forget PLACE --verify FILE (the .json of this certificate) says whether it is as it was signed, and searches again."],
        [["", ""], ["HMAC-SHA-256", said["signature"]]],
    )


def removed(said: Mapping[str, Any]) -> Iterator[list[str]]:
    """A row for everything that was removed."""
    for name in ("register", "landed", "built"):
        where = {"register": "identity register", "landed": "landed tables", "built": "results of builds"}[name]
        for what, rows in (said.get(name) or {}).items():
            yield [where, what.partition("-")[0] if name == "built" else what, f"{rows:,}"]
    for name, where in (
        ("builds", "builds, all of whose tables went"),
        ("landings", "landings, of which the current one stays, written anew"),
    ):
        yield [where, ", ".join(said.get(name) or ()) or "none", f"{len(said.get(name) or ()):,}"]


def title(said: Mapping[str, Any]) -> str:
    """The title; for invented people it says that they are."""
    return f"Certificate of erasure: {said['place_name']}" + (" (invented people)" if said["invented"] else "")


def markdown(said: Mapping[str, Any]) -> str:
    """The certificate as Markdown."""
    lines = [f"# {_plain(title(said))}", ""]
    for heading, sentences, rows in parts(said):
        lines += [f"## {heading}", "", *(line for sentence in sentences for line in (_plain(sentence), ""))]
        head, *rest = rows
        lines += [*(f"| {' | '.join(_plain(cell) for cell in row)} |" for row in (head, ["---"] * len(head), *rest)), ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A text that is no markup in a Markdown file."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[").replace("`", "\\`")


def html(said: Mapping[str, Any]) -> str:
    """The certificate as one HTML file that needs nothing else."""
    body = []
    for heading, sentences, (head, *rows) in parts(said):
        body.append(f"<h2>{escape(heading)}</h2>" + "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences))
        header = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head) if any(head) else ""
        cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
        thead = f"<thead><tr>{header}</tr></thead>" if header else ""
        body.append(f"<table>{thead}<tbody>{''.join(f'<tr>{row}</tr>' for row in cells)}</tbody></table>")
    name = escape(title(said))
    head = f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title><style>{STYLE}{PAPER}</style></head>'
    return f"{head}<body><h1>{name}</h1>{''.join(body)}</body></html>\n"
