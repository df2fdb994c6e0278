WITH first_listed AS (
    SELECT person_id, min(starts) AS starts
    FROM registration
    GROUP BY person_id
)
SELECT
    s.person_id,
    s.practice_code,
    s.neighbourhood_id,
    -- A newborn is on no list yet: what is done before counts where the child is first registered.
    CASE
        WHEN s.starts = f.starts AND s.starts < CAST(p.birth_month + INTERVAL 4 MONTH AS DATE) THEN p.birth_month
        ELSE s.starts
    END AS starts,
    -- A registration ends with the day of death, on which people still arrive and are admitted.
    CASE WHEN s.ends = p.death_date THEN p.death_date + 1 ELSE s.ends END AS ends,
    s.starts AS counted_from,
    s.ends AS counted_to,
    p.birth_month,
    p.death_date,
    m.practice_planning
FROM counted_spell AS s
INNER JOIN person AS p ON p.person_id = s.person_id
LEFT JOIN first_listed AS f ON f.person_id = s.person_id
LEFT JOIN may_use AS m ON m.person_id = s.person_id
