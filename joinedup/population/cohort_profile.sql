WITH trait AS (
    SELECT
        p.person_id,
        p.year_starts,
        c.characteristic,
        CAST(CASE c.characteristic
            WHEN 'age' THEN p.age
            WHEN 'female' THEN CASE p.sex WHEN '2' THEN 1 WHEN '1' THEN 0 END
            WHEN 'deprived_fifth' THEN CASE WHEN p.deprivation_fifth = 1 THEN 1 WHEN p.deprivation_fifth > 1 THEN 0 END
            WHEN 'ethnic_minority' THEN
                CASE
                    WHEN p.ethnic_group IN ('A', 'B', 'C') THEN 0
                    WHEN p.ethnic_group NOT IN ('Z', 'X', '9') THEN 1
                END
            WHEN 'care_home' THEN CASE WHEN p.care_home THEN 1 WHEN NOT p.care_home THEN 0 END
            WHEN 'joined' THEN CASE WHEN p.joined THEN 1 ELSE 0 END
            WHEN 'died' THEN CASE WHEN p.died THEN 1 ELSE 0 END
        END AS BIGINT) AS worth
    FROM person_year AS p
    CROSS JOIN profile_characteristic AS c
),
everybody AS (
    SELECT
        year_starts,
        characteristic,
        count(*) AS people,
        count(worth) AS known,
        coalesce(CAST(sum(worth) AS BIGINT), 0) AS total,
        coalesce(CAST(sum(worth * worth) AS BIGINT), 0) AS squares
    FROM trait
    GROUP BY year_starts, characteristic
),
inside AS (
    SELECT
        m.cohort_id,
        t.year_starts,
        t.characteristic,
        count(*) AS people,
        count(t.worth) AS known,
        coalesce(CAST(sum(t.worth) AS BIGINT), 0) AS total,
        coalesce(CAST(sum(t.worth * t.worth) AS BIGINT), 0) AS squares
    FROM cohort_member AS m
    INNER JOIN trait AS t ON t.person_id = m.person_id AND t.year_starts = m.year_starts
    GROUP BY m.cohort_id, t.year_starts, t.characteristic
)
SELECT
    i.cohort_id,
    i.year_starts,
    i.characteristic,
    c.characteristic_order,
    c.title,
    c.kind,
    c.unit,
    i.people,
    i.known,
    i.total,
    i.squares,
    e.people - i.people AS rest_people,
    e.known - i.known AS rest_known,
    e.total - i.total AS rest_total,
    e.squares - i.squares AS rest_squares
FROM inside AS i
INNER JOIN everybody AS e ON e.year_starts = i.year_starts AND e.characteristic = i.characteristic
INNER JOIN profile_characteristic AS c ON c.characteristic = i.characteristic
