WITH fact AS (
    SELECT
        person_id,
        CAST(extract(YEAR FROM month) * 12 + extract(MONTH FROM month) AS INTEGER) AS month_number,
        'all' AS sector,
        CASE WHEN person_days > 0 THEN 1 ELSE 0 END AS observed,
        person_days,
        0 AS activities,
        0 AS cost_pence
    FROM person_month
    UNION ALL
    SELECT
        person_id,
        CAST(extract(YEAR FROM month) * 12 + extract(MONTH FROM month) AS INTEGER),
        sector,
        0,
        0,
        activities,
        coalesce(cost_pence, 0)
    FROM person_month_sector
),
grouped AS (
    SELECT cohort_id, year_starts, age_band_order, sex, deprivation_fifth
    FROM cohort_index
    GROUP BY cohort_id, year_starts, age_band_order, sex, deprivation_fifth
),
person AS (
    SELECT
        p.person_id,
        p.year_starts,
        coalesce(p.age_band_order, -1) AS age_band_order,
        coalesce(p.sex, '-') AS sex,
        coalesce(p.deprivation_fifth, 0) AS deprivation_fifth
    FROM person_year AS p
    INNER JOIN (SELECT year_starts FROM cohort_index GROUP BY year_starts) AS y ON y.year_starts = p.year_starts
),
within AS (
    SELECT cohort_id, person_id, year_starts FROM cohort_index
    UNION
    SELECT cohort_id, person_id, year_starts FROM cohort_member
),
inside AS (
    SELECT w.cohort_id, p.person_id, p.year_starts, p.age_band_order, p.sex, p.deprivation_fifth
    FROM within AS w
    INNER JOIN person AS p ON p.person_id = w.person_id AND p.year_starts = w.year_starts
),
size AS (
    SELECT year_starts, age_band_order, sex, deprivation_fifth, count(*) AS people
    FROM person
    GROUP BY year_starts, age_band_order, sex, deprivation_fifth
),
size_inside AS (
    SELECT cohort_id, year_starts, age_band_order, sex, deprivation_fifth, count(*) AS people
    FROM inside
    GROUP BY cohort_id, year_starts, age_band_order, sex, deprivation_fifth
),
had AS (
    SELECT
        p.year_starts, p.age_band_order, p.sex, p.deprivation_fifth, f.month_number, f.sector,
        CAST(sum(f.observed) AS BIGINT) AS observed,
        CAST(sum(f.person_days) AS BIGINT) AS person_days,
        CAST(sum(f.activities) AS BIGINT) AS activities,
        CAST(sum(f.cost_pence) AS BIGINT) AS cost_pence
    FROM person AS p
    INNER JOIN fact AS f ON f.person_id = p.person_id
    GROUP BY p.year_starts, p.age_band_order, p.sex, p.deprivation_fifth, f.month_number, f.sector
),
had_inside AS (
    SELECT
        i.cohort_id, i.year_starts, i.age_band_order, i.sex, i.deprivation_fifth, f.month_number, f.sector,
        CAST(sum(f.observed) AS BIGINT) AS observed,
        CAST(sum(f.person_days) AS BIGINT) AS person_days,
        CAST(sum(f.activities) AS BIGINT) AS activities,
        CAST(sum(f.cost_pence) AS BIGINT) AS cost_pence
    FROM inside AS i
    INNER JOIN fact AS f ON f.person_id = i.person_id
    GROUP BY i.cohort_id, i.year_starts, i.age_band_order, i.sex, i.deprivation_fifth, f.month_number, f.sector
)
SELECT
    g.cohort_id,
    g.year_starts,
    g.age_band_order,
    g.sex,
    g.deprivation_fifth,
    h.month_number,
    h.sector,
    s.people - o.people AS people,
    h.observed - coalesce(i.observed, 0) AS observed,
    h.person_days - coalesce(i.person_days, 0) AS person_days,
    h.activities - coalesce(i.activities, 0) AS activities,
    h.cost_pence - coalesce(i.cost_pence, 0) AS cost_pence
FROM grouped AS g
INNER JOIN size AS s
    ON s.year_starts = g.year_starts AND s.age_band_order = g.age_band_order AND s.sex = g.sex
    AND s.deprivation_fifth = g.deprivation_fifth
INNER JOIN size_inside AS o
    ON o.cohort_id = g.cohort_id AND o.year_starts = g.year_starts AND o.age_band_order = g.age_band_order AND o.sex = g.sex
    AND o.deprivation_fifth = g.deprivation_fifth
INNER JOIN had AS h
    ON h.year_starts = g.year_starts AND h.age_band_order = g.age_band_order AND h.sex = g.sex
    AND h.deprivation_fifth = g.deprivation_fifth
LEFT JOIN had_inside AS i
    ON i.cohort_id = g.cohort_id AND i.year_starts = g.year_starts AND i.age_band_order = g.age_band_order AND i.sex = g.sex
    AND i.deprivation_fifth = g.deprivation_fifth AND i.month_number = h.month_number AND i.sector = h.sector
WHERE s.people > o.people
