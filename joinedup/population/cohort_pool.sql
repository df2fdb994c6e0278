WITH numbered_month AS (
    SELECT month, month_end, CAST(extract(YEAR FROM month) * 12 + extract(MONTH FROM month) AS INTEGER) AS month_number
    FROM place_year_month
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
grouped AS (
    SELECT cohort_id, year_starts, age_band_order, sex, deprivation_fifth
    FROM cohort_index
    GROUP BY cohort_id, year_starts, age_band_order, sex, deprivation_fifth
),
-- A group is people alike in a year: everybody, under no cohort's name, or those of one cohort.
numbered AS (
    SELECT
        cohort_id, year_starts, age_band_order, sex, deprivation_fifth,
        row_number() OVER (
            ORDER BY year_starts NULLS LAST, age_band_order NULLS LAST, sex NULLS LAST, deprivation_fifth NULLS LAST, cohort_id NULLS LAST
        ) AS number
    FROM (
        SELECT cohort_id, year_starts, age_band_order, sex, deprivation_fifth FROM grouped
        UNION
        SELECT '', year_starts, age_band_order, sex, deprivation_fifth FROM grouped
    ) AS g
),
within AS (
    SELECT cohort_id, person_id, year_starts FROM cohort_index
    UNION
    SELECT cohort_id, person_id, year_starts FROM cohort_member
    UNION ALL
    SELECT '', person_id, year_starts FROM person
),
belongs AS (
    SELECT p.person_id, n.number
    FROM within AS w
    INNER JOIN person AS p ON p.person_id = w.person_id AND p.year_starts = w.year_starts
    INNER JOIN numbered AS n
        ON n.cohort_id = w.cohort_id AND n.year_starts = p.year_starts AND n.age_band_order = p.age_band_order AND n.sex = p.sex
        AND n.deprivation_fifth = p.deprivation_fifth
),
size AS (
    SELECT number, count(*) AS people
    FROM belongs
    GROUP BY number
),
there AS (
    SELECT
        s.person_id,
        greatest(s.starts, r.first_on) AS starts,
        least(s.ends, r.last_on) AS ends,
        lag(s.ends) OVER (PARTITION BY s.person_id ORDER BY s.starts NULLS FIRST) AS was_there_to
    FROM counted_spell AS s
    CROSS JOIN (SELECT min(month) AS first_on, max(month_end) AS last_on FROM place_year_month) AS r
),
-- Most people were there all the time: those of a group with the same days are taken together before any month is looked at.
alike AS (
    SELECT b.number, s.starts, s.ends, s.was_there_to, count(*) AS people
    FROM there AS s
    INNER JOIN belongs AS b ON b.person_id = s.person_id
    WHERE s.starts < s.ends
    GROUP BY b.number, s.starts, s.ends, s.was_there_to
),
had AS (
    -- Who moves within a month is there once, with the days of both spells.
    SELECT
        a.number,
        m.month_number,
        'all' AS sector,
        CAST(sum(CASE WHEN a.was_there_to > m.month THEN 0 ELSE a.people END) AS BIGINT) AS observed,
        CAST(sum(a.people * CAST(least(a.ends, m.month_end) - greatest(a.starts, m.month) AS INTEGER)) AS BIGINT) AS person_days,
        0 AS users,
        0 AS activities,
        0 AS cost_pence
    FROM alike AS a
    INNER JOIN numbered_month AS m ON a.starts < m.month_end AND m.month < a.ends
    GROUP BY a.number, m.month_number
    UNION ALL
    SELECT b.number, m.month_number, f.sector, 0, 0, count(*), CAST(sum(f.activities) AS BIGINT), CAST(sum(coalesce(f.cost_pence, 0)) AS BIGINT)
    FROM person_month_sector AS f
    INNER JOIN belongs AS b ON b.person_id = f.person_id
    INNER JOIN numbered_month AS m ON m.month = f.month
    GROUP BY b.number, m.month_number, f.sector
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
    CAST(h.users - coalesce(i.users, 0) AS BIGINT) AS users,
    h.activities - coalesce(i.activities, 0) AS activities,
    h.cost_pence - coalesce(i.cost_pence, 0) AS cost_pence
FROM numbered AS g
INNER JOIN numbered AS e
    ON e.cohort_id = '' AND e.year_starts = g.year_starts AND e.age_band_order = g.age_band_order AND e.sex = g.sex
    AND e.deprivation_fifth = g.deprivation_fifth
INNER JOIN size AS s ON s.number = e.number
INNER JOIN size AS o ON o.number = g.number
INNER JOIN had AS h ON h.number = e.number
LEFT JOIN had AS i ON i.number = g.number AND i.month_number = h.month_number AND i.sector = h.sector
WHERE g.cohort_id <> '' AND s.people > o.people
