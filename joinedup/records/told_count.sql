-- Stays apart, which know their own latest day; lists of discharges are read beside them.
WITH together AS (
    SELECT file_id, provider_code, starts FROM activity_attendance WHERE NOT accrues
    UNION ALL
    SELECT file_id, provider_code, starts FROM activity_primary WHERE NOT accrues
    UNION ALL
    SELECT file_id, provider_code, starts FROM activity_social WHERE NOT accrues
    UNION ALL
    SELECT file_id, provider_code, starts FROM activity_community WHERE NOT accrues
)
SELECT contract, provider_code, month, latest, count(*) AS records
FROM told_stay
GROUP BY contract, provider_code, month, latest
UNION ALL
SELECT
    u.contract,
    coalesce(n.successor_code, o.provider_code, a.provider_code, 'none'),
    CAST(date_trunc('month', a.starts) AS DATE),
    a.starts,
    count(*)
FROM together AS a
INNER JOIN file_use AS u ON u.file_id = a.file_id AND u.planning
CROSS JOIN place_parameter AS q
LEFT JOIN provider_site AS o ON o.site_code = a.provider_code
LEFT JOIN place_succession AS n ON n.kind = 'partner' AND n.code = coalesce(o.provider_code, a.provider_code) AND n.ends IS NULL
WHERE a.starts <= q.as_at
GROUP BY u.contract, coalesce(n.successor_code, o.provider_code, a.provider_code, 'none'), CAST(date_trunc('month', a.starts) AS DATE), a.starts
