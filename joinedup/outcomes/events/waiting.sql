WITH contact AS (
    SELECT
        a.activity_id, a.person_id, a.starts, a.neighbourhood_id, a.practice_code, a.age, a.provider_code, a.file_id, a.took_place,
        CASE a.point_of_delivery
            WHEN 'Community contact' THEN 'community'
            WHEN 'Mental health contact' THEN 'mental health'
            ELSE 'talking therapies'
        END AS service,
        coalesce(c.service_request_identifier, m.service_request_identifier) AS request,
        coalesce(c.referral_request_received_date, m.referral_request_received_date) AS referred_on
    FROM place_activity AS a
    LEFT JOIN landed_csds AS c ON a.activity_id = CAST(c.file_id AS BIGINT) * 10000000000 + c.source_row
    LEFT JOIN landed_mhsds AS m ON a.activity_id = CAST(m.file_id AS BIGINT) * 10000000000 + m.source_row
    WHERE a.point_of_delivery IN ('Community contact', 'Mental health contact', 'Talking therapies contact')
),
-- Somebody whose first contact in an extract comes early in it may have been seen before it began; half a year in, hardly.
reach AS (
    SELECT service, provider_code, min(starts) AS first_on
    FROM contact
    GROUP BY service, provider_code
),
seen AS (
    SELECT
        c.activity_id, c.person_id, c.starts, c.neighbourhood_id, c.practice_code, c.age, c.provider_code, c.file_id, c.service, c.referred_on, r.first_on,
        row_number() OVER (PARTITION BY c.service, c.provider_code, c.person_id, c.request ORDER BY c.starts NULLS LAST, c.activity_id NULLS LAST) AS place
    FROM contact AS c
    INNER JOIN reach AS r ON r.service = c.service AND coalesce(r.provider_code, '') = coalesce(c.provider_code, '')
    WHERE c.took_place AND c.request IS NOT NULL AND c.referred_on <= c.starts
),
-- Of pathways that ended before a list began nothing is told: those seen before it that it still has are the slow ones.
list_begins AS (
    SELECT provider_code, min(clock_stops) AS first_on
    FROM referral
    GROUP BY provider_code
),
pathway AS (
    SELECT
        r.referral_id, r.person_id, r.first_seen_on, r.referred_on, r.file_id, b.neighbourhood_id, b.practice_code, b.birth_month,
        coalesce(n.successor_code, o.provider_code, r.provider_code) AS provider_code
    FROM referral AS r
    CROSS JOIN place_parameter AS p
    INNER JOIN file_use AS u ON u.file_id = r.file_id AND u.planning
    INNER JOIN belonging_spell AS b
        ON b.person_id = r.person_id
        AND coalesce(b.starts <= r.first_seen_on, TRUE)
        AND coalesce(r.first_seen_on < b.ends, TRUE)
    LEFT JOIN list_begins AS l ON l.provider_code = r.provider_code
    LEFT JOIN provider_site AS o ON o.site_code = r.provider_code
    LEFT JOIN place_succession AS n ON n.kind = 'partner' AND n.code = coalesce(o.provider_code, r.provider_code) AND n.ends IS NULL
    WHERE r.first_seen_on >= r.referred_on AND r.first_seen_on <= p.as_at AND coalesce(r.first_seen_on >= l.first_on, TRUE)
),
asked AS (
    SELECT a.activity_id, a.person_id, a.starts AS asked_on
    FROM place_activity AS a
    INNER JOIN landed_cld AS c ON a.activity_id = CAST(c.file_id AS BIGINT) * 10000000000 + c.source_row
    WHERE a.point_of_delivery = 'Request for support'
        AND c.event_outcome LIKE 'PROGRESS TO ASSESSMENT%'
),
assessed AS (
    SELECT
        a.activity_id, a.person_id, a.neighbourhood_id, a.practice_code, a.age, a.file_id, c.event_end_date AS assessed_on,
        lag(a.starts) OVER (PARTITION BY a.person_id ORDER BY a.starts NULLS LAST, a.activity_id NULLS LAST) AS assessed_before
    FROM place_activity AS a
    INNER JOIN landed_cld AS c ON a.activity_id = CAST(c.file_id AS BIGINT) * 10000000000 + c.source_row
    CROSS JOIN place_parameter AS p
    WHERE a.point_of_delivery = 'Social care assessment'
        AND c.client_type = 'SERVICE USER'
        AND c.assessment_type IN ('LONG TERM ASSESSMENT', 'SHORT TERM ASSESSMENT')
        AND c.event_end_date >= a.starts AND c.event_end_date <= p.as_at
),
-- The latest request since the assessment before.
answered AS (
    SELECT
        s.activity_id, s.person_id, s.neighbourhood_id, s.practice_code, s.age, s.file_id, s.assessed_on, max(q.asked_on) AS asked_on
    FROM assessed AS s
    INNER JOIN asked AS q ON q.person_id = s.person_id AND q.asked_on <= s.assessed_on AND coalesce(q.asked_on > s.assessed_before, TRUE)
    GROUP BY s.activity_id, s.person_id, s.neighbourhood_id, s.practice_code, s.age, s.file_id, s.assessed_on
)
SELECT
    activity_id AS event_id, person_id, starts AS on_date, neighbourhood_id, practice_code, age, provider_code, file_id, service,
    CAST(starts - referred_on AS INTEGER) AS wait_days
FROM seen
WHERE place = 1 AND starts >= first_on + 182
UNION ALL
SELECT
    referral_id, person_id, first_seen_on, neighbourhood_id, practice_code,
    CAST(floor((
        (extract(YEAR FROM first_seen_on) - extract(YEAR FROM birth_month)) * 12
        + extract(MONTH FROM first_seen_on) - extract(MONTH FROM birth_month)
    ) / 12) AS INTEGER),
    provider_code, file_id, 'hospital', CAST(first_seen_on - referred_on AS INTEGER)
FROM pathway
UNION ALL
SELECT
    activity_id, person_id, assessed_on, neighbourhood_id, practice_code, age, CAST(NULL AS STRING), file_id, 'social care assessment',
    CAST(assessed_on - asked_on AS INTEGER)
FROM answered
