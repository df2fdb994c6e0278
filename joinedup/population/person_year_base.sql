WITH near AS (
    -- Also what touches a year from outside, so that who was there the day before and the day after can be told.
    SELECT
        b.person_id,
        b.practice_code,
        b.neighbourhood_id,
        b.birth_month,
        b.death_date,
        b.practice_planning,
        y.year_starts,
        y.year_ends,
        y.year_id,
        greatest(b.starts, y.year_starts) AS starts,
        least(b.ends, y.year_ends) AS ends,
        coalesce(b.starts < y.year_starts, TRUE) AS there_before,
        coalesce(y.year_ends < b.ends, TRUE) AS there_after,
        coalesce(b.starts = b.birth_month AND y.year_starts <= b.birth_month, FALSE) AS from_birth,
        coalesce(b.ends = b.death_date + 1 AND b.death_date < y.year_ends, FALSE) AS to_death
    FROM belonging_spell AS b
    CROSS JOIN place_year AS y
    WHERE coalesce(b.starts <= y.year_ends, TRUE) AND coalesce(y.year_starts <= b.ends, TRUE)
),
belonging AS (
    SELECT
        person_id,
        year_starts,
        max(starts) FILTER (WHERE starts < ends) AS last_starts,
        bool_or(there_before) AS there_before,
        bool_or(there_after OR starts = year_ends) AS there_after,
        bool_or(from_birth AND starts < ends) AS born,
        bool_or(to_death AND starts < ends) AS died
    FROM near
    GROUP BY person_id, year_starts
),
exposure AS (
    SELECT person_id, year_starts, CAST(sum(person_days) AS BIGINT) AS person_days
    FROM person_year_days
    GROUP BY person_id, year_starts
),
last_day AS (
    SELECT
        b.person_id, n.practice_code, n.neighbourhood_id, n.birth_month, n.practice_planning, b.year_starts, n.year_ends, n.year_id,
        b.there_before, b.there_after, b.born, b.died,
        n.ends - 1 AS last_on,
        -- Nobody lives anywhere on the day of death.
        least(n.ends - 1, n.death_date - 1) AS lived_on
    FROM belonging AS b
    INNER JOIN near AS n ON n.person_id = b.person_id AND n.year_starts = b.year_starts AND n.starts = b.last_starts AND n.starts < n.ends
),
small_area AS (
    SELECT y.year_starts, a.area_code, min(a.deprivation_fifth) AS deprivation_fifth
    FROM place_area AS a
    CROSS JOIN place_year AS y
    WHERE coalesce(a.starts < y.year_ends, TRUE) AND coalesce(y.year_ends <= a.ends, TRUE)
    GROUP BY y.year_starts, a.area_code
),
aged AS (
    SELECT
        person_id, practice_code, neighbourhood_id, practice_planning, year_starts, year_ends, year_id,
        there_before, there_after, born, died, last_on, lived_on,
        CAST(floor((
            (extract(YEAR FROM last_on) - extract(YEAR FROM birth_month)) * 12
            + extract(MONTH FROM last_on) - extract(MONTH FROM birth_month)
        ) / 12) AS INTEGER) AS age
    FROM last_day
)
SELECT
    l.person_id,
    l.year_starts,
    l.year_ends,
    l.year_id,
    coalesce(e.person_days, 0) AS person_days,
    l.last_on,
    l.neighbourhood_id,
    l.practice_code,
    l.age,
    CASE WHEN l.age >= 90 THEN 18 ELSE CAST(floor(l.age / 5) AS INTEGER) END AS age_band_order,
    p.sex,
    p.ethnic_group,
    r.area_code,
    a.deprivation_fifth,
    r.care_home,
    l.born,
    l.died,
    NOT l.born AND NOT l.there_before AS joined,
    NOT l.died AND NOT l.there_after AS left_place,
    coalesce(l.practice_planning, FALSE) AS practice_known,
    CASE WHEN l.practice_planning THEN l.practice_code ELSE 'none' END AS basis_code
FROM aged AS l
INNER JOIN person AS p ON p.person_id = l.person_id
LEFT JOIN exposure AS e ON e.person_id = l.person_id AND e.year_starts = l.year_starts
LEFT JOIN residence AS r
    ON r.person_id = l.person_id
    AND coalesce(r.starts <= l.lived_on, TRUE)
    AND coalesce(l.lived_on < r.ends, TRUE)
LEFT JOIN small_area AS a ON a.area_code = r.area_code AND a.year_starts = l.year_starts
