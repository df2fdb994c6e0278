"""What is published, by the names that evidence keys begin with: which table holds it, by what it is told apart, and of whom it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

NOT_KNOWN = "not-known"
"""Stands in a key for a missing value."""
ANY = "any"
"""Stands in a key for all values of a column together, where more follows."""
AREA = ("area_type", "area_id")
COHORT_YEAR = ("cohort_id", "year_starts")
OF_THE_YEAR = "People counted in the place on a day of the year, except those who object to being counted for planning"
CODED = "Coded entries of everybody who may be counted, up to the as-at date"
REGISTERED = "People registered with a practice of the place on the as-at date, except those who object to being counted for planning"


@dataclass(frozen=True, slots=True)
class Published:
    """One table of the build that pages show."""

    title: str
    table: str
    grain: tuple[str, ...]
    """The columns whose values follow the name in a key, in this order; those left off at the end are taken together."""
    counts: tuple[str, ...]
    population: str
    statistic: str = "count"
    columns: tuple[str, ...] = ()
    """The columns of the table that the door works it out from, where it isn't the table as it is."""


PUBLISHED: Mapping[str, Published] = {
    "population": Published("People by age and sex", "area_population", (*AREA, "age_band", "sex"), ("people",), REGISTERED),
    "deprivation": Published("People by deprivation fifth", "area_deprivation", (*AREA, "deprivation_fifth"), ("people",), REGISTERED),
    "ethnic_groups": Published("People by ethnic group", "area_ethnic_group", (*AREA, "ethnic_group"), ("people",), REGISTERED),
    "conditions": Published(
        "People with each condition",
        "area_condition",
        (*AREA, "condition_id"),
        ("people", "population", "expected"),
        f"{REGISTERED}, and of whom the condition can be known",
        "count; expected: at the place's shares by age band and sex; standardised_rate: European Standard Population 2013",
    ),
    "frailty": Published("People by frailty", "area_frailty", (*AREA, "age_group", "frailty"), ("people",), REGISTERED),
    "scores": Published(
        "People by score",
        "area_score",
        (*AREA, "score_id", "year_starts", "band_order"),
        ("people", "with_any"),
        f"{OF_THE_YEAR}, and of whom the score is known",
    ),
    "cohort_flow": Published(
        "How people come to be in a cohort", "cohort_flow", (*COHORT_YEAR, "step_order"), ("people", "out", "not_known"), OF_THE_YEAR
    ),
    "cohort_profile": Published(
        "Cohorts beside everybody else",
        "cohort_profile",
        (*COHORT_YEAR, "characteristic"),
        ("people", "known", "total", "rest_people", "rest_known", "rest_total"),
        OF_THE_YEAR,
        "means and shares, and the standardised difference between them (Austin, 2009)",
    ),
    "cohort_overlap": Published("Who is in two cohorts", "cohort_overlap", (*COHORT_YEAR, "other_id"), ("people",), OF_THE_YEAR),
    "cohort_area": Published(
        "Cohorts by area",
        "cohort_area",
        (*COHORT_YEAR, *AREA, "deprivation_fifth"),
        ("people", "population"),
        OF_THE_YEAR,
        "people per 1,000 counted, with Wilson's 95% limits",
    ),
    "cohort_use": Published(
        "Use and cost of cohorts",
        "cohort_use",
        (*COHORT_YEAR, "sector"),
        ("people", "person_days", "users", "activities", "cost_pence", "rest_users", "rest_activities", "rest_cost_pence"),
        OF_THE_YEAR,
        "activities and pounds for each 365.25 days registered",
    ),
    "cohort_spend": Published(
        "Cohorts before and after an index date",
        "cohort_spend",
        ("cohort_id", "side", "sector", "month_from_index"),
        ("activities", "cost_pence", "observed", "days"),
        "People of the cohort with an index date, and people alike who aren't in it",
        "pounds for each twelfth of a year observed; descriptive",
    ),
    "cohort_change": Published("Cohorts from year to year", "cohort_change", (*COHORT_YEAR, "change"), ("people",), OF_THE_YEAR),
    "code_use": Published(
        "Use of listed codes", "code_use", ("list_id", "group_id", "system", "code"), ("entries", "people", "practices"), CODED
    ),
    "code_group_use": Published(
        "Use of code lists by practice", "code_group_use", ("list_id", "group_id", "practice_code"), ("entries", "people"), REGISTERED
    ),
    "code_list_effect": Published(
        "What a version of a code list changes",
        "code_list_effect",
        ("list_id", "version", "group_id"),
        ("people_before", "people_lost", "people_gained", "people_now"),
        CODED,
    ),
    "code_unmatched": Published(
        "Coded entries that no list names",
        "code_unmatched",
        ("contract", "system"),
        ("entries", "unmatched_entries", "unmatched_codes"),
        CODED,
    ),
    "practices_sent": Published(
        "What practices send",
        "practice_year",
        ("practice_code", "contract", "year_starts"),
        ("records", "expected"),
        "People of the practice on their last day of the year, who don't object there",
    ),
    "segments": Published(
        "People by segment",
        "area_segment",
        (*AREA, "model_id", "year_starts", "segment_id"),
        ("people", "person_days", "cost_pence", "emergency_admissions"),
        OF_THE_YEAR,
    ),
    "segment_moves": Published(
        "Who moved between segments", "segment_move", ("model_id", "year_starts", "from_segment", "to_segment"), ("people",), OF_THE_YEAR
    ),
    "flows": Published(
        "Where people go",
        "area_flow",
        (*AREA, "sector", "provider_code"),
        ("activities", "people"),
        "Activities that began in the period, of people who were registered with the place on the day, except those who object",
    ),
    "practice_people": Published(
        "People over whom what practices hold is counted",
        "area_practice_people",
        AREA,
        ("people",),
        f"{REGISTERED} or to the use of what practices hold",
    ),
    "activity": Published(
        "Use of services by month",
        "area_month",
        (*AREA, "month", "point_of_delivery"),
        ("activities",),
        "Activities of people who were registered with the place on the day, except those who object to being counted for planning",
    ),
    "costs": Published(
        "Cost of care",
        "area_cost",
        (*AREA, "sector", "point_of_delivery"),
        ("activities", "costed", "cost_pence", "from_extract", "from_unit_cost"),
        "Activities of the period of people who were registered with the place on the day, except those who object",
        "sum of what extracts say, else of published averages; per person: over the people registered on the as-at date",
    ),
    "cost_differences": Published(
        "Costs of the extracts beside published averages",
        "cost_difference",
        ("sector", "point_of_delivery"),
        ("activities", "extract_pence", "average_pence", "ratio"),
        "Activities of the period with a cost in the extract and a published average",
        "sums, and the first over the second",
    ),
    "measure_basis": Published(
        "What each measure can be known of",
        "line_basis",
        ("measure_id", "provider_code", "month"),
        ("known",),
        "Months of the period of each provider that would have to tell of it",
        columns=("known",),
    ),
    "quality": Published(
        "What was found wrong or missing in the record",
        "data_quality",
        ("rule",),
        ("found", "out_of"),
        "All rows or people that the rule is about",
    ),
    "objections": Published(
        "Who is left out because they object",
        "opted_out",
        ("purpose", "kind", *AREA, "deprivation_fifth", "age_band"),
        ("registered", "removed"),
        "Everyone registered with a practice of the place on the as-at date",
    ),
    "linked_rows": Published(
        "How rows are linked to people",
        "linked_rows",
        ("contract", "source", "characteristic", "group_value"),
        ("row_count", "by_key", "confirmed", "by_probability", "unlinked"),
        "Rows that were loaded, of each source",
    ),
    "link_spread": Published(
        "Rows that no key links, by group",
        "link_spread",
        ("characteristic", "group_value"),
        ("row_count", "not_by_key", "effective_rows"),
        "Rows of all extracts but the registration list",
        "share, with Wilson's 95% limits for as many independent rows as they are worth",
    ),
    "link_truth": Published(
        "How rightly rows were linked",
        "link_truth",
        ("decided_by", "characteristic", "group_value"),
        ("correct", "wrong", "missed", "of_strangers", "strangers_linked"),
        "Rows with a planted fault, of invented people",
        "shares, with Wilson's 95% limits",
    ),
    "measure_linkage": Published(
        "How far linkage could move the indicators",
        "activity",
        ("measure_id", *AREA),
        ("numerator", "by_probability", "kindred", "kindred_unlinked"),
        "What the measure counts of stays in hospital, all months together",
        columns=("linked_by",),
    ),
    "match_weights": Published(
        "What agreement between two records is worth", "match_weight", ("comparison", "level"), ("m", "u", "weight"), "Pairs of records"
    ),
    "match_figures": Published("What matching came to", "match_figure", ("figure",), ("value",), "Records that no key decides"),
}
"""Name -> what it is; measures come beside them, each under its own id."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something that pages show and that is no table of the build: where it stands, and by what it is told apart."""

    title: str
    origin: str
    grain: tuple[str, ...]
    of: str
    """What it says, of whom."""


