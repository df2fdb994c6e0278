WITH entry AS (
    SELECT file_id, person_id, system, code, coded_on FROM diagnosis
    UNION ALL SELECT file_id, person_id, 'BNF', paid_bnf_code, coalesce(dispensed_date, processing_period_date) FROM landed_gp_medication WHERE paid_bnf_code IS NOT NULL
    UNION ALL SELECT file_id, person_id, 'dm+d', paid_dmd_code, coalesce(dispensed_date, processing_period_date) FROM landed_gp_medication WHERE paid_dmd_code IS NOT NULL
    UNION ALL SELECT file_id, person_id, system, code, coded_on FROM coded_field
)
SELECT
    u.contract,
    e.system,
    e.code,
    count(*) AS entries
FROM entry AS e
INNER JOIN file_use AS u ON u.file_id = e.file_id
INNER JOIN may_use AS m ON m.person_id = e.person_id
CROSS JOIN place_parameter AS q
WHERE u.planning AND m.planning AND (NOT u.held_by_practice OR m.practice_planning) AND e.coded_on <= q.as_at
GROUP BY u.contract, e.system, e.code
