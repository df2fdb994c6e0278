"""Pure functions on numbers: counts into rates and proportions with limits, over any number of groups at once.

Each takes arrays of groups and answers with a value and limits, or none and a reason code (`Reason`); one bad group spoils no other.
`confidence` is a level or several: limits then have a last axis of levels. By module:

- rates: `rate`, `rate_of_sum`, `wilson` (a proportion)
- averages: `mean` (from sums), `mean_of`, `median`, `quantile` (from values and the group of each)
- standardised: `standardised_rate`, `standardised_of_sums`, `expected`, `standardised_ratio`,
  `indirectly_standardised_rate`, `european_standard`
- areas: `quantile_groups`
- life: `life_expectancy`
- inequality: `slope_index`, `relative_index`
- funnel: `funnel_of_proportions`, `funnel_of_rates`, `funnel_of_ratios`
- trend: `recent_trend`, `recent_trend_of_proportions`
- control: `xmr` (limits of control charts); rule_sets: `rule_set`; signals: `signals`; icons: `icons`
- sql: rates, proportions, standardised rates and control charts as portable SQL (`statement`, `parameters`)
- estimates: `compared` (with a benchmark); chance: `beyond_chance`; differences: `of_means`, `of_shares`
"""

from joinedup.statistics.areas import quantile_groups
from joinedup.statistics.averages import mean, mean_of, median, quantile
from joinedup.statistics.chance import beyond_chance
from joinedup.statistics.control import xmr
from joinedup.statistics.differences import of_means, of_shares
from joinedup.statistics.estimates import Estimates, Reason, compared
from joinedup.statistics.funnel import funnel_of_proportions, funnel_of_rates, funnel_of_ratios
from joinedup.statistics.icons import icons
from joinedup.statistics.inequality import relative_index, slope_index
from joinedup.statistics.life import life_expectancy
from joinedup.statistics.poisson import byar_limits, poisson_limits
from joinedup.statistics.rates import rate, rate_of_sum, wilson
from joinedup.statistics.rule_sets import rule_set
from joinedup.statistics.signals import signals
from joinedup.statistics.standardised import (
    european_standard,
    expected,
    indirectly_standardised_rate,
    standardised_rate,
    standardised_ratio,
)
from joinedup.statistics.trend import recent_trend, recent_trend_of_proportions

__all__ = [
    "Estimates",
    "Reason",
    "beyond_chance",
    "byar_limits",
    "compared",
    "european_standard",
    "expected",
    "funnel_of_proportions",
    "funnel_of_rates",
    "funnel_of_ratios",
    "icons",
    "indirectly_standardised_rate",
    "life_expectancy",
    "mean",
    "mean_of",
    "median",
    "of_means",
    "of_shares",
    "poisson_limits",
    "quantile",
    "quantile_groups",
    "rate",
    "rate_of_sum",
    "recent_trend",
    "recent_trend_of_proportions",
    "relative_index",
    "rule_set",
    "signals",
    "slope_index",
    "standardised_rate",
    "standardised_ratio",
    "wilson",
    "xmr",
]
