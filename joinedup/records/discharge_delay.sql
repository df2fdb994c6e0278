WITH spells AS (
    SELECT activity_id, person_id, linked_by, provider_code, starts, ends, ready_on, file_id
    FROM activity
    WHERE admission_method IS NOT NULL OR ready_on IS NOT NULL
),
-- Up to which day the files of a spell know of it.
known AS (
    SELECT e.activity_id, max(f.known_to) AS known_to
    FROM episode AS e
    INNER JOIN file_reach AS f ON f.file_id = e.file_id AND f.provider_code = coalesce(e.provider_code, 'none')
    GROUP BY e.activity_id
),
-- What the hospital's list of discharges says of a spell: of a day in it, the day of admission first, then the latest.
listed AS (
    SELECT
        s.activity_id,
        r.ready_on, r.ends, r.ended_by, r.known_to, r.reason_code, r.body_code, r.linked_by, r.file_id,
        row_number() OVER (
            PARTITION BY s.activity_id
            ORDER BY
                CASE WHEN r.starts = s.starts THEN 0 ELSE 1 END NULLS LAST,
                r.starts DESC NULLS LAST, r.file_id DESC NULLS LAST, r.source_row DESC NULLS LAST
        ) AS place
    FROM listed_stay AS r
    INNER JOIN spells AS s ON s.activity_id = CASE WHEN r.stands_in THEN r.listed_id ELSE r.spell_id END
    -- Delays are counted, and nothing else: a list that may not be used for planning tells nothing of them.
    INNER JOIN file_use AS u ON u.file_id = r.file_id AND u.planning
),
waiting AS (
    SELECT
        s.activity_id,
        s.person_id,
        -- What the list says is no surer than its own link.
        CASE WHEN l.linked_by = 'probability' THEN l.linked_by ELSE s.linked_by END AS linked_by,
        coalesce(s.ready_on, l.ready_on) AS starts,
        coalesce(s.ends, l.ends) AS left_on,
        CASE WHEN l.ended_by = 'lists' AND coalesce(s.ends, l.ends) = l.ends THEN 'lists' ELSE 'discharge' END AS left_by,
        -- Who has no discharge was there on the last day that their rows know, and not a day longer than that, than the as-at date, or than they lived.
        least(q.as_at, coalesce(greatest(k.known_to, l.known_to), q.as_at)) + 1 AS known_until,
        p.death_date,
        q.as_at,
        coalesce(d.reason, l.reason_code) AS reason,
        d.process,
        CASE l.body_code WHEN '04' THEN 'NHS' WHEN '05' THEN 'social care' WHEN '06' THEN 'NHS and social care' WHEN '07' THEN 'housing' ELSE l.body_code END
            AS responsible_body,
        s.provider_code,
        s.file_id,
        l.file_id AS list_file_id
    FROM spells AS s
    CROSS JOIN place_parameter AS q
    LEFT JOIN known AS k ON k.activity_id = s.activity_id
    LEFT JOIN listed AS l ON l.activity_id = s.activity_id AND l.place = 1
    LEFT JOIN delay_reason AS d ON d.reason_code = l.reason_code
    LEFT JOIN person AS p ON p.person_id = s.person_id
    -- Nobody is ready to leave before they came: such a date is wrong, and no delay is made of it.
    WHERE coalesce(s.ready_on, l.ready_on) >= s.starts
),
ended AS (
    SELECT
        activity_id, person_id, linked_by, starts, left_on IS NULL AS still_waiting, reason, process, responsible_body, provider_code,
        file_id, list_file_id,
        coalesce(left_on, least(known_until, death_date)) AS ends,
        CASE
            WHEN left_on IS NOT NULL THEN left_by
            WHEN death_date <= known_until THEN 'death'
            WHEN known_until <= as_at THEN 'extract'
            ELSE 'as-at date'
        END AS counted_to
    FROM waiting
)
SELECT
    activity_id,
    person_id,
    linked_by,
    starts,
    ends,
    CAST(ends - starts AS INTEGER) AS days,
    still_waiting,
    counted_to,
    reason,
    process,
    responsible_body,
    provider_code,
    file_id,
    list_file_id
FROM ended
WHERE starts < ends
