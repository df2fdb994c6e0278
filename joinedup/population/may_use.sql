WITH kept_back AS (
    SELECT
        o.person_id,
        bool_or(e.purpose = 'direct care') AS direct_care,
        bool_or(e.purpose = 'planning' AND e.keeps_back = 'everything') AS planning,
        bool_or(e.purpose = 'payment' AND e.keeps_back = 'everything') AS payment,
        bool_or(e.purpose = 'research' AND e.keeps_back = 'everything') AS research,
        bool_or(e.purpose = 'planning') AS practice_planning,
        bool_or(e.purpose = 'payment') AS practice_payment,
        bool_or(e.purpose = 'research') AS practice_research
    FROM objection AS o
    INNER JOIN objection_effect AS e ON e.kind = o.kind
    CROSS JOIN place_parameter AS q
    WHERE o.person_id IS NOT NULL
        AND coalesce(q.as_at < o.ends, TRUE)
    GROUP BY o.person_id
)
SELECT
    p.person_id,
    NOT coalesce(k.direct_care, FALSE) AS direct_care,
    NOT coalesce(k.planning, FALSE) AS planning,
    NOT coalesce(k.payment, FALSE) AS payment,
    NOT coalesce(k.research, FALSE) AS research,
    NOT coalesce(k.practice_planning, FALSE) AS practice_planning,
    NOT coalesce(k.practice_payment, FALSE) AS practice_payment,
    NOT coalesce(k.practice_research, FALSE) AS practice_research
FROM landed_person AS p
LEFT JOIN kept_back AS k ON k.person_id = p.person_id
