SELECT
    y.price_year,
    -- The first year that the index knows serves all time before it, the last all time after it.
    CASE WHEN row_number() OVER (ORDER BY y.starts NULLS FIRST, y.price_year NULLS FIRST) > 1 THEN y.starts END AS starts,
    lead(y.starts) OVER (ORDER BY y.starts NULLS FIRST, y.price_year NULLS FIRST) AS ends,
    y.starts AS known_from,
    y.ends AS known_to,
    y.price_index,
    b.price_year AS base_year,
    b.price_index / nullif(y.price_index, 0) AS to_base
FROM price_index AS y
CROSS JOIN price_index AS b
WHERE b.base AND length(y.price_year) = 7
