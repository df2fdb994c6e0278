SELECT
    p.person_id,
    p.practice_code,
    p.neighbourhood_id,
    p.age,
    p.sex,
    p.ethnic_group,
    p.area_code,
    p.deprivation_fifth,
    p.care_home
FROM listed_person AS p
INNER JOIN counted_spell AS s ON s.person_id = p.person_id
CROSS JOIN place_parameter AS q
WHERE coalesce(s.starts <= q.as_at, TRUE) AND coalesce(q.as_at < s.ends, TRUE)
