WITH spells AS (
    SELECT a.activity_id, a.person_id, a.linked_by, a.provider_code, a.starts, a.ends, a.ready_on, a.file_id, q.as_at
    FROM activity AS a
    CROSS JOIN place_parameter AS q
    WHERE a.admission_method IS NOT NULL OR a.ready_on IS NOT NULL
),
-- What the hospital's list of discharges says of a spell: of a day in it, the day of admission first, then the latest.
listed AS (
    SELECT
        s.activity_id,
        r.discharge_ready_date AS ready_on,
        r.discharge_date_hospital_provider_spell AS ends,
        r.discharge_delay_reason AS reason_code,
        r.responsible_body AS body_code,
        r.linked_by,
        r.file_id,
        row_number() OVER (
            PARTITION BY s.activity_id
            ORDER BY
                CASE WHEN r.start_date_hospital_provider_spell = s.starts THEN 0 ELSE 1 END NULLS LAST,
                r.start_date_hospital_provider_spell DESC NULLS LAST, r.file_id DESC NULLS LAST, r.source_row DESC NULLS LAST
        ) AS place
    FROM landed_discharge_ready AS r
    LEFT JOIN provider_site AS o ON o.site_code = r.organisation_identifier_code_of_provider
    INNER JOIN spells AS s
        ON s.person_id = r.person_id
        AND coalesce(o.provider_code, r.organisation_identifier_code_of_provider, s.provider_code) = s.provider_code
    -- Delays are counted, and nothing else: a list that may not be used for planning tells nothing of them.
    INNER JOIN file_use AS u ON u.file_id = r.file_id AND u.planning
    WHERE s.starts <= r.start_date_hospital_provider_spell AND r.start_date_hospital_provider_spell <= coalesce(s.ends, s.as_at)
),
waiting AS (
    SELECT
        s.activity_id,
        s.person_id,
        -- What the list says is no surer than its own link.
        CASE
            WHEN l.linked_by IN ('nhs_number', 'nhs_number_traced', 'nhs_number_alone', 'register_row', 'confirmed') THEN s.linked_by
            ELSE coalesce(l.linked_by, s.linked_by)
        END AS linked_by,
        coalesce(s.ready_on, l.ready_on) AS starts,
        -- Who is still in hospital has waited to the end of the as-at date, or to their death.
        coalesce(s.ends, l.ends, least(s.as_at + 1, p.death_date)) AS ends,
        s.ends IS NULL AND l.ends IS NULL AS still_waiting,
        coalesce(d.reason, l.reason_code) AS reason,
        d.process,
        CASE l.body_code WHEN '04' THEN 'NHS' WHEN '05' THEN 'social care' WHEN '06' THEN 'NHS and social care' WHEN '07' THEN 'housing' ELSE l.body_code END
            AS responsible_body,
        s.provider_code,
        s.file_id,
        l.file_id AS list_file_id
    FROM spells AS s
    LEFT JOIN listed AS l ON l.activity_id = s.activity_id AND l.place = 1
    LEFT JOIN delay_reason AS d ON d.reason_code = l.reason_code
    LEFT JOIN person AS p ON p.person_id = s.person_id
    -- Nobody is ready to leave before they came: such a date is wrong, and no delay is made of it.
    WHERE coalesce(s.ready_on, l.ready_on) >= s.starts
)
SELECT
    activity_id,
    person_id,
    linked_by,
    starts,
    ends,
    CAST(ends - starts AS INTEGER) AS days,
    still_waiting,
    reason,
    process,
    responsible_body,
    provider_code,
    file_id,
    list_file_id
FROM waiting
WHERE starts < ends
