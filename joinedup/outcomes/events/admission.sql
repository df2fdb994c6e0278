WITH coded AS (
    -- The admitting episode alone, and each of its codes once: what it means was worked out once for each code (measured_code).
    SELECT
        e.activity_id,
        bool_or(e.finished AND left(e.admission_method, 1) = '2') AS finished_emergency,
        count(d.code) AS diagnoses,
        bool_or(c.chronic_acs) AS chronic_acs,
        bool_or(c.acute_bronchitis) AS acute_bronchitis,
        bool_or(c.chronic_chest_disease) AS chronic_chest_disease,
        bool_or(c.viral_hepatitis) AS viral_hepatitis,
        bool_or(c.sickle_cell) AS sickle_cell,
        bool_or(c.alcohol_specific) AS alcohol_specific,
        bool_or(c.alcohol_specific_primary) AS alcohol_specific_primary,
        bool_or(c.self_harm) AS self_harm,
        bool_or(c.fall) AS fall,
        bool_or(c.injury) AS injury,
        bool_or(c.respiratory) AS respiratory,
        bool_or(c.cardiovascular) AS cardiovascular,
        min(CASE
            WHEN coalesce(a.age >= c.urgent_care_age_from, c.urgent_care_age_from IS NULL)
                AND coalesce(a.age < c.urgent_care_age_to, c.urgent_care_age_to IS NULL)
                THEN c.urgent_care_order
        END) AS urgent_care_order,
        bool_or(c.urgent_care_order IS NOT NULL AND c.urgent_care_age_from IS NULL AND NOT c.unspecified_bronchitis
            AND coalesce(a.age < c.urgent_care_age_to, c.urgent_care_age_to IS NULL)) AS urgent_care_common,
        bool_or(c.unspecified_bronchitis) AS unspecified_bronchitis
    FROM episode AS e
    INNER JOIN place_activity AS a ON a.activity_id = e.activity_id
    INNER JOIN file_use AS u ON u.file_id = e.file_id AND u.planning
    LEFT JOIN diagnosis AS d ON d.file_id = e.file_id AND d.source_row = e.source_row AND d.system = 'ICD-10'
    LEFT JOIN measured_code AS c ON c.code = d.code AND c.role = d.role
    WHERE e.episode_order = 1
    GROUP BY e.activity_id
),
at_home AS (
    SELECT s.activity_id, bool_or(r.care_home) AS care_home
    FROM place_spell AS s
    INNER JOIN residence AS r
        ON r.person_id = s.person_id
        AND coalesce(r.starts <= s.starts, TRUE)
        AND coalesce(s.starts < r.ends, TRUE)
    WHERE r.care_home IS NOT NULL
    GROUP BY s.activity_id
),
condition_name AS (
    SELECT DISTINCT condition_order, condition FROM urgent_care_sensitive
),
told AS (
    SELECT
        s.activity_id, s.person_id, s.starts, s.ends, s.emergency, s.planned, a.neighbourhood_id, a.practice_code, a.age, a.provider_code, a.point_of_delivery,
        a.file_id, a.cost_pence, h.care_home, c.diagnoses,
        coalesce(c.finished_emergency, FALSE) AS finished_emergency,
        coalesce(c.urgent_care_common, FALSE) AS urgent_care_common,
        coalesce(c.unspecified_bronchitis, FALSE) AS unspecified_bronchitis,
        c.urgent_care_order,
        coalesce(c.fall, FALSE) AS fall,
        coalesce(c.fall AND c.injury, FALSE) AS fall_injury,
        coalesce(
            c.chronic_acs AND NOT coalesce(c.viral_hepatitis AND c.sickle_cell, FALSE) OR c.acute_bronchitis AND c.chronic_chest_disease, FALSE
        ) AS ambulatory_care_sensitive,
        coalesce(c.alcohol_specific, FALSE) AS alcohol_specific,
        coalesce(c.alcohol_specific_primary, FALSE) AS alcohol_specific_primary,
        coalesce(c.self_harm, FALSE) AS self_harm,
        coalesce(c.respiratory, FALSE) AS respiratory,
        coalesce(c.cardiovascular, FALSE) AS cardiovascular
    FROM place_spell AS s
    INNER JOIN place_activity AS a ON a.activity_id = s.activity_id
    LEFT JOIN coded AS c ON c.activity_id = s.activity_id
    LEFT JOIN at_home AS h ON h.activity_id = s.activity_id
)
SELECT
    t.activity_id AS event_id,
    t.person_id,
    t.starts AS on_date,
    t.neighbourhood_id,
    t.practice_code,
    t.age,
    t.provider_code,
    t.file_id,
    t.emergency,
    t.planned,
    t.point_of_delivery,
    t.care_home,
    CAST(t.ends - t.starts AS INTEGER) AS stay_nights,
    CAST(t.diagnoses AS INTEGER) AS diagnoses,
    t.finished_emergency AND t.urgent_care_order IS NOT NULL AS urgent_care_sensitive,
    CASE WHEN t.finished_emergency THEN n.condition END AS urgent_care_condition,
    -- The official text has four readings (urgent_care_sensitive): without J42; falls at 74 alone; falls from 74.
    t.finished_emergency AND (t.urgent_care_common OR t.fall AND coalesce(t.age >= 75, FALSE)) AS urgent_care_without_j42,
    t.finished_emergency AND (t.urgent_care_common OR t.unspecified_bronchitis OR t.fall AND coalesce(t.age = 74, FALSE)) AS urgent_care_falls_at_74,
    t.finished_emergency AND (t.urgent_care_common OR t.unspecified_bronchitis OR t.fall AND coalesce(t.age >= 74, FALSE)) AS urgent_care_falls_from_74,
    t.ambulatory_care_sensitive,
    t.fall,
    t.fall_injury,
    t.alcohol_specific,
    t.alcohol_specific_primary,
    t.self_harm,
    t.respiratory,
    t.cardiovascular,
    t.cost_pence
FROM told AS t
LEFT JOIN condition_name AS n ON n.condition_order = t.urgent_care_order
