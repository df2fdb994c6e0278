WITH diagnosed AS (
    SELECT e.activity_id, bool_or(l.diag_01 IS NOT NULL) AS has_diagnosis
    FROM episode AS e
    INNER JOIN landed_apc AS l ON l.file_id = e.file_id AND l.source_row = e.source_row
    WHERE e.episode_order = 1
    GROUP BY e.activity_id
),
told AS (
    SELECT
        'apc' AS contract,
        s.file_id,
        s.source_row,
        s.provider_code,
        s.starts AS began,
        greatest(s.starts, s.ends, s.ready_on) AS latest,
        s.admission_method IS NOT NULL AS has_method,
        CASE WHEN left(s.admission_method, 1) = '2' THEN coalesce(d.has_diagnosis, FALSE) END AS has_diagnosis,
        CASE WHEN s.ends IS NOT NULL THEN s.short_episodes + s.long_episodes = s.episodes END AS has_duration,
        -- Who died in hospital, or went home the same day, was not ready to leave on an earlier one.
        CASE WHEN s.ends > s.starts AND s.outcome <> 'died' THEN s.ready_on IS NOT NULL END AS has_ready_date
    FROM spell AS s
    LEFT JOIN diagnosed AS d ON d.activity_id = s.activity_id
    UNION ALL
    SELECT
        'discharge_ready',
        r.file_id,
        r.source_row,
        coalesce(o.provider_code, r.organisation_identifier_code_of_provider),
        r.start_date_hospital_provider_spell,
        greatest(r.start_date_hospital_provider_spell, r.discharge_ready_date, r.discharge_date_hospital_provider_spell, r.listed_on),
        CAST(NULL AS BOOLEAN),
        CAST(NULL AS BOOLEAN),
        CAST(NULL AS BOOLEAN),
        r.discharge_ready_date IS NOT NULL
    FROM landed_discharge_ready AS r
    LEFT JOIN provider_site AS o ON o.site_code = r.organisation_identifier_code_of_provider
)
SELECT
    t.contract,
    t.file_id,
    t.source_row,
    coalesce(n.successor_code, t.provider_code, 'none') AS provider_code,
    t.began,
    CASE WHEN t.latest > q.as_at THEN t.began ELSE t.latest END AS latest,
    CAST(date_trunc('month', t.began) AS DATE) AS month,
    t.has_method,
    t.has_diagnosis,
    t.has_duration,
    t.has_ready_date
FROM told AS t
INNER JOIN file_use AS u ON u.file_id = t.file_id AND u.planning
CROSS JOIN place_parameter AS q
LEFT JOIN place_succession AS n ON n.kind = 'partner' AND n.code = t.provider_code AND n.ends IS NULL
WHERE t.began <= q.as_at
