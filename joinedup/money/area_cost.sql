-- An activity stands in one neighbourhood, so its cost needn't be put together first.
WITH taken AS (
    SELECT
        a.neighbourhood_id,
        a.sector,
        a.point_of_delivery,
        a.costing_method,
        count(*) AS activities,
        count(a.cost_pence) AS costed,
        CAST(sum(a.cost_pence) AS BIGINT) AS cost_pence,
        CAST(sum(a.constant_pence) AS BIGINT) AS constant_pence
    FROM place_activity AS a
    CROSS JOIN place_parameter AS p
    WHERE NOT a.accrues AND a.took_place AND a.starts >= p.period_start AND a.starts < p.period_end
    GROUP BY a.neighbourhood_id, a.sector, a.point_of_delivery, a.costing_method
),
-- Someone who moves has the days of one package in several neighbourhoods: one package in each, and one in the place.
package AS (
    SELECT
        area_type, area_id, sector, point_of_delivery, activity_id, costing_method,
        CAST(sum(cost_pence) AS BIGINT) AS cost_pence,
        CAST(sum(constant_pence) AS BIGINT) AS constant_pence
    FROM (
        SELECT
            CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
            coalesce(neighbourhood_id, 'none') AS area_id,
            sector, point_of_delivery, activity_id, cost_pence, constant_pence, costing_method
        FROM package_days
        UNION ALL
        SELECT 'place', 'place', sector, point_of_delivery, activity_id, cost_pence, constant_pence, costing_method
        FROM package_days
    ) AS days
    GROUP BY area_type, area_id, sector, point_of_delivery, activity_id, costing_method
),
together AS (
    SELECT
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        sector, point_of_delivery, costing_method, activities, costed, cost_pence, constant_pence
    FROM taken
    UNION ALL
    SELECT 'place', 'place', sector, point_of_delivery, costing_method, activities, costed, cost_pence, constant_pence
    FROM taken
    UNION ALL
    SELECT
        area_type, area_id, sector, point_of_delivery, costing_method,
        1, CASE WHEN cost_pence IS NULL THEN 0 ELSE 1 END, cost_pence, constant_pence
    FROM package
)
SELECT
    area_type,
    area_id,
    sector,
    point_of_delivery,
    CAST(sum(activities) AS BIGINT) AS activities,
    CAST(sum(costed) AS BIGINT) AS costed,
    CAST(sum(cost_pence) AS BIGINT) AS cost_pence,
    CAST(sum(constant_pence) AS BIGINT) AS constant_pence,
    CAST(coalesce(sum(activities) FILTER (WHERE costing_method = 'extract'), 0) AS BIGINT) AS from_extract,
    CAST(coalesce(sum(activities) FILTER (WHERE costing_method = 'unit_cost'), 0) AS BIGINT) AS from_unit_cost
FROM together
GROUP BY area_type, area_id, sector, point_of_delivery
