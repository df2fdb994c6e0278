-- What begins and is over by its day, stays and packages by the day they ended: one that goes on may be told of long after it began.
WITH dated AS (
    SELECT u.contract, t.starts AS day, t.records
    FROM file_told AS t
    INNER JOIN file_use AS u ON u.file_id = t.file_id
    WHERE u.planning
    UNION ALL
    SELECT u.contract, s.ends, 1
    FROM spell AS s
    INNER JOIN file_use AS u ON u.file_id = s.file_id
    WHERE u.planning AND s.ends IS NOT NULL
    UNION ALL
    SELECT u.contract, a.ends, 1
    FROM activity AS a
    INNER JOIN file_use AS u ON u.file_id = a.file_id
    WHERE u.planning AND a.accrues AND a.ends IS NOT NULL
),
by_month AS (
    SELECT d.contract, m.year_starts, m.month, CAST(sum(d.records) AS BIGINT) AS records
    FROM dated AS d
    INNER JOIN place_year_month AS m ON m.month = CAST(date_trunc('month', d.day) AS DATE)
    GROUP BY d.contract, m.year_starts, m.month
),
by_year AS (
    SELECT contract, year_starts, min(month) AS first_month, max(month) AS last_month, CAST(sum(records) AS BIGINT) AS records
    FROM by_month
    GROUP BY contract, year_starts
),
reach AS (
    SELECT b.contract, min(b.first_month) AS first_month, max(b.last_month) AS last_month, max(b.records) AS most
    FROM by_year AS b
    GROUP BY b.contract
),
told AS (
    SELECT
        r.contract,
        y.year_starts,
        coalesce(b.records, 0) AS records,
        r.first_month < CAST(y.year_starts + INTERVAL 2 MONTH AS DATE) AS from_start,
        r.last_month >= CAST(y.year_ends - INTERVAL 2 MONTH AS DATE) AS to_end,
        r.most < 24 OR coalesce(b.records, 0) * 2 >= r.most AS enough
    FROM reach AS r
    CROSS JOIN place_year AS y
    LEFT JOIN by_year AS b ON b.contract = r.contract AND b.year_starts = y.year_starts
)
SELECT
    contract,
    year_starts,
    records,
    from_start AND to_end AND enough AS told,
    CASE
        WHEN NOT from_start THEN 'not yet sent'
        WHEN NOT to_end THEN 'ends early'
        WHEN NOT enough THEN 'part missing'
    END AS why
FROM told
