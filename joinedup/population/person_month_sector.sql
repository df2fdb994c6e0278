WITH going_on AS (
    SELECT
        d.person_id, d.activity_id, d.sector, m.month, d.cost_pence, d.constant_pence,
        CAST(greatest(CAST(m.month - d.starts AS INTEGER), 0) AS DOUBLE) / nullif(d.days, 0) AS from_share,
        CAST(least(CAST(m.month_end - d.starts AS INTEGER), d.days) AS DOUBLE) / nullif(d.days, 0) AS to_share
    FROM package_year_days AS d
    INNER JOIN place_year_month AS m ON m.year_starts = d.year_starts AND m.month < d.ends AND d.starts < m.month_end
),
-- The cost of a package's days in a year is spread evenly over them; what one month rounds off the next has, so that months add up to the year.
spread AS (
    SELECT
        person_id, activity_id, sector, month,
        CAST(floor(cost_pence * to_share + CAST(0.5 AS DOUBLE)) AS BIGINT)
            - CAST(floor(cost_pence * from_share + CAST(0.5 AS DOUBLE)) AS BIGINT) AS cost_pence,
        CAST(floor(constant_pence * to_share + CAST(0.5 AS DOUBLE)) AS BIGINT)
            - CAST(floor(constant_pence * from_share + CAST(0.5 AS DOUBLE)) AS BIGINT) AS constant_pence
    FROM going_on
),
package AS (
    SELECT
        person_id,
        month,
        sector,
        count(DISTINCT activity_id) AS activities,
        CAST(sum(cost_pence) AS BIGINT) AS cost_pence,
        CAST(sum(constant_pence) AS BIGINT) AS constant_pence
    FROM spread
    GROUP BY person_id, month, sector
),
together AS (
    SELECT a.person_id, m.month, a.sector, 1 AS activities, a.cost_pence, a.constant_pence
    FROM place_activity AS a
    INNER JOIN place_year_month AS m ON m.month = CAST(date_trunc('month', a.starts) AS DATE)
    WHERE NOT a.accrues AND a.took_place
    UNION ALL
    SELECT person_id, month, sector, activities, cost_pence, constant_pence
    FROM package
)
SELECT
    person_id,
    month,
    sector,
    CAST(sum(activities) AS BIGINT) AS activities,
    CAST(sum(cost_pence) AS BIGINT) AS cost_pence,
    CAST(sum(constant_pence) AS BIGINT) AS constant_pence
FROM together
GROUP BY person_id, month, sector
