SELECT
    p.person_id,
    p.year_starts,
    p.age >= 65 AS aged_65,
    h.severe_frailty,
    NOT h.care_home AS at_home,
    c.first_on AS index_on
FROM person_year AS p
INNER JOIN person_year_has AS h ON h.person_id = p.person_id AND h.year_starts = p.year_starts
LEFT JOIN condition AS c ON c.person_id = p.person_id AND c.condition_id = 'severe_frailty'
