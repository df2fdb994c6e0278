SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row AS activity_id,
    person_id,
    linked_by,
    'primary care' AS sector,
    CASE
        WHEN appt_mode IN ('TELEPHONE', 'VIDEO CONFERENCE/ONLINE', 'VIDEO/ONLINE') THEN 'GP appointment telephone or video'
        WHEN appt_mode = 'ONLINE' THEN 'GP appointment online'
        ELSE 'GP appointment face to face'
    END AS point_of_delivery,
    national_category AS service,
    practice_code AS provider_code,
    appointment_date AS starts,
    appointment_date AS ends,
    CAST(NULL AS STRING) AS admission_method,
    CASE appt_status WHEN 'ATTENDED' THEN 'attended' WHEN 'DNA' THEN 'did not attend' WHEN 'CANCELLED' THEN 'cancelled' END AS outcome,
    CAST(NULL AS DATE) AS ready_on,
    CASE WHEN appt_status = 'ATTENDED' THEN 1 WHEN appt_status IN ('DNA', 'CANCELLED') THEN 0 END AS units,
    0 AS short_units,
    FALSE AS accrues,
    CAST(NULL AS BIGINT) AS price_pence,
    file_id,
    source_row
FROM landed_gp_appointment
UNION ALL
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row,
    person_id,
    linked_by,
    'primary care',
    'Prescription item',
    paid_bnf_name,
    cost_centre_ods_code,
    coalesce(dispensed_date, processing_period_date),
    coalesce(dispensed_date, processing_period_date),
    CAST(NULL AS STRING),
    CAST(NULL AS STRING),
    CAST(NULL AS DATE),
    coalesce(item_count, 1),
    0,
    FALSE,
    coalesce(nic_pence, actual_cost_pence),
    file_id,
    source_row
FROM landed_gp_medication
UNION ALL
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row,
    person_id,
    linked_by,
    'urgent care',
    CASE WHEN left(case_type, 12) = 'OUT OF HOURS' THEN 'Out-of-hours contact' ELSE 'Urgent call (111)' END,
    nhs_england_mds_final_dx_group,
    provider_code,
    call_date,
    coalesce(call_end_date, call_date),
    CAST(NULL AS STRING),
    'closed',
    CAST(NULL AS DATE),
    1,
    0,
    FALSE,
    CAST(NULL AS BIGINT),
    file_id,
    source_row
FROM landed_urgent_call
