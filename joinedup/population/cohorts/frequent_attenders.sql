WITH numbered AS (
    SELECT
        a.person_id,
        y.year_starts,
        a.starts,
        row_number() OVER (PARTITION BY a.person_id, y.year_starts ORDER BY a.starts NULLS LAST, a.activity_id NULLS LAST) AS nth
    FROM place_activity AS a
    INNER JOIN place_year AS y ON y.year_starts <= a.starts AND a.starts < y.year_ends
    WHERE a.point_of_delivery = 'Emergency care' AND a.took_place
),
fifth AS (
    SELECT person_id, year_starts, min(starts) AS starts
    FROM numbered
    WHERE nth = 5
    GROUP BY person_id, year_starts
)
SELECT
    p.person_id,
    p.year_starts,
    p.attendances > 0 AS attended,
    p.attendances >= 5 AS five_times,
    f.starts AS index_on
FROM person_year AS p
LEFT JOIN fifth AS f ON f.person_id = p.person_id AND f.year_starts = p.year_starts
