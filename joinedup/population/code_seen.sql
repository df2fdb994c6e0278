WITH seen AS (
    SELECT
        system,
        code,
        CAST(sum(entries) AS BIGINT) AS entries,
        left(upper(replace(replace(replace(replace(replace(code, '.', ''), ' ', ''), '*', ''), '+', ''), '†', '')), 4) AS four
    FROM code_count
    GROUP BY system, code
),
made AS (
    SELECT
        system,
        code,
        CASE
            -- X fills the fourth place of a code of three characters.
            WHEN system = 'ICD-10' AND substring(four, 4, 1) = 'X' THEN left(four, 3)
            WHEN system = 'ICD-10' THEN four
            WHEN system IN ('SNOMED CT', 'dm+d') THEN replace(code, ' ', '')
            -- Capitals and small letters differ in Read codes; the sixth and seventh characters number the term.
            WHEN system IN ('Read v2', 'CTV3') THEN replace(left(replace(code, ' ', ''), 5), '.', '')
            ELSE upper(replace(code, ' ', ''))
        END AS plain,
        entries
    FROM seen
)
SELECT
    system,
    code,
    plain,
    CASE
        WHEN system = 'ICD-10' THEN
            length(plain) BETWEEN 3 AND 4
            AND substring(plain, 1, 1) BETWEEN 'A' AND 'Z'
            AND substring(plain, 2, 1) BETWEEN '0' AND '9'
            AND substring(plain, 3, 1) BETWEEN '0' AND '9'
            AND (length(plain) = 3 OR substring(plain, 4, 1) BETWEEN '0' AND '9')
        WHEN system IN ('SNOMED CT', 'dm+d') THEN
            length(plain) BETWEEN 6 AND 18
            AND replace(replace(replace(upper(plain), 'E', ''), '.', ''), '+', '') = plain
            AND coalesce(TRY_CAST(plain AS DOUBLE) > 0, FALSE)
        WHEN system IN ('Read v2', 'CTV3') THEN length(plain) BETWEEN 1 AND 5 AND length(replace(code, ' ', '')) IN (1, 2, 3, 4, 5, 7)
        WHEN system = 'BNF' THEN length(plain) IN (9, 11, 15) AND substring(plain, 1, 1) BETWEEN '0' AND '9'
        ELSE TRUE
    END AS well_formed,
    entries
FROM made
