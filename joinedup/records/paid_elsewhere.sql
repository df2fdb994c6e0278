WITH budget AS (
    SELECT
        b.file_id, b.source_row, b.person_id, b.pays_for, b.personal_budget_kind AS kind,
        b.start_date_personal_budget AS starts,
        least(coalesce(b.end_date_personal_budget + 1, b.listed_to, q.as_at + 1), q.as_at + 1, coalesce(d.death_date + 1, q.as_at + 1)) AS ends
    FROM landed_personal_budget AS b
    CROSS JOIN place_parameter AS q
    LEFT JOIN person AS d ON d.person_id = b.person_id AND d.death_date >= b.start_date_personal_budget
    WHERE b.cost_held_elsewhere IS NULL AND b.person_id IS NOT NULL
),
-- What other extracts cost by the day: continuing care by the type of its package, and social care that is paid as a budget.
costed AS (
    SELECT
        person_id,
        CASE care_package_type
            WHEN 'CHC' THEN 'CONTINUING HEALTHCARE' WHEN 'CHILD' THEN 'CHILDREN CONTINUING CARE' WHEN 'JOINT' THEN 'JOINT FUNDING'
        END AS pays_for,
        CAST(NULL AS STRING) AS kind,
        start_date_care_package AS starts,
        coalesce(end_date_care_package + 1, listed_to) AS ends
    FROM landed_continuing_care
    WHERE care_package_weekly_cost_pence > 0
    UNION ALL
    SELECT
        s.person_id,
        'SOCIAL CARE',
        CASE WHEN c.delivery_mechanism = 'CASSR MANAGED PERSONAL BUDGET' THEN 'NOTIONAL' ELSE 'DIRECT PAYMENT' END,
        s.starts,
        s.ends
    FROM activity_social AS s
    INNER JOIN landed_cld AS c ON c.file_id = s.file_id AND c.source_row = s.source_row
    WHERE s.accrues AND s.price_pence > 0
        AND (
            c.delivery_mechanism IN ('DIRECT PAYMENT', 'CASSR MANAGED PERSONAL BUDGET')
            OR (c.delivery_mechanism IS NULL AND c.service_component = 'DIRECT PAYMENT')
        )
),
overlapping AS (
    SELECT
        b.file_id, b.source_row,
        greatest(b.starts, c.starts) AS starts,
        least(b.ends, coalesce(c.ends, b.ends)) AS ends
    FROM budget AS b
    INNER JOIN costed AS c
        ON c.person_id = b.person_id
        AND c.pays_for = b.pays_for
        AND c.starts < b.ends
        AND coalesce(b.starts < c.ends, TRUE)
    WHERE c.kind IS NULL OR b.kind IS NULL OR b.kind IN (c.kind, 'MIXED') OR (b.kind = 'THIRD PARTY' AND c.kind = 'NOTIONAL')
),
apart AS (
    SELECT DISTINCT file_id, source_row, starts, ends
    FROM overlapping
    WHERE starts < ends
),
after AS (
    SELECT
        file_id, source_row, ends,
        greatest(starts, max(ends) OVER (
            PARTITION BY file_id, source_row ORDER BY starts NULLS FIRST, ends NULLS FIRST
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )) AS starts
    FROM apart
)
SELECT
    CAST(file_id AS BIGINT) * 10000000000 + source_row AS activity_id,
    starts,
    ends,
    CAST(ends - starts AS INTEGER) AS days
FROM after
WHERE starts < ends
