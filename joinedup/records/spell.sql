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
    -- One price on every row is the price of the spell; different prices are those of its episodes.
    CASE
        WHEN min(price_pence) = max(price_pence) THEN max(price_pence)
        ELSE CAST(sum(price_pence) AS BIGINT)
    END AS price_pence,
    max(file_id) FILTER (WHERE episode_order = 1) AS file_id,
    max(source_row) FILTER (WHERE episode_order = 1) AS source_row
FROM episode
GROUP BY activity_id
