WITH stay AS (
    SELECT e.neighbourhood_id, e.activity_id, CAST(sum(e.days) AS BIGINT) AS days
    FROM emergency_bed_use AS e
    CROSS JOIN place_parameter AS p
    WHERE e.ended_on >= p.period_start AND e.ended_on < p.period_end
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
