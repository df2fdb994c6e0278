SELECT
    e.person_id,
    l.list_id,
    l.group_id,
    e.setting,
    e.coded_on,
    CAST(sum(e.entries) AS BIGINT) AS entries,
    min(e.activity_id) AS activity_id
FROM listed_code_entry AS e
INNER JOIN code_in_list AS l ON l.system = e.system AND l.code = e.code
GROUP BY e.person_id, l.list_id, l.group_id, e.setting, e.coded_on
