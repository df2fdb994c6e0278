WITH seen AS (
    SELECT 'register' AS contract, person_id, start_date_gmp_patient_registration AS seen_on, person_stated_gender_code AS sex, ethnic_category AS ethnic_group FROM landed_register
    UNION ALL SELECT 'apc', person_id, admidate, sex, ethnos FROM landed_apc
    UNION ALL SELECT 'ecds', person_id, arrival_date, stated_gender, ethnic_category FROM landed_ecds
    UNION ALL SELECT 'deaths', person_id, reg_date_of_death, dec_sex, CAST(NULL AS STRING) FROM landed_deaths
)
SELECT
    person_id,
    contract,
    CAST(count(*) FILTER (WHERE sex = '1') AS INTEGER) AS said_male,
    CAST(count(*) FILTER (WHERE sex = '2') AS INTEGER) AS said_female,
    -- The latest is the greatest, since dates as text sort by time.
    max(coalesce(CAST(seen_on AS STRING), '0000-00-00') || left(ethnic_group, 1))
        FILTER (WHERE left(ethnic_group, 1) >= 'A' AND left(ethnic_group, 1) <= 'S') AS latest_ethnic_group,
    min(seen_on) AS first_seen,
    max(seen_on) AS last_seen
FROM seen
WHERE person_id IS NOT NULL
GROUP BY person_id, contract
