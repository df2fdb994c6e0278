"""What the name of one file tells of how its source names files, for when more of them come."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from joinedup.place.file_name import read_name
from joinedup.sources.contract import ContractSpec

DATES = (
    (r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d", "day"),
    (r"\d{2}-\d{2}-\d{4}", "%d-%m-%Y", "day"),
    (r"\d{8}", "%Y%m%d", "day"),
    (r"\d{8}", "%d%m%Y", "day"),
    (r"\d{4}-\d{2}", "%Y-%y", "financial_year"),
    (r"\d{4}-\d{2}", "%Y-%m", "month"),
    (r"\d{4}_\d{2}", "%Y_%m", "month"),
    (r"\d{6}", "%Y%m", "month"),
    (r"[A-Za-z]{3}\d{4}", "%b%Y", "month"),
    (r"[A-Za-z]{3}\d{2}", "%b%y", "month"),
)
"""How names write dates, the likelier first; a financial year before a month, as 2024-25 is no month."""


def naming(name: str, contract: ContractSpec) -> str | None:
    """What sources.yml can say of files named like this one; None where the name has no date."""
    for written, style, kind in DATES:
        found = re.search(rf"(?<![A-Za-z0-9]){written}(?!\d)", name) or re.search(rf"(?<!\d){written}(?!\d)", name)
        if found is None:
            continue
        what = kind if kind != "day" or contract.lists else "sent"
        template = f"{name[: found.start()]}{{{what}:{style}}}{name[found.end() :]}"
        says = read_name(template, PurePosixPath(name)) if not set("{}") & set(name) else None
        if says and (kind == "day" or not contract.lists):
            pattern = f"{name[: found.start()]}*{name[found.end() :]}"
            return f"files: {pattern}, file_name: {template}{', sends: snapshot' if contract.lists else ''}"
    return None
