SELECT
    y.year_starts,
    n.what,
    coalesce(bool_or(c.told), FALSE) AS known,
    coalesce(bool_or(c.told AND h.contract IS NULL), FALSE) AS known_without_practice
FROM year_need AS n
CROSS JOIN place_year AS y
LEFT JOIN year_contract AS c ON c.contract = n.contract AND c.year_starts = y.year_starts
LEFT JOIN practice_held AS h ON h.contract = n.contract
GROUP BY y.year_starts, n.what
