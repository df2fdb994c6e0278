"""The systems that codes are of: how a code of each is written, compared and told from a slip of the pen."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from joinedup.place.sentences import nearest, repeated
from joinedup.sources.contract import ContractField, contracts

LONGEST_PREFIX = 15
"""Characters of a code that matches as a prefix: a whole BNF code has as many."""

BNF_LENGTHS = (2, 4, 6, 7, 9, 11, 13, LONGEST_PREFIX)
"""Chapter, section, paragraph, subparagraph, chemical substance, product, strength and formulation, presentation."""

LAST_CATEGORY = {"C": 97, "D": 89, "E": 90, "H": 95, "K": 93, "P": 96, "T": 98, "Y": 98}
"""The letters whose categories end before 99 (World Health Organization, ICD-10, 2016, list of three-character categories)."""

SIGNS = re.compile(r"[.\s*+†‡]")
"""In ICD-10: the point, spaces, and dagger and asterisk in the ways they are written."""


@dataclass(frozen=True, slots=True)
class System:
    """One system: what its codes match by default, their plain form, and what is wrong with one."""

    name: str
    matches: str
    plain: Callable[[str], str]
    fault: Callable[[str], str | None]


def plain_icd(code: str) -> str:
    """ICD-10: four characters at most, without X in the fourth place; a hyphen at the end says that any may follow."""
    four = SIGNS.sub("", code).rstrip("-").upper()[:4]
    return four[:3] if four[3:] == "X" else four


def plain_snomed(code: str) -> str:
    """SNOMED CT: the digits, as text."""
    return re.sub(r"\s", "", code)


def plain_read(code: str) -> str:
    """Read codes: five characters, without the number of the term and the points that fill up; capitals and small letters differ."""
    return re.sub(r"\s", "", code)[:5].replace(".", "")


def plain_other(code: str) -> str:
    """BNF codes and coded fields: in capitals, without spaces."""
    return re.sub(r" ", "", code).upper()


def icd_fault(code: str) -> str | None:
    """What is wrong with an ICD-10 code or the beginning of one."""
    plain = plain_icd(code)
    if not re.fullmatch(r"[A-Z](\d(\d\d?)?)?", plain):
        return "which is no ICD-10 code: one has a letter and two or three digits, such as E11 or E11.9"
    if plain[1:2] and int(plain[1:3]) > LAST_CATEGORY.get(plain[0], 99) // (1 if plain[2:] else 10):
        return f"which ICD-10 doesn't have: its categories of {plain[0]} end with {plain[0]}{LAST_CATEGORY[plain[0]]}"
    written = SIGNS.sub("", code).rstrip("-").upper()
    if not re.fullmatch(r"[0-9X]?[AD]?", written[4:]):
        return "which has more after the fourth character than ICD-10 knows: a site digit, and D or A for dagger or asterisk"
    return None


def snomed_fault(code: str) -> str | None:
    """What is wrong with the number of a SNOMED CT concept."""
    digits = plain_snomed(code)
    if not re.fullmatch(r"[1-9]\d{5,17}", digits):
        return "which is no SNOMED CT number, six to eighteen digits; a spreadsheet may have written it as 4.4E+07 or cut its end"
    if not verhoeff_holds(digits):
        return "whose check digit is wrong, so a digit is missing, changed or cut to noughts by a spreadsheet: copy it again as text"
    if digits[-3:-1] not in ("00", "10"):
        what = {"01": "description", "11": "description", "02": "relationship", "12": "relationship"}.get(digits[-3:-1], "part")
        return f"which is the number of a {what}, where that of a concept is expected"
    return None


def read_fault(code: str) -> str | None:
    """What is wrong with a code of Read version 2 or Clinical Terms 3."""
    written = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9A-Za-z]{1,5}", plain_read(code)) or not re.fullmatch(r"[0-9A-Za-z]+\.*([0-9A-Za-z]{2})?", written):
        return "which is no Read code: five letters and digits, filled up with points, such as C10F."
    if len(written) not in (1, 2, 3, 4, 5, 7):
        return "which has more than five characters and is not followed by the two of a term's number: check it"
    return None


def bnf_fault(code: str) -> str | None:
    """What is wrong with a code of the British National Formulary or the beginning of one."""
    plain = plain_other(code)
    if len(plain) not in BNF_LENGTHS or not re.fullmatch(r"\d{2,7}[0-9A-Z]*", plain):
        return (
            "which is no BNF code: 2 characters for a chapter, 4 section, 6 paragraph, 7 subparagraph, 9 substance, 11, 13 or 15 below; "
            "a spreadsheet may have cut its first nought"
        )
    return None


# The dihedral group of ten elements and the permutation of the check digit (J. Verhoeff, Error Detecting Decimal Codes, 1969) that SNOMED
# CT numbers end with.
_TIMES = tuple(tuple((a + b) % 5 + 5 * (b // 5) if a < 5 else (a - b) % 5 + 5 * (1 - b // 5) for b in range(10)) for a in range(10))
_MOVED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


@cache
def _moved(times: int) -> tuple[int, ...]:
    """The permutation, applied so many times."""
    return tuple(range(10)) if times == 0 else tuple(_moved(times - 1)[n] for n in _MOVED)


def verhoeff_holds(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    sum_ = 0
    for place, digit in enumerate(reversed(digits)):
        sum_ = _TIMES[sum_][_moved(place % 8)[int(digit)]]
    return sum_ == 0


KNOWN = {
    system.name: system
    for system in (
        System("ICD-10", "prefix", plain_icd, icd_fault),
        System("SNOMED CT", "exact", plain_snomed, snomed_fault),
        System("Read v2", "prefix", plain_read, read_fault),
        System("CTV3", "exact", plain_read, read_fault),
        System("BNF", "prefix", plain_other, bnf_fault),
        System("dm+d", "exact", plain_snomed, snomed_fault),
    )
}


@cache
def systems() -> dict[str, System]:
    """Every system that a list may name: those of codes, and each coded field that is read, as contract.field."""
    return KNOWN | {name: System(name, "exact", plain_other, field_fault(name, each)) for name, each in coded_fields().items()}


@cache
def coded_fields() -> dict[str, ContractField]:
    """The fields that coded_field takes codes from, by the names of their systems."""
    sql = (files("joinedup.population") / "coded_field.sql").read_text(encoding="utf-8")
    known = {f"{name}.{each.landed}": each for name, contract in contracts().items() for each in contract.fields}
    return {system: known[system] for system in re.findall(r"'(\w+\.\w+)'", sql)}


def field_fault(system: str, of: ContractField) -> Callable[[str], str | None]:
    """The rule of one coded field: its code is one that the contract knows, where it names any, and none that another replaced."""
    known = {plain_other(code) for code in of.codes}
    replaced = {plain_other(code): dated.becomes for code, dated in of.dated.items() if dated.becomes}

    def fault(code: str) -> str | None:
        plain = plain_other(code)
        if not known or plain in known:
            return None
        if plain in replaced:
            return f"which was replaced by {replaced[plain]}, as which it lands: list that"
        return f"which {system} doesn't have{nearest(code.upper(), of.codes) or ': its codes stand in the reference of contracts'}"

    return fault


def unknown_system(name: str) -> str:
    """That a system is not known, with the nearest known one."""
    plain = re.sub(r"[^a-z0-9+]", "", name.lower())
    alike = next((each for each in KNOWN if re.sub(r"[^a-z0-9+]", "", each.lower()) == plain), None)
    hint = f" (did you mean {alike}?)" if alike else nearest(name, systems())
    return f"has the system {repeated(name)}, where one of {', '.join(KNOWN)} or a coded field is expected{hint}"
