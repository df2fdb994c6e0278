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
