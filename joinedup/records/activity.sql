WITH together AS (
    SELECT
        activity_id, person_id, linked_by, sector, point_of_delivery, service, provider_code, starts, ends, admission_method, outcome, ready_on,
        units, short_units, accrues, price_pence, file_id, source_row
    FROM activity_acute
    UNION ALL
    SELECT
        activity_id, person_id, linked_by, sector, point_of_delivery, service, provider_code, starts, ends, admission_method, outcome, ready_on,
        units, short_units, accrues, price_pence, file_id, source_row
    FROM activity_attendance
    UNION ALL
    SELECT
        activity_id, person_id, linked_by, sector, point_of_delivery, service, provider_code, starts, ends, admission_method, outcome, ready_on,
        units, short_units, accrues, price_pence, file_id, source_row
    FROM activity_primary
    UNION ALL
    SELECT
        activity_id, person_id, linked_by, sector, point_of_delivery, service, provider_code, starts, ends, admission_method, outcome, ready_on,
        units, short_units, accrues, price_pence, file_id, source_row
    FROM activity_social
    UNION ALL
    SELECT
        activity_id, person_id, linked_by, sector, point_of_delivery, service, provider_code, starts, ends, admission_method, outcome, ready_on,
        units, short_units, accrues, price_pence, file_id, source_row
    FROM activity_children
    UNION ALL
    SELECT
        activity_id, person_id, linked_by, sector, point_of_delivery, service, provider_code, starts, ends, admission_method, outcome, ready_on,
        units, short_units, accrues, price_pence, file_id, source_row
    FROM activity_community
),
priced AS (
    SELECT
        a.activity_id, a.person_id, a.linked_by, a.sector, a.point_of_delivery, a.service, a.provider_code, a.starts, a.ends, a.admission_method,
        a.outcome, a.ready_on, a.units, a.accrues, a.price_pence, a.file_id, a.source_row,
        coalesce(d.to_base, t.to_base) AS to_base,
        CASE WHEN d.activity_id IS NOT NULL THEN 'by day' ELSE u.price_base END AS price_base,
        CASE
            WHEN d.activity_id IS NOT NULL THEN d.average_pence
            WHEN u.short_cost_pence IS NULL THEN a.units * u.cost_pence
            ELSE (a.units - a.short_units) * u.cost_pence + a.short_units * u.short_cost_pence
        END AS average_pence,
        CASE
            WHEN d.activity_id IS NOT NULL THEN d.constant_average_pence
            WHEN u.short_cost_pence IS NULL THEN a.units * u.constant_cost_pence
            ELSE (a.units - a.short_units) * u.constant_cost_pence + a.short_units * u.constant_short_cost_pence
        END AS constant_average_pence
    FROM together AS a
    LEFT JOIN price_time AS t ON coalesce(t.starts <= a.starts, TRUE) AND coalesce(a.starts < t.ends, TRUE)
    LEFT JOIN unit_cost AS u
        ON u.point_of_delivery = a.point_of_delivery
        AND coalesce(u.starts <= a.starts, TRUE)
        AND coalesce(a.starts < u.ends, TRUE)
    LEFT JOIN accrued_cost AS d ON d.activity_id = a.activity_id
)
SELECT
    a.activity_id,
    a.person_id,
    a.linked_by,
    a.sector,
    a.point_of_delivery,
    a.service,
    coalesce(o.provider_code, a.provider_code) AS provider_code,
    coalesce(n.successor_code, o.provider_code, a.provider_code) AS provider_now,
    a.starts,
    a.ends,
    a.admission_method,
    a.outcome,
    a.ready_on,
    a.units,
    a.accrues,
    coalesce(a.price_pence, a.average_pence) AS cost_pence,
    CASE WHEN a.price_pence IS NOT NULL THEN 'extract' WHEN a.average_pence IS NOT NULL THEN 'unit_cost' END AS costing_method,
    CASE WHEN a.price_pence IS NOT NULL THEN 'as paid' WHEN a.average_pence IS NOT NULL THEN a.price_base END AS price_base,
    CASE
        WHEN a.price_pence IS NULL THEN a.constant_average_pence
        ELSE CAST(floor(CAST(a.price_pence AS DOUBLE) * a.to_base + CAST(0.5 AS DOUBLE)) AS BIGINT)
    END AS constant_pence,
    a.average_pence,
    a.file_id,
    a.source_row
FROM priced AS a
LEFT JOIN provider_site AS o ON o.site_code = a.provider_code
LEFT JOIN place_succession AS n ON n.kind = 'partner' AND n.code = coalesce(o.provider_code, a.provider_code) AND n.ends IS NULL
