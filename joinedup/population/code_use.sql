WITH held AS (
    SELECT
        l.list_id, l.group_id, l.system, l.listed_code, p.person_id,
        CAST(sum(p.entries) AS BIGINT) AS entries
    FROM person_listed_code AS p
    INNER JOIN code_in_list AS l ON l.system = p.system AND l.code = p.code
    GROUP BY l.list_id, l.group_id, l.system, l.listed_code, p.person_id
),
anybody AS (
    SELECT list_id, group_id, system, listed_code, CAST(sum(entries) AS BIGINT) AS entries, count(*) AS people
    FROM held
    GROUP BY list_id, group_id, system, listed_code
),
practised AS (
    SELECT list_id, group_id, system, code, count(*) AS practices
    FROM code_list_use
    GROUP BY list_id, group_id, system, code
)
SELECT
    c.list_id,
    c.group_id,
    c.system,
    c.code,
    c.written,
    c.matches,
    c.term,
    coalesce(a.entries, 0) AS entries,
    coalesce(a.people, 0) AS people,
    coalesce(p.practices, 0) AS practices,
    CASE
        WHEN a.people IS NULL THEN 'nobody'
        WHEN coalesce(p.practices, 0) = 0 THEN 'no practice of today'
        WHEN p.practices = 1 THEN 'one practice'
        ELSE 'several practices'
    END AS used_by
FROM code_list_code AS c
LEFT JOIN anybody AS a ON a.list_id = c.list_id AND a.group_id = c.group_id AND a.system = c.system AND a.listed_code = c.code
LEFT JOIN practised AS p ON p.list_id = c.list_id AND p.group_id = c.group_id AND p.system = c.system AND p.code = c.code
