WITH around AS (
    SELECT g.contract, g.provider_code, g.month, median(o.records) AS records
    FROM provider_given AS g
    INNER JOIN provider_reach AS r ON r.contract = g.contract AND r.provider_code = g.provider_code
    INNER JOIN provider_given AS o
        ON o.contract = g.contract
        AND o.provider_code = g.provider_code
        AND o.month >= CAST(g.month - INTERVAL 3 MONTH AS DATE)
        AND o.month <= CAST(g.month + INTERVAL 3 MONTH AS DATE)
        AND o.month <> g.month
        AND o.month >= r.first_month
        AND o.month <= r.known_to
    GROUP BY g.contract, g.provider_code, g.month
),
judged AS (
    SELECT
        g.contract,
        g.provider_code,
        g.month,
        g.month_end,
        g.records,
        r.known_to,
        CASE
            -- Ten records that were to be expected and aren't there are no chance, nor is a month that lacks half by four times its root.
            WHEN g.month < r.first_month AND r.each_day * CAST(r.first_month - r.window_start AS INTEGER) >= 10 THEN 'not yet sent'
            WHEN CAST(g.month_end - r.known_to AS INTEGER) > 8 AND r.each_day * CAST(r.window_end - r.known_to AS INTEGER) >= 10 THEN 'ends early'
            WHEN 2 * g.records < a.records AND (a.records - g.records) * (a.records - g.records) > 16 * a.records
                THEN CASE WHEN g.records = 0 THEN 'month missing' ELSE 'part missing' END
        END AS why
    FROM provider_given AS g
    INNER JOIN provider_reach AS r ON r.contract = g.contract AND r.provider_code = g.provider_code
    LEFT JOIN around AS a ON a.contract = g.contract AND a.provider_code = g.provider_code AND a.month = g.month
)
SELECT contract, provider_code, month, month_end, records, known_to, why IS NULL AS told, why
FROM judged
