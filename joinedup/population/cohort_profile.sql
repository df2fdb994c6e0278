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
            WHEN 'emergency_admissions' THEN p.emergency_admissions
            WHEN 'attendances' THEN p.attendances
            WHEN 'bed_days' THEN p.bed_days
            WHEN 'cost' THEN CAST(floor(CAST(p.cost_pence AS DOUBLE) / 100) AS BIGINT)
            WHEN 'severe_frailty' THEN CASE WHEN h.severe_frailty THEN 1 WHEN NOT h.severe_frailty THEN 0 END
            WHEN 'dementia' THEN CASE WHEN h.dementia THEN 1 WHEN NOT h.dementia THEN 0 END
            WHEN 'diabetes' THEN CASE WHEN h.diabetes THEN 1 WHEN NOT h.diabetes THEN 0 END
            WHEN 'severe_mental_illness' THEN CASE WHEN h.severe_mental_illness THEN 1 WHEN NOT h.severe_mental_illness THEN 0 END
            WHEN 'depression' THEN CASE WHEN h.depression THEN 1 WHEN NOT h.depression THEN 0 END
            WHEN 'learning_disability' THEN CASE WHEN h.learning_disability THEN 1 WHEN NOT h.learning_disability THEN 0 END
            WHEN 'carer' THEN CASE WHEN h.carer THEN 1 WHEN NOT h.carer THEN 0 END
            WHEN 'smoker' THEN CASE WHEN h.smoker THEN 1 WHEN NOT h.smoker THEN 0 END
        END AS BIGINT) AS worth
    FROM person_year AS p
    LEFT JOIN person_year_has AS h ON h.person_id = p.person_id AND h.year_starts = p.year_starts
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
