WITH listed AS (
    SELECT DISTINCT system, code
    FROM code_in_list
)
SELECT
    c.contract,
    c.system,
    CAST(sum(c.entries) AS BIGINT) AS entries,
    count(*) AS codes,
    CAST(coalesce(sum(c.entries) FILTER (WHERE l.code IS NULL), 0) AS BIGINT) AS unmatched_entries,
    count(*) FILTER (WHERE l.code IS NULL) AS unmatched_codes,
    CAST(coalesce(sum(c.entries) FILTER (WHERE l.code IS NULL), 0) AS DOUBLE) / nullif(CAST(sum(c.entries) AS DOUBLE), 0) AS unmatched_share,
    CAST(coalesce(sum(c.entries) FILTER (WHERE NOT s.well_formed), 0) AS BIGINT) AS malformed_entries
FROM code_count AS c
INNER JOIN code_seen AS s ON s.system = c.system AND s.code = c.code
LEFT JOIN listed AS l ON l.system = c.system AND l.code = c.code
GROUP BY c.contract, c.system
