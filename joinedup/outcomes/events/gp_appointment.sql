SELECT
    a.activity_id AS event_id,
    a.person_id,
    a.starts AS on_date,
    a.neighbourhood_id,
    a.practice_code,
    a.age,
    a.provider_code,
    a.file_id,
    CASE
        WHEN g.appt_mode IN ('FACE-TO-FACE', 'HOME VISIT') THEN 'face to face'
        WHEN g.appt_mode = 'TELEPHONE' THEN 'telephone'
        WHEN g.appt_mode IN ('VIDEO CONFERENCE/ONLINE', 'VIDEO/ONLINE', 'ONLINE') THEN 'video or online'
    END AS appointment_mode,
    CASE WHEN g.appt_status = 'ATTENDED' THEN TRUE WHEN g.appt_status IN ('DNA', 'CANCELLED') THEN FALSE END AS attended,
    CASE WHEN g.appt_status = 'DNA' THEN TRUE WHEN g.appt_status IN ('ATTENDED', 'CANCELLED') THEN FALSE END AS missed,
    CASE WHEN g.appt_status IN ('ATTENDED', 'DNA') THEN TRUE WHEN g.appt_status = 'CANCELLED' THEN FALSE END AS due,
    CASE WHEN g.hcp_type = 'GP' THEN TRUE WHEN g.hcp_type = 'OTHER PRACTICE STAFF' THEN FALSE END AS with_gp,
    CASE WHEN g.booked_date <= a.starts THEN CAST(a.starts - g.booked_date AS INTEGER) END AS wait_days
FROM place_activity AS a
INNER JOIN landed_gp_appointment AS g ON a.activity_id = CAST(g.file_id AS BIGINT) * 10000000000 + g.source_row
CROSS JOIN place_parameter AS p
WHERE a.starts <= p.as_at AND a.point_of_delivery LIKE 'GP appointment%'
