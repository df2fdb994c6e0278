WITH delay AS (
    SELECT
        a.neighbourhood_id,
        d.activity_id,
        CAST(sum(CAST(least(d.ends, b.month_end) - greatest(d.starts, b.month) AS INTEGER)) AS BIGINT) AS days
    FROM discharge_delay AS d
    INNER JOIN place_activity AS a ON a.activity_id = d.activity_id
    INNER JOIN measure_basis AS b
        ON b.measure_id = 'delayed_days'
        AND b.provider_code = coalesce(a.provider_code, 'none')
        AND d.starts < b.month_end
        AND d.ends > b.month
    WHERE b.known AND a.age >= 18
    GROUP BY a.neighbourhood_id, d.activity_id
)
SELECT
    'delayed_days' AS measure_id,
    d.neighbourhood_id,
    count(*) AS events,
    -- Whole days are added up, so that the sum is the same in whatever order they come.
    CAST(sum(d.days) AS DOUBLE) / nullif(max(p.period_days), 0) AS numerator,
    CAST(sum(d.days * d.days) AS DOUBLE) / nullif(max(p.period_days * p.period_days), 0) AS numerator_squares
FROM delay AS d
CROSS JOIN place_parameter AS p
GROUP BY d.neighbourhood_id
