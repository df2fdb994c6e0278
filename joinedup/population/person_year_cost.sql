WITH had AS (
    SELECT
        person_id,
        year_starts,
        CAST(sum(cost_pence) AS BIGINT) AS cost_pence,
        CAST(sum(constant_pence) AS BIGINT) AS constant_pence,
        CAST(sum(costed) AS BIGINT) AS costed,
        CAST(sum(activities) AS BIGINT) AS activities,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'acute') AS BIGINT) AS acute,
        count(*) FILTER (WHERE sector = 'acute') AS n_acute,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'adult social care') AS BIGINT) AS adult_social_care,
        count(*) FILTER (WHERE sector = 'adult social care') AS n_adult_social_care,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'children') AS BIGINT) AS children,
        count(*) FILTER (WHERE sector = 'children') AS n_children,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'community') AS BIGINT) AS community,
        count(*) FILTER (WHERE sector = 'community') AS n_community,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'continuing care') AS BIGINT) AS continuing_care,
        count(*) FILTER (WHERE sector = 'continuing care') AS n_continuing_care,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'maternity') AS BIGINT) AS maternity,
        count(*) FILTER (WHERE sector = 'maternity') AS n_maternity,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'mental health') AS BIGINT) AS mental_health,
        count(*) FILTER (WHERE sector = 'mental health') AS n_mental_health,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'personal budget') AS BIGINT) AS personal_budget,
        count(*) FILTER (WHERE sector = 'personal budget') AS n_personal_budget,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'primary care') AS BIGINT) AS primary_care,
        count(*) FILTER (WHERE sector = 'primary care') AS n_primary_care,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'urgent care') AS BIGINT) AS urgent_care,
        count(*) FILTER (WHERE sector = 'urgent care') AS n_urgent_care,
        CAST(sum(cost_pence) FILTER (WHERE sector = 'voluntary') AS BIGINT) AS voluntary,
        count(*) FILTER (WHERE sector = 'voluntary') AS n_voluntary
    FROM person_year_sector
    GROUP BY person_id, year_starts
),
basis AS (
    -- What nobody told of isn't nought.
    SELECT
        k.year_starts,
        k.practice_code,
        bool_or(k.known) FILTER (WHERE k.what = 'acute') AS acute,
        bool_or(k.known) FILTER (WHERE k.what = 'adult social care') AS adult_social_care,
        bool_or(k.known) FILTER (WHERE k.what = 'children') AS children,
        bool_or(k.known) FILTER (WHERE k.what = 'community') AS community,
        bool_or(k.known) FILTER (WHERE k.what = 'continuing care') AS continuing_care,
        bool_or(k.known) FILTER (WHERE k.what = 'maternity') AS maternity,
        bool_or(k.known) FILTER (WHERE k.what = 'mental health') AS mental_health,
        bool_or(k.known) FILTER (WHERE k.what = 'personal budget') AS personal_budget,
        bool_or(k.known) FILTER (WHERE k.what = 'primary care') AS primary_care,
        bool_or(k.known) FILTER (WHERE k.what = 'urgent care') AS urgent_care,
        bool_or(k.known) FILTER (WHERE k.what = 'voluntary') AS voluntary
    FROM practice_basis AS k
    GROUP BY k.year_starts, k.practice_code
)
SELECT
    b.person_id,
    b.year_starts,
    CASE WHEN h.n_acute > 0 THEN h.acute WHEN k.acute THEN 0 END AS cost_acute_pence,
    CASE WHEN h.n_adult_social_care > 0 THEN h.adult_social_care WHEN k.adult_social_care THEN 0 END AS cost_adult_social_care_pence,
    CASE WHEN h.n_children > 0 THEN h.children WHEN k.children THEN 0 END AS cost_children_pence,
    CASE WHEN h.n_community > 0 THEN h.community WHEN k.community THEN 0 END AS cost_community_pence,
    CASE WHEN h.n_continuing_care > 0 THEN h.continuing_care WHEN k.continuing_care THEN 0 END AS cost_continuing_care_pence,
    CASE WHEN h.n_maternity > 0 THEN h.maternity WHEN k.maternity THEN 0 END AS cost_maternity_pence,
    CASE WHEN h.n_mental_health > 0 THEN h.mental_health WHEN k.mental_health THEN 0 END AS cost_mental_health_pence,
    CASE WHEN h.n_personal_budget > 0 THEN h.personal_budget WHEN k.personal_budget THEN 0 END AS cost_personal_budget_pence,
    CASE WHEN h.n_primary_care > 0 THEN h.primary_care WHEN k.primary_care THEN 0 END AS cost_primary_care_pence,
    CASE WHEN h.n_urgent_care > 0 THEN h.urgent_care WHEN k.urgent_care THEN 0 END AS cost_urgent_care_pence,
    CASE WHEN h.n_voluntary > 0 THEN h.voluntary WHEN k.voluntary THEN 0 END AS cost_voluntary_pence,
    CASE
        WHEN h.activities > 0 THEN h.cost_pence
        WHEN k.acute
            OR k.adult_social_care
            OR k.children
            OR k.community
            OR k.continuing_care
            OR k.maternity
            OR k.mental_health
            OR k.personal_budget
            OR k.primary_care
            OR k.urgent_care
            OR k.voluntary THEN 0
    END AS cost_pence,
    h.constant_pence,
    coalesce(h.activities, 0) AS activities,
    coalesce(h.costed, 0) AS costed
FROM person_year_base AS b
LEFT JOIN had AS h ON h.person_id = b.person_id AND h.year_starts = b.year_starts
LEFT JOIN basis AS k ON k.year_starts = b.year_starts AND k.practice_code = b.basis_code
