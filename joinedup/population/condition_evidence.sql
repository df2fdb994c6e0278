WITH entry AS (
    SELECT l.person_id, r.condition_id, r.counts_for, r.line, r.setting, l.coded_on AS starts, CAST(NULL AS DATE) AS ends, l.entries, r.entries_needed, r.look_back_days, r.lasts
    FROM listed_entry AS l
    INNER JOIN condition_rule AS r ON r.list_id = l.list_id AND r.group_id = l.group_id AND r.setting = l.setting
    UNION ALL
    SELECT a.person_id, r.condition_id, r.counts_for, r.line, r.setting, a.starts, CASE WHEN r.lasts THEN a.ends END, 1, r.entries_needed, r.look_back_days, r.lasts
    FROM activity AS a
    INNER JOIN condition_rule AS r ON r.list_id = 'activity' AND r.group_id = a.point_of_delivery
    INNER JOIN file_use AS u ON u.file_id = a.file_id
    INNER JOIN coded_setting AS s ON s.contract = u.contract AND s.setting = r.setting
    INNER JOIN may_use AS m ON m.person_id = a.person_id
    WHERE u.planning AND m.planning AND (NOT u.held_by_practice OR m.practice_planning) AND (a.accrues OR coalesce(a.units, 1) > 0)
    UNION ALL
    SELECT h.person_id, r.condition_id, r.counts_for, r.line, r.setting, coalesce(h.starts, DATE '0001-01-01'), CASE WHEN r.lasts THEN h.ends END, 1, r.entries_needed, r.look_back_days, r.lasts
    FROM residence AS h
    INNER JOIN condition_rule AS r ON r.list_id = 'register' AND r.group_id = CASE WHEN h.care_home THEN 'care home' WHEN NOT h.care_home THEN 'no care home' END
    INNER JOIN may_use AS m ON m.person_id = h.person_id
    WHERE m.planning AND NOT EXISTS (SELECT 1 FROM file_use AS u WHERE u.contract = 'register' AND NOT u.planning)
),
lived AS (
    -- That somebody has it matters more than since when: what is dated before birth counts from birth.
    SELECT
        e.person_id, e.condition_id, e.counts_for, e.line, e.setting, e.entries, e.entries_needed, e.look_back_days, e.lasts,
        greatest(e.starts, coalesce(p.birth_month, e.starts)) AS starts,
        -- Nothing goes on after the day of death, which counts.
        CASE WHEN p.death_date IS NULL THEN e.ends ELSE least(coalesce(e.ends, p.death_date + 1), p.death_date + 1) END AS ends,
        p.death_date
    FROM entry AS e
    INNER JOIN person AS p ON p.person_id = e.person_id
    CROSS JOIN place_parameter AS q
    WHERE e.starts <= q.as_at AND coalesce(e.starts <= p.death_date, TRUE)
)
SELECT
    person_id,
    condition_id,
    counts_for,
    line,
    setting,
    starts,
    CASE WHEN count(*) = count(ends) THEN max(ends) END AS ends,
    CAST(sum(entries) AS BIGINT) AS entries,
    max(entries_needed) AS entries_needed,
    max(look_back_days) AS look_back_days,
    bool_or(lasts) AS lasts,
    max(death_date) AS death_date
FROM lived
GROUP BY person_id, condition_id, counts_for, line, setting, starts
