WITH numbered AS (
    SELECT month, year_starts, CAST(extract(YEAR FROM month) * 12 + extract(MONTH FROM month) AS INTEGER) AS month_number
    FROM place_year_month
),
data AS (
    SELECT min(month_number) + 6 AS first_number, max(month_number) - 6 AS last_number
    FROM numbered
),
dated AS (
    SELECT m.cohort_id, m.person_id, min(m.index_on) AS index_on
    FROM cohort_member AS m
    CROSS JOIN data AS d
    WHERE CAST(extract(YEAR FROM m.index_on) * 12 + extract(MONTH FROM m.index_on) AS INTEGER) >= d.first_number
        AND CAST(extract(YEAR FROM m.index_on) * 12 + extract(MONTH FROM m.index_on) AS INTEGER) <= d.last_number
    GROUP BY m.cohort_id, m.person_id
)
SELECT
    i.cohort_id,
    i.person_id,
    i.index_on,
    n.month_number,
    n.year_starts,
    coalesce(p.age_band_order, -1) AS age_band_order,
    coalesce(p.sex, '-') AS sex,
    coalesce(p.deprivation_fifth, 0) AS deprivation_fifth
FROM dated AS i
INNER JOIN numbered AS n ON n.month = CAST(date_trunc('month', i.index_on) AS DATE)
INNER JOIN person_year AS p ON p.person_id = i.person_id AND p.year_starts = n.year_starts
