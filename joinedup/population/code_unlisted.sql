WITH listed AS (
    SELECT DISTINCT system, code
    FROM code_in_list
)
SELECT c.contract, c.system, c.code, s.well_formed, c.entries
FROM code_count AS c
INNER JOIN code_seen AS s ON s.system = c.system AND s.code = c.code
LEFT JOIN listed AS l ON l.system = c.system AND l.code = c.code
WHERE l.code IS NULL
