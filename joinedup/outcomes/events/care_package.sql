WITH package AS (
    SELECT
        a.activity_id, a.person_id, a.starts, v.ends, a.neighbourhood_id, a.practice_code, a.age, a.file_id, a.point_of_delivery,
        coalesce(c.service_type = 'SHORT TERM SUPPORT: ST-MAX', FALSE) AS reablement,
        a.point_of_delivery IN ('Residential care', 'Nursing care') AS care_home
    FROM place_activity AS a
    INNER JOIN activity AS v ON v.activity_id = a.activity_id
    INNER JOIN landed_cld AS c ON a.activity_id = CAST(c.file_id AS BIGINT) * 10000000000 + c.source_row
    WHERE c.event_type = 'SERVICE' AND a.point_of_delivery <> 'Carer support'
),
placed AS (
    SELECT
        activity_id,
        row_number() OVER (PARTITION BY person_id ORDER BY starts NULLS LAST, activity_id NULLS LAST) = 1 AS first_placement
    FROM package
    WHERE care_home
),
discharged AS (
    SELECT DISTINCT k.activity_id
    FROM package AS k
    INNER JOIN place_spell AS s ON s.person_id = k.person_id AND s.ends >= k.starts - 7 AND s.ends <= k.starts
    WHERE k.reablement AND s.ends > s.starts
),
day_91 AS (
    SELECT k.activity_id, k.person_id, k.starts + 91 AS on_date
    FROM package AS k
    INNER JOIN discharged AS d ON d.activity_id = k.activity_id
    CROSS JOIN place_parameter AS p
    WHERE k.starts + 91 <= p.as_at
),
away AS (
    SELECT d.activity_id
    FROM day_91 AS d
    INNER JOIN place_spell AS s ON s.person_id = d.person_id AND s.starts <= d.on_date AND coalesce(s.ends > d.on_date, TRUE)
    UNION
    SELECT d.activity_id
    FROM day_91 AS d
    INNER JOIN package AS k ON k.person_id = d.person_id AND k.care_home AND k.starts <= d.on_date AND coalesce(k.ends > d.on_date, TRUE)
    UNION
    SELECT d.activity_id
    FROM day_91 AS d
    INNER JOIN residence AS r
        ON r.person_id = d.person_id AND r.care_home AND coalesce(r.starts <= d.on_date, TRUE) AND coalesce(d.on_date < r.ends, TRUE)
    UNION
    SELECT d.activity_id
    FROM day_91 AS d
    INNER JOIN person AS n ON n.person_id = d.person_id AND n.death_date <= d.on_date
)
SELECT
    k.activity_id AS event_id,
    k.person_id,
    k.starts AS on_date,
    k.neighbourhood_id,
    k.practice_code,
    k.age,
    -- The extract of a council is one, whoever gives the care.
    CAST(NULL AS STRING) AS provider_code,
    k.file_id,
    k.point_of_delivery,
    k.reablement,
    k.reablement AND d.activity_id IS NOT NULL AS after_hospital,
    y.activity_id IS NOT NULL AS followed_91_days,
    CASE WHEN y.activity_id IS NOT NULL THEN w.activity_id IS NULL END AS home_91_days,
    coalesce(f.first_placement, FALSE) AS new_placement
FROM package AS k
CROSS JOIN place_parameter AS p
LEFT JOIN placed AS f ON f.activity_id = k.activity_id
LEFT JOIN discharged AS d ON d.activity_id = k.activity_id
LEFT JOIN day_91 AS y ON y.activity_id = k.activity_id
LEFT JOIN away AS w ON w.activity_id = k.activity_id
WHERE k.starts <= p.as_at
