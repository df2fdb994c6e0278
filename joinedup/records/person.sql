WITH sighting AS (
    SELECT person_id, TRUE AS on_list, start_date_gmp_patient_registration AS seen_on,
        person_stated_gender_code AS sex, ethnic_category AS ethnic_group
    FROM landed_register
    UNION ALL SELECT person_id, FALSE, admidate, sex, ethnos FROM landed_apc
    UNION ALL SELECT person_id, FALSE, arrival_date, stated_gender, ethnic_category FROM landed_ecds
    UNION ALL SELECT person_id, FALSE, reg_date_of_death, dec_sex, CAST(NULL AS STRING) FROM landed_deaths
),
summary AS (
    SELECT
        person_id,
        count(*) FILTER (WHERE on_list AND sex = '1') - count(*) FILTER (WHERE on_list AND sex = '2') AS list_says,
        count(*) FILTER (WHERE sex = '1') - count(*) FILTER (WHERE sex = '2') AS all_say,
        -- The latest is the greatest, since dates as text sort by time.
        max(coalesce(CAST(seen_on AS STRING), '0000-00-00') || left(ethnic_group, 1))
            FILTER (WHERE left(ethnic_group, 1) >= 'A' AND left(ethnic_group, 1) <= 'S') AS latest_ethnic_group,
        min(seen_on) AS first_seen,
        max(seen_on) AS last_seen
    FROM sighting
    WHERE person_id IS NOT NULL
    GROUP BY person_id
),
death AS (
    SELECT person_id, min(reg_date_of_death) AS death_date
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
    d.death_date,
    substring(s.latest_ethnic_group, 11, 1) AS ethnic_group,
    s.first_seen,
    s.last_seen,
    p.linked_by
FROM landed_person AS p
LEFT JOIN summary AS s ON s.person_id = p.person_id
LEFT JOIN death AS d ON d.person_id = p.person_id
