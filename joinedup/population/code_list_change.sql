WITH older AS (
    SELECT DISTINCT list_id, version
    FROM code_list_version
    WHERE NOT in_use
),
side AS (
    SELECT list_id, version, group_id, system, code, TRUE AS was, FALSE AS is_now, version AS from_version, written, term
    FROM code_list_version
    WHERE NOT in_use
    UNION ALL
    SELECT v.list_id, o.version, v.group_id, v.system, v.code, FALSE, TRUE, v.version, v.written, v.term
    FROM code_list_version AS v
    INNER JOIN older AS o ON o.list_id = v.list_id
    WHERE v.in_use
),
changed AS (
    SELECT
        list_id, version, group_id, system, code, bool_or(is_now) AS added,
        max(from_version) AS from_version, max(written) AS written, max(term) AS term
    FROM side
    GROUP BY list_id, version, group_id, system, code
    HAVING NOT (bool_or(was) AND bool_or(is_now))
),
held AS (
    SELECT c.list_id, c.version, c.group_id, c.system, c.code, p.person_id, CAST(sum(p.entries) AS BIGINT) AS entries
    FROM changed AS c
    INNER JOIN code_in_version AS v
        ON v.list_id = c.list_id AND v.version = c.from_version AND v.group_id = c.group_id AND v.system = c.system AND v.listed_code = c.code
    INNER JOIN person_listed_code AS p ON p.system = v.system AND p.code = v.code
    GROUP BY c.list_id, c.version, c.group_id, c.system, c.code, p.person_id
),
counted AS (
    SELECT list_id, version, group_id, system, code, CAST(sum(entries) AS BIGINT) AS entries, count(*) AS people
    FROM held
    GROUP BY list_id, version, group_id, system, code
)
SELECT
    c.list_id,
    c.version,
    c.group_id,
    c.system,
    c.code,
    CASE WHEN c.added THEN 'added' ELSE 'taken out' END AS change,
    c.written,
    c.term,
    coalesce(n.entries, 0) AS entries,
    coalesce(n.people, 0) AS people
FROM changed AS c
LEFT JOIN counted AS n
    ON n.list_id = c.list_id AND n.version = c.version AND n.group_id = c.group_id AND n.system = c.system AND n.code = c.code
