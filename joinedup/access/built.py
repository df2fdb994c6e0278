"""How a build was made, as pages tell it: its manifest and what its landing cost. It holds no person."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from joinedup.engine.manifest import Manifest
from joinedup.engine.measuring import ProcessMeasured, StepMeasured
from joinedup.engine.profiles import BuildProfile, read_profile
from joinedup.engine.store import Store

STEPS: TypeAdapter[tuple[StepMeasured, ...]] = TypeAdapter(tuple[StepMeasured, ...])


@dataclass(frozen=True, slots=True)
class Built:
    """One published build: its tables with what each cost and why it was made, and the steps of the landing that it stands on."""

    manifest: Manifest
    steps: tuple[StepMeasured, ...] = ()
    """Empty where the landing is of before its steps were kept."""
    landing: ProcessMeasured | None = None
    profile: BuildProfile | None = None
    """None where nobody has asked for query profiles."""


def built_of(manifest: Manifest, store: Store) -> Built:
    """How a build was made, from what its manifest says, and its query profiles where the store has them."""
    landing = manifest.about.get("landing", {})
    measured = landing.get("measured")
    return Built(
        manifest,
        STEPS.validate_python(landing.get("steps") or ()),
        None if measured is None else ProcessMeasured.model_validate(measured),
        read_profile(store, manifest.build_id),
    )
