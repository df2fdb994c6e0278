WITH lasting AS (
    SELECT
        a.activity_id,
        a.person_id,
        a.sector,
        a.point_of_delivery,
        a.starts,
        coalesce(a.ends, q.as_at + 1) AS ends,
        a.cost_pence,
        a.costing_method,
        y.year_starts,
        least(y.year_ends, q.as_at + 1) AS year_ends
    FROM activity AS a
    CROSS JOIN place_parameter AS q
    CROSS JOIN place_year AS y
    INNER JOIN file_use AS u ON u.file_id = a.file_id
    LEFT JOIN may_use AS m ON m.person_id = a.person_id
    WHERE a.accrues AND u.planning AND (NOT u.held_by_practice OR m.practice_planning)
),
together AS (
    SELECT
        l.activity_id, l.person_id, s.neighbourhood_id, l.sector, l.point_of_delivery, l.cost_pence, l.costing_method, l.year_starts,
        greatest(l.starts, l.year_starts, coalesce(s.starts, l.starts)) AS starts,
        least(l.ends, l.year_ends, coalesce(s.ends, l.ends)) AS ends,
        CAST(l.ends - l.starts AS INTEGER) AS all_days
    FROM lasting AS l
    INNER JOIN counted_spell AS s
        ON s.person_id = l.person_id
        AND coalesce(s.starts < l.ends, TRUE)
        AND coalesce(l.starts < s.ends, TRUE)
),
counted AS (
    SELECT
        activity_id, person_id, neighbourhood_id, sector, point_of_delivery, cost_pence, costing_method, year_starts, starts, ends, all_days,
        CAST(ends - starts AS INTEGER) AS days
    FROM together
    WHERE starts < ends
),
-- Days of a budget that another extract costs have no share of its own cost.
elsewhere AS (
    SELECT c.activity_id, c.starts, CAST(sum(CAST(least(c.ends, e.ends) - greatest(c.starts, e.starts) AS INTEGER)) AS BIGINT) AS days
    FROM counted AS c
    INNER JOIN paid_elsewhere AS e ON e.activity_id = c.activity_id AND e.starts < c.ends AND c.starts < e.ends
    GROUP BY c.activity_id, c.starts
),
in_all AS (
    SELECT activity_id, CAST(sum(days) AS BIGINT) AS days
    FROM paid_elsewhere
    GROUP BY activity_id
),
-- Averages are at the prices of each day.
priced AS (
    SELECT
        d.activity_id, d.starts,
        CAST(sum(d.days * u.cost_pence) AS BIGINT) AS average_pence,
        CAST(sum(d.days * u.constant_cost_pence) AS BIGINT) AS constant_average_pence,
        sum(d.days * d.to_base) / nullif(CAST(sum(d.days) AS DOUBLE), 0) AS to_base
    FROM (
        SELECT
            c.activity_id, c.starts, c.point_of_delivery, p.price_year, p.to_base,
            CAST(least(c.ends, coalesce(p.ends, c.ends)) - greatest(c.starts, coalesce(p.starts, c.starts)) AS INTEGER) AS days
        FROM counted AS c
        INNER JOIN price_time AS p ON coalesce(p.starts < c.ends, TRUE) AND coalesce(c.starts < p.ends, TRUE)
    ) AS d
    LEFT JOIN unit_cost AS u ON u.point_of_delivery = d.point_of_delivery AND u.price_base = d.price_year
    GROUP BY d.activity_id, d.starts
),
shared AS (
    SELECT
        c.activity_id, c.person_id, c.neighbourhood_id, c.sector, c.point_of_delivery, c.costing_method,
        c.year_starts, c.starts, c.ends, c.days, p.average_pence, p.constant_average_pence, p.to_base, c.cost_pence AS whole_pence,
        CASE
            WHEN c.all_days = coalesce(a.days, 0) THEN CAST(0 AS DOUBLE)
            ELSE CAST(c.days - coalesce(e.days, 0) AS DOUBLE) / nullif(c.all_days - coalesce(a.days, 0), 0)
        END AS share
    FROM counted AS c
    LEFT JOIN elsewhere AS e ON e.activity_id = c.activity_id AND e.starts = c.starts
    LEFT JOIN in_all AS a ON a.activity_id = c.activity_id
    LEFT JOIN priced AS p ON p.activity_id = c.activity_id AND p.starts = c.starts
),
costed AS (
    SELECT
        activity_id, person_id, neighbourhood_id, sector, point_of_delivery, costing_method, year_starts, starts, ends, days,
        average_pence, constant_average_pence, to_base,
        CASE
            WHEN costing_method = 'unit_cost' THEN average_pence
            ELSE CAST(floor(CAST(whole_pence AS DOUBLE) * share + CAST(0.5 AS DOUBLE)) AS BIGINT)
        END AS cost_pence
    FROM shared
)
SELECT
    activity_id,
    person_id,
    neighbourhood_id,
    sector,
    point_of_delivery,
    year_starts,
    starts,
    ends,
    days,
    cost_pence,
    costing_method,
    CASE
        WHEN costing_method = 'unit_cost' THEN constant_average_pence
        ELSE CAST(floor(CAST(cost_pence AS DOUBLE) * to_base + CAST(0.5 AS DOUBLE)) AS BIGINT)
    END AS constant_pence,
    average_pence
FROM costed
