-- Dobson's limits around the weighted sum of the bands' rates.
WITH whole AS (
    SELECT CAST(sum(weight) AS DOUBLE) AS weight
    FROM standard_population
),
share AS (
    SELECT p.band, p.weight / nullif(w.weight, 0) AS share
    FROM standard_population AS p
    CROSS JOIN whole AS w
    WHERE p.weight > 0
),
groups AS (
    SELECT group_id
    FROM banded
    GROUP BY group_id
),
filled AS (
    SELECT g.group_id, s.share, b.events, b.population, coalesce(b.squares, b.events) AS squares
    FROM groups AS g
    CROSS JOIN share AS s
    LEFT JOIN banded AS b ON b.group_id = g.group_id AND b.band = s.band
),
summed AS (
    SELECT
        group_id, CAST(sum(events) AS DOUBLE) AS events, CAST(sum(share * events / nullif(population, 0)) AS DOUBLE) AS rate,
        CAST(sum((share / nullif(population, 0)) * (share / nullif(population, 0)) * squares) AS DOUBLE) AS variance,
        count(*) AS bands, count(*) FILTER (WHERE events IS NULL OR population IS NULL) AS missing,
        count(*) FILTER (WHERE events < 0 OR population < 0 OR squares < events) AS wrong,
        count(*) FILTER (WHERE population = 0) AS empty
    FROM filled
    GROUP BY group_id
),
told AS (
    SELECT
        m.group_id, l.level, l.z, s.per, m.events, m.rate, m.variance,
        CASE
            WHEN m.missing = m.bands THEN 'source missing'
            WHEN m.missing > 0 THEN 'band missing'
            WHEN m.wrong > 0 THEN 'impossible value'
            WHEN m.empty > 0 THEN 'zero denominator'
            WHEN m.events < s.minimum THEN 'too few'
            WHEN m.events = 0 THEN 'no events'
        END AS reason
    FROM summed AS m
    CROSS JOIN confidence_level AS l
    CROSS JOIN statistic_setting AS s
),
known AS (
    SELECT
        group_id, level, per, events, rate, sqrt(abs(variance / nullif(events, 0))) AS scale,
        1 - 1 / nullif(9 * events, 0) - z / nullif(3 * sqrt(abs(events)), 0) AS low,
        1 - 1 / nullif(9 * (events + 1), 0) + z / nullif(3 * sqrt(abs(events + 1)), 0) AS high
    FROM told
    WHERE reason IS NULL
),
limited AS (
    SELECT
        k.group_id, k.level, k.rate * k.per AS value,
        coalesce(p.lower, CASE WHEN k.low > 0 THEN k.events * k.low * k.low * k.low ELSE CAST(0 AS DOUBLE) END) AS lower,
        coalesce(p.upper, (k.events + 1) * k.high * k.high * k.high) AS upper, k.rate, k.scale, k.per, k.events
    FROM known AS k
    LEFT JOIN poisson_limit AS p ON p.level = k.level AND p.events = k.events
)
SELECT
    t.group_id, t.level, m.value, m.per * (m.rate + m.scale * (m.lower - m.events)) AS lower,
    m.per * (m.rate + m.scale * (m.upper - m.events)) AS upper, t.reason
FROM told AS t
LEFT JOIN limited AS m ON m.group_id = t.group_id AND m.level = t.level
