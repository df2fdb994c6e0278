-- Stays apart, which know their own latest day; lists of discharges are read beside them.
SELECT contract, provider_code, month, latest, count(*) AS records
FROM told_stay
GROUP BY contract, provider_code, month, latest
UNION ALL
SELECT
    u.contract,
    coalesce(n.successor_code, o.provider_code, t.provider_code),
    CAST(date_trunc('month', t.starts) AS DATE),
    t.starts,
    CAST(sum(t.records) AS BIGINT)
FROM file_told AS t
INNER JOIN file_use AS u ON u.file_id = t.file_id AND u.planning
CROSS JOIN place_parameter AS q
LEFT JOIN provider_site AS o ON o.site_code = t.provider_code
LEFT JOIN place_succession AS n ON n.kind = 'partner' AND n.code = coalesce(o.provider_code, t.provider_code) AND n.ends IS NULL
WHERE t.starts <= q.as_at
GROUP BY u.contract, coalesce(n.successor_code, o.provider_code, t.provider_code), CAST(date_trunc('month', t.starts) AS DATE), t.starts
