WITH written AS (
    SELECT file_id, source_row, 1 AS position, diag_01 AS entry FROM landed_apc WHERE diag_01 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 2, diag_02 FROM landed_apc WHERE diag_02 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 3, diag_03 FROM landed_apc WHERE diag_03 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 4, diag_04 FROM landed_apc WHERE diag_04 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 5, diag_05 FROM landed_apc WHERE diag_05 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 6, diag_06 FROM landed_apc WHERE diag_06 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 7, diag_07 FROM landed_apc WHERE diag_07 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 8, diag_08 FROM landed_apc WHERE diag_08 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 9, diag_09 FROM landed_apc WHERE diag_09 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 10, diag_10 FROM landed_apc WHERE diag_10 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 11, diag_11 FROM landed_apc WHERE diag_11 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 12, diag_12 FROM landed_apc WHERE diag_12 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 13, diag_13 FROM landed_apc WHERE diag_13 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 14, diag_14 FROM landed_apc WHERE diag_14 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 15, diag_15 FROM landed_apc WHERE diag_15 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 16, diag_16 FROM landed_apc WHERE diag_16 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 17, diag_17 FROM landed_apc WHERE diag_17 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 18, diag_18 FROM landed_apc WHERE diag_18 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 19, diag_19 FROM landed_apc WHERE diag_19 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 20, diag_20 FROM landed_apc WHERE diag_20 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 21, cause FROM landed_apc WHERE cause IS NOT NULL
),
plain AS (
    SELECT file_id, source_row, position, left(upper(replace(replace(entry, '.', ''), ' ', '')), 4) AS code
    FROM written
),
clinic AS (
    SELECT file_id, source_row, 1 AS position, diag_01 AS entry, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_01 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 2, diag_02, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_02 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 3, diag_03, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_03 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 4, diag_04, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_04 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 5, diag_05, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_05 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 6, diag_06, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_06 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 7, diag_07, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_07 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 8, diag_08, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_08 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 9, diag_09, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_09 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 10, diag_10, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_10 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 11, diag_11, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_11 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 12, diag_12, person_id, linked_by, apptdate FROM landed_outpatient WHERE diag_12 IS NOT NULL
),
seen AS (
    SELECT file_id, source_row, position, person_id, linked_by, apptdate, left(upper(replace(replace(entry, '.', ''), ' ', '')), 4) AS code
    FROM clinic
),
attended AS (
    SELECT file_id, source_row, 1 AS position, diagnosis_code_1 AS code, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_1 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 2, diagnosis_code_2, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_2 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 3, diagnosis_code_3, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_3 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 4, diagnosis_code_4, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_4 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 5, diagnosis_code_5, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_5 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 6, diagnosis_code_6, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_6 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 7, diagnosis_code_7, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_7 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 8, diagnosis_code_8, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_8 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 9, diagnosis_code_9, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_9 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 10, diagnosis_code_10, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_10 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 11, diagnosis_code_11, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_11 IS NOT NULL
    UNION ALL SELECT file_id, source_row, 12, diagnosis_code_12, person_id, linked_by, arrival_date FROM landed_ecds WHERE diagnosis_code_12 IS NOT NULL
)
SELECT
    e.activity_id,
    e.person_id,
    e.linked_by,
    e.episode_order,
    'ICD-10' AS system,
    -- X fills the fourth place of a code of three characters.
    CASE WHEN substring(d.code, 4, 1) = 'X' THEN left(d.code, 3) ELSE d.code END AS code,
    CASE WHEN d.position = 1 THEN 'primary' WHEN d.position = 21 THEN 'cause' ELSE 'secondary' END AS role,
    d.position,
    coalesce(e.starts, e.admitted_on) AS coded_on,
    d.file_id,
    d.source_row
FROM plain AS d
INNER JOIN episode AS e ON e.file_id = d.file_id AND e.source_row = d.source_row
WHERE d.code <> ''
UNION ALL
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row,
    person_id,
    linked_by,
    1,
    'SNOMED CT',
    code,
    CASE WHEN position = 1 THEN 'primary' ELSE 'secondary' END,
    position,
    arrival_date,
    file_id,
    source_row
FROM attended
UNION ALL
SELECT
    CAST(NULL AS BIGINT),
    person_id,
    linked_by,
    CAST(NULL AS INTEGER),
    CASE
        WHEN code_system = 'READ V2' THEN 'Read v2'
        WHEN code_system IS NOT NULL THEN code_system
        WHEN length(code) >= 6 AND replace(replace(upper(code), '.', ''), 'E', '') = code AND TRY_CAST(code AS DOUBLE) IS NOT NULL THEN 'SNOMED CT'
        ELSE 'Read v2'
    END,
    code,
    'entry',
    1,
    event_date,
    file_id,
    source_row
FROM landed_gp_record
UNION ALL
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row,
    person_id,
    linked_by,
    1,
    'ICD-10',
    CASE WHEN substring(primary_diagnosis_icd, 4, 1) = 'X' THEN left(primary_diagnosis_icd, 3) ELSE left(primary_diagnosis_icd, 4) END,
    'primary',
    1,
    coalesce(care_contact_date, start_date_hospital_provider_spell),
    file_id,
    source_row
FROM landed_mhsds
WHERE primary_diagnosis_icd IS NOT NULL
UNION ALL
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row,
    person_id,
    linked_by,
    1,
    'ICD-10',
    CASE WHEN substring(code, 4, 1) = 'X' THEN left(code, 3) ELSE code END,
    CASE WHEN position = 1 THEN 'primary' ELSE 'secondary' END,
    position,
    apptdate,
    file_id,
    source_row
FROM seen
-- R69 is written where an appointment was not coded.
WHERE code <> '' AND left(code, 3) <> 'R69'
