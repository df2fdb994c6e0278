WITH used AS (
    SELECT DISTINCT code, role
    FROM diagnosis
    WHERE system = 'ICD-10'
),
beginning AS (
    SELECT code, role, left(code, 1) AS begins_with FROM used
    UNION SELECT code, role, left(code, 2) FROM used
    UNION SELECT code, role, left(code, 3) FROM used
    UNION SELECT code, role, code FROM used
)
SELECT DISTINCT
    b.code,
    b.role,
    l.condition,
    l.condition_order,
    l.age_from,
    l.age_to
FROM beginning AS b
INNER JOIN urgent_care_sensitive AS l
    ON l.code_prefix = b.begins_with
    AND (b.role = l.field OR (b.role = 'secondary' AND l.field = 'cause'))
