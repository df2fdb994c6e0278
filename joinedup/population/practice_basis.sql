WITH need AS (
    SELECT what, contract, FALSE AS on_a_day FROM year_need
    UNION ALL
    SELECT condition_id, contract, TRUE FROM condition_basis WHERE decides AND known
    UNION ALL
    -- What is written in a record at all.
    SELECT contract, contract, TRUE FROM practice_held
),
known AS (
    SELECT year_starts, what, known, known_without_practice FROM year_basis
    UNION ALL
    SELECT y.year_starts, h.contract, bool_or(u.planning), FALSE
    FROM practice_held AS h
    INNER JOIN file_use AS u ON u.contract = h.contract
    CROSS JOIN place_year AS y
    GROUP BY y.year_starts, h.contract
),
-- Of what practices hold, one contract that the practice sends will do.
sent AS (
    SELECT p.practice_code, p.year_starts, n.what, bool_or(CASE WHEN n.on_a_day THEN p.told_to_end ELSE p.told END) AS told
    FROM need AS n
    INNER JOIN practice_year AS p ON p.contract = n.contract
    GROUP BY p.practice_code, p.year_starts, n.what
),
practice AS (
    SELECT practice_code, year_starts FROM person_year_base GROUP BY practice_code, year_starts
),
told AS (
    SELECT p.practice_code, p.year_starts, k.what, k.known_without_practice OR (k.known AND coalesce(s.told, FALSE)) AS known
    FROM practice AS p
    INNER JOIN known AS k ON k.year_starts = p.year_starts
    LEFT JOIN sent AS s ON s.practice_code = p.practice_code AND s.year_starts = p.year_starts AND s.what = k.what
    WHERE k.what <> 'long_term_conditions'
    UNION ALL
    SELECT 'none', year_starts, what, known_without_practice
    FROM known
    WHERE what <> 'long_term_conditions'
),
-- A score needs each of its contracts.
lacked AS (
    SELECT p.practice_code, p.year_starts, n.score_id
    FROM score_need AS n
    INNER JOIN practice_year AS p ON p.contract = n.contract
    WHERE NOT p.told_to_end
    GROUP BY p.practice_code, p.year_starts, n.score_id
)
SELECT practice_code, year_starts, what, known
FROM told
UNION ALL
SELECT t.practice_code, t.year_starts, 'long_term_conditions', bool_and(t.known)
FROM told AS t
INNER JOIN condition_about AS c ON c.condition_id = t.what
WHERE c.counts_as_long_term
GROUP BY t.practice_code, t.year_starts
UNION ALL
SELECT p.practice_code, p.year_starts, 'score ' || b.score_id, b.known AND l.score_id IS NULL
FROM practice AS p
INNER JOIN score_basis AS b ON b.year_starts = p.year_starts
LEFT JOIN lacked AS l ON l.practice_code = p.practice_code AND l.year_starts = p.year_starts AND l.score_id = b.score_id
UNION ALL
SELECT 'none', year_starts, 'score ' || score_id, known AND NOT practice_held
FROM score_basis
