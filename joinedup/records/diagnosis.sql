WITH coded AS (
    SELECT
        e.activity_id,
        e.person_id,
        e.episode_order,
        coalesce(e.starts, e.admitted_on) AS coded_on,
        p.position,
        CASE p.position
            WHEN 1 THEN a.diag_01 WHEN 2 THEN a.diag_02 WHEN 3 THEN a.diag_03 WHEN 4 THEN a.diag_04 WHEN 5 THEN a.diag_05
            WHEN 6 THEN a.diag_06 WHEN 7 THEN a.diag_07 WHEN 8 THEN a.diag_08 WHEN 9 THEN a.diag_09 WHEN 10 THEN a.diag_10
            WHEN 11 THEN a.diag_11 WHEN 12 THEN a.diag_12 WHEN 13 THEN a.diag_13 WHEN 14 THEN a.diag_14 WHEN 15 THEN a.diag_15
            WHEN 16 THEN a.diag_16 WHEN 17 THEN a.diag_17 WHEN 18 THEN a.diag_18 WHEN 19 THEN a.diag_19 WHEN 20 THEN a.diag_20
            WHEN 21 THEN a.cause
        END AS written,
        a.file_id,
        a.source_row
    FROM landed_apc AS a
    INNER JOIN episode AS e ON e.file_id = a.file_id AND e.source_row = a.source_row
    CROSS JOIN (VALUES
        (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15), (16), (17), (18), (19), (20), (21)
    ) AS p (position)
),
plain AS (
    SELECT
        activity_id, person_id, episode_order, coded_on, position, file_id, source_row,
        left(upper(replace(replace(trim(written), '.', ''), ' ', '')), 4) AS code
    FROM coded
    WHERE written IS NOT NULL
),
attended AS (
    SELECT
        CAST(c.file_id AS BIGINT) * 10000000000 + c.source_row AS activity_id,
        c.person_id,
        c.arrival_date,
        p.position,
        CASE p.position
            WHEN 1 THEN c.diagnosis_code_1 WHEN 2 THEN c.diagnosis_code_2 WHEN 3 THEN c.diagnosis_code_3
            WHEN 4 THEN c.diagnosis_code_4 WHEN 5 THEN c.diagnosis_code_5 WHEN 6 THEN c.diagnosis_code_6
            WHEN 7 THEN c.diagnosis_code_7 WHEN 8 THEN c.diagnosis_code_8 WHEN 9 THEN c.diagnosis_code_9
            WHEN 10 THEN c.diagnosis_code_10 WHEN 11 THEN c.diagnosis_code_11 WHEN 12 THEN c.diagnosis_code_12
        END AS code,
        c.file_id,
        c.source_row
    FROM landed_ecds AS c
    CROSS JOIN (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12)) AS p (position)
)
SELECT
    activity_id,
    person_id,
    episode_order,
    'ICD-10' AS system,
    -- X fills the fourth place of a code of three characters.
    CASE WHEN substring(code, 4, 1) = 'X' THEN left(code, 3) ELSE code END AS code,
    CASE WHEN position = 1 THEN 'primary' WHEN position = 21 THEN 'cause' ELSE 'secondary' END AS role,
    position,
    coded_on,
    file_id,
    source_row
FROM plain
WHERE code <> ''
UNION ALL
SELECT
    activity_id, person_id, 1, 'SNOMED CT', code, CASE WHEN position = 1 THEN 'primary' ELSE 'secondary' END, position,
    arrival_date, file_id, source_row
FROM attended
WHERE code IS NOT NULL
