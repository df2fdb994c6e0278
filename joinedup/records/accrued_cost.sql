WITH together AS (
    SELECT activity_id, point_of_delivery, starts, ends, file_id
    FROM activity_social
    WHERE accrues AND units > 0
    UNION ALL
    SELECT activity_id, point_of_delivery, starts, ends, file_id
    FROM activity_children
    WHERE accrues AND units > 0
    UNION ALL
    SELECT activity_id, point_of_delivery, starts, ends, file_id
    FROM activity_community
    WHERE accrues AND units > 0
)
SELECT
    a.activity_id,
    CAST(sum(a.days * u.cost_pence) AS BIGINT) AS average_pence,
    CAST(sum(a.days * u.constant_cost_pence) AS BIGINT) AS constant_average_pence,
    sum(a.days * a.to_base) / nullif(CAST(sum(a.days) AS DOUBLE), 0) AS to_base,
    a.file_id
FROM (
    SELECT
        t.activity_id, t.point_of_delivery, t.file_id, p.price_year, p.to_base,
        CAST(least(coalesce(t.ends, q.as_at + 1), coalesce(p.ends, q.as_at + 1)) - greatest(t.starts, coalesce(p.starts, t.starts)) AS INTEGER) AS days
    FROM together AS t
    CROSS JOIN place_parameter AS q
    INNER JOIN price_time AS p
        ON coalesce(p.starts < coalesce(t.ends, q.as_at + 1), TRUE)
        AND coalesce(t.starts < p.ends, TRUE)
) AS a
LEFT JOIN unit_cost AS u ON u.point_of_delivery = a.point_of_delivery AND u.price_base = a.price_year
WHERE a.days > 0
GROUP BY a.activity_id, a.file_id
