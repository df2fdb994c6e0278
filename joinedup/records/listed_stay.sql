-- Stays of hospitals' lists, under the provider that their code stands for now.
WITH listed AS (
    SELECT
        CAST(r.file_id AS BIGINT) * 10000000000 + r.source_row AS listed_id,
        r.file_id, r.source_row, r.person_id, r.linked_by,
        coalesce(o.provider_code, r.organisation_identifier_code_of_provider) AS provider_code,
        coalesce(n.successor_code, o.provider_code, r.organisation_identifier_code_of_provider) AS provider_now,
        r.start_date_hospital_provider_spell AS starts,
        r.discharge_ready_date AS ready_on,
        -- Who is missing from the next list has left the day after the last.
        coalesce(r.discharge_date_hospital_provider_spell, CASE WHEN r.listed_to IS NOT NULL THEN r.listed_on + 1 END) AS ends,
        CASE
            WHEN r.discharge_date_hospital_provider_spell IS NOT NULL THEN 'discharge'
            WHEN r.listed_to IS NOT NULL THEN 'lists'
        END AS ended_by,
        coalesce(r.listed_on, f.known_to) AS known_to,
        r.discharge_delay_reason AS reason_code,
        r.responsible_body AS body_code
    FROM landed_discharge_ready AS r
    LEFT JOIN provider_site AS o ON o.site_code = r.organisation_identifier_code_of_provider
    LEFT JOIN place_succession AS n
        ON n.kind = 'partner' AND n.code = coalesce(o.provider_code, r.organisation_identifier_code_of_provider) AND n.ends IS NULL
    LEFT JOIN file_reach AS f
        ON f.file_id = r.file_id AND f.provider_code = coalesce(o.provider_code, r.organisation_identifier_code_of_provider, 'none')
),
-- The spell of the same person and provider in which the day of admission lies: one of that day first, then the latest.
matched AS (
    SELECT
        l.listed_id,
        s.activity_id,
        row_number() OVER (
            PARTITION BY l.listed_id
            ORDER BY CASE WHEN s.starts = l.starts THEN 0 ELSE 1 END NULLS LAST, s.starts DESC NULLS LAST, s.activity_id NULLS LAST
        ) AS place
    FROM listed AS l
    INNER JOIN spell AS s ON s.person_id = l.person_id AND s.starts <= l.starts
    CROSS JOIN place_parameter AS q
    LEFT JOIN place_succession AS n ON n.kind = 'partner' AND n.code = s.provider_code AND n.ends IS NULL
    WHERE coalesce(l.provider_now, n.successor_code, s.provider_code, '') = coalesce(n.successor_code, s.provider_code, '')
        AND l.starts <= coalesce(s.ends, q.as_at)
),
reach AS (
    SELECT provider_code, min(month) AS first_month, max(known_to) AS known_to
    FROM provider_month
    WHERE contract = 'apc'
    GROUP BY provider_code
),
any_reach AS (
    SELECT count(*) AS providers
    FROM reach
)
SELECT
    l.listed_id,
    l.file_id,
    l.source_row,
    l.person_id,
    l.linked_by,
    l.provider_code,
    l.starts,
    l.ready_on,
    l.ends,
    l.ended_by,
    l.known_to,
    l.reason_code,
    l.body_code,
    m.activity_id AS spell_id,
    CASE
        WHEN m.activity_id IS NOT NULL OR l.ready_on IS NULL OR l.ready_on > coalesce(l.ends, l.known_to) OR l.ready_on < l.starts THEN FALSE
        WHEN l.provider_now IS NULL THEN a.providers = 0
        WHEN r.provider_code IS NULL THEN TRUE
        -- Admitted care may hold finished spells alone: who is in hospital on the last day known comes weeks later.
        WHEN l.ends IS NULL THEN l.person_id IS NOT NULL AND coalesce(r.known_to < l.known_to + 28, TRUE)
        WHEN p.month IS NOT NULL THEN p.why IS NOT NULL
        WHEN l.ends < r.first_month THEN FALSE
        ELSE coalesce(r.known_to < l.ends, TRUE)
    END AS stands_in
FROM listed AS l
CROSS JOIN any_reach AS a
LEFT JOIN matched AS m ON m.listed_id = l.listed_id AND m.place = 1
LEFT JOIN reach AS r ON r.provider_code = l.provider_now
LEFT JOIN provider_month AS p
    ON p.contract = 'apc' AND p.provider_code = l.provider_now AND p.month = CAST(date_trunc('month', l.ends) AS DATE)
