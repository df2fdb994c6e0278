SELECT
    e.file_id,
    e.source_row,
    e.activity_id,
    a.person_id,
    a.neighbourhood_id,
    a.age,
    e.ends AS ended_on,
    e.days
FROM episode AS e
INNER JOIN place_activity AS a ON a.activity_id = e.activity_id
INNER JOIN file_use AS u ON u.file_id = e.file_id AND u.planning
WHERE e.finished
    AND e.ends IS NOT NULL
    AND e.days IS NOT NULL
    AND e.admission_method IN ('21', '22', '23', '24', '2A', '2B', '2C', '2D', '28')
    -- Midwifery and mental health, as the annex lists them.
    AND coalesce(e.treatment_specialty, '') NOT IN (
        '501', '560', '700', '710', '711', '712', '713', '715', '720', '721', '722', '723', '724', '725', '726', '727'
    )
