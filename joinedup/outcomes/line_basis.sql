WITH needed AS (
    SELECT
        n.line_id,
        n.way,
        n.contract,
        p.provider_code,
        p.month,
        coalesce(
            p.why,
            CASE WHEN f.why IS NOT NULL THEN n.field || ' ' || f.why END,
            CASE WHEN CAST(l.last_end - p.month_end AS INTEGER) < n.follow_days THEN 'too recent' END
        ) AS why
    FROM line_need AS n
    INNER JOIN provider_month AS p ON p.contract = n.contract
    CROSS JOIN (SELECT max(month_end) AS last_end FROM provider_month) AS l
    LEFT JOIN provider_field AS f
        ON f.contract = n.contract AND f.provider_code = p.provider_code AND f.month = p.month AND f.field = n.field
),
begun AS (
    SELECT contract, provider_code, min(month) AS first_month
    FROM provider_month
    GROUP BY contract, provider_code
),
-- Of months before those that are judged one by one, whether the extract tells of their year.
earlier AS (
    SELECT
        n.line_id,
        n.way,
        n.contract,
        b.provider_code,
        m.month,
        CASE WHEN coalesce(y.told, FALSE) THEN CAST(NULL AS STRING) ELSE coalesce(y.why, 'not yet sent') END AS why
    FROM line_need AS n
    INNER JOIN begun AS b ON b.contract = n.contract
    INNER JOIN place_year_month AS m ON m.month < b.first_month
    LEFT JOIN year_contract AS y ON y.contract = n.contract AND y.year_starts = m.year_starts
),
each_provider AS (
    SELECT line_id, way, contract, provider_code, month, why FROM needed
    UNION ALL
    SELECT line_id, way, contract, provider_code, month, why FROM earlier
),
-- Events of no one provider, such as what a month cost, are not known where no provider of a contract told of the month.
of_nobody AS (
    SELECT line_id, way, contract, 'none' AS provider_code, month, CASE WHEN bool_and(why IS NOT NULL) THEN min(why) END AS why
    FROM each_provider
    GROUP BY line_id, way, contract, month
),
by_way AS (
    SELECT line_id, way, provider_code, month, bool_and(why IS NULL) AS known, min(why) AS why
    FROM (
        SELECT line_id, way, provider_code, month, why FROM each_provider
        UNION ALL
        SELECT line_id, way, provider_code, month, why FROM of_nobody
    ) AS every
    GROUP BY line_id, way, provider_code, month
),
placed AS (
    SELECT
        line_id, way, provider_code, month, known, why,
        row_number() OVER (PARTITION BY line_id, provider_code, month ORDER BY CASE WHEN known THEN 0 ELSE 1 END NULLS LAST, way NULLS LAST) AS place
    FROM by_way
)
SELECT line_id, provider_code, month, way, known, why
FROM placed
WHERE place = 1
