WITH told_by AS (
    SELECT contract, setting FROM coded_setting
    UNION ALL
    SELECT contract, setting FROM (VALUES ('register', 'registration list')) AS list(contract, setting)
),
wanted AS (
    SELECT r.condition_id, s.contract, s.setting
    FROM condition_rule AS r
    INNER JOIN told_by AS s ON s.setting = r.setting
    WHERE r.counts_for = 'evidence'
    GROUP BY r.condition_id, s.contract, s.setting
),
usable AS (
    SELECT contract, count(*) AS files, bool_or(planning) AS planning
    FROM file_use
    GROUP BY contract
),
told AS (
    SELECT u.contract, CAST(date_trunc('month', a.starts) AS DATE) AS month, count(*) AS records
    FROM activity AS a
    INNER JOIN file_use AS u ON u.file_id = a.file_id
    WHERE u.planning
    GROUP BY u.contract, CAST(date_trunc('month', a.starts) AS DATE)
),
most AS (
    SELECT contract, max(records) AS records
    FROM told
    GROUP BY contract
),
since AS (
    -- Months with few records are mistyped days, or what began long before the extract does.
    SELECT t.contract, min(t.month) AS known_from
    FROM told AS t
    INNER JOIN most AS m ON m.contract = t.contract
    WHERE t.records * 5 >= m.records
    GROUP BY t.contract
)
SELECT
    w.condition_id,
    w.contract,
    w.setting,
    w.setting = b.known_by AS decides,
    coalesce(u.planning, FALSE) AS known,
    CASE WHEN coalesce(u.planning, FALSE) THEN n.known_from END AS known_from,
    CASE WHEN u.files IS NULL THEN 'has not landed' WHEN NOT u.planning THEN 'may not be used for planning' END AS why
FROM wanted AS w
INNER JOIN condition_about AS b ON b.condition_id = w.condition_id
LEFT JOIN usable AS u ON u.contract = w.contract
LEFT JOIN since AS n ON n.contract = w.contract
