SELECT DISTINCT person_id
FROM (
    SELECT p.person_id
    FROM landed_protected_person p CROSS JOIN place_parameter a
    WHERE NOT coalesce(p.protected_to <= a.as_at AND NOT coalesce(p.protected_to < p.protected_from, false), false)
        AND NOT coalesce(p.listed_to <= a.as_at, false)
    UNION ALL
    SELECT r.person_id
    FROM landed_register r
    WHERE r.sensitive_flag NOT IN ('U', 'N') AND r.version_to IS NULL
) said
WHERE person_id IS NOT NULL
