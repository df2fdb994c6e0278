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
)
SELECT
    m.measure_id,
    a.area_type,
    a.area_id,
    p.period_start,
    p.period_end,
    -- Without a single record that carries what is counted, nothing is known: missing, not zero.
    CASE WHEN m.records > 0 THEN coalesce(b.events, 0) END AS events,
    CASE WHEN m.records > 0 THEN coalesce(b.numerator, CAST(0 AS DOUBLE)) END AS numerator,
    CASE WHEN m.records > 0 THEN coalesce(b.numerator_squares, CAST(0 AS DOUBLE)) END AS numerator_squares,
    coalesce(d.person_days, 0) / CAST(nullif(p.period_days, 0) AS DOUBLE) AS denominator
FROM measure_basis AS m
CROSS JOIN area AS a
CROSS JOIN place_parameter AS p
LEFT JOIN by_area AS b
    ON b.measure_id = m.measure_id AND b.area_type = a.area_type AND b.area_id = a.area_id
LEFT JOIN area_person_days AS d
    ON d.area_type = a.area_type AND d.area_id = a.area_id AND d.age_from = m.age_from
