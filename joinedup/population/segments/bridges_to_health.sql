WITH had AS (
    SELECT
        person_id,
        year_starts,
        bool_or(condition_id = 'cancer') AS cancer,
        bool_or(condition_id IN ('heart_failure', 'copd', 'kidney_disease', 'liver_disease')) AS failing_organ,
        bool_or(condition_id IN ('multiple_sclerosis', 'parkinsons_disease')) AS disabling_illness
    FROM person_year_condition
    GROUP BY person_id, year_starts
),
told AS (
    -- No row of a condition is a no where the number of conditions is known.
    SELECT
        p.person_id, p.year_starts, p.age, p.palliative_care, p.dementia, p.learning_disability, p.severe_mental_illness, p.special_needs,
        p.pregnancy, p.maternity_contacts, p.long_term_conditions, p.emergency_admissions, p.planned_admissions, p.social_care_days,
        CASE WHEN p.frailty = 'severe' THEN TRUE WHEN p.frailty IS NOT NULL OR p.long_term_conditions IS NOT NULL THEN FALSE END AS severe_frailty,
        CASE WHEN p.age < 65 THEN FALSE ELSE p.care_home OR p.housebound END AS care_home_or_housebound,
        CASE WHEN h.cancer THEN TRUE WHEN p.long_term_conditions IS NOT NULL THEN FALSE END AS cancer,
        CASE WHEN h.failing_organ THEN TRUE WHEN p.long_term_conditions IS NOT NULL THEN FALSE END AS failing_organ,
        CASE WHEN h.disabling_illness THEN TRUE WHEN p.long_term_conditions IS NOT NULL THEN FALSE END AS disabling_illness
    FROM person_year AS p
    LEFT JOIN had AS h ON h.person_id = p.person_id AND h.year_starts = p.year_starts
)
SELECT
    person_id,
    year_starts,
    palliative_care AND (cancer OR NOT (dementia OR severe_frailty OR care_home_or_housebound OR failing_organ)) AS short_decline,
    dementia OR severe_frailty OR care_home_or_housebound OR (palliative_care AND failing_organ) AS long_decline,
    failing_organ AND emergency_admissions > 0 AS limited_reserve,
    learning_disability OR severe_mental_illness OR special_needs OR disabling_illness OR social_care_days >= 183 AS stable_disability,
    pregnancy OR maternity_contacts > 0 OR age < 1 AS maternal_and_infant,
    long_term_conditions > 0 AS chronic_conditions,
    emergency_admissions > 0 OR planned_admissions > 0 AS acutely_ill
FROM told
