SELECT
    activity_id,
    person_id,
    linked_by,
    'acute' AS sector,
    point_of_delivery,
    CAST(NULL AS STRING) AS service,
    provider_code,
    starts,
    ends,
    admission_method,
    outcome,
    ready_on,
    episodes AS units,
    CASE WHEN short_episodes + long_episodes = episodes THEN short_episodes END AS short_units,
    FALSE AS accrues,
    price_pence,
    file_id,
    source_row
FROM spell
UNION ALL
SELECT
    listed_id,
    person_id,
    linked_by,
    'acute',
    'Other admission',
    CAST(NULL AS STRING),
    provider_code,
    starts,
    ends,
    CAST(NULL AS STRING),
    CASE WHEN ends IS NULL THEN 'in hospital' ELSE 'discharged' END,
    ready_on,
    CAST(NULL AS INTEGER),
    CAST(NULL AS INTEGER),
    FALSE,
    CAST(NULL AS BIGINT),
    file_id,
    source_row
FROM listed_stay
WHERE stands_in
