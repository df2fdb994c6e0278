WITH looked_for AS (
    SELECT b.score_id, t.list_id, t.setting, b.year_starts, b.window_starts, b.year_ends
    FROM score_basis AS b
    INNER JOIN score_setting AS t ON t.score_id = b.score_id
    WHERE b.known
),
found AS (
    SELECT e.person_id, f.year_starts, f.score_id, e.group_id, CAST(sum(e.entries) AS BIGINT) AS entries
    FROM listed_entry AS e
    INNER JOIN looked_for AS f ON f.list_id = e.list_id AND f.setting = e.setting
    WHERE e.coded_on >= f.window_starts AND e.coded_on < f.year_ends
    GROUP BY e.person_id, f.year_starts, f.score_id, e.group_id
    UNION ALL
    -- Many different medicines are a group too, where a score says so.
    SELECT m.person_id, m.year_starts, s.score_id, s.medicines_group, CAST(2147483647 AS BIGINT)
    FROM person_medicines AS m
    INNER JOIN score_about AS s ON m.medicines >= s.medicines_at_least
    INNER JOIN score_basis AS b ON b.score_id = s.score_id AND b.year_starts = m.year_starts
    WHERE b.known
),
present AS (
    SELECT f.person_id, f.year_starts, f.score_id, f.group_id, max(g.millionths) AS millionths, max(g.outranked_by) AS outranked_by
    FROM found AS f
    INNER JOIN score_group AS g ON g.score_id = f.score_id AND g.group_id = f.group_id
    WHERE f.entries >= g.entries_needed
    GROUP BY f.person_id, f.year_starts, f.score_id, f.group_id
),
severe AS (
    SELECT DISTINCT score_id, outranked_by AS group_id
    FROM score_group
    WHERE outranked_by IS NOT NULL
),
severe_present AS (
    SELECT p.person_id, p.year_starts, p.score_id, p.group_id
    FROM present AS p
    INNER JOIN severe AS v ON v.score_id = p.score_id AND v.group_id = p.group_id
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
    LEFT JOIN severe_present AS v
        ON v.person_id = p.person_id AND v.year_starts = p.year_starts AND v.score_id = p.score_id AND v.group_id = p.outranked_by
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
