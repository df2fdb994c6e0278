WITH done AS (
    SELECT y.year_starts, e.person_id, count(*) AS days
    FROM listed_entry AS e
    INNER JOIN place_year AS y ON y.year_starts <= e.coded_on AND e.coded_on < y.year_ends
    WHERE e.list_id = 'care_events' AND e.group_id = 'health_check_learning_disability'
    GROUP BY y.year_starts, e.person_id
)
SELECT
    p.person_id,
    p.year_starts,
    p.age >= 14 AS aged_14,
    h.learning_disability,
    CASE WHEN d.days > 0 THEN FALSE WHEN h.record_known THEN TRUE END AS without_check
FROM person_year AS p
INNER JOIN person_year_has AS h ON h.person_id = p.person_id AND h.year_starts = p.year_starts
LEFT JOIN done AS d ON d.person_id = p.person_id AND d.year_starts = p.year_starts
