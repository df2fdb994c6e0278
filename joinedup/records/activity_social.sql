-- The last period that a council reports on: one that few rows give, or that ends long after the as-at date, is a slip.
WITH period AS (
    SELECT coalesce(la_code, '') AS council, reporting_period_end_date, count(*) AS events
    FROM landed_cld
    GROUP BY coalesce(la_code, ''), reporting_period_end_date
),
commonest AS (
    SELECT council, max(events) AS events
    FROM period
    GROUP BY council
),
latest AS (
    SELECT
        p.council,
        max(p.reporting_period_end_date) FILTER (WHERE p.events * 20 >= c.events AND p.reporting_period_end_date <= q.as_at + 31) AS told_to
    FROM period AS p
    CROSS JOIN place_parameter AS q
    INNER JOIN commonest AS c ON c.council = p.council
    GROUP BY p.council
),
care AS (
    SELECT
        c.file_id,
        c.source_row,
        c.person_id,
        c.linked_by,
        CASE
            WHEN c.event_type = 'REQUEST' THEN 'Request for support'
            WHEN c.event_type = 'ASSESSMENT' THEN 'Social care assessment'
            WHEN c.event_type = 'REVIEW' THEN 'Social care review'
            WHEN c.service_type LIKE 'UNPAID CARER%' OR c.service_type LIKE 'CARER%' THEN 'Carer support'
            WHEN c.service_type LIKE 'LONG TERM SUPPORT: NURSING%' THEN 'Nursing care'
            WHEN c.service_type LIKE 'LONG TERM SUPPORT: RESIDENTIAL%' THEN 'Residential care'
            WHEN c.service_type LIKE 'SHORT TERM%' THEN 'Short-term support'
            ELSE 'Community support'
        END AS point_of_delivery,
        coalesce(c.service_component, c.assessment_type, c.request_route_of_access) AS service,
        c.provider_cqc_location_id,
        c.event_type = 'SERVICE' AND coalesce(c.cost_frequency_unit_type, '') <> 'ONE-OFF'
            AND coalesce(c.service_component, '') <> 'EQUIPMENT' AS accrues,
        c.event_type = 'SERVICE' AS is_service,
        c.event_start_date AS starts,
        -- What an older submission left open and a later one doesn't repeat has ended by the end of the older one.
        -- No service goes on after death.
        CASE
            WHEN c.event_type <> 'SERVICE'
                THEN coalesce(c.event_end_date, c.date_of_death, CASE WHEN c.reporting_period_end_date < l.told_to THEN c.reporting_period_end_date END)
            ELSE least(
                coalesce(c.event_end_date, CASE WHEN c.reporting_period_end_date < l.told_to THEN c.reporting_period_end_date END),
                CASE WHEN c.date_of_death >= c.event_start_date THEN c.date_of_death END,
                CASE WHEN p.death_date >= c.event_start_date THEN p.death_date END
            )
        END AS last_day,
        c.event_outcome,
        CASE WHEN c.unit_cost_pence > 0 THEN c.unit_cost_pence END AS unit_cost_pence,
        c.cost_frequency_unit_type AS frequency,
        CASE WHEN c.planned_units_per_week > 0 THEN c.planned_units_per_week END AS planned
    FROM landed_cld AS c
    INNER JOIN latest AS l ON l.council = coalesce(c.la_code, '')
    LEFT JOIN person AS p ON p.person_id = c.person_id
),
care_days AS (
    SELECT
        c.file_id,
        c.source_row,
        c.person_id,
        c.linked_by,
        c.point_of_delivery,
        c.service,
        c.provider_cqc_location_id,
        c.accrues,
        c.is_service,
        c.starts,
        CASE
            WHEN NOT c.accrues THEN coalesce(c.last_day, c.starts)
            WHEN c.last_day <= q.as_at THEN greatest(c.last_day + 1, c.starts)
        END AS ends,
        c.event_outcome,
        greatest(CAST(least(coalesce(c.last_day, q.as_at), q.as_at) + 1 - c.starts AS INTEGER), 0) AS days,
        c.unit_cost_pence,
        CASE
            WHEN c.frequency = 'WEEKLY' THEN CAST(1 AS DOUBLE)
            WHEN c.frequency = 'FORTNIGHTLY' THEN CAST(0.5 AS DOUBLE)
            WHEN c.frequency = '4-WEEKLY' THEN CAST(0.25 AS DOUBLE)
            WHEN c.frequency = 'MONTHLY' THEN CAST(12 AS DOUBLE) / 52
            WHEN c.frequency = 'QUARTERLY' THEN CAST(4 AS DOUBLE) / 52
            WHEN c.frequency = 'ANNUALLY' THEN CAST(1 AS DOUBLE) / 52
            WHEN c.frequency = 'DAILY' THEN coalesce(c.planned, CAST(7 AS DOUBLE))
            WHEN c.frequency IN ('HOURLY', 'PER SESSION') THEN c.planned
        END AS units_a_week
    FROM care AS c
    CROSS JOIN place_parameter AS q
)
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row AS activity_id,
    person_id,
    linked_by,
    'adult social care' AS sector,
    point_of_delivery,
    service,
    provider_cqc_location_id AS provider_code,
    starts,
    ends,
    CAST(NULL AS STRING) AS admission_method,
    CASE
        WHEN is_service AND ends IS NULL THEN 'open'
        WHEN event_outcome IN ('NFA: DECEASED', 'NFA - DECEASED') THEN 'died'
        WHEN event_outcome = 'ADMITTED TO HOSPITAL' THEN 'admitted'
        ELSE 'closed'
    END AS outcome,
    CAST(NULL AS DATE) AS ready_on,
    CASE WHEN accrues THEN days WHEN NOT is_service THEN 1 END AS units,
    CASE WHEN accrues OR NOT is_service THEN 0 END AS short_units,
    accrues,
    CASE
        WHEN accrues THEN CAST(floor(CAST(unit_cost_pence AS DOUBLE) * units_a_week * days / 7 + CAST(0.5 AS DOUBLE)) AS BIGINT)
        ELSE unit_cost_pence
    END AS price_pence,
    file_id,
    source_row
FROM care_days
UNION ALL
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row,
    person_id,
    linked_by,
    'voluntary',
    'Community activity',
    CASE WHEN length(service) <= 80 THEN service END,
    provider_code,
    activity_date,
    coalesce(end_date, activity_date),
    CAST(NULL AS STRING),
    CASE
        WHEN outcome IN ('ATTENDED', 'YES', 'Y', 'PRESENT', 'COMPLETED', 'CLOSED', 'REFERRED ON') THEN 'attended'
        WHEN outcome IN ('DID NOT ATTEND', 'DNA', 'NO', 'N', 'ABSENT') THEN 'did not attend'
        WHEN outcome = 'CANCELLED' THEN 'cancelled'
    END,
    CAST(NULL AS DATE),
    CASE
        WHEN outcome IS NULL OR outcome IN ('ATTENDED', 'YES', 'Y', 'PRESENT', 'COMPLETED', 'CLOSED', 'REFERRED ON') THEN 1
        WHEN outcome IN ('DID NOT ATTEND', 'DNA', 'NO', 'N', 'ABSENT', 'CANCELLED') THEN 0
    END,
    0,
    FALSE,
    CASE WHEN cost_pence > 0 THEN cost_pence END,
    file_id,
    source_row
FROM landed_community_activity
