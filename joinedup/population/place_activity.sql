SELECT
    a.activity_id,
    a.person_id,
    b.neighbourhood_id,
    b.practice_code,
    CAST(floor((
        (extract(YEAR FROM a.starts) - extract(YEAR FROM b.birth_month)) * 12
        + extract(MONTH FROM a.starts) - extract(MONTH FROM b.birth_month)
    ) / 12) AS INTEGER) AS age,
    a.sector,
    a.point_of_delivery,
    a.provider_now AS provider_code,
    a.starts,
    a.accrues,
    a.accrues OR coalesce(a.units, 1) > 0 AS took_place,
    a.cost_pence,
    a.costing_method,
    a.price_base,
    a.constant_pence,
    a.average_pence,
    a.file_id
FROM activity AS a
INNER JOIN belonging_spell AS b
    ON b.person_id = a.person_id
    AND coalesce(b.starts <= a.starts, TRUE)
    AND coalesce(a.starts < b.ends, TRUE)
INNER JOIN file_use AS u ON u.file_id = a.file_id
WHERE u.planning AND (NOT u.held_by_practice OR b.practice_planning)
