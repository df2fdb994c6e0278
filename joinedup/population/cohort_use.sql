WITH everybody AS (
    SELECT year_starts, count(*) AS people, CAST(sum(person_days) AS BIGINT) AS person_days
    FROM person_year
    GROUP BY year_starts
),
inside AS (
    SELECT m.cohort_id, m.year_starts, count(*) AS people, CAST(sum(p.person_days) AS BIGINT) AS person_days
    FROM cohort_member AS m
    INNER JOIN person_year AS p ON p.person_id = m.person_id AND p.year_starts = m.year_starts
    GROUP BY m.cohort_id, m.year_starts
),
had AS (
    SELECT
        year_starts,
        sector,
        count(*) AS users,
        CAST(sum(activities) AS BIGINT) AS activities,
        coalesce(CAST(sum(cost_pence) AS BIGINT), 0) AS cost_pence
    FROM person_year_sector
    GROUP BY year_starts, sector
),
had_inside AS (
    SELECT
        m.cohort_id,
        s.year_starts,
        s.sector,
        count(*) AS users,
        CAST(sum(s.activities) AS BIGINT) AS activities,
        coalesce(CAST(sum(s.cost_pence) AS BIGINT), 0) AS cost_pence
    FROM cohort_member AS m
    INNER JOIN person_year_sector AS s ON s.person_id = m.person_id AND s.year_starts = m.year_starts
    GROUP BY m.cohort_id, s.year_starts, s.sector
)
SELECT
    i.cohort_id,
    i.year_starts,
    h.sector,
    coalesce(b.known, FALSE) AS known,
    i.people,
    i.person_days,
    coalesce(t.users, 0) AS users,
    coalesce(t.activities, 0) AS activities,
    coalesce(t.cost_pence, 0) AS cost_pence,
    e.people - i.people AS rest_people,
    e.person_days - i.person_days AS rest_person_days,
    h.users - coalesce(t.users, 0) AS rest_users,
    h.activities - coalesce(t.activities, 0) AS rest_activities,
    h.cost_pence - coalesce(t.cost_pence, 0) AS rest_cost_pence
FROM inside AS i
INNER JOIN everybody AS e ON e.year_starts = i.year_starts
INNER JOIN had AS h ON h.year_starts = i.year_starts
LEFT JOIN had_inside AS t ON t.cohort_id = i.cohort_id AND t.year_starts = i.year_starts AND t.sector = h.sector
LEFT JOIN year_basis AS b ON b.year_starts = i.year_starts AND b.what = h.sector
