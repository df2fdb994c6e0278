WITH listed AS (
    SELECT
        person_id, practice_code, neighbourhood_id, starts, ends, counted_from, counted_to,
        lead(starts) OVER (PARTITION BY person_id ORDER BY starts NULLS FIRST) AS next_starts
    FROM belonging_spell
),
there AS (
    SELECT
        s.person_id,
        m.month,
        max(CASE WHEN s.next_starts IS NULL OR s.next_starts >= m.month_end THEN s.practice_code END) AS practice_code,
        max(CASE WHEN s.next_starts IS NULL OR s.next_starts >= m.month_end THEN s.neighbourhood_id END) AS neighbourhood_id,
        CAST(sum(greatest(
            CAST(least(s.counted_to, m.month_end) - greatest(s.counted_from, m.month) AS INTEGER),
            0
        )) AS BIGINT) AS person_days
    FROM listed AS s
    CROSS JOIN place_year_month AS m
    WHERE coalesce(s.starts < m.month_end, TRUE) AND coalesce(m.month < s.ends, TRUE)
    GROUP BY s.person_id, m.month
),
had AS (
    SELECT person_id, month, CAST(sum(activities) AS BIGINT) AS activities, CAST(sum(cost_pence) AS BIGINT) AS cost_pence
    FROM person_month_sector
    GROUP BY person_id, month
),
admitted AS (
    SELECT person_id, CAST(date_trunc('month', starts) AS DATE) AS month, count(*) AS emergency_admissions
    FROM place_spell
    WHERE emergency
    GROUP BY person_id, CAST(date_trunc('month', starts) AS DATE)
)
SELECT
    t.person_id,
    t.month,
    t.practice_code,
    t.neighbourhood_id,
    t.person_days,
    coalesce(h.activities, 0) AS activities,
    coalesce(a.emergency_admissions, 0) AS emergency_admissions,
    h.cost_pence
FROM there AS t
LEFT JOIN had AS h ON h.person_id = t.person_id AND h.month = t.month
LEFT JOIN admitted AS a ON a.person_id = t.person_id AND a.month = t.month
