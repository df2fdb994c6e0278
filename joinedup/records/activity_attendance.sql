SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row AS activity_id,
    person_id,
    linked_by,
    'acute' AS sector,
    CASE WHEN department_type = '05' THEN 'Same day emergency care' ELSE 'Emergency care' END AS point_of_delivery,
    CAST(NULL AS STRING) AS service,
    provider_code,
    arrival_date AS starts,
    coalesce(departure_date, arrival_date) AS ends,
    CAST(NULL AS STRING) AS admission_method,
    CASE
        -- Ward, short stay ward, high dependency, coronary care, special baby care, intensive care, neonatal intensive care.
        WHEN discharge_destination IN (
            '306706006', '1066331000000109', '1066361000000104', '1066371000000106', '1066381000000108', '1066391000000105', '1066401000000108'
        ) THEN 'admitted'
        WHEN discharge_destination = '305398007' THEN 'died'
        WHEN discharge_destination IS NOT NULL THEN 'discharged'
    END AS outcome,
    CAST(NULL AS DATE) AS ready_on,
    1 AS units,
    0 AS short_units,
    FALSE AS accrues,
    -- A price of nothing isn't a cost: under a block contract it stands on every row.
    CASE WHEN final_price_pence > 0 THEN final_price_pence END AS price_pence,
    file_id,
    source_row
FROM landed_ecds
UNION ALL
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row,
    person_id,
    linked_by,
    'acute',
    CASE
        WHEN attended IN ('5', '6') AND (left(sushrg, 1) <> 'U' AND left(sushrg, 2) <> 'WF' OR sushrg IS NULL AND opertn_01 IS NOT NULL)
            THEN 'Outpatient procedure'
        WHEN firstatt IN ('1', '3') THEN 'Outpatient first attendance'
        ELSE 'Outpatient follow-up attendance'
    END,
    tretspef,
    coalesce(procode3, procodet),
    apptdate,
    apptdate,
    CAST(NULL AS STRING),
    CASE
        WHEN firstatt = '5' THEN 'closed'
        WHEN attended IN ('5', '6') THEN 'attended'
        WHEN attended IN ('3', '7') THEN 'did not attend'
        WHEN attended IN ('2', '4') THEN 'cancelled'
        WHEN attended = '0' THEN 'open'
    END,
    CAST(NULL AS DATE),
    CASE WHEN firstatt = '5' THEN 0 WHEN attended IN ('5', '6') THEN 1 WHEN attended IN ('0', '2', '3', '4', '7') THEN 0 END,
    0,
    FALSE,
    CASE WHEN final_price_pence > 0 THEN final_price_pence END,
    file_id,
    source_row
FROM landed_outpatient
UNION ALL
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row,
    person_id,
    linked_by,
    'urgent care',
    CASE
        WHEN response_outcome IN ('SCED', 'SCEL') THEN 'Ambulance see and convey'
        WHEN response_outcome = 'HT' THEN 'Ambulance hear and treat'
        ELSE 'Ambulance see and treat'
    END,
    response_category,
    organisation_identifier_code_of_provider,
    call_date,
    call_date,
    CAST(NULL AS STRING),
    CASE WHEN response_outcome = 'NONE' THEN 'cancelled' WHEN response_outcome IS NOT NULL THEN 'attended' END,
    CAST(NULL AS DATE),
    CASE WHEN response_outcome = 'NONE' THEN 0 WHEN response_outcome IS NOT NULL THEN 1 END,
    0,
    FALSE,
    CASE WHEN final_price_pence > 0 THEN final_price_pence END,
    file_id,
    source_row
FROM landed_ambulance
UNION ALL
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row,
    person_id,
    linked_by,
    'maternity',
    'Maternity contact',
    CASE record_type WHEN 'MSD101' THEN 'booking' WHEN 'MSD201' THEN 'contact' WHEN 'MSD301' THEN 'labour and delivery' END,
    organisation_identifier_code_of_provider,
    activity_date,
    activity_date,
    CAST(NULL AS STRING),
    CASE
        WHEN attended_or_did_not_attend_code IN ('3', '7') THEN 'did not attend'
        WHEN attended_or_did_not_attend_code IN ('2', '4') THEN 'cancelled'
        WHEN attended_or_did_not_attend_code IN ('5', '6') OR record_type <> 'MSD201' THEN 'attended'
    END,
    CAST(NULL AS DATE),
    CASE
        WHEN record_type = 'MSD301' OR attended_or_did_not_attend_code IN ('2', '3', '4', '7') THEN 0
        WHEN record_type = 'MSD101' OR attended_or_did_not_attend_code IN ('5', '6') THEN 1
    END,
    0,
    FALSE,
    CASE WHEN final_price_pence > 0 THEN final_price_pence END,
    file_id,
    source_row
FROM landed_maternity
