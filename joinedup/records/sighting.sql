WITH seen AS (
    SELECT 'register' AS contract, person_id, start_date_gmp_patient_registration AS seen_on, person_stated_gender_code AS sex, ethnic_category AS ethnic_group FROM landed_register
    UNION ALL SELECT 'apc', person_id, admidate, sex, ethnos FROM landed_apc
    UNION ALL SELECT 'ecds', person_id, arrival_date, stated_gender, ethnic_category FROM landed_ecds
    UNION ALL SELECT 'deaths', person_id, reg_date_of_death, dec_sex, CAST(NULL AS STRING) FROM landed_deaths
    UNION ALL SELECT 'gp_record', person_id, event_date, sex, ethnic FROM landed_gp_record
    UNION ALL SELECT 'gp_appointment', person_id, CASE WHEN coalesce(appt_status, 'ATTENDED') = 'ATTENDED' THEN appointment_date END, sex, ethnic_category FROM landed_gp_appointment
    UNION ALL SELECT 'gp_medication', person_id, coalesce(dispensed_date, processing_period_date), gender, CAST(NULL AS STRING) FROM landed_gp_medication
    UNION ALL SELECT 'urgent_call', person_id, call_date, sex, ethnic_category FROM landed_urgent_call
    UNION ALL SELECT 'opt_out', person_id, CAST(NULL AS DATE), CAST(NULL AS STRING), CAST(NULL AS STRING) FROM landed_opt_out
    UNION ALL SELECT
        'cld',
        person_id,
        event_start_date,
        CASE WHEN gender IN ('MALE', '1') THEN '1' WHEN gender IN ('FEMALE', '2') THEN '2' END,
        CASE WHEN substring(ethnicity, 2, 1) IN ('', ' ', '-', ':') THEN ethnicity END -- a letter, alone or before its meaning
    FROM landed_cld
    UNION ALL SELECT
        'children_social_care',
        person_id,
        start_date,
        CASE WHEN gender IN ('M', '1') THEN '1' WHEN gender IN ('F', '2') THEN '2' END,
        CASE ethnicity
            WHEN 'WBRI' THEN 'A' WHEN 'WIRI' THEN 'B' WHEN 'WIRT' THEN 'C' WHEN 'WROM' THEN 'C' WHEN 'WOTH' THEN 'C' WHEN 'MWBC' THEN 'D' WHEN 'MWBA' THEN 'E'
            WHEN 'MWAS' THEN 'F' WHEN 'MOTH' THEN 'G' WHEN 'AIND' THEN 'H' WHEN 'APKN' THEN 'J' WHEN 'ABAN' THEN 'K' WHEN 'AOTH' THEN 'L' WHEN 'BCRB' THEN 'M'
            WHEN 'BAFR' THEN 'N' WHEN 'BOTH' THEN 'P' WHEN 'CHNE' THEN 'R' WHEN 'OOTH' THEN 'S'
        END
    FROM landed_children_social_care
    UNION ALL SELECT
        'community_activity',
        person_id,
        CASE WHEN coalesce(outcome, '') NOT IN ('DID NOT ATTEND', 'DNA', 'NO', 'N', 'ABSENT', 'CANCELLED') THEN activity_date END,
        CASE WHEN sex IN ('M', 'MALE', '1') THEN '1' WHEN sex IN ('F', 'FEMALE', '2') THEN '2' END,
        CASE WHEN substring(ethnic_category, 2, 1) IN ('', ' ', '-', ':') THEN ethnic_category END
    FROM landed_community_activity
    UNION ALL SELECT 'csds', person_id, CASE WHEN coalesce(attendance_status, '5') IN ('5', '6') THEN care_contact_date END, person_stated_gender_code, ethnic_category FROM landed_csds
    UNION ALL SELECT
        'mhsds',
        person_id,
        CASE WHEN coalesce(attendance_status, '5') IN ('5', '6') THEN coalesce(care_contact_date, start_date_hospital_provider_spell) END,
        person_stated_gender_code,
        ethnic_category
    FROM landed_mhsds
    UNION ALL SELECT 'continuing_care', person_id, coalesce(start_date_care_package, service_request_received_date), person_stated_gender_code, ethnic_category FROM landed_continuing_care
    UNION ALL SELECT 'personal_budget', person_id, start_date_personal_budget, person_stated_gender_code, ethnic_category FROM landed_personal_budget
    -- Who didn't come to an appointment, or is still to come, was not seen that day.
    UNION ALL SELECT 'outpatient', person_id, CASE WHEN coalesce(attended, '9') IN ('5', '6', '9') THEN apptdate END, sex, ethnos FROM landed_outpatient
    UNION ALL SELECT 'waiting_list', person_id, referral_request_received_date, person_stated_gender_code, ethnic_category FROM landed_waiting_list
    UNION ALL SELECT 'discharge_ready', person_id, start_date_hospital_provider_spell, person_stated_gender_code, CAST(NULL AS STRING) FROM landed_discharge_ready
    UNION ALL SELECT 'ambulance', person_id, call_date, person_stated_gender_code, ethnic_category FROM landed_ambulance
    UNION ALL SELECT
        'maternity',
        person_id,
        CASE WHEN coalesce(attended_or_did_not_attend_code, '5') IN ('5', '6') THEN activity_date END,
        CAST(NULL AS STRING),
        ethnic_category
    FROM landed_maternity
),
-- Nobody was seen on a day to come, nor before anyone who is here was born.
dated AS (
    SELECT s.contract, s.person_id, s.sex, s.ethnic_group, CASE WHEN s.seen_on >= DATE '1902-01-01' AND s.seen_on <= q.as_at THEN s.seen_on END AS seen_on
    FROM seen AS s
    CROSS JOIN place_parameter AS q
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
FROM dated
WHERE person_id IS NOT NULL
GROUP BY person_id, contract