TOLD: Mapping[str, Told] = {
    "accounting": Told("What became of the rows of each source", "landing", ("source",), "Every row of every file that was landed"),
    "files": Told("What became of the rows of each file", "landing", ("source", "file"), "Every row of the file"),
    "deliveries": Told(
        "Rows loaded by month", "landing", ("source", "month"), "Rows loaded from each source, by the month that they are of"
    ),
    "findings": Told("What was found wrong with files and folder", "landing", ("rule", "file"), "Each finding of the landing"),
    "restricted": Told(
        "What the law keeps out", "landing", ("contract",), "Rows and codes that were kept out, no nearer than roughly how many"
    ),
    "agreements": Told("Agreements to share", "place folder", ("agreement_id",), "sharing.yml of the place, as it stands"),
    "looks": Told("Who looked", "access log", ("by", "group"), "Looks at the doors in the last weeks"),
    "hazards": Told("Hazards", "software", ("hazard",), "The hazard log that comes with joinedup"),
    "changes": Told(
        "What changed between two builds", "comparison", ("cause",), "Every published number of two builds, and what each cause did to it"
    ),
    "journeys": Told("Years of invented people", "record", ("stage",), "One invented person's activity in the period, chosen by rule"),
    "build": Told("The build", "manifest", ("table",), "Which build the pages are of, and what making it took"),
}
"""Name -> what it is."""


def evidence_key(name: str, *values: object) -> str:
    """The key of a number: what it is of, a measure or table, then the values that tell it apart; fit for the end of an address."""
    return "/".join((name, *map(slug, values)))


@cache
def slug(value: object) -> str:
    """A value as it stands in a key: small letters, digits, full stops and hyphens; a month without its day."""
    if value is None or value == "":
        return NOT_KNOWN
    if isinstance(value, date):
        return f"{value:%Y-%m}" if value.day == 1 else value.isoformat()
    plain = unicodedata.normalize("NFKD", str(value)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9._]+", "-", plain.lower()).strip("-") or NOT_KNOWN
