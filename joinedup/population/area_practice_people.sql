WITH by_area AS (
    SELECT
        CASE WHEN r.neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(r.neighbourhood_id, 'none') AS area_id,
        count(*) AS people
    FROM registered_person AS r
    INNER JOIN may_use AS m ON m.person_id = r.person_id
    WHERE m.practice_planning
    GROUP BY r.neighbourhood_id
)
SELECT area_type, area_id, people FROM by_area
UNION ALL
SELECT 'place', 'place', CAST(sum(people) AS BIGINT)
FROM by_area
HAVING count(*) > 0
