WITH entry AS (
    SELECT file_id, person_id, system, code, coded_on, activity_id FROM diagnosis
    UNION ALL
    SELECT
        file_id,
        person_id,
        'BNF',
        paid_bnf_code,
        coalesce(dispensed_date, processing_period_date),
        CAST(file_id AS BIGINT) * 10000000000 + source_row
    FROM landed_gp_medication
    WHERE paid_bnf_code IS NOT NULL
    UNION ALL
    SELECT file_id, person_id, system, code, coded_on, activity_id FROM coded_field
)
SELECT
    e.person_id,
    l.list_id,
    l.group_id,
    s.setting,
    e.coded_on,
    count(*) AS entries,
    min(e.activity_id) AS activity_id
FROM entry AS e
INNER JOIN code_in_list AS l ON l.system = e.system AND l.code = e.code
INNER JOIN file_use AS u ON u.file_id = e.file_id
INNER JOIN coded_setting AS s ON s.contract = u.contract
INNER JOIN may_use AS m ON m.person_id = e.person_id
CROSS JOIN place_parameter AS q
WHERE u.planning AND m.planning AND (NOT u.held_by_practice OR m.practice_planning) AND e.coded_on <= q.as_at
GROUP BY e.person_id, l.list_id, l.group_id, s.setting, e.coded_on
