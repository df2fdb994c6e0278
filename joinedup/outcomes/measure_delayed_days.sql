WITH delay AS (
    SELECT
        a.neighbourhood_id,
        CAST(least(d.ends, p.period_end) - greatest(d.starts, p.period_start) AS INTEGER) / nullif(p.period_days, 0) AS days_per_day
    FROM discharge_delay AS d
    INNER JOIN place_activity AS a ON a.activity_id = d.activity_id
    CROSS JOIN place_parameter AS p
    WHERE d.starts < p.period_end AND d.ends > p.period_start AND a.age >= 18
)
SELECT
    'delayed_days' AS measure_id,
    neighbourhood_id,
    count(*) AS events,
    CAST(sum(days_per_day) AS DOUBLE) AS numerator,
    CAST(sum(days_per_day * days_per_day) AS DOUBLE) AS numerator_squares
FROM delay
GROUP BY neighbourhood_id
