WITH following AS (
    SELECT a.year_starts AS year_before, b.year_starts
    FROM place_year AS a
    INNER JOIN place_year AS b ON b.year_starts = a.year_ends
),
moved AS (
    SELECT
        s.model_id,
        f.year_starts,
        s.segment_id AS from_segment,
        CASE WHEN n.segment_id IS NOT NULL THEN n.segment_id WHEN p.died THEN 'died' ELSE 'left' END AS to_segment
    FROM person_segment AS s
    INNER JOIN following AS f ON f.year_before = s.year_starts
    INNER JOIN person_year AS p ON p.person_id = s.person_id AND p.year_starts = s.year_starts
    LEFT JOIN person_segment AS n ON n.person_id = s.person_id AND n.year_starts = f.year_starts AND n.model_id = s.model_id
    UNION ALL
    SELECT
        s.model_id,
        s.year_starts,
        CASE WHEN p.born THEN 'born' ELSE 'joined' END,
        s.segment_id
    FROM person_segment AS s
    INNER JOIN following AS f ON f.year_starts = s.year_starts
    INNER JOIN person_year AS p ON p.person_id = s.person_id AND p.year_starts = s.year_starts
    LEFT JOIN person_year AS o ON o.person_id = s.person_id AND o.year_starts = f.year_before
    WHERE o.person_id IS NULL
)
SELECT model_id, year_starts, from_segment, to_segment, count(*) AS people
FROM moved
GROUP BY model_id, year_starts, from_segment, to_segment
