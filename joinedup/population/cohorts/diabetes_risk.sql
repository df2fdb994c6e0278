SELECT
    p.person_id,
    p.year_starts,
    p.age >= 18 AS aged_18,
    h.non_diabetic_hyperglycaemia AS raised_sugar,
    NOT h.diabetes AS without_diabetes,
    c.first_on AS index_on
FROM person_year AS p
INNER JOIN person_year_has AS h ON h.person_id = p.person_id AND h.year_starts = p.year_starts
LEFT JOIN condition AS c ON c.person_id = p.person_id AND c.condition_id = 'non_diabetic_hyperglycaemia'
