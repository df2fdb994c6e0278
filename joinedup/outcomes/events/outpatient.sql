SELECT
    a.activity_id AS event_id,
    a.person_id,
    a.starts AS on_date,
    a.neighbourhood_id,
    a.practice_code,
    a.age,
    a.provider_code,
    a.file_id,
    o.tretspef AS treatment_function,
    CASE WHEN o.firstatt IN ('1', '3') THEN TRUE WHEN o.firstatt IN ('2', '4') THEN FALSE END AS first_attendance,
    o.attended IN ('5', '6') AS attended,
    o.attended IN ('3', '7') AS missed,
    o.attended IN ('3', '5', '6', '7') AS due,
    o.firstatt IN ('3', '4') AS remote,
    a.cost_pence
FROM place_activity AS a
INNER JOIN landed_outpatient AS o ON a.activity_id = CAST(o.file_id AS BIGINT) * 10000000000 + o.source_row
CROSS JOIN place_parameter AS p
WHERE a.starts <= p.as_at AND a.point_of_delivery LIKE 'Outpatient%'
