WITH held AS (
    SELECT
        e.activity_id,
        bool_or(c.cancer) AS cancer,
        bool_or(c.childbirth) AS childbirth,
        bool_or(left(e.discharge_method, 1) IN ('4', '5')) AS died
    FROM episode AS e
    INNER JOIN file_use AS u ON u.file_id = e.file_id AND u.planning
    LEFT JOIN diagnosis AS d ON d.file_id = e.file_id AND d.source_row = e.source_row AND d.system = 'ICD-10'
    LEFT JOIN measured_code AS c ON c.code = d.code AND c.role = d.role AND (c.cancer OR c.childbirth)
    GROUP BY e.activity_id
),
returned AS (
    SELECT s.activity_id, min(r.starts) AS returned_on
    FROM place_spell AS s
    INNER JOIN place_spell AS r
        ON r.person_id = s.person_id
        AND r.emergency
        AND r.activity_id <> s.activity_id
        AND r.starts >= s.ends
        AND r.starts < s.ends + 30
        AND r.starts > s.starts
    WHERE s.ends IS NOT NULL
    GROUP BY s.activity_id
)
SELECT
    s.activity_id AS event_id,
    s.person_id,
    s.ends AS on_date,
    a.neighbourhood_id,
    a.practice_code,
    a.age,
    a.provider_code,
    a.file_id,
    s.emergency,
    s.planned,
    CAST(s.ends - s.starts AS INTEGER) AS stay_nights,
    coalesce(NOT h.died, TRUE) AS alive,
    s.ends + 30 <= p.as_at + 1
        AND coalesce(NOT h.died, TRUE)
        AND NOT coalesce(h.cancer, FALSE)
        AND NOT coalesce(h.childbirth, FALSE)
        AND a.point_of_delivery IN ('Elective inpatient', 'Non-elective inpatient') AS may_return,
    r.returned_on IS NOT NULL AS readmitted_30,
    CAST(r.returned_on - s.ends AS INTEGER) AS days_to_return
FROM place_spell AS s
INNER JOIN place_activity AS a ON a.activity_id = s.activity_id
CROSS JOIN place_parameter AS p
LEFT JOIN held AS h ON h.activity_id = s.activity_id
LEFT JOIN returned AS r ON r.activity_id = s.activity_id
WHERE s.ends >= s.starts AND s.ends <= p.as_at
