WITH told AS (
    SELECT y.year_starts, n.what, coalesce(c.told, FALSE) AS told, h.contract IS NOT NULL AS held_by_practice
    FROM year_need AS n
    CROSS JOIN place_year AS y
    LEFT JOIN year_contract AS c ON c.contract = n.contract AND c.year_starts = y.year_starts
    LEFT JOIN practice_held AS h ON h.contract = n.contract
    UNION ALL
    SELECT
        y.year_starts,
        c.condition_id,
        c.known AND coalesce(c.known_from < CAST(y.year_starts + INTERVAL 2 MONTH AS DATE), TRUE),
        h.contract IS NOT NULL
    FROM condition_basis AS c
    CROSS JOIN place_year AS y
    LEFT JOIN practice_held AS h ON h.contract = c.contract
    WHERE c.decides
),
known AS (
    SELECT
        year_starts,
        what,
        bool_or(told) AS known,
        bool_or(told AND NOT held_by_practice) AS known_without_practice
    FROM told
    GROUP BY year_starts, what
)
SELECT year_starts, what, known, known_without_practice
FROM known
UNION ALL
SELECT k.year_starts, 'long_term_conditions', bool_and(k.known), bool_and(k.known_without_practice)
FROM known AS k
INNER JOIN condition_about AS c ON c.condition_id = k.what
WHERE c.counts_as_long_term
GROUP BY k.year_starts
