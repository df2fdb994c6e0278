-- Entries of other codes are left out where each extract is read: grouped first, they would fill the memory.
WITH entry AS (
    SELECT file_id, person_id, system, code, coded_on, activity_id
    FROM diagnosis AS d
    WHERE EXISTS (SELECT 1 FROM code_in_version AS v WHERE v.system = d.system AND v.code = d.code)
    UNION ALL
    SELECT
        file_id,
        person_id,
        'BNF',
        paid_bnf_code,
        coalesce(dispensed_date, processing_period_date),
        CAST(file_id AS BIGINT) * 10000000000 + source_row
    FROM landed_gp_medication AS g
    WHERE EXISTS (SELECT 1 FROM code_in_version AS v WHERE v.system = 'BNF' AND v.code = g.paid_bnf_code)
    UNION ALL
    SELECT
        file_id,
        person_id,
        'dm+d',
        paid_dmd_code,
        coalesce(dispensed_date, processing_period_date),
        CAST(file_id AS BIGINT) * 10000000000 + source_row
    FROM landed_gp_medication AS g
    WHERE EXISTS (SELECT 1 FROM code_in_version AS v WHERE v.system = 'dm+d' AND v.code = g.paid_dmd_code)
    UNION ALL
    SELECT file_id, person_id, system, code, coded_on, activity_id
    FROM coded_field AS f
    WHERE EXISTS (SELECT 1 FROM code_in_version AS v WHERE v.system = f.system AND v.code = f.code)
)
SELECT
    e.person_id,
    e.system,
    e.code,
    s.setting,
    e.coded_on,
    count(*) AS entries,
    min(e.activity_id) AS activity_id
FROM entry AS e
INNER JOIN file_use AS u ON u.file_id = e.file_id
INNER JOIN coded_setting AS s ON s.contract = u.contract
INNER JOIN may_use AS m ON m.person_id = e.person_id
CROSS JOIN place_parameter AS q
WHERE u.planning AND m.planning AND (NOT u.held_by_practice OR m.practice_planning) AND e.coded_on <= q.as_at
GROUP BY e.person_id, e.system, e.code, s.setting, e.coded_on
