"""Each partner sends its extracts in a way of its own: when, how much again, in which words, codes and dates."""

from __future__ import annotations

import numpy as np

from joinedup.place.model import Place, Source
from joinedup.sources.contract import ContractField, contracts
from joinedup.sources.synthetic.draws import pick_named
from joinedup.sources.synthetic.figures import figures
from joinedup.sources.synthetic.streams import stream
from joinedup.sources.synthetic.targets import fields_of


def in_own_ways(place: Place, seed: int, *, monthly: bool) -> tuple[Place, frozenset[str]]:
    """The place with each of its sources written in its partner's own way, and those that send by the month in which something is over.

    What sources.yml says already stays as it is.
    """
    rng = {source.name: stream(seed, f"ways of {source.name}") for source in place.sources}
    sources = tuple(_own(source, rng[source.name], monthly=monthly) for source in place.sources)
    over, share = figures("sending")["over"], figures("own_ways")["by_end"]
    by_end = {source.name for source in sources if rng[source.name].random() < share and source.contract in over}
    return place.model_copy(update={"sources": sources}), frozenset(by_end if monthly else ())


def _own(source: Source, rng: np.random.Generator, *, monthly: bool) -> Source:
    told, contract = figures("own_ways"), contracts()[source.contract]
    drawn = {name: str(pick_named(rng, told[name], 1)[0]) for name in ("sends", "date_format", "delimiter", "encoding", "columns", "codes")}
    said: dict[str, object] = {}
    if monthly and not contract.lists and contract.dated_by and source.sends == "changes" and not source.file_name:
        said["sends"] = drawn["sends"]
    if not any(entry.endswith(".parquet") for entry in source.files):
        as_text = ("date_format", "delimiter", "encoding")
        said |= {name: drawn[name] for name in as_text if drawn[name] != "usual" and not getattr(source, name)}
    if source.date_formats:
        said.pop("date_format", None)
    if drawn["columns"] != "usual" and not source.rename:
        said["rename"] = {_heading(drawn["columns"], field.name): field.name for field in fields_of(source)}
    if drawn["codes"] != "usual" and not source.values:
        said["values"] = {field.name: _codes(drawn["codes"], field) for field in contract.fields if _is_coded(field, source)}
    return source.model_copy(update=said)


def _heading(style: str, name: str) -> str:
    """What a partner calls a column."""
    words = name.lower().split("_")
    return {
        "words": " ".join(words).capitalize(),
        "camel": "".join(word.capitalize() for word in words),
        "prefixed": f"x_{name.lower()}",
    }[style]


def _is_coded(field: ContractField, source: Source) -> bool:
    """Whether a partner may have codes of its own for a field: a short list, and no constant."""
    return bool(field.codes) and len(field.codes) <= figures("own_ways")["most_codes"] and field.name not in source.constants


def _codes(style: str, field: ContractField) -> dict[str, str]:
    """A partner's own code -> the contract's."""
    if style == "numbered":
        return {f"{number:03d}": code for number, code in enumerate(field.codes, start=901)}
    return {f"{code} - {_short(meaning)}": code for code, meaning in field.codes.items()}


def _short(meaning: str) -> str:
    """The first words of a meaning, in letters and spaces."""
    kept = "".join(letter if letter.isalnum() or letter == " " else " " for letter in meaning)
    return " ".join(kept.split()[:4])
