WITH dated AS (
    SELECT
        point_of_delivery, published_pence, published_short_pence, unit, price_year, basis, source,
        -- The first publication serves all time before it too, each up to the next one, the last to this day.
        CASE WHEN row_number() OVER (PARTITION BY point_of_delivery ORDER BY starts NULLS FIRST) > 1 THEN starts END AS starts,
        lead(starts) OVER (PARTITION BY point_of_delivery ORDER BY starts NULLS FIRST) AS ends
    FROM published_cost
)
SELECT
    c.point_of_delivery,
    CAST(floor(CAST(c.published_pence AS DOUBLE) * t.price_index / nullif(i.price_index, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT) AS cost_pence,
    CAST(floor(CAST(c.published_short_pence AS DOUBLE) * t.price_index / nullif(i.price_index, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT)
        AS short_cost_pence,
    CAST(floor(CAST(c.published_pence AS DOUBLE) * t.price_index * t.to_base / nullif(i.price_index, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT)
        AS constant_cost_pence,
    CAST(floor(CAST(c.published_short_pence AS DOUBLE) * t.price_index * t.to_base / nullif(i.price_index, 0) + CAST(0.5 AS DOUBLE)) AS BIGINT)
        AS constant_short_cost_pence,
    c.unit,
    t.starts,
    t.ends,
    t.price_year AS price_base,
    t.base_year,
    c.price_year AS published_year,
    t.price_index / nullif(i.price_index, 0) AS uplift,
    c.basis,
    c.source
FROM dated AS c
INNER JOIN price_time AS t
    ON coalesce(c.starts <= t.known_from, TRUE)
    AND coalesce(t.known_from < c.ends, TRUE)
INNER JOIN price_index AS i ON i.price_year = c.price_year
