SELECT
    a.person_id,
    y.year_starts,
    a.neighbourhood_id,
    a.sector,
    a.point_of_delivery,
    FALSE AS accrues,
    count(*) AS activities,
    count(a.cost_pence) AS costed,
    CAST(NULL AS BIGINT) AS days,
    CAST(sum(a.cost_pence) AS BIGINT) AS cost_pence,
    CAST(sum(a.constant_pence) AS BIGINT) AS constant_pence
FROM place_activity AS a
INNER JOIN place_year AS y ON y.year_starts <= a.starts AND a.starts < y.year_ends
WHERE NOT a.accrues AND a.took_place
GROUP BY a.person_id, y.year_starts, a.neighbourhood_id, a.sector, a.point_of_delivery
UNION ALL
SELECT
    person_id,
    year_starts,
    neighbourhood_id,
    sector,
    point_of_delivery,
    TRUE,
    count(DISTINCT activity_id),
    count(DISTINCT CASE WHEN cost_pence IS NOT NULL THEN activity_id END),
    CAST(sum(days) AS BIGINT),
    CAST(sum(cost_pence) AS BIGINT),
    CAST(sum(constant_pence) AS BIGINT)
FROM package_year_days
GROUP BY person_id, year_starts, neighbourhood_id, sector, point_of_delivery
