-- XmR charts with the rules of Making Data Count: beyond a limit, seven on one side, seven rising or falling, two of three in the outer third.
WITH parted AS (
    SELECT
        chart_id, position, value,
        CAST(sum(CASE WHEN rebased THEN 1 ELSE 0 END) OVER (
            PARTITION BY chart_id ORDER BY position NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS INTEGER) AS segment
    FROM charted
),
moved AS (
    SELECT
        chart_id, position, segment, value,
        abs(value - lag(value) OVER (PARTITION BY chart_id, segment ORDER BY position NULLS LAST)) AS moving_range
    FROM parted
),
least_of AS (
    SELECT chart_id, segment, min(value) AS least, avg(moving_range) AS moving_range
    FROM moved
    GROUP BY chart_id, segment
),
centred AS (
    -- The mean as a distance from the least value, so that a constant series has exactly its value as mean.
    SELECT m.chart_id, m.segment, avg(m.value - l.least) AS above
    FROM moved AS m
    INNER JOIN least_of AS l ON l.chart_id = m.chart_id AND l.segment = m.segment
    GROUP BY m.chart_id, m.segment
),
limited AS (
    SELECT
        m.chart_id, m.position, m.segment, m.value, m.moving_range, l.least + c.above AS mean, CAST(2.66 AS DOUBLE) * l.moving_range AS reach,
        CASE WHEN l.least IS NULL THEN 'source missing' WHEN l.moving_range IS NULL THEN 'too few' END AS reason
    FROM moved AS m
    INNER JOIN least_of AS l ON l.chart_id = m.chart_id AND l.segment = m.segment
    INNER JOIN centred AS c ON c.chart_id = m.chart_id AND c.segment = m.segment
),
sided AS (
    SELECT
        chart_id, position, segment, CASE WHEN value > mean THEN 1 WHEN value < mean THEN -1 ELSE 0 END AS side,
        CASE WHEN value > mean + reach THEN 1 WHEN value < mean - reach THEN -1 ELSE 0 END AS beyond,
        CASE
            WHEN value > mean + reach * 2 / 3 AND value <= mean + reach THEN 1
            WHEN value < mean - reach * 2 / 3 AND value >= mean - reach THEN -1
            ELSE 0
        END AS near,
        value - lag(value) OVER (PARTITION BY chart_id, segment ORDER BY position NULLS LAST) AS step
    FROM limited
    WHERE reason IS NULL AND value IS NOT NULL
),
stepped AS (
    SELECT
        chart_id, position, segment, side, beyond, near, CASE WHEN step > 0 THEN 1 WHEN step < 0 THEN -1 ELSE 0 END AS step,
        lag(side) OVER (PARTITION BY chart_id, segment ORDER BY position NULLS LAST) AS side_before,
        lag(CASE WHEN step > 0 THEN 1 WHEN step < 0 THEN -1 ELSE 0 END)
            OVER (PARTITION BY chart_id, segment ORDER BY position NULLS LAST) AS step_before,
        count(*) FILTER (WHERE near = 1)
            OVER (PARTITION BY chart_id, segment ORDER BY position NULLS LAST ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS near_above,
        count(*) FILTER (WHERE near = -1)
            OVER (PARTITION BY chart_id, segment ORDER BY position NULLS LAST ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS near_below
    FROM sided
),
rows_of AS (
    SELECT
        chart_id, position, segment, side, beyond, near, step,
        CAST(sum(CASE WHEN side = side_before THEN 0 ELSE 1 END)
            OVER (PARTITION BY chart_id, segment ORDER BY position NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS run,
        CAST(sum(CASE WHEN step = step_before THEN 0 ELSE 1 END)
            OVER (PARTITION BY chart_id, segment ORDER BY position NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS rise,
        max(near_above) OVER (PARTITION BY chart_id, segment ORDER BY position NULLS LAST ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING) AS most_above,
        max(near_below) OVER (PARTITION BY chart_id, segment ORDER BY position NULLS LAST ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING) AS most_below
    FROM stepped
),
run_of AS (
    SELECT chart_id, segment, run, count(*) AS points
    FROM rows_of
    GROUP BY chart_id, segment, run
),
rise_of AS (
    SELECT chart_id, segment, rise, count(*) AS steps
    FROM rows_of
    GROUP BY chart_id, segment, rise
),
marked AS (
    SELECT
        r.chart_id, r.position, r.segment, r.beyond, CASE WHEN u.points >= 7 THEN r.side ELSE 0 END AS shift,
        CASE WHEN i.steps >= 6 THEN r.step ELSE 0 END AS trend,
        CASE WHEN r.near = 1 AND r.most_above >= 2 THEN 1 WHEN r.near = -1 AND r.most_below >= 2 THEN -1 ELSE 0 END AS two_in_three
    FROM rows_of AS r
    INNER JOIN run_of AS u ON u.chart_id = r.chart_id AND u.segment = r.segment AND u.run = r.run
    INNER JOIN rise_of AS i ON i.chart_id = r.chart_id AND i.segment = r.segment AND i.rise = r.rise
),
begun AS (
    -- The point that the first step of a trend started from belongs to it.
    SELECT
        chart_id, position, beyond, shift, two_in_three,
        CASE WHEN trend = 0 THEN lead(trend) OVER (PARTITION BY chart_id, segment ORDER BY position NULLS LAST) ELSE trend END AS trend
    FROM marked
)
SELECT
    l.chart_id, l.position, l.value, CASE WHEN l.reason IS NULL THEN l.mean END AS mean,
    CASE WHEN l.reason IS NULL THEN l.mean - l.reach END AS lower, CASE WHEN l.reason IS NULL THEN l.mean + l.reach END AS upper,
    l.moving_range, l.reason, coalesce(b.beyond, 0) AS beyond_limits, coalesce(b.shift, 0) AS shift, coalesce(b.trend, 0) AS trend,
    coalesce(b.two_in_three, 0) AS two_in_three
FROM limited AS l
LEFT JOIN begun AS b ON b.chart_id = l.chart_id AND b.position = l.position
