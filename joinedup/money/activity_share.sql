-- Months of which the provider tells; of one that told of none all are as good.
WITH counted AS (
    SELECT
        contract,
        provider_code,
        month,
        told OR count(*) FILTER (WHERE told) OVER (PARTITION BY contract, provider_code) = 0 AS counts
    FROM provider_month
),
months AS (
    SELECT contract, provider_code, count(*) AS months
    FROM counted
    WHERE counts
    GROUP BY contract, provider_code
),
by_area AS (
    SELECT
        a.neighbourhood_id,
        a.point_of_delivery,
        c.contract,
        c.provider_code,
        count(*) AS activities
    FROM place_activity AS a
    INNER JOIN file_use AS u ON u.file_id = a.file_id
    INNER JOIN counted AS c
        ON c.contract = u.contract
        AND c.provider_code = coalesce(a.provider_code, 'none')
        AND c.month = CAST(date_trunc('month', a.starts) AS DATE)
        AND c.counts
    WHERE a.took_place AND NOT a.accrues
    GROUP BY a.neighbourhood_id, a.point_of_delivery, c.contract, c.provider_code
),
every_area AS (
    SELECT
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        point_of_delivery, contract, provider_code, activities
    FROM by_area
    UNION ALL
    SELECT 'place', 'place', point_of_delivery, contract, provider_code, CAST(sum(activities) AS BIGINT)
    FROM by_area
    GROUP BY point_of_delivery, contract, provider_code
)
SELECT
    e.area_type, e.area_id, e.point_of_delivery, e.contract, e.provider_code, e.activities,
    CAST(e.activities AS DOUBLE) / nullif(m.months, 0) AS activities_a_month
FROM every_area AS e
INNER JOIN months AS m ON m.contract = e.contract AND m.provider_code = e.provider_code
