-- Who is on the list can't be counted at all where some list may not be used for planning: part of it would be no denominator.
WITH barred AS (
    SELECT count(*) AS lists
    FROM file_use
    WHERE contract = 'register' AND NOT planning
)
SELECT s.person_id, s.practice_code, s.neighbourhood_id, s.starts, s.ends
FROM neighbourhood_spell AS s
INNER JOIN may_use AS m ON m.person_id = s.person_id
CROSS JOIN barred AS b
WHERE m.planning AND b.lists = 0
