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
used AS (
    SELECT
        person_id,
        year_starts,
        CAST(sum(activities) FILTER (WHERE point_of_delivery = 'Emergency care') AS BIGINT) AS attendances,
        CAST(sum(activities) FILTER (WHERE point_of_delivery IN ('Outpatient first attendance', 'Outpatient follow-up attendance', 'Outpatient procedure')) AS BIGINT) AS outpatient,
        CAST(sum(activities) FILTER (WHERE point_of_delivery IN ('GP appointment face to face', 'GP appointment telephone or video')) AS BIGINT) AS gp_appointments,
        CAST(sum(activities) FILTER (WHERE point_of_delivery = 'Prescription item') AS BIGINT) AS prescription_items,
        CAST(sum(activities) FILTER (WHERE point_of_delivery LIKE 'Ambulance%') AS BIGINT) AS ambulances,
        CAST(sum(activities) FILTER (WHERE point_of_delivery IN ('Urgent call (111)', 'Out-of-hours contact')) AS BIGINT) AS urgent_calls,
        CAST(sum(activities) FILTER (WHERE point_of_delivery = 'Community contact') AS BIGINT) AS community_contacts,
        CAST(sum(activities) FILTER (WHERE point_of_delivery IN ('Mental health contact', 'Talking therapies contact')) AS BIGINT) AS mental_health_contacts,
        CAST(sum(activities) FILTER (WHERE point_of_delivery = 'Maternity contact') AS BIGINT) AS maternity_contacts,
        CAST(sum(days) FILTER (WHERE sector = 'adult social care') AS BIGINT) AS social_care_days
    FROM person_year_use
    GROUP BY person_id, year_starts
),
stayed AS (
    SELECT
        s.person_id,
        y.year_starts,
        count(*) FILTER (WHERE s.emergency AND y.year_starts <= s.starts) AS emergency_admissions,
        count(*) FILTER (WHERE s.planned AND y.year_starts <= s.starts) AS planned_admissions,
        CAST(sum(greatest(CAST(
            least(coalesce(s.ends, q.as_at + 1), y.year_ends) - greatest(s.starts, y.year_starts) AS INTEGER
        ), 0)) AS BIGINT) AS bed_days
    FROM place_spell AS s
    CROSS JOIN place_parameter AS q
    INNER JOIN place_year AS y ON s.starts < y.year_ends AND y.year_starts <= coalesce(s.ends, q.as_at + 1)
    GROUP BY s.person_id, y.year_starts
),
spent AS (
    SELECT
        person_id,
        year_starts,
        CAST(sum(cost_pence) AS BIGINT) AS cost_pence,
        CAST(sum(constant_pence) AS BIGINT) AS constant_pence,
        CAST(sum(activities) AS BIGINT) AS activities,
        CAST(sum(costed) AS BIGINT) AS costed,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'acute') AS BIGINT) AS acute,
        bool_or(sector = 'acute') AS any_acute,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'adult social care') AS BIGINT) AS adult_social_care,
        bool_or(sector = 'adult social care') AS any_adult_social_care,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'children') AS BIGINT) AS children,
        bool_or(sector = 'children') AS any_children,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'community') AS BIGINT) AS community,
        bool_or(sector = 'community') AS any_community,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'continuing care') AS BIGINT) AS continuing_care,
        bool_or(sector = 'continuing care') AS any_continuing_care,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'maternity') AS BIGINT) AS maternity,
        bool_or(sector = 'maternity') AS any_maternity,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'mental health') AS BIGINT) AS mental_health,
        bool_or(sector = 'mental health') AS any_mental_health,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'personal budget') AS BIGINT) AS personal_budget,
        bool_or(sector = 'personal budget') AS any_personal_budget,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'primary care') AS BIGINT) AS primary_care,
        bool_or(sector = 'primary care') AS any_primary_care,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'urgent care') AS BIGINT) AS urgent_care,
        bool_or(sector = 'urgent care') AS any_urgent_care,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'voluntary') AS BIGINT) AS voluntary,
        bool_or(sector = 'voluntary') AS any_voluntary
    FROM person_year_sector
    GROUP BY person_id, year_starts
),
-- What nobody told of is nought, or no, only where that is known.
basis AS (
    SELECT
        year_starts,
        practice_code,
        bool_or(known) FILTER (WHERE what = 'carer') AS knows_carer,
        bool_or(known) FILTER (WHERE what = 'has_carer') AS knows_has_carer,
        bool_or(known) FILTER (WHERE what = 'palliative_care') AS knows_palliative_care,
        bool_or(known) FILTER (WHERE what = 'housebound') AS knows_housebound,
        bool_or(known) FILTER (WHERE what = 'dementia') AS knows_dementia,
        bool_or(known) FILTER (WHERE what = 'severe_mental_illness') AS knows_severe_mental_illness,
        bool_or(known) FILTER (WHERE what = 'learning_disability') AS knows_learning_disability,
        bool_or(known) FILTER (WHERE what = 'autism') AS knows_autism,
        bool_or(known) FILTER (WHERE what = 'pregnancy') AS knows_pregnancy,
        bool_or(known) FILTER (WHERE what = 'homelessness') AS knows_homelessness,
        bool_or(known) FILTER (WHERE what = 'social_isolation') AS knows_social_isolation,
        bool_or(known) FILTER (WHERE what = 'interpreter_needed') AS knows_interpreter_needed,
        bool_or(known) FILTER (WHERE what = 'falls') AS knows_falls,
        bool_or(known) FILTER (WHERE what = 'smoker') AS knows_smoker,
        bool_or(known) FILTER (WHERE what = 'looked_after') AS knows_looked_after,
        bool_or(known) FILTER (WHERE what = 'child_protection') AS knows_child_protection,
        bool_or(known) FILTER (WHERE what = 'special_needs') AS knows_special_needs,
        bool_or(known) FILTER (WHERE what = 'long_term_conditions') AS knows_long_term_conditions,
        bool_or(known) FILTER (WHERE what = 'severe_frailty') AS knows_frailty,
        bool_or(known) FILTER (WHERE what = 'score charlson_shmi') AS knows_charlson_shmi,
        bool_or(known) FILTER (WHERE what = 'score charlson_quan') AS knows_charlson_quan,
        bool_or(known) FILTER (WHERE what = 'score hospital_frailty') AS knows_hospital_frailty,
        bool_or(known) FILTER (WHERE what = 'score medicines') AS knows_medicines,
        bool_or(known) FILTER (WHERE what = 'emergency_admissions') AS knows_emergency_admissions,
        bool_or(known) FILTER (WHERE what = 'planned_admissions') AS knows_planned_admissions,
        bool_or(known) FILTER (WHERE what = 'bed_days') AS knows_bed_days,
        bool_or(known) FILTER (WHERE what = 'attendances') AS knows_attendances,
        bool_or(known) FILTER (WHERE what = 'outpatient') AS knows_outpatient,
        bool_or(known) FILTER (WHERE what = 'gp_appointments') AS knows_gp_appointments,
        bool_or(known) FILTER (WHERE what = 'prescription_items') AS knows_prescription_items,
        bool_or(known) FILTER (WHERE what = 'ambulances') AS knows_ambulances,
        bool_or(known) FILTER (WHERE what = 'urgent_calls') AS knows_urgent_calls,
        bool_or(known) FILTER (WHERE what = 'community_contacts') AS knows_community_contacts,
        bool_or(known) FILTER (WHERE what = 'mental_health_contacts') AS knows_mental_health_contacts,
        bool_or(known) FILTER (WHERE what = 'maternity_contacts') AS knows_maternity_contacts,
        bool_or(known) FILTER (WHERE what = 'social_care_days') AS knows_social_care_days,
        bool_or(known) FILTER (WHERE what = 'acute') AS knows_acute,
        bool_or(known) FILTER (WHERE what = 'adult social care') AS knows_adult_social_care,
        bool_or(known) FILTER (WHERE what = 'children') AS knows_children,
        bool_or(known) FILTER (WHERE what = 'community') AS knows_community,
        bool_or(known) FILTER (WHERE what = 'continuing care') AS knows_continuing_care,
        bool_or(known) FILTER (WHERE what = 'maternity') AS knows_maternity,
        bool_or(known) FILTER (WHERE what = 'mental health') AS knows_mental_health,
        bool_or(known) FILTER (WHERE what = 'personal budget') AS knows_personal_budget,
        bool_or(known) FILTER (WHERE what = 'primary care') AS knows_primary_care,
        bool_or(known) FILTER (WHERE what = 'urgent care') AS knows_urgent_care,
        bool_or(known) FILTER (WHERE what = 'voluntary') AS knows_voluntary
    FROM practice_basis
    GROUP BY year_starts, practice_code
)
SELECT
    b.person_id,
    b.year_starts,
    b.year_ends,
    b.year_id,
    b.person_days,
    b.last_on,
    b.neighbourhood_id,
    b.practice_code,
    b.age,
    b.age_band_order,
    b.sex,
    b.ethnic_group,
    b.area_code,
    b.deprivation_fifth,
    b.born,
    b.died,
    b.joined,
    b.left_place,
    b.practice_known,
    CASE WHEN h.care_home THEN TRUE ELSE b.care_home END AS care_home,
    CASE WHEN h.carer THEN TRUE WHEN k.knows_carer THEN FALSE END AS carer,
    CASE WHEN h.has_carer THEN TRUE WHEN k.knows_has_carer THEN FALSE END AS has_carer,
    CASE WHEN h.palliative_care THEN TRUE WHEN k.knows_palliative_care THEN FALSE END AS palliative_care,
    CASE WHEN h.housebound THEN TRUE WHEN k.knows_housebound THEN FALSE END AS housebound,
    CASE WHEN h.dementia THEN TRUE WHEN k.knows_dementia THEN FALSE END AS dementia,
    CASE WHEN h.severe_mental_illness THEN TRUE WHEN k.knows_severe_mental_illness THEN FALSE END AS severe_mental_illness,
    CASE WHEN h.learning_disability THEN TRUE WHEN k.knows_learning_disability THEN FALSE END AS learning_disability,
    CASE WHEN h.autism THEN TRUE WHEN k.knows_autism THEN FALSE END AS autism,
    CASE WHEN h.pregnancy THEN TRUE WHEN k.knows_pregnancy THEN FALSE END AS pregnancy,
    CASE WHEN h.homelessness THEN TRUE WHEN k.knows_homelessness THEN FALSE END AS homelessness,
    CASE WHEN h.social_isolation THEN TRUE WHEN k.knows_social_isolation THEN FALSE END AS social_isolation,
    CASE WHEN h.interpreter_needed THEN TRUE WHEN k.knows_interpreter_needed THEN FALSE END AS interpreter_needed,
    CASE WHEN h.falls THEN TRUE WHEN k.knows_falls THEN FALSE END AS falls,
    CASE WHEN h.smoker THEN TRUE WHEN k.knows_smoker THEN FALSE END AS smoker,
    CASE WHEN h.looked_after THEN TRUE WHEN k.knows_looked_after THEN FALSE END AS looked_after,
    CASE WHEN h.child_protection THEN TRUE WHEN k.knows_child_protection THEN FALSE END AS child_protection,
    CASE WHEN h.special_needs THEN TRUE WHEN k.knows_special_needs THEN FALSE END AS special_needs,
    CASE WHEN k.knows_long_term_conditions THEN CAST(coalesce(h.long_term_conditions, 0) AS INTEGER) END AS long_term_conditions,
    CASE
        WHEN h.severe_frailty THEN 'severe'
        WHEN h.moderate_frailty THEN 'moderate'
        WHEN h.mild_frailty THEN 'mild'
        WHEN k.knows_frailty AND b.age >= 65 THEN 'fit'
    END AS frailty,
    CASE WHEN k.knows_charlson_shmi THEN coalesce(v.charlson_shmi, 0) END AS charlson_shmi,
    CASE WHEN k.knows_charlson_quan THEN coalesce(v.charlson_quan, 0) END AS charlson_quan,
    CASE WHEN k.knows_hospital_frailty THEN coalesce(v.hospital_frailty, 0) END AS hospital_frailty,
    CASE WHEN k.knows_medicines THEN CAST(floor(coalesce(v.medicines, 0)) AS INTEGER) END AS medicines,
    coalesce(t.emergency_admissions, CASE WHEN k.knows_emergency_admissions THEN 0 END) AS emergency_admissions,
    coalesce(t.planned_admissions, CASE WHEN k.knows_planned_admissions THEN 0 END) AS planned_admissions,
    coalesce(t.bed_days, CASE WHEN k.knows_bed_days THEN 0 END) AS bed_days,
    coalesce(u.attendances, CASE WHEN k.knows_attendances THEN 0 END) AS attendances,
    coalesce(u.outpatient, CASE WHEN k.knows_outpatient THEN 0 END) AS outpatient,
    coalesce(u.gp_appointments, CASE WHEN k.knows_gp_appointments THEN 0 END) AS gp_appointments,
    coalesce(u.prescription_items, CASE WHEN k.knows_prescription_items THEN 0 END) AS prescription_items,
    coalesce(u.ambulances, CASE WHEN k.knows_ambulances THEN 0 END) AS ambulances,
    coalesce(u.urgent_calls, CASE WHEN k.knows_urgent_calls THEN 0 END) AS urgent_calls,
    coalesce(u.community_contacts, CASE WHEN k.knows_community_contacts THEN 0 END) AS community_contacts,
    coalesce(u.mental_health_contacts, CASE WHEN k.knows_mental_health_contacts THEN 0 END) AS mental_health_contacts,
    coalesce(u.maternity_contacts, CASE WHEN k.knows_maternity_contacts THEN 0 END) AS maternity_contacts,
    coalesce(u.social_care_days, CASE WHEN k.knows_social_care_days THEN 0 END) AS social_care_days,
    CASE WHEN c.any_acute THEN c.acute WHEN k.knows_acute THEN 0 END AS cost_acute_pence,
    CASE WHEN c.any_adult_social_care THEN c.adult_social_care WHEN k.knows_adult_social_care THEN 0 END AS cost_adult_social_care_pence,
    CASE WHEN c.any_children THEN c.children WHEN k.knows_children THEN 0 END AS cost_children_pence,
    CASE WHEN c.any_community THEN c.community WHEN k.knows_community THEN 0 END AS cost_community_pence,
    CASE WHEN c.any_continuing_care THEN c.continuing_care WHEN k.knows_continuing_care THEN 0 END AS cost_continuing_care_pence,
    CASE WHEN c.any_maternity THEN c.maternity WHEN k.knows_maternity THEN 0 END AS cost_maternity_pence,
    CASE WHEN c.any_mental_health THEN c.mental_health WHEN k.knows_mental_health THEN 0 END AS cost_mental_health_pence,
    CASE WHEN c.any_personal_budget THEN c.personal_budget WHEN k.knows_personal_budget THEN 0 END AS cost_personal_budget_pence,
    CASE WHEN c.any_primary_care THEN c.primary_care WHEN k.knows_primary_care THEN 0 END AS cost_primary_care_pence,
    CASE WHEN c.any_urgent_care THEN c.urgent_care WHEN k.knows_urgent_care THEN 0 END AS cost_urgent_care_pence,
    CASE WHEN c.any_voluntary THEN c.voluntary WHEN k.knows_voluntary THEN 0 END AS cost_voluntary_pence,
    CASE
        WHEN c.activities > 0 THEN c.cost_pence
        WHEN k.knows_acute
            OR k.knows_adult_social_care
            OR k.knows_children
            OR k.knows_community
            OR k.knows_continuing_care
            OR k.knows_maternity
            OR k.knows_mental_health
            OR k.knows_personal_budget
            OR k.knows_primary_care
            OR k.knows_urgent_care
            OR k.knows_voluntary THEN 0
    END AS cost_pence,
    c.constant_pence,
    coalesce(c.activities, 0) AS activities,
    coalesce(c.costed, 0) AS costed
FROM person_year_base AS b
LEFT JOIN basis AS k ON k.year_starts = b.year_starts AND k.practice_code = b.basis_code
LEFT JOIN had AS h ON h.person_id = b.person_id AND h.year_starts = b.year_starts
LEFT JOIN scored AS v ON v.person_id = b.person_id AND v.year_starts = b.year_starts
LEFT JOIN used AS u ON u.person_id = b.person_id AND u.year_starts = b.year_starts
LEFT JOIN stayed AS t ON t.person_id = b.person_id AND t.year_starts = b.year_starts
LEFT JOIN spent AS c ON c.person_id = b.person_id AND c.year_starts = b.year_starts
