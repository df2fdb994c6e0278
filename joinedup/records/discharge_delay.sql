WITH waiting AS (
    SELECT
        a.activity_id,
        a.person_id,
        a.ready_on AS starts,
        -- Who is still in hospital has waited to the end of the as-at date, or to their death.
        coalesce(a.ends, least(q.as_at + 1, p.death_date)) AS ends,
        a.ends IS NULL AS still_waiting,
        a.provider_code
    FROM activity AS a
    CROSS JOIN place_parameter AS q
    LEFT JOIN person AS p ON p.person_id = a.person_id
    -- Nobody is ready to leave before they came: such a date is wrong, and no delay is made of it.
    WHERE a.ready_on >= a.starts
)
SELECT
    activity_id,
    person_id,
    starts,
    ends,
    CAST(ends - starts AS INTEGER) AS days,
    still_waiting,
    CAST(NULL AS STRING) AS reason,
    CAST(NULL AS STRING) AS responsible_body,
    provider_code
FROM waiting
WHERE starts < ends
