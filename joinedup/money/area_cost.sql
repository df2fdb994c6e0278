WITH in_period AS (
    SELECT a.activity_id, a.neighbourhood_id, a.sector, a.point_of_delivery, a.cost_pence, a.constant_pence, a.costing_method
    FROM place_activity AS a
    CROSS JOIN place_parameter AS p
    WHERE NOT a.accrues AND a.took_place AND a.starts >= p.period_start AND a.starts < p.period_end
    UNION ALL
    SELECT activity_id, neighbourhood_id, sector, point_of_delivery, cost_pence, constant_pence, costing_method
    FROM package_days
),
by_area AS (
    SELECT
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        sector, point_of_delivery, activity_id, cost_pence, constant_pence, costing_method
    FROM in_period
    UNION ALL
    SELECT 'place', 'place', sector, point_of_delivery, activity_id, cost_pence, constant_pence, costing_method
    FROM in_period
),
-- Someone who moves has the days of one package in several neighbourhoods.
once AS (
    SELECT
        area_type, area_id, sector, point_of_delivery, activity_id, costing_method,
        CAST(sum(cost_pence) AS BIGINT) AS cost_pence,
        CAST(sum(constant_pence) AS BIGINT) AS constant_pence
    FROM by_area
    GROUP BY area_type, area_id, sector, point_of_delivery, activity_id, costing_method
)
SELECT
    area_type,
    area_id,
    sector,
    point_of_delivery,
    count(*) AS activities,
    count(cost_pence) AS costed,
    CAST(sum(cost_pence) AS BIGINT) AS cost_pence,
    CAST(sum(constant_pence) AS BIGINT) AS constant_pence,
    count(*) FILTER (WHERE costing_method = 'extract') AS from_extract,
    count(*) FILTER (WHERE costing_method = 'unit_cost') AS from_unit_cost
FROM once
GROUP BY area_type, area_id, sector, point_of_delivery
