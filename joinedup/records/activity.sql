WITH together AS (
    SELECT
        activity_id, person_id, linked_by, point_of_delivery, provider_code, starts, ends, admission_method, outcome, ready_on,
        episodes, short_episodes, long_episodes, price_pence, file_id, source_row
    FROM spell
    UNION ALL
    SELECT
        CAST(file_id AS BIGINT) * 10000000000 + source_row,
        person_id,
        linked_by,
        CASE WHEN department_type = '05' THEN 'Same day emergency care' ELSE 'Emergency care' END,
        left(provider_code, 3),
        arrival_date,
        coalesce(departure_date, arrival_date),
        CAST(NULL AS STRING),
        CASE discharge_destination WHEN '306706006' THEN 'admitted' WHEN '305398007' THEN 'died' ELSE 'discharged' END,
        CAST(NULL AS DATE),
        1,
        1,
        0,
        final_price_pence,
        file_id,
        source_row
    FROM landed_ecds
),
priced AS (
    SELECT
        a.activity_id, a.person_id, a.linked_by, a.point_of_delivery, a.provider_code, a.starts, a.ends, a.admission_method,
        a.outcome, a.ready_on, a.episodes, a.price_pence, a.file_id, a.source_row,
        CASE
            WHEN u.short_cost_pence IS NULL THEN a.episodes * u.cost_pence
            WHEN a.short_episodes + a.long_episodes = a.episodes
                THEN a.long_episodes * u.cost_pence + a.short_episodes * u.short_cost_pence
        END AS average_pence
    FROM together AS a
    LEFT JOIN unit_cost AS u
        ON u.point_of_delivery = a.point_of_delivery
        AND coalesce(u.starts <= a.starts, TRUE)
        AND coalesce(a.starts < u.ends, TRUE)
)
SELECT
    activity_id,
    person_id,
    linked_by,
    'acute' AS sector,
    point_of_delivery,
    provider_code,
    starts,
    ends,
    admission_method,
    outcome,
    ready_on,
    episodes,
    coalesce(price_pence, average_pence) AS cost_pence,
    CASE
        WHEN price_pence IS NOT NULL THEN 'extract'
        WHEN average_pence IS NOT NULL THEN 'unit_cost'
    END AS costing_method,
    file_id,
    source_row
FROM priced
