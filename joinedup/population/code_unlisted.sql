WITH listed AS (
    SELECT DISTINCT system, code
    FROM code_in_list
)
SELECT c.contract, c.system, c.code, c.entries
FROM code_count AS c
LEFT JOIN listed AS l ON l.system = c.system AND l.code = c.code
WHERE l.code IS NULL
