SELECT
    a.activity_id,
    a.person_id,
    s.neighbourhood_id,
    CAST(floor((
        (extract(YEAR FROM a.starts) - extract(YEAR FROM p.birth_month)) * 12
        + extract(MONTH FROM a.starts) - extract(MONTH FROM p.birth_month)
    ) / 12) AS INTEGER) AS age,
    a.point_of_delivery,
    a.starts,
    a.cost_pence,
    a.costing_method
FROM activity AS a
INNER JOIN neighbourhood_spell AS s
    ON s.person_id = a.person_id
    AND coalesce(s.starts <= a.starts, TRUE)
    AND coalesce(a.starts < s.ends, TRUE)
INNER JOIN person AS p ON p.person_id = a.person_id
