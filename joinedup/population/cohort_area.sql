WITH everybody AS (
    SELECT
        year_starts,
        CASE WHEN neighbourhood_id IS NULL THEN 'none' ELSE 'neighbourhood' END AS area_type,
        coalesce(neighbourhood_id, 'none') AS area_id,
        deprivation_fifth,
        coalesce(deprivation_fifth, 0) AS fifth,
        count(*) AS population
    FROM person_year
    GROUP BY year_starts, neighbourhood_id, deprivation_fifth
),
inside AS (
    SELECT
        m.cohort_id,
        m.year_starts,
        coalesce(p.neighbourhood_id, 'none') AS area_id,
        coalesce(p.deprivation_fifth, 0) AS fifth,
        count(*) AS people
    FROM cohort_member AS m
    INNER JOIN person_year AS p ON p.person_id = m.person_id AND p.year_starts = m.year_starts
    GROUP BY m.cohort_id, m.year_starts, p.neighbourhood_id, p.deprivation_fifth
),
by_area AS (
    SELECT
        a.cohort_id,
        e.year_starts,
        e.area_type,
        e.area_id,
        e.deprivation_fifth,
        coalesce(i.people, 0) AS people,
        e.population
    FROM everybody AS e
    CROSS JOIN cohort_about AS a
    LEFT JOIN inside AS i
        ON i.cohort_id = a.cohort_id AND i.year_starts = e.year_starts AND i.area_id = e.area_id AND i.fifth = e.fifth
)
SELECT cohort_id, year_starts, area_type, area_id, deprivation_fifth, people, population
FROM by_area
UNION ALL
SELECT
    cohort_id,
    year_starts,
    'place',
    'place',
    deprivation_fifth,
    CAST(sum(people) AS BIGINT),
    CAST(sum(population) AS BIGINT)
FROM by_area
GROUP BY cohort_id, year_starts, deprivation_fifth
