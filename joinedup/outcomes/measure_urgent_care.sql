SELECT
    'urgent_care_sensitive_admissions' AS measure_id,
    e.neighbourhood_id,
    count(*) AS events,
    CAST(count(*) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS numerator_squares
FROM urgent_care_admission AS e
INNER JOIN place_activity AS a ON a.activity_id = e.activity_id
INNER JOIN measure_basis AS b
    ON b.measure_id = 'urgent_care_sensitive_admissions'
    AND b.provider_code = coalesce(a.provider_code, 'none')
    AND b.month = CAST(date_trunc('month', e.admitted_on) AS DATE)
WHERE b.known
GROUP BY e.neighbourhood_id
