WITH agreed AS (
    SELECT
        source,
        bool_or(purpose = 'direct care') AS direct_care,
        bool_or(purpose = 'planning') AS planning,
        bool_or(purpose = 'payment') AS payment,
        bool_or(purpose = 'research') AS research
    FROM agreement_source
    GROUP BY source
)
SELECT
    f.file_id,
    f.source,
    f.contract,
    h.contract IS NOT NULL AS held_by_practice,
    coalesce(a.direct_care, FALSE) AS direct_care,
    coalesce(a.planning, FALSE) AS planning,
    coalesce(a.payment, FALSE) AS payment,
    coalesce(a.research, FALSE) AS research
FROM landed_file AS f
LEFT JOIN agreed AS a ON a.source = f.source
LEFT JOIN practice_held AS h ON h.contract = f.contract
