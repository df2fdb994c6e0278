SELECT
    p.person_id,
    p.year_starts,
    p.age < 18 AS under_18,
    h.asthma,
    p.attendances > 0 OR p.emergency_admissions > 0 AS urgent
FROM person_year AS p
INNER JOIN person_year_has AS h ON h.person_id = p.person_id AND h.year_starts = p.year_starts
