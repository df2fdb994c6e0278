WITH ranked AS (
    SELECT
        w.file_id,
        w.source_row,
        w.person_id,
        w.linked_by,
        coalesce(o.provider_code, w.organisation_identifier_code_of_provider) AS provider_code,
        w.general_medical_practice_code_patient_registration AS practice_code,
        w.referring_organisation_code AS referred_by,
        w.source_of_referral_for_out_patients AS referral_source,
        w.activity_treatment_function_code AS treatment_function,
        w.priority_type_code AS priority,
        w.referral_request_received_date AS referred_on,
        w.referral_to_treatment_period_start_date AS clock_given,
        w.first_appointment_date AS first_seen_on,
        w.decided_to_admit_date AS decided_on,
        coalesce(w.waiting_list_type, '') AS list_type,
        coalesce(w.referral_to_treatment_period_status, '99') AS period_status,
        q.as_at,
        -- A stop, or a death, after the as-at date is still to come on that day.
        CASE WHEN w.referral_to_treatment_period_end_date <= q.as_at THEN w.referral_to_treatment_period_end_date END AS stopped_on,
        coalesce(w.referral_to_treatment_period_end_date > q.as_at, FALSE) AS stops_later,
        CASE WHEN p.death_date <= q.as_at THEN p.death_date END AS died_on,
        w.snapshot_date,
        max(w.snapshot_date) OVER (PARTITION BY coalesce(o.provider_code, w.organisation_identifier_code_of_provider)) AS last_snapshot,
        row_number() OVER (
            PARTITION BY w.patient_pathway_identifier, coalesce(o.provider_code, w.organisation_identifier_code_of_provider)
            ORDER BY w.snapshot_date DESC NULLS LAST, w.file_id DESC NULLS LAST, w.source_row DESC NULLS LAST
        ) AS place
    FROM landed_waiting_list AS w
    CROSS JOIN place_parameter AS q
    LEFT JOIN provider_site AS o ON o.site_code = w.organisation_identifier_code_of_provider
    LEFT JOIN person AS p ON p.person_id = w.person_id
    WHERE w.referral_request_received_date <= q.as_at AND coalesce(w.snapshot_date <= q.as_at, TRUE)
),
standing AS (
    SELECT
        file_id, source_row, person_id, linked_by, provider_code, practice_code, referred_by, referral_source, treatment_function, priority,
        referred_on, first_seen_on, decided_on, as_at, stopped_on, died_on,
        CASE
            WHEN list_type IN ('ONON', 'INON') OR period_status IN ('90', '91', '92', '98') THEN CAST(NULL AS DATE)
            ELSE coalesce(clock_given, referred_on)
        END AS clock_starts,
        CASE
            WHEN period_status = '36' OR (stopped_on IS NULL AND died_on IS NOT NULL) THEN 'died'
            WHEN stops_later THEN 'waiting'
            WHEN period_status = '30' THEN 'treated'
            WHEN period_status IN ('31', '32') THEN 'active monitoring'
            WHEN period_status IN ('33', '34', '35') THEN 'not treated'
            WHEN stopped_on IS NOT NULL THEN 'closed'
            WHEN period_status IN ('90', '91', '92', '98') THEN 'no clock'
            WHEN snapshot_date < last_snapshot THEN 'left the list'
            ELSE 'waiting'
        END AS status
    FROM ranked
    WHERE place = 1
)
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row AS referral_id,
    person_id,
    linked_by,
    provider_code,
    practice_code,
    referred_by,
    referral_source,
    treatment_function,
    priority,
    referred_on,
    first_seen_on,
    decided_on,
    clock_starts,
    CASE WHEN clock_starts IS NOT NULL THEN coalesce(stopped_on, died_on) END AS clock_stops,
    status,
    status = 'waiting' AS still_waiting,
    CAST(CASE
        WHEN status = 'waiting' THEN as_at
        ELSE coalesce(stopped_on, died_on)
    END - clock_starts AS INTEGER) AS waited_days,
    file_id,
    source_row
FROM standing
