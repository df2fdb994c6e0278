WITH ward AS (
    SELECT y.year_starts, a.area_code, min(a.ward_code) AS ward_code
    FROM place_area AS a
    CROSS JOIN place_year AS y
    WHERE coalesce(a.starts < y.year_ends, TRUE) AND coalesce(y.year_ends <= a.ends, TRUE)
    GROUP BY y.year_starts, a.area_code
),
first_model AS (
    SELECT model_id, row_number() OVER (ORDER BY model_order NULLS LAST, model_id NULLS LAST) AS place
    FROM (SELECT model_id, min(model_order) AS model_order FROM segment GROUP BY model_id) AS model
)
SELECT
    p.person_id,
    p.year_starts,
    w.ward_code,
    p.deprivation_fifth,
    p.sex,
    CASE
        WHEN p.ethnic_group IN ('A', 'B', 'C') THEN 'white'
        WHEN p.ethnic_group IN ('D', 'E', 'F', 'G') THEN 'mixed'
        WHEN p.ethnic_group IN ('H', 'J', 'K', 'L', 'R') THEN 'asian'
        WHEN p.ethnic_group IN ('M', 'N', 'P') THEN 'black'
        WHEN p.ethnic_group = 'S' THEN 'other'
    END AS ethnic_group,
    s.segment_id
FROM person_year AS p
LEFT JOIN ward AS w ON w.area_code = p.area_code AND w.year_starts = p.year_starts
LEFT JOIN first_model AS m ON m.place = 1
LEFT JOIN person_segment AS s ON s.person_id = p.person_id AND s.year_starts = p.year_starts AND s.model_id = m.model_id
