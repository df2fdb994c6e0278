WITH told AS (
    SELECT
        person_id,
        year_starts,
        age,
        palliative_care,
        pregnancy OR maternity_contacts > 0 AS maternity,
        long_term_conditions,
        looked_after OR child_protection OR special_needs OR learning_disability OR palliative_care
            OR long_term_conditions >= 2 OR emergency_admissions >= 3 AS complex_child,
        learning_disability OR severe_mental_illness OR homelessness OR dementia OR care_home
            OR coalesce(frailty IN ('moderate', 'severe'), FALSE) OR long_term_conditions >= 3 OR emergency_admissions >= 3 AS complex_adult,
        dementia OR care_home OR housebound
            OR coalesce(frailty IN ('moderate', 'severe'), FALSE) OR long_term_conditions >= 4 OR emergency_admissions >= 3 AS complex_older
    FROM person_year
)
SELECT
    person_id,
    year_starts,
    palliative_care AND age >= 18 AS end_of_life,
    maternity AND (complex_adult OR long_term_conditions > 0 OR complex_child) AS maternity_complex,
    maternity AS maternity_well,
    age < 11 AND complex_child AS child_complex,
    age < 11 AND long_term_conditions > 0 AS child_condition,
    age < 11 AS child_well,
    age >= 11 AND age < 25 AND (complex_child OR complex_adult) AS young_complex,
    age >= 11 AND age < 25 AND long_term_conditions > 0 AS young_condition,
    age >= 11 AND age < 25 AS young_well,
    age >= 25 AND age < 65 AND complex_adult AS working_complex,
    age >= 25 AND age < 65 AND long_term_conditions > 0 AS working_condition,
    age >= 25 AND age < 65 AS working_well,
    age >= 65 AND complex_older AS older_complex,
    age >= 65 AND long_term_conditions > 0 AS older_condition,
    age >= 65 AS older_well
FROM told
