WITH told AS (
    SELECT
        w.file_id,
        coalesce(f.source, '') AS source,
        coalesce(o.provider_code, w.organisation_identifier_code_of_provider, '') AS trust,
        coalesce(w.organisation_identifier_code_of_provider, '') AS code,
        w.snapshot_date,
        q.as_at
    FROM landed_waiting_list AS w
    CROSS JOIN place_parameter AS q
    LEFT JOIN landed_file AS f ON f.file_id = w.file_id
    LEFT JOIN provider_site AS o ON o.site_code = w.organisation_identifier_code_of_provider
    WHERE w.referral_request_received_date <= q.as_at AND w.snapshot_date <= q.as_at
),
told_on AS (
    SELECT source, trust, code, snapshot_date, count(*) AS pathways
    FROM told
    GROUP BY source, trust, code, snapshot_date
),
-- How long the list is in which a row stands, in the middle: one mistyped day has few rows and weighs as little.
usual AS (
    SELECT d.source, d.code, median(d.pathways) AS pathways
    FROM told AS t
    INNER JOIN told_on AS d ON d.source = t.source AND d.code = t.code AND d.snapshot_date = t.snapshot_date
    GROUP BY d.source, d.code
),
snapshot AS (
    SELECT d.source, d.trust, d.code, d.snapshot_date
    FROM told_on AS d
    INNER JOIN usual AS u ON u.source = d.source AND u.code = d.code
    WHERE d.pathways * 5 >= u.pathways
),
in_file AS (
    SELECT DISTINCT s.source, s.trust, s.code, s.snapshot_date, t.file_id
    FROM snapshot AS s
    INNER JOIN told AS t ON t.source = s.source AND t.code = s.code AND t.snapshot_date = s.snapshot_date
),
-- Sites of a trust that ever come in one file of one day are one list: a site of which it has nobody any more has an empty one.
listed_with AS (
    SELECT a.source, a.trust, a.code, min(b.code) AS list
    FROM in_file AS a
    INNER JOIN in_file AS b ON b.source = a.source AND b.trust = a.trust AND b.file_id = a.file_id AND b.snapshot_date = a.snapshot_date
    GROUP BY a.source, a.trust, a.code
),
last_list AS (
    SELECT l.source, l.trust, l.list, min(s.snapshot_date) AS first_day, max(s.snapshot_date) AS last_day, count(DISTINCT s.snapshot_date) AS days
    FROM listed_with AS l
    INNER JOIN snapshot AS s ON s.source = l.source AND s.trust = l.trust AND s.code = l.code
    GROUP BY l.source, l.trust, l.list
)
SELECT
    l.source,
    l.code,
    l.trust,
    m.last_day AS last_snapshot,
    -- Two months, and twice the time between its lists, without a newer one.
    CAST(q.as_at - m.last_day AS INTEGER) > 62
    AND (m.days = 1 OR CAST(q.as_at - m.last_day AS INTEGER) * (m.days - 1) > 2 * CAST(m.last_day - m.first_day AS INTEGER)) AS no_longer_sent
FROM listed_with AS l
INNER JOIN last_list AS m ON m.source = l.source AND m.trust = l.trust AND m.list = l.list
CROSS JOIN place_parameter AS q
