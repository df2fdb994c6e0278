SELECT 'urgent_care_sensitive_admissions' AS measure_id, 0 AS age_from, count(diag_01) AS records
FROM landed_apc
UNION ALL
SELECT 'delayed_days', 18, count(disreadydate)
FROM landed_apc
UNION ALL
SELECT 'emergency_bed_days', 0, count(days)
FROM episode
