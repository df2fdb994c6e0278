WITH package AS (
    SELECT DISTINCT d.neighbourhood_id, d.sector, d.point_of_delivery, d.activity_id, a.file_id
    FROM package_days AS d
    INNER JOIN activity AS a ON a.activity_id = d.activity_id
),
used AS (
    SELECT
        'activity' AS counted,
        a.neighbourhood_id,
        m.month,
        a.sector,
        a.point_of_delivery,
        a.file_id,
        count(*) AS records
    FROM place_activity AS a
    INNER JOIN place_month AS m ON m.month = CAST(date_trunc('month', a.starts) AS DATE)
    WHERE a.took_place
    GROUP BY a.neighbourhood_id, m.month, a.sector, a.point_of_delivery, a.file_id
    UNION ALL
    SELECT 'costs', a.neighbourhood_id, CAST(NULL AS DATE), a.sector, a.point_of_delivery, a.file_id, count(*)
    FROM place_activity AS a
    CROSS JOIN place_parameter AS p
    WHERE NOT a.accrues AND a.took_place AND a.starts >= p.period_start AND a.starts < p.period_end
    GROUP BY a.neighbourhood_id, a.sector, a.point_of_delivery, a.file_id
    UNION ALL
    SELECT 'people', p.neighbourhood_id, CAST(NULL AS DATE), CAST(NULL AS STRING), CAST(NULL AS STRING), r.file_id, count(DISTINCT p.person_id)
    FROM registered_person AS p
    INNER JOIN landed_register AS r ON r.person_id = p.person_id
    INNER JOIN file_use AS u ON u.file_id = r.file_id AND u.planning
    WHERE r.version_to IS NULL
    GROUP BY p.neighbourhood_id, r.file_id
),
by_area AS (
    SELECT
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        counted, month, sector, point_of_delivery, file_id, records
    FROM used
    UNION ALL
    SELECT 'place', 'place', counted, month, sector, point_of_delivery, file_id, records
    FROM used
    UNION ALL
    SELECT
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END,
        coalesce(neighbourhood_id, 'none'),
        'costs', CAST(NULL AS DATE), sector, point_of_delivery, file_id, 1
    FROM package
    UNION ALL
    -- Someone who moves has one package in each neighbourhood, and one in the place.
    SELECT 'place', 'place', 'costs', CAST(NULL AS DATE), sector, point_of_delivery, file_id, 1
    FROM (SELECT DISTINCT sector, point_of_delivery, activity_id, file_id FROM package) AS once
)
SELECT
    counted,
    area_type,
    area_id,
    month,
    sector,
    point_of_delivery,
    file_id,
    CAST(sum(records) AS BIGINT) AS records
FROM by_area
GROUP BY counted, area_type, area_id, month, sector, point_of_delivery, file_id
