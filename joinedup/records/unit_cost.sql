SELECT
    c.point_of_delivery,
    CAST(floor(CAST(c.published_pence AS DOUBLE) * b.price_index / nullif(i.price_index, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT) AS cost_pence,
    CAST(floor(CAST(c.published_short_pence AS DOUBLE) * b.price_index / nullif(i.price_index, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT)
        AS short_cost_pence,
    c.unit,
    c.starts,
    c.ends,
    c.price_year,
    b.price_year AS base_year,
    b.price_index / nullif(i.price_index, 0) AS uplift,
    c.basis,
    c.source
FROM published_cost AS c
INNER JOIN price_index AS i ON i.price_year = c.price_year
INNER JOIN price_index AS b ON b.base
