SELECT m.cohort_id, m.year_starts, o.cohort_id AS other_id, count(*) AS people
FROM cohort_member AS m
INNER JOIN cohort_member AS o ON o.person_id = m.person_id AND o.year_starts = m.year_starts
GROUP BY m.cohort_id, m.year_starts, o.cohort_id
