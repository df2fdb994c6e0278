WITH fact AS (
    SELECT
        person_id,
        CAST(extract(YEAR FROM month) * 12 + extract(MONTH FROM month) AS INTEGER) AS month_number,
        'all' AS sector,
        CASE WHEN person_days > 0 THEN 1 ELSE 0 END AS was_there,
        person_days AS days_there,
        0 AS had,
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
matched AS (
    SELECT i.cohort_id, i.person_id, i.month_number, i.year_starts, i.age_band_order, i.sex, i.deprivation_fifth
    FROM cohort_index AS i
    INNER JOIN (
        SELECT cohort_id, year_starts, age_band_order, sex, deprivation_fifth
        FROM cohort_pool
        GROUP BY cohort_id, year_starts, age_band_order, sex, deprivation_fifth
    ) AS g
        ON g.cohort_id = i.cohort_id AND g.year_starts = i.year_starts AND g.age_band_order = i.age_band_order AND g.sex = i.sex
        AND g.deprivation_fifth = i.deprivation_fifth
),
weight AS (
    SELECT cohort_id, year_starts, age_band_order, sex, deprivation_fifth, month_number, count(*) AS people
    FROM matched
    GROUP BY cohort_id, year_starts, age_band_order, sex, deprivation_fifth, month_number
),
-- In thousandths and pence, as whole numbers: their sums don't hang on the order in which they are added.
piece AS (
    SELECT
        m.cohort_id,
        'cohort' AS side,
        f.month_number - m.month_number AS month_from_index,
        f.sector,
        f.was_there * 1000 AS observed_thousandths,
        f.days_there * 1000 AS person_days_thousandths,
        f.had * 1000 AS activities_thousandths,
        f.cost_pence
    FROM matched AS m
    INNER JOIN fact AS f ON f.person_id = m.person_id
    UNION ALL
    SELECT
        w.cohort_id,
        'comparison',
        p.month_number - w.month_number,
        p.sector,
        CAST(floor(CAST(w.people * p.observed * 1000 AS DOUBLE) / nullif(p.people, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT),
        CAST(floor(CAST(w.people * p.person_days * 1000 AS DOUBLE) / nullif(p.people, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT),
        CAST(floor(CAST(w.people * p.activities * 1000 AS DOUBLE) / nullif(p.people, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT),
        CAST(floor(CAST(w.people * p.cost_pence AS DOUBLE) / nullif(p.people, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT)
    FROM weight AS w
    INNER JOIN cohort_pool AS p
        ON p.cohort_id = w.cohort_id AND p.year_starts = w.year_starts AND p.age_band_order = w.age_band_order AND p.sex = w.sex
        AND p.deprivation_fifth = w.deprivation_fifth
),
summed AS (
    SELECT
        cohort_id,
        side,
        month_from_index,
        sector,
        CAST(sum(observed_thousandths) AS BIGINT) AS observed_thousandths,
        CAST(sum(person_days_thousandths) AS BIGINT) AS person_days_thousandths,
        CAST(sum(activities_thousandths) AS BIGINT) AS activities_thousandths,
        CAST(sum(cost_pence) AS BIGINT) AS cost_pence
    FROM piece
    WHERE month_from_index >= -12 AND month_from_index <= 12
    GROUP BY cohort_id, side, month_from_index, sector
),
size AS (
    SELECT cohort_id, count(*) AS people
    FROM matched
    GROUP BY cohort_id
),
sector AS (
    SELECT s.sector, coalesce(bool_and(b.known), FALSE) AS known
    FROM (SELECT sector FROM person_month_sector GROUP BY sector) AS s
    LEFT JOIN year_basis AS b ON b.what = s.sector
    GROUP BY s.sector
)
SELECT
    d.cohort_id,
    d.side,
    d.month_from_index,
    s.sector,
    s.known,
    z.people,
    CAST(d.observed_thousandths AS DOUBLE) / 1000 AS observed,
    CAST(d.person_days_thousandths AS DOUBLE) / 1000 AS days,
    CAST(coalesce(t.activities_thousandths, 0) AS DOUBLE) / 1000 AS activities,
    coalesce(t.cost_pence, 0) AS cost_pence
FROM summed AS d
CROSS JOIN sector AS s
INNER JOIN size AS z ON z.cohort_id = d.cohort_id
LEFT JOIN summed AS t
    ON t.cohort_id = d.cohort_id AND t.side = d.side AND t.month_from_index = d.month_from_index AND t.sector = s.sector
WHERE d.sector = 'all'
