WITH by_neighbourhood AS (
    SELECT
        a.neighbourhood_id,
        a.point_of_delivery,
        count(*) AS activities,
        count(a.cost_pence) AS costed,
        CAST(sum(a.cost_pence) AS BIGINT) AS cost_pence,
        count(*) FILTER (WHERE a.costing_method = 'extract') AS from_extract,
        count(*) FILTER (WHERE a.costing_method = 'unit_cost') AS from_unit_cost
    FROM place_activity AS a
    CROSS JOIN place_parameter AS p
    WHERE a.starts >= p.period_start AND a.starts < p.period_end
    GROUP BY a.neighbourhood_id, a.point_of_delivery
),
by_area AS (
    SELECT
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        point_of_delivery, activities, costed, cost_pence, from_extract, from_unit_cost
    FROM by_neighbourhood
    UNION ALL
    SELECT 'place', 'place', point_of_delivery, activities, costed, cost_pence, from_extract, from_unit_cost
    FROM by_neighbourhood
)
SELECT
    area_type,
    area_id,
    point_of_delivery,
    CAST(sum(activities) AS BIGINT) AS activities,
    CAST(sum(costed) AS BIGINT) AS costed,
    CAST(sum(cost_pence) AS BIGINT) AS cost_pence,
    CAST(sum(from_extract) AS BIGINT) AS from_extract,
    CAST(sum(from_unit_cost) AS BIGINT) AS from_unit_cost
FROM by_area
GROUP BY area_type, area_id, point_of_delivery
