WITH month_known AS (
    SELECT measure_id, age_from, month, bool_and(known) AS all_known, bool_or(known) AS some_known
    FROM measure_basis
    GROUP BY measure_id, age_from, month
),
-- Of the stays that an area's people usually have in a month, those with a provider of whom the month isn't known.
lost AS (
    SELECT
        b.measure_id,
        b.month,
        s.area_id,
        CAST(sum(CASE WHEN b.known THEN 0 ELSE s.stays_a_month END) AS DOUBLE) / nullif(CAST(sum(s.stays_a_month) AS DOUBLE), 0) AS share
    FROM measure_basis AS b
    INNER JOIN provider_share AS s ON s.provider_code = b.provider_code AND s.age_from = b.age_from
    GROUP BY b.measure_id, b.month, s.area_id
),
by_month AS (
    SELECT
        k.measure_id,
        d.area_type,
        d.area_id,
        d.person_days,
        -- An area without any stays goes where the place goes.
        d.person_days * (1 - CASE
            WHEN k.all_known THEN 0
            WHEN NOT k.some_known THEN 1
            ELSE coalesce(a.share, p.share, 1)
        END) AS known_days
    FROM month_known AS k
    INNER JOIN area_month_days AS d ON d.age_from = k.age_from AND d.month = k.month
    LEFT JOIN lost AS a ON a.measure_id = k.measure_id AND a.month = k.month AND a.area_id = d.area_id
    LEFT JOIN lost AS p ON p.measure_id = k.measure_id AND p.month = k.month AND p.area_id = 'place'
)
SELECT measure_id, area_type, area_id, CAST(sum(person_days) AS BIGINT) AS person_days, CAST(sum(known_days) AS DOUBLE) AS known_days
FROM by_month
GROUP BY measure_id, area_type, area_id
UNION ALL
SELECT measure_id, 'place', 'place', CAST(sum(person_days) AS BIGINT), CAST(sum(known_days) AS DOUBLE)
FROM by_month
GROUP BY measure_id
