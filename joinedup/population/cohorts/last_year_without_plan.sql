WITH planned AS (
    SELECT p.person_id, p.year_starts, count(*) AS days
    FROM person_year AS p
    INNER JOIN listed_entry AS e ON e.person_id = p.person_id AND e.coded_on <= p.last_on
    WHERE e.list_id = 'care_events' AND e.group_id = 'advance_care_plan'
    GROUP BY p.person_id, p.year_starts
)
SELECT
    p.person_id,
    p.year_starts,
    h.palliative_care,
    CASE WHEN d.days > 0 THEN FALSE WHEN h.record_known THEN TRUE END AS without_plan,
    c.first_on AS index_on
FROM person_year AS p
INNER JOIN person_year_has AS h ON h.person_id = p.person_id AND h.year_starts = p.year_starts
LEFT JOIN planned AS d ON d.person_id = p.person_id AND d.year_starts = p.year_starts
LEFT JOIN condition AS c ON c.person_id = p.person_id AND c.condition_id = 'palliative_care'
