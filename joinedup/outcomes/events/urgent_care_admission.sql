WITH matched AS (
    SELECT
        a.activity_id,
        a.person_id,
        a.neighbourhood_id,
        a.age,
        a.starts AS admitted_on,
        min(c.condition_order) AS condition_order
    FROM episode AS e
    INNER JOIN place_activity AS a ON a.activity_id = e.activity_id
    INNER JOIN file_use AS u ON u.file_id = e.file_id AND u.planning
    INNER JOIN diagnosis AS d ON d.file_id = e.file_id AND d.source_row = e.source_row
    INNER JOIN urgent_care_code AS c ON c.code = d.code AND c.role = d.role
    WHERE e.episode_order = 1
        AND e.finished
        AND left(e.admission_method, 1) = '2'
        AND d.system = 'ICD-10'
        AND (c.age_from IS NULL OR a.age >= c.age_from)
        AND (c.age_to IS NULL OR a.age < c.age_to)
    GROUP BY a.activity_id, a.person_id, a.neighbourhood_id, a.age, a.starts
),
condition_name AS (
    SELECT DISTINCT condition_order, condition FROM urgent_care_sensitive
)
SELECT
    m.activity_id,
    m.person_id,
    m.neighbourhood_id,
    m.age,
    m.admitted_on,
    n.condition
FROM matched AS m
INNER JOIN condition_name AS n ON n.condition_order = m.condition_order
