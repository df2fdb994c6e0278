WITH used AS (
    SELECT DISTINCT code FROM code_count WHERE system = 'ICD-10'
),
beginning AS (
    SELECT code, left(code, 1) AS begins_with FROM used
    UNION SELECT code, left(code, 2) FROM used
    UNION SELECT code, left(code, 3) FROM used
    UNION SELECT code, left(code, 4) FROM used
),
place_in_row AS (
    SELECT r.role, r.field
    FROM (
        VALUES
        ('primary', 'primary'), ('primary', 'any'), ('secondary', 'any'), ('secondary', 'cause'), ('cause', 'any'), ('cause', 'cause')
    ) AS r (role, field)
),
grouped AS (
    SELECT DISTINCT b.code, r.role, m.group_id
    FROM beginning AS b
    INNER JOIN measure_code AS m ON m.code_prefix = b.begins_with
    INNER JOIN place_in_row AS r ON r.field = m.field
),
flagged AS (
    SELECT
        code,
        role,
        bool_or(group_id = 'chronic_ambulatory_care_sensitive') AS chronic_acs,
        bool_or(group_id = 'acute_bronchitis') AS acute_bronchitis,
        bool_or(group_id = 'chronic_chest_disease') AS chronic_chest_disease,
        bool_or(group_id = 'viral_hepatitis') AS viral_hepatitis,
        bool_or(group_id = 'sickle_cell') AS sickle_cell,
        bool_or(group_id = 'unless_heart_operation') AS unless_heart_operation,
        bool_or(group_id = 'unless_any_operation') AS unless_any_operation,
        bool_or(group_id = 'alcohol_specific') AS alcohol_specific,
        bool_or(group_id = 'alcohol_specific_primary') AS alcohol_specific_primary,
        bool_or(group_id = 'self_harm') AS self_harm,
        bool_or(group_id = 'fall') AS fall,
        bool_or(group_id = 'injury') AS injury,
        bool_or(group_id = 'respiratory') AS respiratory,
        bool_or(group_id = 'cardiovascular') AS cardiovascular,
        bool_or(group_id = 'cancer') AS cancer,
        bool_or(group_id = 'childbirth') AS childbirth
    FROM grouped
    GROUP BY code, role
),
urgent AS (
    SELECT DISTINCT b.code, r.role, l.condition_order, l.age_from, l.age_to, l.code_prefix = 'J42' AS j42
    FROM beginning AS b
    INNER JOIN urgent_care_sensitive AS l ON l.code_prefix = b.begins_with
    INNER JOIN place_in_row AS r ON r.field = l.field
)
SELECT
    coalesce(f.code, u.code) AS code,
    coalesce(f.role, u.role) AS role,
    coalesce(f.chronic_acs, FALSE) AS chronic_acs,
    coalesce(f.acute_bronchitis, FALSE) AS acute_bronchitis,
    coalesce(f.chronic_chest_disease, FALSE) AS chronic_chest_disease,
    coalesce(f.viral_hepatitis, FALSE) AS viral_hepatitis,
    coalesce(f.sickle_cell, FALSE) AS sickle_cell,
    coalesce(f.unless_heart_operation, FALSE) AS unless_heart_operation,
    coalesce(f.unless_any_operation, FALSE) AS unless_any_operation,
    coalesce(f.alcohol_specific, FALSE) AS alcohol_specific,
    coalesce(f.alcohol_specific_primary, FALSE) AS alcohol_specific_primary,
    coalesce(f.self_harm, FALSE) AS self_harm,
    coalesce(f.fall, FALSE) AS fall,
    coalesce(f.injury, FALSE) AS injury,
    coalesce(f.respiratory, FALSE) AS respiratory,
    coalesce(f.cardiovascular, FALSE) AS cardiovascular,
    coalesce(f.cancer, FALSE) AS cancer,
    coalesce(f.childbirth, FALSE) AS childbirth,
    u.condition_order AS urgent_care_order,
    u.age_from AS urgent_care_age_from,
    u.age_to AS urgent_care_age_to,
    coalesce(u.j42, FALSE) AS unspecified_bronchitis
FROM flagged AS f
FULL JOIN urgent AS u ON u.code = f.code AND u.role = f.role
