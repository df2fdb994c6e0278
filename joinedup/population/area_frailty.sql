-- The last of the years that person_year has is the reporting period.
WITH latest AS (
    SELECT max(year_starts) AS year_starts
    FROM person_year
),
counted AS (
    SELECT
        r.neighbourhood_id,
        CASE
            WHEN r.age < 75 THEN '65 to 74'
            WHEN r.age < 85 THEN '75 to 84'
            ELSE '85 and over'
        END AS age_group,
        y.frailty
    FROM registered_person AS r
    CROSS JOIN latest AS l
    LEFT JOIN person_year AS y ON y.person_id = r.person_id AND y.year_starts = l.year_starts
    WHERE r.age >= 65
),
by_area AS (
    SELECT
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        age_group,
        frailty,
        count(*) AS people
    FROM counted
    GROUP BY neighbourhood_id, age_group, frailty
)
SELECT area_type, area_id, age_group, frailty, people FROM by_area
UNION ALL
SELECT 'place', 'place', age_group, frailty, CAST(sum(people) AS BIGINT)
FROM by_area
GROUP BY age_group, frailty
