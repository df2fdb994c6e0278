WITH months AS (
    SELECT line_id, provider_code, count(*) AS all_months, count(*) FILTER (WHERE known) AS known_months
    FROM line_basis
    GROUP BY line_id, provider_code
),
told AS (
    SELECT
        f.line_id, f.neighbourhood_id, f.practice_code, f.pcn_code, f.ward_code, b.provider_code,
        CAST(sum(f.events) AS DOUBLE)
        / nullif(CAST(max(CASE WHEN m.known_months > 0 THEN m.known_months ELSE m.all_months END) AS DOUBLE), 0) AS events_a_month
    FROM measure_fine AS f
    INNER JOIN line_basis AS b
        ON b.line_id = f.line_id AND b.provider_code = coalesce(f.provider_code, 'none') AND b.month = f.month
    INNER JOIN months AS m ON m.line_id = b.line_id AND m.provider_code = b.provider_code
    -- Of a provider that told of no month all are as good.
    WHERE b.known OR m.known_months = 0
    GROUP BY f.line_id, f.neighbourhood_id, f.practice_code, f.pcn_code, f.ward_code, b.provider_code
),
by_area AS (
    SELECT t.line_id, k.area_type, t.provider_code, t.events_a_month,
        CASE k.area_type
            WHEN 'place' THEN 'place'
            WHEN 'neighbourhood' THEN t.neighbourhood_id
            WHEN 'none' THEN CASE WHEN t.neighbourhood_id IS NULL THEN 'none' END
            WHEN 'practice' THEN t.practice_code
            WHEN 'pcn' THEN t.pcn_code
            WHEN 'ward' THEN t.ward_code
        END AS area_id
    FROM told AS t
    INNER JOIN measure_cut AS k ON k.line_id = t.line_id AND k.breakdown = 'all'
),
usual AS (
    SELECT line_id, area_type, area_id, provider_code, CAST(sum(events_a_month) AS DOUBLE) AS events_a_month
    FROM by_area
    WHERE area_id IS NOT NULL
    GROUP BY line_id, area_type, area_id, provider_code
),
gaps AS (
    SELECT line_id, month, bool_or(known) AS some_known
    FROM line_basis
    GROUP BY line_id, month
    HAVING NOT bool_and(known)
),
shared AS (
    SELECT
        b.line_id,
        b.month,
        u.area_type,
        u.area_id,
        CAST(sum(CASE WHEN b.known THEN u.events_a_month ELSE 0 END) AS DOUBLE)
        / nullif(CAST(sum(u.events_a_month) AS DOUBLE), 0) AS known_share
    FROM line_basis AS b
    INNER JOIN gaps AS g ON g.line_id = b.line_id AND g.month = b.month
    INNER JOIN usual AS u ON u.line_id = b.line_id AND u.provider_code = b.provider_code
    GROUP BY b.line_id, b.month, u.area_type, u.area_id
)
SELECT line_id, month, area_type, area_id, coalesce(known_share, 0) AS known_share
FROM shared
UNION ALL
-- Where nothing is usual anywhere, what isn't known of any provider isn't known at all.
SELECT g.line_id, g.month, 'place', 'place', CAST(CASE WHEN g.some_known THEN 1 ELSE 0 END AS DOUBLE)
FROM gaps AS g
WHERE NOT EXISTS (SELECT s.line_id FROM shared AS s WHERE s.line_id = g.line_id AND s.month = g.month AND s.area_type = 'place')
