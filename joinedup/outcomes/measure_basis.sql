WITH needed AS (
    SELECT
        n.measure_id,
        n.age_from,
        n.way,
        n.field,
        p.provider_code,
        p.month,
        p.month_end,
        p.known_to,
        -- Whether the extract comes at all is said before whether a field of it is filled in.
        coalesce(p.why, CASE WHEN f.why IS NOT NULL THEN n.field || ' ' || f.why END) AS why
    FROM measure_need AS n
    INNER JOIN provider_month AS p ON p.contract = n.contract
    INNER JOIN provider_field AS f
        ON f.contract = n.contract AND f.provider_code = p.provider_code AND f.month = p.month AND f.field = n.field
    CROSS JOIN place_parameter AS q
    WHERE p.month >= q.period_start AND p.month < q.period_end
),
by_way AS (
    SELECT measure_id, age_from, way, provider_code, month, month_end, max(known_to) AS known_to, bool_and(why IS NULL) AS known, min(why) AS why
    FROM needed
    GROUP BY measure_id, age_from, way, provider_code, month, month_end
),
placed AS (
    SELECT
        measure_id, age_from, way, provider_code, month, month_end, known_to, known, why,
        row_number() OVER (PARTITION BY measure_id, provider_code, month ORDER BY CASE WHEN known THEN 0 ELSE 1 END NULLS LAST, way NULLS LAST) AS place
    FROM by_way
)
SELECT measure_id, age_from, provider_code, month, month_end, way, known_to, known, why
FROM placed
WHERE place = 1
