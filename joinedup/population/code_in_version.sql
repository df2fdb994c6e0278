WITH beginning AS (
    SELECT system, code, plain, left(plain, 1) AS begins_with FROM code_seen
    UNION SELECT system, code, plain, left(plain, 2) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 3) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 4) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 5) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 6) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 7) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 8) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 9) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 10) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 11) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 12) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 13) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 14) FROM code_seen
    UNION SELECT system, code, plain, left(plain, 15) FROM code_seen
    UNION SELECT system, code, plain, plain FROM code_seen
),
matched AS (
    SELECT
        l.list_id, l.version, l.in_use, l.group_id, b.system, b.code, l.code AS listed_code, l.weight,
        row_number() OVER (
            PARTITION BY l.list_id, l.version, l.group_id, b.system, b.code
            ORDER BY length(l.code) DESC NULLS LAST, l.code NULLS LAST
        ) AS place
    FROM beginning AS b
    INNER JOIN code_list_version AS l ON l.system = b.system AND l.code = b.begins_with
    WHERE l.matches = 'prefix' OR b.begins_with = b.plain
)
SELECT list_id, version, in_use, group_id, system, code, listed_code, weight
FROM matched
WHERE place = 1
