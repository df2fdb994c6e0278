WITH counted AS (
    SELECT
        s.neighbourhood_id,
        y.age_from,
        greatest(
            s.starts,
            q.period_start,
            CASE WHEN y.age_from = 18 THEN CAST(p.birth_month + INTERVAL 18 YEAR AS DATE) END
        ) AS starts,
        least(s.ends, q.period_end) AS ends
    FROM counted_spell AS s
    INNER JOIN person AS p ON p.person_id = s.person_id
    CROSS JOIN place_parameter AS q
    CROSS JOIN (VALUES (0), (18)) AS y (age_from)
    WHERE y.age_from = 0 OR p.birth_month IS NOT NULL
),
summed AS (
    SELECT neighbourhood_id, age_from, CAST(sum(CAST(ends - starts AS INTEGER)) AS BIGINT) AS person_days
    FROM counted
    WHERE starts < ends
    GROUP BY neighbourhood_id, age_from
)
SELECT
    CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
    coalesce(neighbourhood_id, 'none') AS area_id,
    age_from,
    person_days
FROM summed
UNION ALL
SELECT 'place', 'place', age_from, CAST(sum(person_days) AS BIGINT)
FROM summed
GROUP BY age_from
