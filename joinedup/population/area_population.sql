WITH banded AS (
    SELECT
        neighbourhood_id,
        CASE WHEN age >= 90 THEN 18 ELSE CAST(floor(age / 5) AS INTEGER) END AS band,
        sex
    FROM registered_person
),
counted AS (
    SELECT neighbourhood_id, band, sex, count(*) AS people
    FROM banded
    GROUP BY neighbourhood_id, band, sex
),
by_area AS (
    SELECT
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        band,
        sex,
        people
    FROM counted
    UNION ALL
    SELECT 'place', 'place', band, sex, CAST(sum(people) AS BIGINT)
    FROM counted
    GROUP BY band, sex
)
SELECT
    a.area_type,
    a.area_id,
    b.age_band,
    b.age_band_order,
    a.sex,
    a.people
FROM by_area AS a
LEFT JOIN age_band AS b ON b.age_band_order = a.band
