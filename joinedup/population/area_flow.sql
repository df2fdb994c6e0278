WITH taken AS (
    SELECT
        a.neighbourhood_id,
        a.sector,
        -- Where children are looked after stays unsaid.
        CASE WHEN a.sector <> 'children' THEN a.provider_code END AS provider_code,
        a.person_id
    FROM place_activity AS a
    CROSS JOIN place_parameter AS p
    WHERE a.took_place AND a.starts >= p.period_start AND a.starts < p.period_end
)
SELECT
    CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
    coalesce(neighbourhood_id, 'none') AS area_id,
    sector,
    provider_code,
    count(*) AS activities,
    count(DISTINCT person_id) AS people
FROM taken
GROUP BY neighbourhood_id, sector, provider_code
UNION ALL
SELECT 'place', 'place', sector, provider_code, count(*), count(DISTINCT person_id)
FROM taken
GROUP BY sector, provider_code
