WITH counted AS (
    SELECT neighbourhood_id, sector, point_of_delivery, CAST(date_trunc('month', starts) AS DATE) AS month, count(*) AS activities
    FROM place_activity
    WHERE took_place
    GROUP BY neighbourhood_id, sector, point_of_delivery, CAST(date_trunc('month', starts) AS DATE)
),
by_area AS (
    SELECT
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        sector,
        point_of_delivery,
        month,
        activities
    FROM counted
    UNION ALL
    SELECT 'place', 'place', sector, point_of_delivery, month, CAST(sum(activities) AS BIGINT)
    FROM counted
    GROUP BY sector, point_of_delivery, month
),
-- A month without activity is a zero only between the first and the last month in which its point of delivery is seen.
seen AS (
    SELECT sector, point_of_delivery, min(month) AS from_month, max(month) AS to_month
    FROM counted
    GROUP BY sector, point_of_delivery
)
SELECT
    a.area_type,
    a.area_id,
    m.month,
    s.sector,
    s.point_of_delivery,
    coalesce(b.activities, 0) AS activities
FROM area AS a
CROSS JOIN place_month AS m
INNER JOIN seen AS s ON m.month >= s.from_month AND m.month <= s.to_month
LEFT JOIN by_area AS b
    ON b.area_type = a.area_type
    AND b.area_id = a.area_id
    AND b.sector = s.sector
    AND b.point_of_delivery = s.point_of_delivery
    AND b.month = m.month
