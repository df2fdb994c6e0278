WITH stay AS (
    SELECT
        coalesce(a.neighbourhood_id, 'none') AS area_id,
        coalesce(a.provider_code, 'none') AS provider_code,
        a.age,
        CAST(date_trunc('month', a.starts) AS DATE) AS month
    FROM place_activity AS a
    WHERE a.point_of_delivery IN ('Non-elective inpatient', 'Elective inpatient', 'Other admission')
),
told AS (
    SELECT provider_code, month, bool_or(told) AS told
    FROM provider_month
    WHERE contract IN ('apc', 'discharge_ready')
    GROUP BY provider_code, month
),
-- Months in which the provider told of its stays; of one that told of none all are as good.
counted AS (
    SELECT
        provider_code,
        month,
        told OR count(*) FILTER (WHERE told) OVER (PARTITION BY provider_code) = 0 AS counts
    FROM told
),
months AS (
    SELECT provider_code, count(*) AS months
    FROM counted
    WHERE counts
    GROUP BY provider_code
),
by_area AS (
    SELECT s.area_id, y.age_from, s.provider_code, count(*) AS stays
    FROM stay AS s
    INNER JOIN counted AS c ON c.provider_code = s.provider_code AND c.month = s.month AND c.counts
    CROSS JOIN (VALUES (0), (18)) AS y (age_from)
    WHERE y.age_from = 0 OR s.age >= y.age_from
    GROUP BY s.area_id, y.age_from, s.provider_code
),
every_area AS (
    SELECT area_id, age_from, provider_code, stays FROM by_area
    UNION ALL
    SELECT 'place', age_from, provider_code, CAST(sum(stays) AS BIGINT) FROM by_area GROUP BY age_from, provider_code
)
SELECT e.area_id, e.age_from, e.provider_code, e.stays, CAST(e.stays AS DOUBLE) / nullif(m.months, 0) AS stays_a_month
FROM every_area AS e
INNER JOIN months AS m ON m.provider_code = e.provider_code
