-- Wilson's limits.
WITH told AS (
    SELECT
        c.group_id, l.level, l.z, s.per, c.events, c.denominator,
        CASE
            WHEN c.events IS NULL THEN 'source missing'
            WHEN c.denominator IS NULL OR c.denominator = 0 THEN 'zero denominator'
            WHEN c.events < 0 OR c.denominator < 0 OR c.events > c.denominator THEN 'impossible value'
        END AS reason
    FROM counted AS c
    CROSS JOIN confidence_level AS l
    CROSS JOIN statistic_setting AS s
),
known AS (
    SELECT
        group_id, level, per, z, events, denominator, events / nullif(denominator, 0) AS share,
        z * sqrt(abs(z * z + 4 * events * (1 - events / nullif(denominator, 0)))) AS half
    FROM told
    WHERE reason IS NULL
),
limited AS (
    SELECT
        group_id, level, per, share,
        greatest((2 * events + z * z - half) / nullif(2 * (denominator + z * z), 0), CAST(0 AS DOUBLE)) AS low,
        least((2 * events + z * z + half) / nullif(2 * (denominator + z * z), 0), CAST(1 AS DOUBLE)) AS high
    FROM known
)
SELECT
    t.group_id, t.level, m.share * m.per AS value, CASE WHEN m.low > m.share THEN m.share ELSE m.low END * m.per AS lower,
    CASE WHEN m.high < m.share THEN m.share ELSE m.high END * m.per AS upper, t.reason
FROM told AS t
LEFT JOIN limited AS m ON m.group_id = t.group_id AND m.level = t.level
