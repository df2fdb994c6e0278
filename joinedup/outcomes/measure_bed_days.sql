WITH stay AS (
    SELECT e.neighbourhood_id, e.activity_id, CAST(sum(e.days) AS BIGINT) AS days
    FROM emergency_bed_use AS e
    INNER JOIN place_activity AS a ON a.activity_id = e.activity_id
    INNER JOIN measure_basis AS b
        ON b.measure_id = 'emergency_bed_days'
        AND b.provider_code = coalesce(a.provider_code, 'none')
        AND b.month = CAST(date_trunc('month', e.ended_on) AS DATE)
    WHERE b.known
    GROUP BY e.neighbourhood_id, e.activity_id
)
SELECT
    'emergency_bed_days' AS measure_id,
    neighbourhood_id,
    count(*) AS events,
    CAST(sum(days) AS DOUBLE) AS numerator,
    CAST(sum(days * days) AS DOUBLE) AS numerator_squares
FROM stay
WHERE days > 0
GROUP BY neighbourhood_id
