WITH had AS (
    SELECT
        c.person_id,
        c.year_starts,
        count(*) FILTER (WHERE a.counts_as_long_term) AS long_term_conditions,
        bool_or(c.condition_id = 'care_home') AS care_home,
        bool_or(c.condition_id = 'severe_frailty') AS severe_frailty,
        bool_or(c.condition_id = 'moderate_frailty') AS moderate_frailty,
        bool_or(c.condition_id = 'mild_frailty') AS mild_frailty,
        bool_or(c.condition_id = 'carer') AS carer,
        bool_or(c.condition_id = 'has_carer') AS has_carer,
        bool_or(c.condition_id = 'palliative_care') AS palliative_care,
        bool_or(c.condition_id = 'housebound') AS housebound,
        bool_or(c.condition_id = 'dementia') AS dementia,
        bool_or(c.condition_id = 'severe_mental_illness') AS severe_mental_illness,
        bool_or(c.condition_id = 'learning_disability') AS learning_disability,
        bool_or(c.condition_id = 'autism') AS autism,
        bool_or(c.condition_id = 'pregnancy') AS pregnancy,
        bool_or(c.condition_id = 'homelessness') AS homelessness,
        bool_or(c.condition_id = 'social_isolation') AS social_isolation,
        bool_or(c.condition_id = 'interpreter_needed') AS interpreter_needed,
        bool_or(c.condition_id = 'falls') AS falls,
        bool_or(c.condition_id = 'smoker') AS smoker,
        bool_or(c.condition_id = 'looked_after') AS looked_after,
        bool_or(c.condition_id = 'child_protection') AS child_protection,
        bool_or(c.condition_id = 'special_needs') AS special_needs
    FROM person_year_condition AS c
    INNER JOIN condition_about AS a ON a.condition_id = c.condition_id
    GROUP BY c.person_id, c.year_starts
),
scored AS (
    SELECT
        person_id,
        year_starts,
        max(value) FILTER (WHERE score_id = 'charlson_shmi') AS charlson_shmi,
        max(value) FILTER (WHERE score_id = 'charlson_quan') AS charlson_quan,
        max(value) FILTER (WHERE score_id = 'hospital_frailty') AS hospital_frailty,
        max(value) FILTER (WHERE score_id = 'medicines') AS medicines
    FROM person_score
    GROUP BY person_id, year_starts
),
-- What nobody told of isn't no.
basis AS (
    SELECT
        k.year_starts,
        k.practice_code,
        bool_or(k.known) FILTER (WHERE k.what = 'long_term_conditions') AS long_term_conditions,
        bool_or(k.known) FILTER (WHERE k.what = 'severe_frailty') AS severe_frailty,
        bool_or(k.known) FILTER (WHERE k.what = 'carer') AS carer,
        bool_or(k.known) FILTER (WHERE k.what = 'has_carer') AS has_carer,
        bool_or(k.known) FILTER (WHERE k.what = 'palliative_care') AS palliative_care,
        bool_or(k.known) FILTER (WHERE k.what = 'housebound') AS housebound,
        bool_or(k.known) FILTER (WHERE k.what = 'dementia') AS dementia,
        bool_or(k.known) FILTER (WHERE k.what = 'severe_mental_illness') AS severe_mental_illness,
        bool_or(k.known) FILTER (WHERE k.what = 'learning_disability') AS learning_disability,
        bool_or(k.known) FILTER (WHERE k.what = 'autism') AS autism,
        bool_or(k.known) FILTER (WHERE k.what = 'pregnancy') AS pregnancy,
        bool_or(k.known) FILTER (WHERE k.what = 'homelessness') AS homelessness,
        bool_or(k.known) FILTER (WHERE k.what = 'social_isolation') AS social_isolation,
        bool_or(k.known) FILTER (WHERE k.what = 'interpreter_needed') AS interpreter_needed,
        bool_or(k.known) FILTER (WHERE k.what = 'falls') AS falls,
        bool_or(k.known) FILTER (WHERE k.what = 'smoker') AS smoker,
        bool_or(k.known) FILTER (WHERE k.what = 'looked_after') AS looked_after,
        bool_or(k.known) FILTER (WHERE k.what = 'child_protection') AS child_protection,
        bool_or(k.known) FILTER (WHERE k.what = 'special_needs') AS special_needs,
        bool_or(k.known) FILTER (WHERE k.what = 'score charlson_shmi') AS knows_charlson_shmi,
        bool_or(k.known) FILTER (WHERE k.what = 'score charlson_quan') AS knows_charlson_quan,
        bool_or(k.known) FILTER (WHERE k.what = 'score hospital_frailty') AS knows_hospital_frailty,
        bool_or(k.known) FILTER (WHERE k.what = 'score medicines') AS knows_medicines
    FROM practice_basis AS k
    GROUP BY k.year_starts, k.practice_code
)
SELECT
    b.person_id,
    b.year_starts,
    CASE WHEN h.care_home THEN TRUE ELSE b.care_home END AS care_home,
    CASE WHEN h.carer THEN TRUE WHEN k.carer THEN FALSE END AS carer,
    CASE WHEN h.has_carer THEN TRUE WHEN k.has_carer THEN FALSE END AS has_carer,
    CASE WHEN h.palliative_care THEN TRUE WHEN k.palliative_care THEN FALSE END AS palliative_care,
    CASE WHEN h.housebound THEN TRUE WHEN k.housebound THEN FALSE END AS housebound,
    CASE WHEN h.dementia THEN TRUE WHEN k.dementia THEN FALSE END AS dementia,
    CASE WHEN h.severe_mental_illness THEN TRUE WHEN k.severe_mental_illness THEN FALSE END AS severe_mental_illness,
    CASE WHEN h.learning_disability THEN TRUE WHEN k.learning_disability THEN FALSE END AS learning_disability,
    CASE WHEN h.autism THEN TRUE WHEN k.autism THEN FALSE END AS autism,
    CASE WHEN h.pregnancy THEN TRUE WHEN k.pregnancy THEN FALSE END AS pregnancy,
    CASE WHEN h.homelessness THEN TRUE WHEN k.homelessness THEN FALSE END AS homelessness,
    CASE WHEN h.social_isolation THEN TRUE WHEN k.social_isolation THEN FALSE END AS social_isolation,
    CASE WHEN h.interpreter_needed THEN TRUE WHEN k.interpreter_needed THEN FALSE END AS interpreter_needed,
    CASE WHEN h.falls THEN TRUE WHEN k.falls THEN FALSE END AS falls,
    CASE WHEN h.smoker THEN TRUE WHEN k.smoker THEN FALSE END AS smoker,
    CASE WHEN h.looked_after THEN TRUE WHEN k.looked_after THEN FALSE END AS looked_after,
    CASE WHEN h.child_protection THEN TRUE WHEN k.child_protection THEN FALSE END AS child_protection,
    CASE WHEN h.special_needs THEN TRUE WHEN k.special_needs THEN FALSE END AS special_needs,
    CASE WHEN k.long_term_conditions THEN CAST(coalesce(h.long_term_conditions, 0) AS INTEGER) END AS long_term_conditions,
    CASE
        WHEN h.severe_frailty THEN 'severe'
        WHEN h.moderate_frailty THEN 'moderate'
        WHEN h.mild_frailty THEN 'mild'
        WHEN k.severe_frailty AND b.age >= 65 THEN 'fit'
    END AS frailty,
    CASE WHEN k.knows_charlson_shmi THEN coalesce(v.charlson_shmi, 0) END AS charlson_shmi,
    CASE WHEN k.knows_charlson_quan THEN coalesce(v.charlson_quan, 0) END AS charlson_quan,
    CASE WHEN k.knows_hospital_frailty THEN coalesce(v.hospital_frailty, 0) END AS hospital_frailty,
    CASE WHEN k.knows_medicines THEN CAST(floor(coalesce(v.medicines, 0)) AS INTEGER) END AS medicines
FROM person_year_base AS b
LEFT JOIN had AS h ON h.person_id = b.person_id AND h.year_starts = b.year_starts
LEFT JOIN scored AS v ON v.person_id = b.person_id AND v.year_starts = b.year_starts
LEFT JOIN basis AS k ON k.year_starts = b.year_starts AND k.practice_code = b.basis_code
