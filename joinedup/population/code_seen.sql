WITH seen AS (
    SELECT
        system,
        code,
        CAST(sum(entries) AS BIGINT) AS entries,
        left(upper(replace(replace(replace(replace(replace(code, '.', ''), ' ', ''), '*', ''), '+', ''), '†', '')), 4) AS four
    FROM code_count
    GROUP BY system, code
)
SELECT
    system,
    code,
    CASE
        -- X fills the fourth place of a code of three characters.
        WHEN system = 'ICD-10' AND substring(four, 4, 1) = 'X' THEN left(four, 3)
        WHEN system = 'ICD-10' THEN four
        WHEN system = 'SNOMED CT' THEN replace(code, ' ', '')
        -- Capitals and small letters differ in Read codes; the sixth and seventh characters number the term.
        WHEN system IN ('Read v2', 'CTV3') THEN replace(left(replace(code, ' ', ''), 5), '.', '')
        ELSE upper(replace(code, ' ', ''))
    END AS plain,
    entries
FROM seen
