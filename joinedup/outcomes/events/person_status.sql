WITH done AS (
    SELECT
        y.year_starts,
        e.person_id,
        bool_or(e.group_id = 'health_check_mental_illness') AS mental_illness_check,
        bool_or(e.group_id = 'health_check_learning_disability') AS learning_disability_check
    FROM listed_entry AS e
    INNER JOIN place_year AS y ON y.year_starts <= e.coded_on AND e.coded_on < y.year_ends
    WHERE e.list_id = 'care_events'
    GROUP BY y.year_starts, e.person_id
),
-- A year in which nobody at all had a check is one that practices told nothing of.
checks_told AS (
    SELECT year_starts, bool_or(mental_illness_check) AS mental_illness, bool_or(learning_disability_check) AS learning_disability
    FROM done
    GROUP BY year_starts
),
assessed AS (
    SELECT DISTINCT y.year_starts, a.person_id
    FROM place_activity AS a
    INNER JOIN activity AS v ON v.activity_id = a.activity_id
    INNER JOIN place_year AS y ON y.year_starts <= a.starts AND a.starts < y.year_ends
    WHERE a.point_of_delivery = 'Social care assessment' AND v.service IN ('UNPAID CARER ASSESSMENT', 'CARER ASSESSMENT')
),
social_care AS (
    SELECT year_starts, known FROM year_basis WHERE what = 'adult social care'
),
listed AS (
    SELECT person_id, year_starts, year_ends, last_on, neighbourhood_id, practice_code, age, sex, practice_known, carer, dementia, severe_mental_illness, learning_disability
    FROM person_year
    -- Who died or left in the year isn't there at its end.
    WHERE last_on = year_ends - 1
)
SELECT
    l.person_id AS event_id,
    l.person_id,
    l.last_on AS on_date,
    l.neighbourhood_id,
    l.practice_code,
    l.age,
    CAST(NULL AS STRING) AS provider_code,
    CAST(NULL AS INTEGER) AS file_id,
    l.practice_known,
    l.severe_mental_illness,
    CASE WHEN d.mental_illness_check THEN TRUE WHEN l.practice_known AND t.mental_illness THEN FALSE END AS mental_illness_check,
    l.learning_disability,
    CASE WHEN d.learning_disability_check THEN TRUE WHEN l.practice_known AND t.learning_disability THEN FALSE END AS learning_disability_check,
    l.carer,
    CASE WHEN a.person_id IS NOT NULL THEN TRUE WHEN b.known THEN FALSE END AS carer_assessed,
    l.dementia,
    r.per_100000 AS dementia_expected
FROM listed AS l
LEFT JOIN done AS d ON d.person_id = l.person_id AND d.year_starts = l.year_starts
LEFT JOIN checks_told AS t ON t.year_starts = l.year_starts
LEFT JOIN assessed AS a ON a.person_id = l.person_id AND a.year_starts = l.year_starts
LEFT JOIN social_care AS b ON b.year_starts = l.year_starts
LEFT JOIN expected_dementia AS r ON r.sex = l.sex AND r.age_from <= l.age AND coalesce(l.age < r.age_to, TRUE)
WHERE l.severe_mental_illness OR l.learning_disability OR l.carer OR a.person_id IS NOT NULL OR l.age >= 65
