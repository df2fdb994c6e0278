WITH first_listed AS (
    SELECT person_id, min(starts) AS starts
    FROM registration
    GROUP BY person_id
),
belonging AS (
    SELECT
        s.person_id,
        s.neighbourhood_id,
        p.birth_month,
        -- A newborn is on no list yet: what is done before counts where the child is first registered.
        CASE
            WHEN s.starts = f.starts AND s.starts < CAST(p.birth_month + INTERVAL 4 MONTH AS DATE) THEN p.birth_month
            ELSE s.starts
        END AS starts,
        -- A registration ends with the day of death, on which people still arrive and are admitted.
        CASE WHEN s.ends = p.death_date THEN p.death_date + 1 ELSE s.ends END AS ends,
        m.practice_planning
    FROM counted_spell AS s
    INNER JOIN person AS p ON p.person_id = s.person_id
    LEFT JOIN first_listed AS f ON f.person_id = s.person_id
    LEFT JOIN may_use AS m ON m.person_id = s.person_id
)
SELECT
    a.activity_id,
    a.person_id,
    b.neighbourhood_id,
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
INNER JOIN belonging AS b
    ON b.person_id = a.person_id
    AND coalesce(b.starts <= a.starts, TRUE)
    AND coalesce(a.starts < b.ends, TRUE)
INNER JOIN file_use AS u ON u.file_id = a.file_id
WHERE u.planning AND (NOT u.held_by_practice OR b.practice_planning)
