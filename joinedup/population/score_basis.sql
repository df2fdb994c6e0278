WITH dated AS (
    SELECT file_id, coded_on FROM diagnosis
    UNION ALL
    SELECT file_id, coalesce(dispensed_date, processing_period_date) FROM landed_gp_medication
),
by_day AS (
    SELECT file_id, coded_on, count(*) AS entries
    FROM dated
    GROUP BY file_id, coded_on
),
by_month AS (
    SELECT u.contract, CAST(date_trunc('month', d.coded_on) AS DATE) AS month, CAST(sum(d.entries) AS BIGINT) AS entries
    FROM by_day AS d
    INNER JOIN file_use AS u ON u.file_id = d.file_id
    CROSS JOIN place_parameter AS q
    WHERE u.planning AND d.coded_on <= q.as_at
    GROUP BY u.contract, CAST(date_trunc('month', d.coded_on) AS DATE)
),
usual AS (
    SELECT m.contract, CAST(sum(m.entries) AS BIGINT) / 12 AS each_month
    FROM by_month AS m
    CROSS JOIN place_parameter AS q
    WHERE m.month > q.as_at - 365
    GROUP BY m.contract
),
reach AS (
    -- A month with hardly an entry is one of mistyped dates, or of what was written down long after.
    SELECT m.contract, min(m.month) AS first_month, CAST(max(m.month) + INTERVAL 1 MONTH AS DATE) AS told_to
    FROM by_month AS m
    LEFT JOIN usual AS l ON l.contract = m.contract
    WHERE m.entries * 10 >= coalesce(l.each_month, 0)
    GROUP BY m.contract
),
needed AS (
    SELECT
        n.score_id,
        bool_and(r.contract IS NOT NULL) AS told,
        max(r.first_month) AS told_from,
        min(r.told_to) AS told_to,
        bool_or(h.contract IS NOT NULL) AS practice_held
    FROM score_need AS n
    LEFT JOIN reach AS r ON r.contract = n.contract
    LEFT JOIN practice_held AS h ON h.contract = n.contract
    GROUP BY n.score_id
),
judged AS (
    SELECT
        s.score_id,
        y.year_starts,
        y.year_ends,
        y.year_ends - s.window_days AS window_starts,
        CASE WHEN n.told THEN n.told_from END AS told_from,
        CASE WHEN n.told THEN n.told_to END AS told_to,
        n.practice_held,
        CASE
            WHEN NOT s.loaded THEN 'no list loaded'
            WHEN NOT n.told THEN 'no extract'
            WHEN n.told_from > greatest(y.year_starts, y.year_ends - s.window_days) THEN 'extract begins later'
            WHEN n.told_to < y.year_ends - 92 THEN 'extract ends earlier'
        END AS why
    FROM score_about AS s
    INNER JOIN needed AS n ON n.score_id = s.score_id
    CROSS JOIN place_year AS y
)
SELECT
    score_id,
    year_starts,
    year_ends,
    window_starts,
    told_from,
    told_to,
    why IS NULL AS known,
    why IS NULL AND told_from <= window_starts AND told_to >= year_ends AS whole,
    practice_held,
    why
FROM judged
