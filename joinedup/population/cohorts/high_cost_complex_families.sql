WITH had AS (
    SELECT
        person_id,
        year_starts,
        count(*) FILTER (WHERE sector = 'children') AS children,
        count(*) FILTER (WHERE sector <> 'children' AND sector <> 'primary care' AND sector <> 'maternity') AS others
    FROM person_year_sector
    GROUP BY person_id, year_starts
),
basis AS (
    SELECT
        year_starts,
        bool_or(known) FILTER (WHERE what = 'children') AS children,
        bool_and(known) FILTER (WHERE what IN ('acute', 'community', 'mental health', 'urgent care')) AS others
    FROM year_basis
    GROUP BY year_starts
),
told AS (
    SELECT
        p.person_id,
        p.year_starts,
        p.age < 18 AS under_18,
        CASE WHEN h.children > 0 THEN TRUE WHEN b.children THEN FALSE END AS children_services,
        CASE WHEN h.others >= 2 THEN TRUE WHEN b.others THEN FALSE END AS two_more,
        p.cost_pence
    FROM person_year AS p
    LEFT JOIN had AS h ON h.person_id = p.person_id AND h.year_starts = p.year_starts
    LEFT JOIN basis AS b ON b.year_starts = p.year_starts
),
by_cost AS (
    SELECT year_starts, cost_pence, count(*) AS people
    FROM told
    WHERE under_18 AND children_services AND two_more AND cost_pence IS NOT NULL
    GROUP BY year_starts, cost_pence
),
-- Who costs the same is in or out together.
ranked AS (
    SELECT
        year_starts,
        cost_pence,
        CAST(sum(people) OVER (
            PARTITION BY year_starts ORDER BY cost_pence DESC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS BIGINT) - people AS dearer,
        CAST(sum(people) OVER (PARTITION BY year_starts) AS BIGINT) AS people
    FROM by_cost
)
SELECT
    t.person_id,
    t.year_starts,
    t.under_18,
    t.children_services,
    t.two_more,
    CASE WHEN t.cost_pence IS NOT NULL THEN coalesce(t.under_18 AND t.children_services AND t.two_more AND r.dearer * 10 < r.people, FALSE) END AS high_cost
FROM told AS t
LEFT JOIN ranked AS r ON r.year_starts = t.year_starts AND r.cost_pence = t.cost_pence
