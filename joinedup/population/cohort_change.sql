WITH later AS (
    SELECT
        m.cohort_id,
        m.year_starts,
        CASE WHEN w.person_id IS NOT NULL THEN 'stayed' WHEN p.person_id IS NOT NULL THEN 'entered' ELSE 'arrived' END AS change
    FROM cohort_member AS m
    INNER JOIN place_year AS y ON y.year_ends = m.year_starts
    LEFT JOIN cohort_member AS w
        ON w.person_id = m.person_id AND w.cohort_id = m.cohort_id AND w.year_starts = y.year_starts
    LEFT JOIN person_year AS p ON p.person_id = m.person_id AND p.year_starts = y.year_starts
),
gone AS (
    SELECT
        m.cohort_id,
        y.year_ends AS year_starts,
        CASE
            WHEN n.person_id IS NOT NULL THEN 'went out'
            WHEN p.died THEN 'died'
            ELSE 'left the place'
        END AS change
    FROM cohort_member AS m
    INNER JOIN place_year AS y ON y.year_starts = m.year_starts
    INNER JOIN place_year AS z ON z.year_starts = y.year_ends
    INNER JOIN person_year AS p ON p.person_id = m.person_id AND p.year_starts = m.year_starts
    LEFT JOIN person_year AS n ON n.person_id = m.person_id AND n.year_starts = y.year_ends
    LEFT JOIN cohort_member AS w
        ON w.person_id = m.person_id AND w.cohort_id = m.cohort_id AND w.year_starts = y.year_ends
    WHERE w.person_id IS NULL
)
SELECT cohort_id, year_starts, change, count(*) AS people FROM later GROUP BY cohort_id, year_starts, change
UNION ALL
SELECT cohort_id, year_starts, change, count(*) AS people FROM gone GROUP BY cohort_id, year_starts, change
