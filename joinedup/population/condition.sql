SELECT
    s.person_id,
    s.condition_id,
    min(s.starts) AS first_on,
    min(s.first_setting) FILTER (WHERE s.starts = f.first_on) AS first_setting,
    max(s.last_on) AS last_on,
    CAST(sum(s.entries) AS BIGINT) AS entries,
    bool_or(s.starts <= q.as_at AND coalesce(q.as_at < s.ends, TRUE)) AS in_force,
    bool_or(s.in_general_practice) AS in_general_practice,
    bool_or(s.in_hospital) AS in_hospital
FROM condition_spell AS s
INNER JOIN (SELECT person_id, condition_id, min(starts) AS first_on FROM condition_spell GROUP BY person_id, condition_id) AS f
    ON f.person_id = s.person_id AND f.condition_id = s.condition_id
CROSS JOIN place_parameter AS q
GROUP BY s.person_id, s.condition_id
