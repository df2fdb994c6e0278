WITH counted AS (
    SELECT measure_id, neighbourhood_id, events, numerator, numerator_squares FROM measure_urgent_care
    UNION ALL
    SELECT measure_id, neighbourhood_id, events, numerator, numerator_squares FROM measure_delayed_days
    UNION ALL
    SELECT measure_id, neighbourhood_id, events, numerator, numerator_squares FROM measure_bed_days
),
by_area AS (
    SELECT
        measure_id,
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        events,
        numerator,
        numerator_squares
    FROM counted
    UNION ALL
    SELECT measure_id, 'place', 'place', CAST(sum(events) AS BIGINT), CAST(sum(numerator) AS DOUBLE), CAST(sum(numerator_squares) AS DOUBLE)
    FROM counted
    GROUP BY measure_id
),
measure AS (
    SELECT n.measure_id, n.age_from, coalesce(b.known_months, 0) AS known_months
    FROM (SELECT DISTINCT measure_id, age_from FROM measure_need) AS n
    LEFT JOIN (SELECT measure_id, count(*) FILTER (WHERE known) AS known_months FROM measure_basis GROUP BY measure_id) AS b
        ON b.measure_id = n.measure_id
)
SELECT
    m.measure_id,
    a.area_type,
    a.area_id,
    p.period_start,
    p.period_end,
    -- Without a single month of a provider that can be known, nothing is: missing, not zero.
    CASE WHEN m.known_months > 0 THEN coalesce(b.events, 0) END AS events,
    CASE WHEN m.known_months > 0 THEN coalesce(b.numerator, CAST(0 AS DOUBLE)) END AS numerator,
    CASE WHEN m.known_months > 0 THEN coalesce(b.numerator_squares, CAST(0 AS DOUBLE)) END AS numerator_squares,
    coalesce(k.known_days, CAST(0 AS DOUBLE)) / CAST(nullif(p.period_days, 0) AS DOUBLE) AS denominator,
    coalesce(d.person_days, 0) / CAST(nullif(p.period_days, 0) AS DOUBLE) AS registered
FROM measure AS m
CROSS JOIN area AS a
CROSS JOIN place_parameter AS p
LEFT JOIN by_area AS b
    ON b.measure_id = m.measure_id AND b.area_type = a.area_type AND b.area_id = a.area_id
LEFT JOIN measure_people AS k
    ON k.measure_id = m.measure_id AND k.area_type = a.area_type AND k.area_id = a.area_id
LEFT JOIN area_person_days AS d
    ON d.area_type = a.area_type AND d.area_id = a.area_id AND d.age_from = m.age_from
