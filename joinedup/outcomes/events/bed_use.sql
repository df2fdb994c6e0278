SELECT
    -- One number for each stay and month of an end of its episodes.
    e.activity_id * 1000 + CAST((extract(YEAR FROM e.ends) - 2000) * 12 + extract(MONTH FROM e.ends) AS BIGINT) AS event_id,
    a.person_id,
    max(e.ends) AS on_date,
    a.neighbourhood_id,
    a.practice_code,
    a.age,
    a.provider_code,
    min(e.file_id) AS file_id,
    CAST(sum(e.days) AS BIGINT) AS bed_days
FROM episode AS e
INNER JOIN place_activity AS a ON a.activity_id = e.activity_id
INNER JOIN file_use AS u ON u.file_id = e.file_id AND u.planning
WHERE e.finished
    AND e.ends IS NOT NULL
    AND e.days > 0
    AND e.admission_method IN ('21', '22', '23', '24', '2A', '2B', '2C', '2D', '28')
    -- Midwifery and mental health, as the annex lists them.
    AND coalesce(e.treatment_specialty, '') NOT IN (
        '501', '560', '700', '710', '711', '712', '713', '715', '720', '721', '722', '723', '724', '725', '726', '727'
    )
GROUP BY e.activity_id, extract(YEAR FROM e.ends), extract(MONTH FROM e.ends), a.person_id, a.neighbourhood_id, a.practice_code, a.age, a.provider_code
