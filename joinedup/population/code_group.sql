WITH held AS (
    SELECT list_id, group_id, person_id, CAST(sum(entries) AS BIGINT) AS entries
    FROM listed_entry
    GROUP BY list_id, group_id, person_id
),
counted AS (
    SELECT list_id, group_id, CAST(sum(entries) AS BIGINT) AS entries, count(*) AS people
    FROM held
    GROUP BY list_id, group_id
),
practised AS (
    SELECT list_id, group_id, count(*) AS practices
    FROM code_group_use
    GROUP BY list_id, group_id
),
listed AS (
    SELECT
        list_id,
        group_id,
        count(*) AS codes,
        count(*) FILTER (WHERE used_by <> 'nobody') AS used_codes
    FROM code_use
    GROUP BY list_id, group_id
)
SELECT
    l.list_id,
    l.group_id,
    l.codes,
    l.used_codes,
    coalesce(c.entries, 0) AS entries,
    coalesce(c.people, 0) AS people,
    coalesce(p.practices, 0) AS practices
FROM listed AS l
LEFT JOIN counted AS c ON c.list_id = l.list_id AND c.group_id = l.group_id
LEFT JOIN practised AS p ON p.list_id = l.list_id AND p.group_id = l.group_id
