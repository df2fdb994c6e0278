WITH summary AS (
    SELECT
        person_id,
        CAST(sum(CASE WHEN contract = 'register' THEN said_male - said_female END) AS BIGINT) AS list_says,
        CAST(sum(said_male - said_female) AS BIGINT) AS all_say,
        max(latest_ethnic_group) AS latest_ethnic_group,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen
    FROM sighting
    GROUP BY person_id
),
-- A death that is only likely to be this person's marks nobody dead.
death AS (
    SELECT
        person_id,
        min(reg_date_of_death)
            FILTER (WHERE linked_by IN ('nhs_number', 'nhs_number_traced', 'nhs_number_alone', 'register_row', 'confirmed')) AS sure,
        min(reg_date_of_death) AS any_day
    FROM landed_deaths
    WHERE person_id IS NOT NULL
    GROUP BY person_id
)
SELECT
    p.person_id,
    CASE
        WHEN s.list_says > 0 THEN '1'
        WHEN s.list_says < 0 THEN '2'
        WHEN s.all_say > 0 THEN '1'
        WHEN s.all_say < 0 THEN '2'
    END AS sex,
    p.birth_month,
    d.sure AS death_date,
    CASE WHEN d.sure IS NULL THEN d.any_day END AS possible_death,
    substring(s.latest_ethnic_group, 11, 1) AS ethnic_group,
    s.first_seen,
    s.last_seen,
    p.linked_by
FROM landed_person AS p
LEFT JOIN summary AS s ON s.person_id = p.person_id
LEFT JOIN death AS d ON d.person_id = p.person_id
