WITH told AS (
    SELECT
        w.file_id,
        w.source_row,
        w.person_id,
        w.linked_by,
        w.patient_pathway_identifier AS pathway,
        coalesce(o.provider_code, w.organisation_identifier_code_of_provider) AS provider_code,
        coalesce(f.source, '') AS source,
        coalesce(n.successor_code, o.provider_code, w.organisation_identifier_code_of_provider) AS provider_now,
        coalesce(w.organisation_identifier_code_of_provider, '') AS code,
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
        w.snapshot_date
    FROM landed_waiting_list AS w
    CROSS JOIN place_parameter AS q
    LEFT JOIN landed_file AS f ON f.file_id = w.file_id
    LEFT JOIN provider_site AS o ON o.site_code = w.organisation_identifier_code_of_provider
    LEFT JOIN place_succession AS n
        ON n.kind = 'partner' AND n.code = coalesce(o.provider_code, w.organisation_identifier_code_of_provider) AND n.ends IS NULL
    LEFT JOIN person AS p ON p.person_id = w.person_id
    WHERE w.referral_request_received_date <= q.as_at AND coalesce(w.snapshot_date <= q.as_at, TRUE)
),
ranked AS (
    SELECT
        t.file_id, t.source_row, t.person_id, t.linked_by, t.provider_code, t.practice_code, t.referred_by, t.referral_source, t.treatment_function,
        t.priority, t.referred_on, t.clock_given, t.first_seen_on, t.decided_on, t.list_type, t.period_status, t.as_at, t.stopped_on, t.stops_later,
        t.died_on, t.snapshot_date, l.last_snapshot, l.no_longer_sent,
        row_number() OVER (
            PARTITION BY t.pathway, t.provider_now
            ORDER BY t.snapshot_date DESC NULLS LAST, t.file_id DESC NULLS LAST, t.source_row DESC NULLS LAST
        ) AS place
    FROM told AS t
    LEFT JOIN waiting_list_reach AS l ON l.source = t.source AND l.code = t.code AND t.snapshot_date IS NOT NULL
),
standing AS (
    SELECT
        file_id, source_row, person_id, linked_by, provider_code, practice_code, referred_by, referral_source, treatment_function, priority,
        referred_on, first_seen_on, decided_on, as_at, stopped_on, died_on, snapshot_date,
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
            WHEN no_longer_sent THEN 'no longer sent'
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
    CASE WHEN status <> 'no longer sent' THEN status = 'waiting' END AS still_waiting,
    CAST(CASE
        WHEN status = 'waiting' THEN as_at
        ELSE coalesce(stopped_on, died_on)
    END - clock_starts AS INTEGER) AS waited_days,
    snapshot_date AS last_listed,
    file_id,
    source_row
FROM standing
