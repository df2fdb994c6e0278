WITH held AS (
    SELECT
        l.list_id, l.group_id, l.system, l.listed_code, p.person_id,
        CAST(sum(p.entries) AS BIGINT) AS entries
    FROM person_listed_code AS p
    INNER JOIN code_in_list AS l ON l.system = p.system AND l.code = p.code
    GROUP BY l.list_id, l.group_id, l.system, l.listed_code, p.person_id
)
SELECT
    h.list_id,
    h.group_id,
    h.system,
    h.listed_code AS code,
    r.practice_code,
    CAST(sum(h.entries) AS BIGINT) AS entries,
    count(*) AS people
FROM held AS h
INNER JOIN registered_person AS r ON r.person_id = h.person_id
GROUP BY h.list_id, h.group_id, h.system, h.listed_code, r.practice_code
