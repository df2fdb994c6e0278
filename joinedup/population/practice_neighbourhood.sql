WITH belonging AS (
    SELECT
        m.practice_code,
        m.neighbourhood_id,
        greatest(coalesce(m.starts, DATE '0001-01-01'), n.starts) AS starts,
        least(coalesce(m.ends, DATE '9999-12-31'), n.ends) AS ends
    FROM place_membership AS m
    INNER JOIN place_neighbourhood AS n ON n.neighbourhood_id = m.neighbourhood_id
),
cut AS (
    SELECT
        practice_code,
        neighbourhood_id,
        starts,
        least(ends, lead(starts) OVER (PARTITION BY practice_code ORDER BY starts NULLS LAST, ends NULLS LAST, neighbourhood_id NULLS LAST)) AS ends
    FROM belonging
    WHERE starts < ends
),
one_at_a_time AS (
    SELECT
        practice_code,
        neighbourhood_id,
        starts,
        ends,
        lag(ends) OVER (PARTITION BY practice_code ORDER BY starts NULLS LAST, neighbourhood_id NULLS LAST) AS ended_before,
        lead(starts) OVER (PARTITION BY practice_code ORDER BY starts NULLS LAST, neighbourhood_id NULLS LAST) AS starts_next
    FROM cut
    WHERE starts < ends
),
whole AS (
    SELECT practice_code, neighbourhood_id, starts, ends FROM one_at_a_time
    UNION ALL
    SELECT practice_code, CAST(NULL AS STRING), coalesce(ended_before, DATE '0001-01-01'), starts FROM one_at_a_time
    UNION ALL
    SELECT practice_code, CAST(NULL AS STRING), ends, DATE '9999-12-31' FROM one_at_a_time WHERE starts_next IS NULL
    UNION ALL
    SELECT p.practice_code, CAST(NULL AS STRING), DATE '0001-01-01', DATE '9999-12-31'
    FROM place_practice AS p
    WHERE NOT EXISTS (SELECT 1 FROM one_at_a_time AS o WHERE o.practice_code = p.practice_code)
)
SELECT
    w.practice_code,
    w.neighbourhood_id,
    nullif(w.starts, DATE '0001-01-01') AS starts,
    nullif(w.ends, DATE '9999-12-31') AS ends
FROM whole AS w
INNER JOIN place_practice AS p ON p.practice_code = w.practice_code
WHERE w.starts < w.ends
