WITH months AS (
    SELECT line_id, provider_code, count(*) AS all_months, count(*) FILTER (WHERE known) AS known_months
    FROM line_basis
    GROUP BY line_id, provider_code
),
counted AS (
    SELECT
        c.line_id, c.area_type, c.area_id, b.provider_code,
        CAST(sum(c.events) AS DOUBLE)
        / nullif(CAST(max(CASE WHEN m.known_months > 0 THEN m.known_months ELSE m.all_months END) AS DOUBLE), 0) AS events_a_month
    FROM measure_cell AS c
    INNER JOIN line_basis AS b ON b.line_id = c.line_id AND b.provider_code = c.group_value AND b.month = c.month
    INNER JOIN months AS m ON m.line_id = b.line_id AND m.provider_code = b.provider_code
    -- Of a provider that told of no month all are as good.
    WHERE c.breakdown = 'provider' AND (b.known OR m.known_months = 0)
    GROUP BY c.line_id, c.area_type, c.area_id, b.provider_code
),
doing AS (
    SELECT n.line_id, s.area_type, s.area_id, s.provider_code, m.known_months > 0 AS ever, CAST(sum(s.activities_a_month) AS DOUBLE) AS activities_a_month
    FROM activity_share AS s
    INNER JOIN (SELECT DISTINCT line_id, contract FROM line_need) AS n ON n.contract = s.contract
    INNER JOIN months AS m ON m.line_id = n.line_id AND m.provider_code = s.provider_code
    GROUP BY n.line_id, s.area_type, s.area_id, s.provider_code, m.known_months > 0
),
-- Of a provider that was never known there are no events to go by: it is to the others as its activities are to theirs.
never AS (
    SELECT d.line_id, d.area_type, d.area_id, d.provider_code, d.activities_a_month / nullif(k.activities_a_month, 0) AS beside
    FROM doing AS d
    INNER JOIN (
        SELECT line_id, area_type, area_id, CAST(sum(activities_a_month) AS DOUBLE) AS activities_a_month
        FROM doing
        WHERE ever
        GROUP BY line_id, area_type, area_id
    ) AS k ON k.line_id = d.line_id AND k.area_type = d.area_type AND k.area_id = d.area_id
    WHERE NOT d.ever AND k.activities_a_month > 0
),
others AS (
    SELECT c.line_id, c.area_type, c.area_id, CAST(sum(c.events_a_month) AS DOUBLE) AS events_a_month
    FROM counted AS c
    INNER JOIN months AS m ON m.line_id = c.line_id AND m.provider_code = c.provider_code
    WHERE m.known_months > 0
    GROUP BY c.line_id, c.area_type, c.area_id
),
usual AS (
    SELECT c.line_id, c.area_type, c.area_id, c.provider_code, c.events_a_month
    FROM counted AS c
    WHERE NOT EXISTS (
        SELECT n.provider_code FROM never AS n
        WHERE n.line_id = c.line_id AND n.provider_code = c.provider_code AND n.area_type = 'place'
    )
    UNION ALL
    SELECT o.line_id, o.area_type, o.area_id, n.provider_code, o.events_a_month * n.beside
    FROM others AS o
    INNER JOIN never AS n
        ON n.line_id = o.line_id
        -- Activities are told by neighbourhood; practices, networks and wards go where the place goes.
        AND n.area_type = CASE WHEN o.area_type IN ('neighbourhood', 'none') THEN o.area_type ELSE 'place' END
        AND n.area_id = CASE WHEN o.area_type IN ('neighbourhood', 'none') THEN o.area_id ELSE 'place' END
    WHERE o.events_a_month > 0
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
