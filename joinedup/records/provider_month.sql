-- An organisation that isn't yet, or is no more, and that none stands for, has nothing to tell.
WITH existing AS (
    SELECT
        coalesce(n.successor_code, p.partner_code) AS partner_code,
        min(coalesce(p.starts, DATE '1900-01-01')) AS starts,
        max(coalesce(p.ends, DATE '9999-12-31')) AS ends
    FROM place_partner AS p
    LEFT JOIN place_succession AS n ON n.kind = 'partner' AND n.code = p.partner_code AND n.ends IS NULL
    WHERE p.partner_code IS NOT NULL
    GROUP BY coalesce(n.successor_code, p.partner_code)
),
counted AS (
    SELECT p.contract, p.provider_code, m.month, m.month_end, count(n.month) AS stays
    FROM (SELECT DISTINCT contract, provider_code FROM told_stay) AS p
    CROSS JOIN place_month AS m
    LEFT JOIN told_stay AS n ON n.contract = p.contract AND n.provider_code = p.provider_code AND n.month = m.month
    LEFT JOIN existing AS e ON e.partner_code = p.provider_code
    GROUP BY p.contract, p.provider_code, m.month, m.month_end, e.starts, e.ends
    HAVING count(n.month) > 0 OR e.starts IS NULL OR e.starts < m.month_end AND m.month < e.ends
),
usual AS (
    SELECT contract, provider_code, median(stays) FILTER (WHERE stays > 0) AS stays
    FROM counted
    GROUP BY contract, provider_code
),
-- The first and the last month of substance: beyond it are dates that were mistyped.
reach AS (
    SELECT
        c.contract,
        c.provider_code,
        min(c.month) FILTER (WHERE c.stays > 0 AND 5 * c.stays >= u.stays) AS first_month,
        max(c.month_end) FILTER (WHERE c.stays > 0 AND 5 * c.stays >= u.stays) AS last_end,
        min(c.month) AS window_start,
        max(c.month_end) AS window_end
    FROM counted AS c
    INNER JOIN usual AS u ON u.contract = c.contract AND u.provider_code = c.provider_code
    GROUP BY c.contract, c.provider_code
),
sent AS (
    SELECT
        r.contract,
        r.provider_code,
        r.first_month,
        r.window_start,
        r.window_end,
        max(n.latest) FILTER (WHERE n.latest < coalesce(r.last_end, q.as_at + 1) OR r.last_end = r.window_end) AS known_to
    FROM reach AS r
    CROSS JOIN place_parameter AS q
    LEFT JOIN told_stay AS n ON n.contract = r.contract AND n.provider_code = r.provider_code
    GROUP BY r.contract, r.provider_code, r.first_month, r.window_start, r.window_end
),
-- Stays to expect in a day, between the first day and the last that it tells of.
expected AS (
    SELECT
        s.contract,
        s.provider_code,
        s.first_month,
        s.window_start,
        s.window_end,
        s.known_to,
        -- Of fewer than ten in all nothing is to be expected.
        coalesce(
            CASE WHEN sum(c.stays) FILTER (WHERE c.month >= s.first_month AND c.month <= s.known_to) >= 10 THEN
                sum(c.stays) FILTER (WHERE c.month >= s.first_month AND c.month <= s.known_to)
                / CAST(nullif(sum(CAST(c.month_end - c.month AS INTEGER)) FILTER (WHERE c.month >= s.first_month AND c.month <= s.known_to), 0) AS DOUBLE)
            END, 0
        ) AS each_day
    FROM sent AS s
    INNER JOIN counted AS c ON c.contract = s.contract AND c.provider_code = s.provider_code
    GROUP BY s.contract, s.provider_code, s.first_month, s.window_start, s.window_end, s.known_to
),
around AS (
    SELECT c.contract, c.provider_code, c.month, median(o.stays) AS stays
    FROM counted AS c
    INNER JOIN expected AS e ON e.contract = c.contract AND e.provider_code = c.provider_code
    INNER JOIN counted AS o
        ON o.contract = c.contract
        AND o.provider_code = c.provider_code
        AND o.month >= CAST(c.month - INTERVAL 3 MONTH AS DATE)
        AND o.month <= CAST(c.month + INTERVAL 3 MONTH AS DATE)
        AND o.month <> c.month
        AND o.month >= e.first_month
        AND o.month <= e.known_to
    GROUP BY c.contract, c.provider_code, c.month
),
judged AS (
    SELECT
        c.contract,
        c.provider_code,
        c.month,
        c.month_end,
        c.stays,
        e.known_to,
        CASE
            -- Ten stays that were to be expected and aren't there are no chance, nor is a month that lacks half by four times its root.
            WHEN c.month < e.first_month AND e.each_day * CAST(e.first_month - e.window_start AS INTEGER) >= 10 THEN 'not yet sent'
            WHEN CAST(c.month_end - e.known_to AS INTEGER) > 8 AND e.each_day * CAST(e.window_end - e.known_to AS INTEGER) >= 10 THEN 'ends early'
            WHEN 2 * c.stays < a.stays AND (a.stays - c.stays) * (a.stays - c.stays) > 16 * a.stays
                THEN CASE WHEN c.stays = 0 THEN 'month missing' ELSE 'part missing' END
        END AS why
    FROM counted AS c
    INNER JOIN expected AS e ON e.contract = c.contract AND e.provider_code = c.provider_code
    LEFT JOIN around AS a ON a.contract = c.contract AND a.provider_code = c.provider_code AND a.month = c.month
)
SELECT contract, provider_code, month, month_end, stays, known_to, why IS NULL AS told, why
FROM judged
