WITH counted AS (
    SELECT
        s.neighbourhood_id,
        y.age_from,
        m.month,
        greatest(
            s.starts,
            m.month,
            CASE WHEN y.age_from = 18 THEN CAST(p.birth_month + INTERVAL 18 YEAR AS DATE) END
        ) AS starts,
        least(s.ends, m.month_end) AS ends
    FROM counted_spell AS s
    INNER JOIN person AS p ON p.person_id = s.person_id
    CROSS JOIN place_month AS m
    CROSS JOIN place_parameter AS q
    CROSS JOIN (VALUES (0), (18)) AS y (age_from)
    WHERE (y.age_from = 0 OR p.birth_month IS NOT NULL)
        AND m.month >= q.period_start AND m.month < q.period_end
        AND coalesce(s.starts < m.month_end, TRUE) AND coalesce(s.ends > m.month, TRUE)
)
SELECT
    CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
    coalesce(neighbourhood_id, 'none') AS area_id,
    age_from,
    month,
    CAST(sum(CAST(ends - starts AS INTEGER)) AS BIGINT) AS person_days
FROM counted
WHERE starts < ends
GROUP BY neighbourhood_id, age_from, month
