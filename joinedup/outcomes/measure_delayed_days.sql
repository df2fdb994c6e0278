WITH delay AS (
    SELECT
        a.neighbourhood_id,
        d.activity_id,
        CAST(sum(CAST(least(d.ends, b.month_end) - greatest(d.starts, b.month) AS INTEGER)) AS DOUBLE) / nullif(max(p.period_days), 0) AS days_per_day
    FROM discharge_delay AS d
    INNER JOIN place_activity AS a ON a.activity_id = d.activity_id
    INNER JOIN measure_basis AS b
        ON b.measure_id = 'delayed_days'
        AND b.provider_code = coalesce(a.provider_code, 'none')
        AND d.starts < b.month_end
        AND d.ends > b.month
    CROSS JOIN place_parameter AS p
    WHERE b.known AND a.age >= 18
    GROUP BY a.neighbourhood_id, d.activity_id
)
SELECT
    'delayed_days' AS measure_id,
    neighbourhood_id,
    count(*) AS events,
    CAST(sum(days_per_day) AS DOUBLE) AS numerator,
    CAST(sum(days_per_day * days_per_day) AS DOUBLE) AS numerator_squares
FROM delay
GROUP BY neighbourhood_id
