WITH told AS (
    SELECT file_id, coalesce(provider_code, 'none') AS provider_code, greatest(admitted_on, starts, ends, ready_on, discharged_on) AS latest
    FROM episode
    UNION ALL
    SELECT
        r.file_id,
        coalesce(o.provider_code, r.organisation_identifier_code_of_provider, 'none'),
        greatest(r.start_date_hospital_provider_spell, r.discharge_ready_date, r.discharge_date_hospital_provider_spell, r.listed_on)
    FROM landed_discharge_ready AS r
    LEFT JOIN provider_site AS o ON o.site_code = r.organisation_identifier_code_of_provider
    UNION ALL
    SELECT
        m.file_id,
        coalesce(o.provider_code, m.organisation_identifier_code_of_provider, 'none'),
        greatest(
            m.care_contact_date, m.start_date_hospital_provider_spell, m.discharge_date_hospital_provider_spell,
            CASE WHEN m.reporting_period_end_date <= q.as_at THEN m.reporting_period_end_date END
        )
    FROM landed_mhsds AS m
    CROSS JOIN place_parameter AS q
    LEFT JOIN provider_site AS o ON o.site_code = m.organisation_identifier_code_of_provider
),
own AS (
    SELECT t.file_id, t.provider_code, max(t.latest) FILTER (WHERE t.latest <= q.as_at) AS known_to
    FROM told AS t
    CROSS JOIN place_parameter AS q
    GROUP BY t.file_id, t.provider_code
),
whole AS (
    SELECT file_id, max(known_to) AS known_to
    FROM own
    GROUP BY file_id
)
SELECT
    o.file_id,
    o.provider_code,
    -- A week without anything new is chance; then the file is as old as its latest row.
    CASE WHEN CAST(w.known_to - o.known_to AS INTEGER) <= 7 THEN w.known_to ELSE o.known_to END AS known_to
FROM own AS o
INNER JOIN whole AS w ON w.file_id = o.file_id
WHERE o.known_to IS NOT NULL
