-- An organisation that isn't yet, or is no more, and that none stands for, has nothing to tell.
WITH named AS (
    SELECT coalesce(n.successor_code, p.partner_code) AS provider_code, p.starts, p.ends
    FROM place_partner AS p
    LEFT JOIN place_succession AS n ON n.kind = 'partner' AND n.code = p.partner_code AND n.ends IS NULL
    WHERE p.partner_code IS NOT NULL
    UNION ALL
    SELECT practice_code, opened, closed
    FROM place_practice
),
existing AS (
    SELECT
        provider_code,
        min(coalesce(starts, DATE '1900-01-01')) AS starts,
        max(coalesce(ends, DATE '9999-12-31')) AS ends
    FROM named
    GROUP BY provider_code
)
SELECT p.contract, p.provider_code, m.month, m.month_end, CAST(coalesce(sum(n.records), 0) AS BIGINT) AS records
FROM (SELECT DISTINCT contract, provider_code FROM told_count) AS p
CROSS JOIN place_month AS m
LEFT JOIN told_count AS n ON n.contract = p.contract AND n.provider_code = p.provider_code AND n.month = m.month
LEFT JOIN existing AS e ON e.provider_code = p.provider_code
GROUP BY p.contract, p.provider_code, m.month, m.month_end, e.starts, e.ends
HAVING coalesce(sum(n.records), 0) > 0 OR e.starts IS NULL OR e.starts < m.month_end AND m.month < e.ends
