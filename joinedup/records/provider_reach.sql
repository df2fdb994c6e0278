WITH usual AS (
    SELECT contract, provider_code, median(records) FILTER (WHERE records > 0) AS records
    FROM provider_given
    GROUP BY contract, provider_code
),
-- The first and the last month of substance: beyond it are dates that were mistyped.
reach AS (
    SELECT
        g.contract,
        g.provider_code,
        min(g.month) FILTER (WHERE g.records > 0 AND 5 * g.records >= u.records) AS first_month,
        max(g.month_end) FILTER (WHERE g.records > 0 AND 5 * g.records >= u.records) AS last_end,
        min(g.month) AS window_start,
        max(g.month_end) AS window_end
    FROM provider_given AS g
    INNER JOIN usual AS u ON u.contract = g.contract AND u.provider_code = g.provider_code
    GROUP BY g.contract, g.provider_code
),
sent AS (
    SELECT
        r.contract,
        r.provider_code,
        r.first_month,
        r.window_start,
        r.window_end,
        max(n.latest) FILTER (WHERE n.latest < coalesce(r.last_end, q.as_at + 1) OR r.last_end = r.window_end) AS known_to
    FROM reach AS r
    CROSS JOIN place_parameter AS q
    LEFT JOIN told_count AS n ON n.contract = r.contract AND n.provider_code = r.provider_code
    GROUP BY r.contract, r.provider_code, r.first_month, r.window_start, r.window_end
),
within AS (
    SELECT
        s.contract,
        s.provider_code,
        s.first_month,
        s.window_start,
        s.window_end,
        s.known_to,
        CAST(sum(g.records) FILTER (WHERE g.month >= s.first_month AND g.month <= s.known_to) AS DOUBLE) AS records,
        CAST(sum(CAST(g.month_end - g.month AS INTEGER)) FILTER (WHERE g.month >= s.first_month AND g.month <= s.known_to) AS DOUBLE) AS days
    FROM sent AS s
    INNER JOIN provider_given AS g ON g.contract = s.contract AND g.provider_code = s.provider_code
    GROUP BY s.contract, s.provider_code, s.first_month, s.window_start, s.window_end, s.known_to
)
SELECT
    contract,
    provider_code,
    first_month,
    window_start,
    window_end,
    known_to,
    -- Of fewer than ten in all nothing is to be expected.
    coalesce(CASE WHEN records >= 10 THEN records / nullif(days, 0) END, 0) AS each_day
FROM within
