SELECT
    b.person_id,
    b.year_starts,
    s.condition_id,
    bool_or(c.first_on >= b.year_starts) AS new
FROM person_year_base AS b
INNER JOIN condition_spell AS s ON s.person_id = b.person_id AND s.starts <= b.last_on AND coalesce(b.last_on < s.ends, TRUE)
INNER JOIN condition AS c ON c.person_id = s.person_id AND c.condition_id = s.condition_id
GROUP BY b.person_id, b.year_starts, s.condition_id
