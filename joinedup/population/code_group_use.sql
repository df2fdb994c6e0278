WITH held AS (
    SELECT list_id, group_id, person_id, CAST(sum(entries) AS BIGINT) AS entries
    FROM listed_entry
    GROUP BY list_id, group_id, person_id
)
SELECT
    h.list_id,
    h.group_id,
    r.practice_code,
    CAST(sum(h.entries) AS BIGINT) AS entries,
    count(*) AS people
FROM held AS h
INNER JOIN registered_person AS r ON r.person_id = h.person_id
GROUP BY h.list_id, h.group_id, r.practice_code
