WITH by_month AS (
    SELECT
        person_id,
        month,
        CAST(sum(cost_pence) AS BIGINT) AS cost_pence,
        CAST(sum(CASE WHEN sector = 'acute' THEN cost_pence END) AS BIGINT) AS acute_pence,
        CAST(sum(CASE WHEN sector <> 'acute' THEN cost_pence END) AS BIGINT) AS outside_hospital_pence,
        CAST(sum(CASE WHEN sector = 'primary care' THEN cost_pence END) AS BIGINT) AS primary_care_pence,
        CAST(sum(CASE WHEN sector = 'community' THEN cost_pence END) AS BIGINT) AS community_pence,
        CAST(sum(CASE WHEN sector = 'mental health' THEN cost_pence END) AS BIGINT) AS mental_health_pence,
        CAST(sum(CASE WHEN sector = 'adult social care' THEN cost_pence END) AS BIGINT) AS adult_social_care_pence,
        CAST(sum(CASE WHEN sector = 'children' THEN cost_pence END) AS BIGINT) AS children_pence,
        CAST(sum(CASE WHEN sector = 'continuing care' THEN cost_pence END) AS BIGINT) AS continuing_care_pence,
        CAST(sum(CASE WHEN sector = 'urgent care' THEN cost_pence END) AS BIGINT) AS urgent_care_pence,
        CAST(sum(CASE WHEN sector = 'maternity' THEN cost_pence END) AS BIGINT) AS maternity_pence,
        CAST(sum(CASE WHEN sector = 'voluntary' THEN cost_pence END) AS BIGINT) AS voluntary_pence
    FROM person_month_sector
    WHERE cost_pence IS NOT NULL
    GROUP BY person_id, month
),
-- Who moves within a month is counted where the month ends.
listed AS (
    SELECT
        person_id, neighbourhood_id, practice_code, birth_month, starts,
        lead(starts) OVER (PARTITION BY person_id ORDER BY starts NULLS FIRST) AS next_starts
    FROM belonging_spell
)
SELECT
    s.person_id AS event_id,
    s.person_id,
    s.month AS on_date,
    m.neighbourhood_id,
    m.practice_code,
    CAST(floor((
        (extract(YEAR FROM s.month) - extract(YEAR FROM m.birth_month)) * 12
        + extract(MONTH FROM s.month) - extract(MONTH FROM m.birth_month)
    ) / 12) AS INTEGER) AS age,
    CAST(NULL AS STRING) AS provider_code,
    CAST(NULL AS INTEGER) AS file_id,
    s.cost_pence, s.acute_pence, s.outside_hospital_pence, s.primary_care_pence, s.community_pence, s.mental_health_pence, s.adult_social_care_pence,
    s.children_pence, s.continuing_care_pence, s.urgent_care_pence, s.maternity_pence, s.voluntary_pence
FROM by_month AS s
INNER JOIN listed AS m
    ON m.person_id = s.person_id
    AND coalesce(m.starts < CAST(s.month + INTERVAL 1 MONTH AS DATE), TRUE)
    AND coalesce(m.next_starts >= CAST(s.month + INTERVAL 1 MONTH AS DATE), TRUE)
