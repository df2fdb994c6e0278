"""What Spark calls its settings: one that is misspelt it takes without a word, and goes by its own."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.resources import files

OPEN = (
    "spark.hadoop.", "spark.executorEnv.", "spark.yarn.appMasterEnv.", "spark.kubernetes.", "spark.metrics.", "spark.executor.resource.",
    "spark.driver.resource.", "spark.task.resource.", "spark.worker.resource.", "spark.sql.catalog.", "spark.hive.", "spark.plugins.",
    "spark.shuffle.io.plugin.",
)  # fmt: skip
"""How names begin that go on as the place likes: with a file system's, a variable's, a catalogue's name."""
AS_NEAR = 0.9
"""How alike a name is to a known one, of 1, from which on it is taken for that, misspelt: platforms have settings of their own."""
FAMILY_AS_NEAR = 0.8


@cache
def known_settings() -> frozenset[str]:
    """The names of Spark's settings, as Spark itself lists them."""
    return frozenset((files("joinedup.engine") / "spark_setting.csv").read_text(encoding="utf-8").split()[1:])


def meant(name: str) -> str | None:
    """The setting that a misspelt name was meant to be; None where it is known, or may be one of a platform's own."""
    if name in known_settings() or name.startswith(OPEN):
        return None
    near = get_close_matches(name, known_settings(), n=1, cutoff=AS_NEAR)
    if near:
        return str(near[0])
    family, _, rest = name.removeprefix("spark.").partition(".")
    families = {begins.split(".")[1] for begins in (*OPEN, *known_settings())}
    kin = [] if family in families else get_close_matches(family, families, n=1, cutoff=FAMILY_AS_NEAR)
    return f"spark.{kin[0]}.{rest}" if kin else None
