SELECT
    'urgent_care_sensitive_admissions' AS measure_id,
    e.neighbourhood_id,
    count(*) AS events,
    CAST(count(*) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS numerator_squares
FROM urgent_care_admission AS e
CROSS JOIN place_parameter AS p
WHERE e.admitted_on >= p.period_start AND e.admitted_on < p.period_end
GROUP BY e.neighbourhood_id
