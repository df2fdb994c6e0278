SELECT
    a.activity_id,
    a.person_id,
    a.neighbourhood_id,
    s.starts,
    s.ends,
    coalesce(s.point_of_delivery = 'Non-elective inpatient' AND s.admission_method LIKE '2%', FALSE) AS emergency,
    s.point_of_delivery IN ('Elective inpatient', 'Day case') AS planned
FROM spell AS s
INNER JOIN place_activity AS a ON a.activity_id = s.activity_id
