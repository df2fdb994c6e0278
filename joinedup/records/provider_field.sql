WITH asked AS (
    SELECT contract, provider_code, month, 'admission_method' AS field, has_method AS filled FROM told_stay WHERE has_method IS NOT NULL
    UNION ALL
    SELECT contract, provider_code, month, 'diagnosis', has_diagnosis FROM told_stay WHERE has_diagnosis IS NOT NULL
    UNION ALL
    SELECT contract, provider_code, month, 'duration', has_duration FROM told_stay WHERE has_duration IS NOT NULL
    UNION ALL
    SELECT contract, provider_code, month, 'ready_date', has_ready_date FROM told_stay WHERE has_ready_date IS NOT NULL
),
counted AS (
    SELECT
        p.contract,
        p.provider_code,
        f.field,
        p.month,
        f.least_percent,
        f.fall_percent,
        count(a.filled) AS stays,
        count(a.filled) FILTER (WHERE a.filled) AS filled
    FROM provider_month AS p
    -- Of every hundred stays that should have it, and of those that usually have it.
    CROSS JOIN (
        VALUES ('admission_method', 50, 80), ('diagnosis', 50, 80), ('duration', 50, 80), ('ready_date', 5, 50)
    ) AS f (field, least_percent, fall_percent)
    LEFT JOIN asked AS a
        ON a.contract = p.contract AND a.provider_code = p.provider_code AND a.month = p.month AND a.field = f.field
    WHERE p.contract IN ('apc', 'discharge_ready')
    GROUP BY p.contract, p.provider_code, f.field, p.month, f.least_percent, f.fall_percent
),
usual AS (
    SELECT
        contract,
        provider_code,
        field,
        CAST(sum(stays) AS BIGINT) AS stays,
        CAST(sum(filled) AS BIGINT) AS filled,
        min(month) FILTER (WHERE filled > 0) AS first_month,
        max(month) FILTER (WHERE filled > 0) AS last_month,
        coalesce(CAST(sum(filled) AS DOUBLE) / nullif(CAST(sum(stays) FILTER (WHERE filled > 0) AS DOUBLE), 0), 0) AS share
    FROM counted
    GROUP BY contract, provider_code, field
),
expected AS (
    SELECT
        c.contract,
        c.provider_code,
        c.field,
        c.month,
        c.stays,
        c.filled,
        c.fall_percent,
        c.stays * u.share AS usual,
        -- Over all months: a field that so few stays have is not filled in, whatever one month has by chance.
        100 * u.filled < c.least_percent * u.stays AS never,
        CAST(sum(CASE WHEN c.month < u.first_month THEN c.stays * u.share ELSE 0 END) OVER (PARTITION BY c.contract, c.provider_code, c.field) AS DOUBLE) AS before,
        CAST(sum(CASE WHEN c.month > u.last_month THEN c.stays * u.share ELSE 0 END) OVER (PARTITION BY c.contract, c.provider_code, c.field) AS DOUBLE) AS after,
        c.month < u.first_month AS is_before,
        c.month > u.last_month AS is_after
    FROM counted AS c
    INNER JOIN usual AS u ON u.contract = c.contract AND u.provider_code = c.provider_code AND u.field = c.field
)
SELECT
    contract,
    provider_code,
    field,
    month,
    stays,
    filled,
    CASE
        WHEN never AND filled = 0 THEN 'not given'
        WHEN never THEN 'hardly given'
        WHEN is_before AND before >= 10 THEN 'not yet given'
        WHEN is_after AND after >= 10 THEN 'no longer given'
        WHEN 100 * filled < fall_percent * usual AND (usual - filled) * (usual - filled) > 16 * usual THEN 'given less'
    END AS why
FROM expected
