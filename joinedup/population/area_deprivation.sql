WITH by_area AS (
    SELECT
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        deprivation_fifth,
        count(*) AS people
    FROM registered_person
    GROUP BY neighbourhood_id, deprivation_fifth
)
SELECT area_type, area_id, deprivation_fifth, people FROM by_area
UNION ALL
SELECT 'place', 'place', deprivation_fifth, CAST(sum(people) AS BIGINT)
FROM by_area
GROUP BY deprivation_fifth
