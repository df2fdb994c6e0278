WITH numbered AS (
    SELECT
        activity_id, person_id, neighbourhood_id, practice_code, age, provider_code, file_id, point_of_delivery, starts, cost_pence,
        lag(starts, 4) OVER (PARTITION BY person_id, point_of_delivery ORDER BY starts NULLS LAST, activity_id NULLS LAST) AS fifth_last
    FROM place_activity
    WHERE took_place AND point_of_delivery IN ('Emergency care', 'Same day emergency care', 'Ambulance see and convey', 'Ambulance see and treat', 'Ambulance hear and treat')
)
SELECT
    n.activity_id AS event_id,
    n.person_id,
    n.starts AS on_date,
    n.neighbourhood_id,
    n.practice_code,
    n.age,
    n.provider_code,
    n.file_id,
    CASE WHEN n.point_of_delivery LIKE 'Ambulance%' THEN 'ambulance' WHEN n.point_of_delivery = 'Emergency care' THEN 'emergency department' ELSE 'same day emergency care' END AS kind,
    e.department_type,
    CASE WHEN e.attendance_category = '4' THEN FALSE WHEN e.attendance_category IS NOT NULL THEN TRUE END AS unplanned,
    n.point_of_delivery = 'Ambulance see and convey' AS conveyed,
    a.response_outcome = 'SCED' AS to_emergency_department,
    CASE
        WHEN e.arrival_mode IN ('1048031000000100', '1048041000000109', '1048051000000107', '1048081000000101') THEN TRUE
        WHEN e.arrival_mode IS NOT NULL THEN FALSE
    END AS by_ambulance,
    coalesce(n.fifth_last > n.starts - 365, FALSE) AS frequent,
    n.cost_pence
FROM numbered AS n
LEFT JOIN landed_ecds AS e ON n.activity_id = CAST(e.file_id AS BIGINT) * 10000000000 + e.source_row
LEFT JOIN landed_ambulance AS a ON n.activity_id = CAST(a.file_id AS BIGINT) * 10000000000 + a.source_row
