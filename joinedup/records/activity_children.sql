-- What a later file repeats no more ended by its day; nothing goes on after death.
WITH child AS (
    SELECT
        c.file_id,
        c.source_row,
        c.person_id,
        c.linked_by,
        CASE c.record_type
            WHEN 'CPP' THEN 'Child protection plan'
            WHEN 'CLA' THEN 'Looked after child'
            WHEN 'EHCP' THEN 'Education, health and care plan'
            ELSE 'Child in need'
        END AS point_of_delivery,
        CASE c.record_type WHEN 'CPP' THEN c.category_of_abuse WHEN 'CLA' THEN c.placement_type WHEN 'EHCP' THEN c.primary_need_type ELSE c.primary_need_code END AS service,
        c.provider_code,
        c.start_date AS starts,
        least(coalesce(c.end_date, c.listed_to), d.death_date + 1) AS ends,
        c.end_date IS NULL AND coalesce(c.listed_to < d.death_date + 1, c.listed_to IS NOT NULL) AS no_longer_sent,
        CASE WHEN c.weekly_cost_pence > 0 THEN c.weekly_cost_pence END AS weekly_cost_pence,
        q.as_at
    FROM landed_children_social_care AS c
    CROSS JOIN place_parameter AS q
    LEFT JOIN person AS d ON d.person_id = c.person_id AND d.death_date >= c.start_date
),
counted AS (
    SELECT
        file_id, source_row, person_id, linked_by, point_of_delivery, service, provider_code, starts, weekly_cost_pence,
        CASE WHEN ends <= as_at + 1 THEN ends END AS ends,
        CASE WHEN coalesce(ends > as_at + 1, TRUE) THEN 'open' WHEN no_longer_sent THEN 'no longer sent' ELSE 'closed' END AS outcome,
        greatest(CAST(least(coalesce(ends, as_at + 1), as_at + 1) - starts AS INTEGER), 0) AS days
    FROM child
)
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row AS activity_id,
    person_id,
    linked_by,
    'children' AS sector,
    point_of_delivery,
    service,
    provider_code,
    starts,
    ends,
    CAST(NULL AS STRING) AS admission_method,
    outcome,
    CAST(NULL AS DATE) AS ready_on,
    days AS units,
    0 AS short_units,
    TRUE AS accrues,
    CAST(floor(CAST(weekly_cost_pence AS DOUBLE) * days / 7 + CAST(0.5 AS DOUBLE)) AS BIGINT) AS price_pence,
    file_id,
    source_row
FROM counted
