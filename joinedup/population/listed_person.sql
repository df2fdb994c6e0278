WITH listed AS (
    SELECT s.person_id, s.practice_code, s.neighbourhood_id
    FROM neighbourhood_spell AS s
    CROSS JOIN place_parameter AS p
    WHERE coalesce(s.starts <= p.as_at, TRUE) AND coalesce(p.as_at < s.ends, TRUE)
),
living AS (
    SELECT r.person_id, r.area_code, r.care_home
    FROM residence AS r
    CROSS JOIN place_parameter AS p
    WHERE coalesce(r.starts <= p.as_at, TRUE) AND coalesce(p.as_at < r.ends, TRUE)
),
small_area AS (
    SELECT a.area_code, min(a.deprivation_fifth) AS deprivation_fifth
    FROM place_area AS a
    CROSS JOIN place_parameter AS p
    WHERE coalesce(a.starts <= p.as_at, TRUE) AND coalesce(p.as_at < a.ends, TRUE)
    GROUP BY a.area_code
)
SELECT
    l.person_id,
    l.practice_code,
    l.neighbourhood_id,
    CAST(floor((
        (extract(YEAR FROM q.as_at) - extract(YEAR FROM p.birth_month)) * 12
        + extract(MONTH FROM q.as_at) - extract(MONTH FROM p.birth_month)
    ) / 12) AS INTEGER) AS age,
    p.sex,
    p.ethnic_group,
    v.area_code,
    a.deprivation_fifth,
    v.care_home
FROM listed AS l
INNER JOIN person AS p ON p.person_id = l.person_id
CROSS JOIN place_parameter AS q
LEFT JOIN living AS v ON v.person_id = l.person_id
LEFT JOIN small_area AS a ON a.area_code = v.area_code
