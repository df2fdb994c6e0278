WITH contact AS (
    SELECT
        'csds' AS contract, person_id, linked_by, 'community' AS sector, 'Community contact' AS point_of_delivery,
        service_or_team_type_referred_to_community_care AS team, organisation_identifier_code_of_provider AS provider_code,
        care_contact_date AS happened_on, attendance_status, care_contact_cost_pence AS price_pence, file_id, source_row
    FROM landed_csds
    UNION ALL
    SELECT
        'mhsds', person_id, linked_by, 'mental health', CASE WHEN record_type = 'CONTACT' THEN 'Mental health contact' ELSE 'Talking therapies contact' END,
        service_or_team_type_referred_to_mental_health, organisation_identifier_code_of_provider,
        care_contact_date, attendance_status, care_contact_cost_pence, file_id, source_row
    FROM landed_mhsds
    WHERE record_type <> 'SPELL'
),
-- What the record costs elsewhere isn't counted again: the days of a budget on which another extract has its money.
elsewhere AS (
    SELECT activity_id, CAST(sum(days) AS BIGINT) AS days
    FROM paid_elsewhere
    GROUP BY activity_id
),
-- The last month that a provider's stays tell of: one that few of them give is a slip.
month_told AS (
    SELECT coalesce(organisation_identifier_code_of_provider, '') AS provider_code, reporting_period_end_date, count(*) AS stays
    FROM landed_mhsds
    WHERE record_type = 'SPELL' AND reporting_period_end_date IS NOT NULL
    GROUP BY coalesce(organisation_identifier_code_of_provider, ''), reporting_period_end_date
),
commonest AS (
    SELECT provider_code, max(stays) AS stays
    FROM month_told
    GROUP BY provider_code
),
latest AS (
    SELECT m.provider_code, max(m.reporting_period_end_date) AS told_to
    FROM month_told AS m
    CROSS JOIN place_parameter AS q
    INNER JOIN commonest AS c ON c.provider_code = m.provider_code
    WHERE m.stays * 20 >= c.stays AND m.reporting_period_end_date <= q.as_at + 31
    GROUP BY m.provider_code
),
-- A stay without a discharge that a later month doesn't repeat, or whose file knows nothing of the last month, goes on no further than is known.
stay_known AS (
    SELECT
        m.file_id, m.source_row,
        CASE
            WHEN m.reporting_period_end_date < l.told_to AND m.reporting_period_end_date >= coalesce(m.start_date_hospital_provider_spell, m.care_contact_date)
                THEN m.reporting_period_end_date + 1
            WHEN f.known_to < q.as_at - 31 THEN f.known_to + 1
        END AS known_to
    FROM landed_mhsds AS m
    CROSS JOIN place_parameter AS q
    LEFT JOIN provider_site AS o ON o.site_code = m.organisation_identifier_code_of_provider
    LEFT JOIN latest AS l ON l.provider_code = coalesce(m.organisation_identifier_code_of_provider, '')
    LEFT JOIN file_reach AS f
        ON f.file_id = m.file_id AND f.provider_code = coalesce(o.provider_code, m.organisation_identifier_code_of_provider, 'none')
    WHERE m.record_type = 'SPELL' AND m.discharge_date_hospital_provider_spell IS NULL
),
lasting AS (
    SELECT
        'mental health' AS sector, 'Mental health inpatient' AS point_of_delivery, m.person_id, m.linked_by, t.service,
        m.organisation_identifier_code_of_provider AS provider_code,
        coalesce(m.start_date_hospital_provider_spell, m.care_contact_date) AS starts, coalesce(m.discharge_date_hospital_provider_spell, k.known_to) AS ends,
        CASE WHEN k.known_to IS NOT NULL THEN 'no longer sent' ELSE 'discharged' END AS ended, 'in hospital' AS going_on,
        CAST(NULL AS DOUBLE) AS pence_a_day, CASE WHEN m.care_contact_cost_pence > 0 THEN m.care_contact_cost_pence END AS pence_once, FALSE AS elsewhere, m.file_id, m.source_row
    FROM landed_mhsds AS m
    LEFT JOIN stay_known AS k ON k.file_id = m.file_id AND k.source_row = m.source_row
    LEFT JOIN team_type AS t ON t.contract = 'mhsds' AND t.code = m.mental_health_admitted_patient_classification_type
    WHERE m.record_type = 'SPELL'
    UNION ALL
    SELECT
        'continuing care', 'Continuing healthcare', person_id, linked_by,
        CASE
            WHEN care_package_type = 'FNC' THEN 'NHS-funded nursing care'
            WHEN care_package_type = 'JOINT' THEN 'Joint funding'
            WHEN care_package_type = 'CHILD' THEN 'Children and young people'
            WHEN eligibility_route = 'FAST TRACK' THEN 'Fast track'
            WHEN eligibility_route = 'STANDARD' THEN 'Standard'
        END,
        coalesce(organisation_identifier_code_of_provider, organisation_identifier_code_of_commissioner),
        start_date_care_package, coalesce(end_date_care_package + 1, listed_to),
        CASE WHEN end_reason_care_package = 'DIED' THEN 'died' WHEN end_date_care_package IS NULL THEN 'no longer sent' ELSE 'closed' END, 'open',
        CASE WHEN care_package_weekly_cost_pence > 0 THEN care_package_weekly_cost_pence / CAST(7 AS DOUBLE) END, CAST(NULL AS BIGINT), FALSE, file_id, source_row
    FROM landed_continuing_care
    WHERE start_date_care_package IS NOT NULL
    UNION ALL
    SELECT
        'personal budget', 'Personal budget', b.person_id, b.linked_by,
        CASE b.personal_budget_kind
            WHEN 'NOTIONAL' THEN 'Notional budget' WHEN 'THIRD PARTY' THEN 'Third party' WHEN 'DIRECT PAYMENT' THEN 'Direct payment' WHEN 'MIXED' THEN 'Mixed'
        END,
        b.organisation_identifier_code_of_commissioner,
        b.start_date_personal_budget, coalesce(b.end_date_personal_budget + 1, b.listed_to),
        CASE WHEN b.end_date_personal_budget IS NULL THEN 'no longer sent' ELSE 'closed' END, 'open',
        CASE
            WHEN b.weekly_amount_pence > 0 THEN b.weekly_amount_pence / CAST(7 AS DOUBLE)
            WHEN b.annual_amount_pence > 0 THEN b.annual_amount_pence / CAST(365 AS DOUBLE)
        END,
        CASE WHEN b.one_off_amount_pence > 0 THEN b.one_off_amount_pence END,
        coalesce(b.cost_held_elsewhere = 'Y', FALSE), b.file_id, b.source_row
    FROM landed_personal_budget AS b
),
-- What goes on after its person has died, by the extract, ended with that day.
lived AS (
    SELECT
        l.sector, l.point_of_delivery, l.person_id, l.linked_by, l.service, l.provider_code, l.starts, l.pence_a_day, l.pence_once, l.elsewhere,
        l.going_on, l.file_id, l.source_row, q.as_at,
        CASE WHEN d.person_id IS NOT NULL THEN d.death_date + 1 ELSE l.ends END AS ends,
        CASE WHEN d.person_id IS NOT NULL THEN 'died' ELSE l.ended END AS ended
    FROM lasting AS l
    CROSS JOIN place_parameter AS q
    LEFT JOIN person AS d
        ON d.person_id = l.person_id
        AND d.death_date >= l.starts
        AND d.death_date <= q.as_at
        AND coalesce(d.death_date + 1 < l.ends, TRUE)
),
counted AS (
    SELECT
        l.sector, l.point_of_delivery, l.person_id, l.linked_by, l.service, l.provider_code, l.starts, l.pence_a_day, l.pence_once, l.elsewhere,
        CASE WHEN l.ends <= l.as_at + 1 THEN l.ends END AS ends,
        CASE WHEN l.ends <= l.as_at + 1 THEN l.ended ELSE l.going_on END AS outcome,
        -- A stay that ends on its first day, and what is paid once, don't go on from day to day: one unit on the first day.
        coalesce(l.starts = l.ends, FALSE) OR (l.sector = 'personal budget' AND l.pence_a_day IS NULL AND l.pence_once IS NOT NULL) AS once,
        greatest(CAST(coalesce(least(l.ends, l.as_at + 1), l.as_at + 1) - l.starts AS INTEGER), 0) - CAST(coalesce(e.days, 0) AS INTEGER) AS days,
        l.file_id, l.source_row
    FROM lived AS l
    LEFT JOIN elsewhere AS e ON e.activity_id = CAST(l.file_id AS BIGINT) * 10000000000 + l.source_row
)
SELECT
    CAST(a.file_id AS BIGINT) * 10000000000 + a.source_row AS activity_id,
    a.person_id,
    a.linked_by,
    a.sector,
    a.point_of_delivery,
    t.service,
    a.provider_code,
    a.happened_on AS starts,
    a.happened_on AS ends,
    CAST(NULL AS STRING) AS admission_method,
    CASE
        WHEN a.attendance_status IN ('5', '6') THEN 'attended'
        WHEN a.attendance_status IN ('3', '7') THEN 'did not attend'
        WHEN a.attendance_status IN ('2', '4') THEN 'cancelled'
    END AS outcome,
    CAST(NULL AS DATE) AS ready_on,
    CASE WHEN a.attendance_status IN ('5', '6') THEN 1 WHEN a.attendance_status IN ('2', '3', '4', '7') THEN 0 END AS units,
    0 AS short_units,
    FALSE AS accrues,
    -- A price of nothing isn't a cost: under a block contract it stands on every row.
    CASE WHEN a.price_pence > 0 THEN a.price_pence END AS price_pence,
    a.file_id,
    a.source_row
FROM contact AS a
LEFT JOIN team_type AS t ON t.contract = a.contract AND t.code = a.team
UNION ALL
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row,
    person_id,
    linked_by,
    sector,
    point_of_delivery,
    service,
    provider_code,
    starts,
    ends,
    CAST(NULL AS STRING),
    outcome,
    CAST(NULL AS DATE),
    CASE WHEN elsewhere THEN 0 WHEN once THEN 1 ELSE days END,
    0,
    NOT once,
    CASE
        WHEN elsewhere THEN 0
        WHEN pence_a_day IS NOT NULL THEN CAST(floor(pence_a_day * days + CAST(0.5 AS DOUBLE)) AS BIGINT) + coalesce(pence_once, 0)
        ELSE pence_once
    END,
    file_id,
    source_row
FROM counted
