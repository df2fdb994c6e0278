WITH together AS (
    SELECT
        activity_id, person_id, linked_by, sector, point_of_delivery, service, provider_code, starts, ends, admission_method, outcome, ready_on,
        units, short_units, accrues, price_pence, file_id, source_row
    FROM activity_acute
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
    FROM activity_community
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
    coalesce(a.price_pence, CASE
        WHEN u.short_cost_pence IS NULL THEN a.units * u.cost_pence
        ELSE (a.units - a.short_units) * u.cost_pence + a.short_units * u.short_cost_pence
    END) AS cost_pence,
    CASE
        WHEN a.price_pence IS NOT NULL THEN 'extract'
        WHEN u.cost_pence IS NOT NULL AND a.units IS NOT NULL AND (u.short_cost_pence IS NULL OR a.short_units IS NOT NULL) THEN 'unit_cost'
    END AS costing_method,
    CASE
        WHEN u.short_cost_pence IS NULL THEN a.units * u.cost_pence
        ELSE (a.units - a.short_units) * u.cost_pence + a.short_units * u.short_cost_pence
    END AS average_pence,
    a.file_id,
    a.source_row
FROM together AS a
LEFT JOIN unit_cost AS u
    ON u.point_of_delivery = a.point_of_delivery
    AND coalesce(u.starts <= a.starts, TRUE)
    AND coalesce(a.starts < u.ends, TRUE)
LEFT JOIN provider_site AS o ON o.site_code = a.provider_code
LEFT JOIN place_succession AS n ON n.kind = 'partner' AND n.code = coalesce(o.provider_code, a.provider_code) AND n.ends IS NULL
