WITH in_period AS (
    SELECT a.sector, a.point_of_delivery, a.activity_id, a.cost_pence, a.average_pence
    FROM place_activity AS a
    CROSS JOIN place_parameter AS p
    WHERE a.costing_method = 'extract' AND a.average_pence IS NOT NULL
        AND NOT a.accrues AND a.took_place AND a.starts >= p.period_start AND a.starts < p.period_end
    UNION ALL
    SELECT sector, point_of_delivery, activity_id, cost_pence, average_pence
    FROM package_days
    WHERE costing_method = 'extract' AND average_pence IS NOT NULL
)
SELECT
    sector,
    point_of_delivery,
    count(DISTINCT activity_id) AS activities,
    CAST(sum(cost_pence) AS BIGINT) AS extract_pence,
    CAST(sum(average_pence) AS BIGINT) AS average_pence,
    CAST(sum(cost_pence) AS DOUBLE) / nullif(CAST(sum(average_pence) AS DOUBLE), 0) AS ratio
FROM in_period
GROUP BY sector, point_of_delivery
