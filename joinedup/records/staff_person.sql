SELECT DISTINCT s.person_id
FROM landed_staff_person s CROSS JOIN place_parameter a
WHERE s.person_id IS NOT NULL
    AND NOT coalesce(s.staff_to <= a.as_at AND NOT coalesce(s.staff_to < s.staff_from, false), false)
    AND NOT coalesce(s.listed_to <= a.as_at, false)
