"""The same scores by pycomorb or comorbidipy, in a Python that has it: `scores_peer.py PACKAGE DIAGNOSES OUT`; see benchmarks/scores.py."""

from __future__ import annotations

import sys
import warnings

import polars as pl


def by_pycomorb(diagnoses: pl.DataFrame) -> pl.DataFrame:
    """Four scores of everyone; Charlson's without points for age."""
    from pycomorb import comorbidity  # noqa: PLC0415 - only in its own environment

    named = {"id_col": "person_id", "code_col": "code", "age_col": "age"}
    wanted = (("charlson_shmi", "uk_shmi", "uk_shmi"), ("charlson_quan", "quan", "charlson"), ("charlson_quan_2011", "quan", "quan"))
    found = comorbidity("hfrs", diagnoses, id_col="person_id", code_col="code").rename({"HFRS Score": "hospital_frailty"})
    for name, codes, weights in wanted:
        score = comorbidity("charlson", diagnoses, implementation=codes, weights=weights, **named)
        found = found.join(score.select("person_id", pl.col("Charlson Comorbidity Index").alias(name)), on="person_id")
    return found


def by_comorbidipy(diagnoses: pl.DataFrame) -> pl.DataFrame:
    """The same; it has an older list of the NHS, so its charlson_shmi is another score."""
    from comorbidipy import comorbidity, hfrs  # noqa: PLC0415 - only in its own environment

    wanted = (("charlson_shmi", "shmi", "shmi"), ("charlson_quan", "quan", "charlson"), ("charlson_quan_2011", "quan", "quan"))
    found = hfrs(diagnoses, id_col="person_id").select("person_id", pl.col("hfrs_score").alias("hospital_frailty"))
    for name, codes, weights in wanted:
        score = comorbidity(diagnoses, id_col="person_id", variant=codes, weighting=weights)
        found = found.join(score.select("person_id", pl.col("comorbidity_score").alias(name)), on="person_id")
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    package, source, out = sys.argv[1:]
    read = pl.read_parquet(source)
    (by_pycomorb if package == "pycomorb" else by_comorbidipy)(read).write_parquet(out)
