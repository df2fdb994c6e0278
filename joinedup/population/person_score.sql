-- Groups and scores go by numbers until the end: texts cost more to compare than all else does.
WITH numbered AS (
    SELECT
        g.score_id,
        g.group_id,
        g.millionths,
        g.entries_needed,
        g.outranked_by,
        row_number() OVER (ORDER BY g.score_id NULLS LAST, g.group_id NULLS LAST) AS number
    FROM score_group AS g
),
rung AS (
    SELECT n.score_id, n.group_id, n.number, n.millionths, n.entries_needed, o.number AS outranked_by
    FROM numbered AS n
    LEFT JOIN numbered AS o ON o.score_id = n.score_id AND o.group_id = n.outranked_by
),
looked_for AS (
    SELECT t.list_id, t.setting, g.group_id, g.number, b.year_starts, b.window_starts, b.year_ends
    FROM score_basis AS b
    INNER JOIN score_setting AS t ON t.score_id = b.score_id
    INNER JOIN rung AS g ON g.score_id = b.score_id
    WHERE b.known
),
found AS (
    SELECT e.person_id, f.year_starts, f.number, e.entries
    FROM listed_entry AS e
    INNER JOIN looked_for AS f ON f.list_id = e.list_id AND f.group_id = e.group_id AND f.setting = e.setting
    WHERE e.coded_on >= f.window_starts AND e.coded_on < f.year_ends
    UNION ALL
    -- Many different medicines are a group too, where a score says so.
    SELECT m.person_id, m.year_starts, g.number, CAST(2147483647 AS BIGINT)
    FROM person_medicines AS m
    INNER JOIN score_about AS s ON m.medicines >= s.medicines_at_least
    INNER JOIN score_basis AS b ON b.score_id = s.score_id AND b.year_starts = m.year_starts
    INNER JOIN rung AS g ON g.score_id = s.score_id AND g.group_id = s.medicines_group
    WHERE b.known
),
counted AS (
    SELECT person_id, year_starts, number, CAST(sum(entries) AS BIGINT) AS entries
    FROM found
    GROUP BY person_id, year_starts, number
),
present AS (
    SELECT c.person_id, c.year_starts, c.number, g.score_id, g.millionths, g.outranked_by
    FROM counted AS c
    INNER JOIN rung AS g ON g.number = c.number
    WHERE c.entries >= g.entries_needed
),
severe AS (
    SELECT p.person_id, p.year_starts, p.number
    FROM present AS p
    INNER JOIN (SELECT DISTINCT outranked_by FROM rung) AS r ON r.outranked_by = p.number
),
aged AS (
    -- Nobody is here unless a score adds points for age.
    SELECT DISTINCT
        c.person_id,
        y.year_starts,
        CAST(floor((
            (extract(YEAR FROM y.year_ends - 1) - extract(YEAR FROM p.birth_month)) * 12
            + extract(MONTH FROM y.year_ends - 1) - extract(MONTH FROM p.birth_month)
        ) / 12) AS INTEGER) AS age
    FROM counted_spell AS c
    INNER JOIN person AS p ON p.person_id = c.person_id
    CROSS JOIN place_year AS y
    WHERE EXISTS (SELECT 1 FROM score_age)
        AND coalesce(c.starts < y.year_ends, TRUE) AND coalesce(c.ends > y.year_starts, TRUE)
),
points AS (
    SELECT p.person_id, p.year_starts, p.score_id, p.millionths, 1 AS groups
    FROM present AS p
    LEFT JOIN severe AS v ON v.person_id = p.person_id AND v.year_starts = p.year_starts AND v.number = p.outranked_by
    WHERE v.person_id IS NULL
    UNION ALL
    SELECT m.person_id, m.year_starts, s.score_id, CAST(m.medicines AS BIGINT) * 1000000, m.medicines
    FROM person_medicines AS m
    INNER JOIN score_basis AS b ON b.year_starts = m.year_starts
    INNER JOIN score_about AS s ON s.score_id = b.score_id
    WHERE s.kind = 'medicines' AND b.known
    UNION ALL
    SELECT a.person_id, a.year_starts, g.score_id, g.millionths, 0
    FROM score_age AS g
    INNER JOIN aged AS a ON a.age >= g.age_from AND (g.age_to IS NULL OR a.age < g.age_to)
    INNER JOIN score_basis AS b ON b.score_id = g.score_id AND b.year_starts = a.year_starts
    WHERE b.known
),
summed AS (
    SELECT person_id, year_starts, score_id, CAST(sum(millionths) AS BIGINT) AS millionths, CAST(sum(groups) AS INTEGER) AS groups
    FROM points
    GROUP BY person_id, year_starts, score_id
),
valued AS (
    SELECT
        v.person_id,
        v.year_starts,
        v.score_id,
        CAST(v.millionths AS DOUBLE) / nullif(CAST(coalesce(s.divisor, 1) AS DOUBLE) * 1000000, 0) AS value,
        s.least,
        v.groups
    FROM summed AS v
    INNER JOIN score_about AS s ON s.score_id = v.score_id
)
SELECT person_id, year_starts, score_id, CASE WHEN value < least THEN least ELSE value END AS value, groups
FROM valued
