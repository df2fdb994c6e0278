WITH older AS (
    SELECT DISTINCT list_id, version
    FROM code_list_version
    WHERE NOT in_use
),
held AS (
    SELECT v.list_id, v.version, v.in_use, v.group_id, p.person_id, CAST(sum(p.entries) AS BIGINT) AS entries
    FROM code_in_version AS v
    INNER JOIN person_listed_code AS p ON p.system = v.system AND p.code = v.code
    WHERE EXISTS (SELECT 1 FROM older AS o WHERE o.list_id = v.list_id)
    GROUP BY v.list_id, v.version, v.in_use, v.group_id, p.person_id
),
side AS (
    SELECT list_id, version, group_id, person_id, entries AS before_entries, CAST(0 AS BIGINT) AS now_entries
    FROM held
    WHERE NOT in_use
    UNION ALL
    SELECT h.list_id, o.version, h.group_id, h.person_id, CAST(0 AS BIGINT), h.entries
    FROM held AS h
    INNER JOIN older AS o ON o.list_id = h.list_id
    WHERE h.in_use
),
person AS (
    SELECT
        list_id, version, group_id, person_id,
        CAST(sum(before_entries) AS BIGINT) AS before_entries, CAST(sum(now_entries) AS BIGINT) AS now_entries
    FROM side
    GROUP BY list_id, version, group_id, person_id
)
SELECT
    list_id,
    version,
    group_id,
    CAST(sum(before_entries) AS BIGINT) AS entries_before,
    CAST(sum(now_entries) AS BIGINT) AS entries_now,
    count(*) FILTER (WHERE before_entries > 0) AS people_before,
    count(*) FILTER (WHERE now_entries > 0) AS people_now,
    count(*) FILTER (WHERE before_entries = 0) AS people_gained,
    count(*) FILTER (WHERE now_entries = 0) AS people_lost
FROM person
GROUP BY list_id, version, group_id
