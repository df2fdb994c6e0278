WITH admission AS (
    SELECT l.diag_01, l.disreadydate
    FROM landed_apc AS l
    INNER JOIN file_use AS u ON u.file_id = l.file_id AND u.planning
),
bed_use AS (
    SELECT e.days
    FROM episode AS e
    INNER JOIN file_use AS u ON u.file_id = e.file_id AND u.planning
)
SELECT 'urgent_care_sensitive_admissions' AS measure_id, 0 AS age_from, count(diag_01) AS records
FROM admission
UNION ALL
SELECT 'delayed_days', 18, count(disreadydate)
FROM admission
UNION ALL
SELECT 'emergency_bed_days', 0, count(days)
FROM bed_use
