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
-- Beyond the first and the last month in which its point of delivery is seen, there is no row.
seen AS (
    SELECT sector, point_of_delivery, min(month) AS from_month, max(month) AS to_month
    FROM counted
    GROUP BY sector, point_of_delivery
),
-- Of what an area's people usually have of a kind in a month, the part whose provider tells of the month.
known AS (
    SELECT
        s.area_type,
        s.area_id,
        s.point_of_delivery,
        p.month,
        CAST(sum(CASE WHEN p.told THEN s.activities_a_month ELSE 0 END) AS DOUBLE) / nullif(CAST(sum(s.activities_a_month) AS DOUBLE), 0) AS share
    FROM activity_share AS s
    INNER JOIN provider_month AS p ON p.contract = s.contract AND p.provider_code = s.provider_code
    GROUP BY s.area_type, s.area_id, s.point_of_delivery, p.month
),
placed AS (
    SELECT
        a.area_type,
        a.area_id,
        m.month,
        s.sector,
        s.point_of_delivery,
        b.activities,
        -- An area that never had any goes where the place goes; what nobody is asked to tell month by month is taken as it is.
        coalesce(k.share, p.share, 1) AS known_share
    FROM area AS a
    CROSS JOIN place_month AS m
    INNER JOIN seen AS s ON m.month >= s.from_month AND m.month <= s.to_month
    LEFT JOIN by_area AS b
        ON b.area_type = a.area_type
        AND b.area_id = a.area_id
        AND b.sector = s.sector
        AND b.point_of_delivery = s.point_of_delivery
        AND b.month = m.month
    LEFT JOIN known AS k
        ON k.area_type = a.area_type AND k.area_id = a.area_id AND k.point_of_delivery = s.point_of_delivery AND k.month = m.month
    LEFT JOIN known AS p ON p.area_type = 'place' AND p.point_of_delivery = s.point_of_delivery AND p.month = m.month
)
SELECT
    area_type,
    area_id,
    month,
    sector,
    point_of_delivery,
    CASE WHEN activities IS NOT NULL THEN activities WHEN 2 * known_share >= 1 THEN 0 END AS activities,
    known_share
FROM placed
