-- Byar's limits, and exact ones where poisson_limit has the count.
WITH told AS (
    SELECT
        c.group_id, l.level, l.z, s.per, c.events, c.denominator,
        CASE
            WHEN c.events IS NULL THEN 'source missing'
            WHEN c.denominator IS NULL OR c.denominator = 0 THEN 'zero denominator'
            WHEN c.events < 0 OR c.denominator < 0 THEN 'impossible value'
        END AS reason
    FROM counted AS c
    CROSS JOIN confidence_level AS l
    CROSS JOIN statistic_setting AS s
),
known AS (
    SELECT
        group_id, level, events, per / nullif(denominator, 0) AS scale,
        1 - 1 / nullif(9 * events, 0) - z / nullif(3 * sqrt(abs(events)), 0) AS low,
        1 - 1 / nullif(9 * (events + 1), 0) + z / nullif(3 * sqrt(abs(events + 1)), 0) AS high
    FROM told
    WHERE reason IS NULL
),
limited AS (
    SELECT
        k.group_id, k.level, k.events * k.scale AS value,
        coalesce(p.lower, CASE WHEN k.low > 0 THEN k.events * k.low * k.low * k.low ELSE CAST(0 AS DOUBLE) END) * k.scale AS lower,
        coalesce(p.upper, (k.events + 1) * k.high * k.high * k.high) * k.scale AS upper
    FROM known AS k
    LEFT JOIN poisson_limit AS p ON p.level = k.level AND p.events = k.events
)
SELECT t.group_id, t.level, m.value, m.lower, m.upper, t.reason
FROM told AS t
LEFT JOIN limited AS m ON m.group_id = t.group_id AND m.level = t.level
