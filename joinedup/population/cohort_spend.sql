WITH numbered AS (
    SELECT month, month_end, year_starts, CAST(extract(YEAR FROM month) * 12 + extract(MONTH FROM month) AS INTEGER) AS month_number
    FROM place_year_month
),
-- A month that a sector isn't known of is no month without cost: neither its days nor what was told of it count.
known AS (
    SELECT b.what AS sector, n.month, n.month_number
    FROM year_basis AS b
    INNER JOIN numbered AS n ON n.year_starts = b.year_starts
    INNER JOIN (SELECT sector FROM person_month_sector GROUP BY sector) AS s ON s.sector = b.what
    WHERE b.known
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
there AS (
    SELECT
        m.cohort_id, m.person_id, m.month_number AS index_number, n.month_number,
        CAST(sum(CAST(least(s.ends, n.month_end) - greatest(s.starts, n.month) AS INTEGER)) AS BIGINT) AS person_days
    FROM matched AS m
    INNER JOIN counted_spell AS s ON s.person_id = m.person_id AND coalesce(s.starts < s.ends, TRUE)
    INNER JOIN numbered AS n
        ON n.month_number >= m.month_number - 12 AND n.month_number <= m.month_number + 12
        AND coalesce(s.starts < n.month_end, TRUE) AND coalesce(n.month < s.ends, TRUE)
    GROUP BY m.cohort_id, m.person_id, m.month_number, n.month_number
),
-- In thousandths and pence, as whole numbers: their sums don't hang on the order in which they are added.
piece AS (
    SELECT
        f.cohort_id,
        'cohort' AS side,
        k.month_number - f.index_number AS month_from_index,
        k.sector,
        count(*) * 1000 AS observed_thousandths,
        CAST(sum(f.person_days) AS BIGINT) * 1000 AS days_thousandths,
        0 AS users,
        0 AS had_thousandths,
        0 AS cost_pence,
        0 AS largest_pence
    FROM there AS f
    INNER JOIN known AS k ON k.month_number = f.month_number
    GROUP BY f.cohort_id, k.month_number - f.index_number, k.sector
    UNION ALL
    SELECT
        m.cohort_id,
        'cohort',
        k.month_number - m.month_number,
        k.sector,
        0,
        0,
        1,
        f.activities * 1000,
        coalesce(f.cost_pence, 0),
        coalesce(f.cost_pence, 0)
    FROM matched AS m
    INNER JOIN person_month_sector AS f ON f.person_id = m.person_id
    INNER JOIN known AS k ON k.month = f.month AND k.sector = f.sector
    UNION ALL
    SELECT
        w.cohort_id,
        'comparison',
        p.month_number - w.month_number,
        k.sector,
        CAST(floor(CAST(w.people * p.observed * 1000 AS DOUBLE) / nullif(p.people, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT),
        CAST(floor(CAST(w.people * p.person_days * 1000 AS DOUBLE) / nullif(p.people, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT),
        p.users,
        CAST(floor(CAST(w.people * p.activities * 1000 AS DOUBLE) / nullif(p.people, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT),
        CAST(floor(CAST(w.people * p.cost_pence AS DOUBLE) / nullif(p.people, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT),
        0
    FROM weight AS w
    INNER JOIN cohort_pool AS p
        ON p.cohort_id = w.cohort_id AND p.year_starts = w.year_starts AND p.age_band_order = w.age_band_order AND p.sex = w.sex
        AND p.deprivation_fifth = w.deprivation_fifth
    INNER JOIN known AS k ON k.month_number = p.month_number AND (p.sector = 'all' OR p.sector = k.sector)
),
size AS (
    SELECT cohort_id, count(*) AS people
    FROM matched
    GROUP BY cohort_id
)
SELECT
    p.cohort_id,
    p.side,
    p.month_from_index,
    p.sector,
    z.people,
    CAST(sum(p.observed_thousandths) AS DOUBLE) / 1000 AS observed,
    CAST(sum(p.days_thousandths) AS DOUBLE) / 1000 AS days,
    CAST(sum(p.users) AS BIGINT) AS users,
    CAST(sum(p.had_thousandths) AS DOUBLE) / 1000 AS activities,
    CAST(sum(p.cost_pence) AS BIGINT) AS cost_pence,
    CAST(max(p.largest_pence) AS BIGINT) AS largest_pence
FROM piece AS p
INNER JOIN size AS z ON z.cohort_id = p.cohort_id
WHERE p.month_from_index >= -12 AND p.month_from_index <= 12
GROUP BY p.cohort_id, p.side, p.month_from_index, p.sector, z.people
