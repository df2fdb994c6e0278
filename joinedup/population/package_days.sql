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
        a.average_pence,
        q.period_start,
        least(q.period_end, q.as_at + 1) AS period_end
    FROM activity AS a
    CROSS JOIN place_parameter AS q
    INNER JOIN file_use AS u ON u.file_id = a.file_id
    LEFT JOIN may_use AS m ON m.person_id = a.person_id
    WHERE a.accrues AND u.planning AND (NOT u.held_by_practice OR m.practice_planning)
),
together AS (
    SELECT
        l.activity_id, l.person_id, s.neighbourhood_id, l.sector, l.point_of_delivery, l.cost_pence, l.costing_method, l.average_pence,
        greatest(l.starts, l.period_start, coalesce(s.starts, l.starts)) AS starts,
        least(l.ends, l.period_end, coalesce(s.ends, l.ends)) AS ends,
        CAST(l.ends - l.starts AS INTEGER) AS all_days
    FROM lasting AS l
    INNER JOIN counted_spell AS s
        ON s.person_id = l.person_id
        AND coalesce(s.starts < l.ends, TRUE)
        AND coalesce(l.starts < s.ends, TRUE)
),
counted AS (
    SELECT
        activity_id, person_id, neighbourhood_id, sector, point_of_delivery, cost_pence, costing_method, average_pence, starts, ends, all_days,
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
shared AS (
    SELECT
        c.activity_id, c.person_id, c.neighbourhood_id, c.sector, c.point_of_delivery, c.cost_pence, c.costing_method, c.average_pence,
        c.starts, c.ends, c.days,
        CASE
            WHEN c.all_days = coalesce(a.days, 0) THEN CAST(0 AS DOUBLE)
            ELSE CAST(c.days - coalesce(e.days, 0) AS DOUBLE) / nullif(c.all_days - coalesce(a.days, 0), 0)
        END AS share
    FROM counted AS c
    LEFT JOIN elsewhere AS e ON e.activity_id = c.activity_id AND e.starts = c.starts
    LEFT JOIN in_all AS a ON a.activity_id = c.activity_id
)
SELECT
    activity_id,
    person_id,
    neighbourhood_id,
    sector,
    point_of_delivery,
    starts,
    ends,
    days,
    CAST(floor(CAST(cost_pence AS DOUBLE) * share + CAST(0.5 AS DOUBLE)) AS BIGINT) AS cost_pence,
    costing_method,
    CAST(floor(CAST(average_pence AS DOUBLE) * share + CAST(0.5 AS DOUBLE)) AS BIGINT) AS average_pence
FROM shared
