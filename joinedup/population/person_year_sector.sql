WITH package AS (
    SELECT
        person_id,
        year_starts,
        sector,
        count(DISTINCT activity_id) AS activities,
        count(DISTINCT CASE WHEN cost_pence IS NOT NULL THEN activity_id END) AS costed
    FROM package_year_days
    GROUP BY person_id, year_starts, sector
),
together AS (
    -- Packages are counted apart: one of somebody who moved is one.
    SELECT
        person_id, year_starts, sector, cost_pence, constant_pence,
        CASE WHEN accrues THEN 0 ELSE activities END AS activities,
        CASE WHEN accrues THEN 0 ELSE costed END AS costed
    FROM person_year_use
    UNION ALL
    SELECT person_id, year_starts, sector, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), activities, costed
    FROM package
)
SELECT
    person_id,
    year_starts,
    sector,
    CAST(sum(activities) AS BIGINT) AS activities,
    CAST(sum(costed) AS BIGINT) AS costed,
    CAST(sum(cost_pence) AS BIGINT) AS cost_pence,
    CAST(sum(constant_pence) AS BIGINT) AS constant_pence
FROM together
GROUP BY person_id, year_starts, sector
