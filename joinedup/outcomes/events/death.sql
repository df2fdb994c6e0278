WITH registered AS (
    SELECT
        d.person_id, d.pod_type, d.s_underlying_cod_icd10 AS cause, d.file_id,
        row_number() OVER (PARTITION BY d.person_id ORDER BY d.file_id DESC NULLS LAST, d.source_row DESC NULLS LAST) AS place
    FROM landed_deaths AS d
    INNER JOIN file_use AS u ON u.file_id = d.file_id AND u.planning
    WHERE d.person_id IS NOT NULL
),
-- The latest wish before death.
wished AS (
    SELECT
        e.person_id,
        e.group_id,
        row_number() OVER (PARTITION BY e.person_id ORDER BY e.coded_on DESC NULLS LAST, e.group_id NULLS LAST) AS place
    FROM listed_entry AS e
    INNER JOIN person AS p ON p.person_id = e.person_id AND e.coded_on <= p.death_date
    WHERE e.list_id = 'preferred_place' AND e.setting = 'general practice'
),
planned AS (
    SELECT w.person_id, max(w.group_id) AS preferred_place
    FROM wished AS w
    WHERE w.place = 1
    GROUP BY w.person_id
),
palliative AS (
    SELECT DISTINCT c.person_id
    FROM condition_spell AS c
    INNER JOIN person AS p ON p.person_id = c.person_id AND c.starts <= p.death_date AND coalesce(c.ends > p.death_date - 365, TRUE)
    WHERE c.condition_id = 'palliative_care'
)
SELECT
    b.person_id AS event_id,
    b.person_id,
    b.death_date AS on_date,
    b.neighbourhood_id,
    b.practice_code,
    CAST(floor((
        (extract(YEAR FROM b.death_date) - extract(YEAR FROM b.birth_month)) * 12
        + extract(MONTH FROM b.death_date) - extract(MONTH FROM b.birth_month)
    ) / 12) AS INTEGER) AS age,
    CAST(NULL AS STRING) AS provider_code,
    r.file_id,
    CASE r.pod_type
        WHEN 'HOME' THEN 'home' WHEN 'HOSPITAL' THEN 'hospital' WHEN 'CARE HOME' THEN 'care home' WHEN 'HOSPICE' THEN 'hospice'
        WHEN 'OTHER COMMUNAL' THEN 'elsewhere' WHEN 'ELSEWHERE' THEN 'elsewhere'
    END AS place_of_death,
    r.pod_type IS NOT NULL AS place_known,
    r.cause,
    g.person_id IS NOT NULL AS palliative_care,
    w.preferred_place,
    w.preferred_place IS NOT NULL AS preference_recorded,
    CASE
        WHEN w.preferred_place IS NULL OR r.pod_type IS NULL THEN CAST(NULL AS BOOLEAN)
        ELSE w.preferred_place = CASE r.pod_type WHEN 'HOME' THEN 'home' WHEN 'HOSPITAL' THEN 'hospital' WHEN 'CARE HOME' THEN 'care_home' WHEN 'HOSPICE' THEN 'hospice' ELSE 'elsewhere' END
    END AS preference_achieved
FROM belonging_spell AS b
CROSS JOIN place_parameter AS p
LEFT JOIN registered AS r ON r.person_id = b.person_id AND r.place = 1
LEFT JOIN planned AS w ON w.person_id = b.person_id
LEFT JOIN palliative AS g ON g.person_id = b.person_id
WHERE b.death_date <= p.as_at
    AND coalesce(b.starts <= b.death_date, TRUE)
    AND coalesce(b.death_date < b.ends, TRUE)
