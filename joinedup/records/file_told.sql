-- Stays apart, which told_stay has.
WITH together AS (
    SELECT file_id, provider_code, starts FROM activity_attendance WHERE NOT accrues
    UNION ALL
    SELECT file_id, provider_code, starts FROM activity_primary WHERE NOT accrues
    UNION ALL
    SELECT file_id, provider_code, starts FROM activity_social WHERE NOT accrues
    UNION ALL
    SELECT file_id, provider_code, starts FROM activity_community WHERE NOT accrues
)
SELECT file_id, coalesce(provider_code, 'none') AS provider_code, starts, count(*) AS records
FROM together
GROUP BY file_id, coalesce(provider_code, 'none'), starts
