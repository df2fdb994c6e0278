WITH priced AS (
    SELECT
        e.activity_id, e.episode_order, e.person_id, e.linked_by, e.provider_code, e.admission_method, e.patient_class, e.episode_type,
        e.admitted_on, e.discharged_on, e.ready_on, e.discharge_method, e.days, e.file_id, e.source_row,
        CASE WHEN e.price_pence > 0 THEN e.price_pence END AS price_pence,
        coalesce(s.price_of, 'spell') AS price_of,
        -- A price of nothing on a row of a spell says that the price stands on another, or, on all of them, that it has none.
        max(CASE WHEN e.price_pence > 0 THEN e.episode_order END) OVER (PARTITION BY e.activity_id) AS last_priced
    FROM episode AS e
    LEFT JOIN landed_file AS f ON f.file_id = e.file_id
    LEFT JOIN place_source AS s ON s.source = f.source
)
SELECT
    activity_id,
    max(person_id) AS person_id,
    -- An episode without a person is of the person whom the others of its spell name.
    coalesce(
        max(linked_by) FILTER (WHERE episode_order = 1 AND person_id IS NOT NULL),
        max(linked_by) FILTER (WHERE person_id IS NOT NULL),
        max(linked_by) FILTER (WHERE episode_order = 1)
    ) AS linked_by,
    max(provider_code) AS provider_code,
    max(admission_method) FILTER (WHERE episode_order = 1) AS admission_method,
    CASE
        WHEN bool_or(patient_class IN ('3', '4')) THEN 'Regular attender'
        WHEN bool_or(patient_class = '5' OR episode_type IN ('2', '3', '5', '6')) THEN 'Maternity'
        WHEN bool_or(admission_method IN ('31', '32', '82', '83')) THEN 'Maternity'
        WHEN bool_or(left(admission_method, 1) = '2' OR admission_method = '81') THEN 'Non-elective inpatient'
        WHEN bool_or(patient_class = '2') THEN 'Day case'
        WHEN bool_or(left(admission_method, 1) = '1') THEN 'Elective inpatient'
        ELSE 'Other admission'
    END AS point_of_delivery,
    min(admitted_on) AS starts,
    max(discharged_on) AS ends,
    max(ready_on) AS ready_on,
    CASE
        WHEN bool_or(discharge_method IN ('4', '5')) THEN 'died'
        WHEN max(discharged_on) IS NOT NULL THEN 'discharged'
        ELSE 'in hospital'
    END AS outcome,
    CAST(count(*) AS INTEGER) AS episodes,
    CAST(count(*) FILTER (WHERE days < 2) AS INTEGER) AS short_episodes,
    CAST(count(*) FILTER (WHERE days >= 2) AS INTEGER) AS long_episodes,
    max(price_of) AS price_of,
    CASE
        WHEN max(price_of) = 'episode' THEN CAST(sum(price_pence) AS BIGINT)
        ELSE max(price_pence) FILTER (WHERE episode_order = last_priced)
    END AS price_pence,
    CAST(count(price_pence) AS INTEGER) AS priced_episodes,
    coalesce(min(price_pence) < max(price_pence), FALSE) AS prices_differ,
    max(file_id) FILTER (WHERE episode_order = 1) AS file_id,
    max(source_row) FILTER (WHERE episode_order = 1) AS source_row
FROM priced
GROUP BY activity_id
