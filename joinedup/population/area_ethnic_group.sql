WITH by_area AS (
    SELECT
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        nullif(ethnic_group, 'Z') AS ethnic_group,
        count(*) AS people
    FROM registered_person
    GROUP BY neighbourhood_id, nullif(ethnic_group, 'Z')
)
SELECT area_type, area_id, ethnic_group, people FROM by_area
UNION ALL
SELECT 'place', 'place', ethnic_group, CAST(sum(people) AS BIGINT)
FROM by_area
GROUP BY ethnic_group
