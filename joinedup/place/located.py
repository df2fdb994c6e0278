"""Values that remember where they were written, and findings that say it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from joinedup.findings import Finding, Severity
from joinedup.place.sentences import fields_at, problem

Model = TypeVar("Model", bound=BaseModel)
Value_co = TypeVar("Value_co", covariant=True)

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file where a value is written: the file and, for each part of the value, its line."""

    file: str
    line_of: Callable[[Path], int]

    def fault(self, rule: str, message: str, *, at: Path = (), severity: Severity = Severity.ERROR, endangers: str = "") -> Finding:
        """A finding on the line of one part."""
        return Finding(self.file, rule, message, line=self.line_of(at), severity=severity, endangers=endangers)


@dataclass(frozen=True, slots=True)
class Located(Generic[Value_co]):
    """A value and where it was written."""

    value: Value_co
    spot: Spot

    def fault(self, rule: str, message: str, at: str = "", endangers: str = "") -> Finding:
        """An error on the line of one of its parts."""
        return self.spot.fault(rule, message, at=(at,) if at else (), endangers=endangers)

    def warning(self, rule: str, message: str, at: str = "", endangers: str = "") -> Finding:
        """A warning on the line of one of its parts."""
        return self.spot.fault(rule, message, at=(at,) if at else (), severity=Severity.WARNING, endangers=endangers)


def validated(
    model: type[Model], content: object, spot: Spot, names: Mapping[str, str] | None = None, known: Collection[str] = ()
) -> tuple[list[Located[Model]], list[Finding]]:
    """The value (a list of one, or empty) and its findings.

    `names` gives what the file calls a field, where that differs; `known` the names it may hold, where they are more than the model's.
    """
    try:
        return [Located(model.model_validate(content), spot)], []
    except ValidationError as error:
        return [], [finding(model, details, spot, names or {}, known) for details in error.errors(include_url=False)]


def finding(model: type[BaseModel], details: Mapping[str, Any], spot: Spot, names: Mapping[str, str], known: Collection[str]) -> Finding:
    """One fault that pydantic found, as people say it."""
    path: Path = tuple(details["loc"])
    shown = tuple(names.get(str(part), part) if i == 0 else part for i, part in enumerate(path))
    inside = fields_at(model, path[:-1]) if len(path) > 1 else [*known] or list(model.model_fields)
    rule, message = problem(details, shown, inside)
    return spot.fault(rule, message, at=shown)
